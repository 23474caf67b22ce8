// The JavaScript clients. One line of JSON in is one scenario, one line out its outcome; many may be under way at once.
import { createInterface } from "node:readline";

import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateImage, RetryError, streamText } from "ai";
import OpenAI from "openai";

globalThis.AI_SDK_LOG_WARNINGS = false;

const CLIENTS = {
  js,
  "js-stream": jsStream,
  "js-models": jsModels,
  "js-chat": jsChat,
  "js-chat-stream": jsChatStream,
  "ai-openai": aiOpenai,
  "ai-compatible": aiCompatible,
  "ai-chat": aiChat,
  "js-video": jsVideo,
  "js-stream-job": jsStreamJob,
  "js-stream-event": jsStreamEvent,
  "js-chat-job": jsChatJob,
  "ai-chat-job": aiChatJob,
};

async function js(wish) {
  const { data } = await openai(wish).images.generate(body(wish));
  return { pictures: data.map((entry) => entry.b64_json ?? null), urls: data.map((entry) => entry.url ?? null) };
}

async function jsStream(wish) {
  const outcome = { pictures: [], urls: [] };
  for await (const event of await openai(wish).images.generate({ ...body(wish), stream: true })) {
    if (event.type !== "image_generation.completed") throw new Error(`unexpected event ${event.type}`);
    outcome.pictures.push(event.b64_json ?? null);
    outcome.urls.push(event.url ?? null);
  }
  return outcome;
}

async function jsModels(wish) {
  const models = [];
  for await (const model of openai(wish).models.list()) models.push(model.id);
  const model = await openai(wish).models.retrieve(wish.model);
  return { models, model: model.id };
}

async function jsChat(wish) {
  const { choices, usage } = await openai(wish).chat.completions.create(conversation(wish));
  return { text: choices[0].message.content, finish: choices[0].finish_reason, tokens: usage.total_tokens };
}

async function jsChatStream(wish) {
  const outcome = { text: "", finish: null, tokens: null };
  const options = { stream: true, stream_options: { include_usage: true } };
  for await (const { choices, usage } of await openai(wish).chat.completions.create({ ...conversation(wish), ...options })) {
    outcome.text += choices[0]?.delta.content ?? "";
    outcome.finish ??= choices[0]?.finish_reason ?? null;
    outcome.tokens ??= usage?.total_tokens ?? null;
  }
  return outcome;
}

function conversation({ model, prompt }) {
  return { model, messages: [{ role: "user", content: prompt }], temperature: 0 };
}

async function aiChat(wish) {
  const provider = createOpenAICompatible({
    name: "easel",
    baseURL: wish.base_url,
    apiKey: wish.api_key,
    includeUsage: true,
  });
  let failure = null;
  const onError = ({ error }) => (failure = error);
  const result = streamText({ model: provider.chatModel(wish.model), prompt: wish.prompt, onError });
  let text = "";
  for await (const piece of result.textStream) text += piece;
  if (failure) throw failure; // before anybody looks at the promises, which would fail as well
  return { text, finish: await result.finishReason, tokens: (await result.usage).totalTokens };
}

async function jsVideo(wish) {
  const { videos } = openai(wish);
  const { model, prompt, size } = wish;
  let video = await videos.create({ model, prompt, seconds: "4", ...(size ? { size } : {}) });
  const seen = [video.status];
  while (video.status === "queued" || video.status === "in_progress") {
    const { data, response } = await videos.retrieve(video.id).withResponse();
    await new Promise((done) => setTimeout(done, Number(response.headers.get("openai-poll-after-ms"))));
    video = data;
    seen.push(video.status);
  }
  if (video.status === "failed") return { video, seen };
  const content = await (await videos.downloadContent(video.id)).arrayBuffer();
  const gone = await videos.delete(video.id);
  return { video, seen, content: Buffer.from(content).toString("base64"), deleted: gone.deleted };
}

async function aiOpenai(wish) {
  const provider = createOpenAI({ baseURL: wish.base_url, apiKey: wish.api_key });
  return await aiImages(provider.image(wish.model), wish);
}

async function aiCompatible(wish) {
  const provider = createOpenAICompatible({ name: "easel", baseURL: wish.base_url, apiKey: wish.api_key });
  return await aiImages(provider.imageModel(wish.model), wish);
}

async function aiImages(model, { prompt, n, size, timeout }) {
  const abortSignal = timeout ? AbortSignal.timeout(1000 * timeout) : undefined;
  const { images } = await generateImage({ model, prompt, n, size: size ?? undefined, abortSignal });
  return { pictures: images.map((image) => image.base64), urls: images.map(() => null) };
}

// What a client knows of a job before the job is done: it reads no further.

async function jsStreamJob(wish) {
  const { data, response } = await openai(wish).images.generate({ ...body(wish), stream: true }).withResponse();
  data.controller.abort();
  return { job: response.headers.get("easel-job") };
}

async function jsStreamEvent(wish) {
  for await (const { type, job } of await openai(wish).images.generate({ ...body(wish), stream: true })) {
    return { type, job };
  }
}

async function jsChatJob(wish) {
  const request = openai(wish).chat.completions.create({ ...conversation(wish), stream: true });
  const { data, response } = await request.withResponse();
  for await (const { id, choices } of data) {
    return { job: response.headers.get("easel-job"), completion: id, delta: choices[0].delta };
  }
}

async function aiChatJob(wish) {
  const provider = createOpenAICompatible({ name: "easel", baseURL: wish.base_url, apiKey: wish.api_key });
  const result = streamText({ model: provider.chatModel(wish.model), prompt: wish.prompt, includeRawChunks: true });
  for await (const { type, rawValue } of result.fullStream) {
    if (type === "raw") return { completion: rawValue.id, delta: rawValue.choices[0].delta };
  }
}

function openai({ base_url, api_key, timeout }) {
  return new OpenAI({ baseURL: base_url, apiKey: api_key, ...(timeout ? { timeout: 1000 * timeout } : {}) });
}

function body({ model, prompt, n, size, response_format }) {
  return { model, prompt, n, ...(size ? { size } : {}), ...(response_format ? { response_format } : {}) };
}

function failure(raised) {
  const error = RetryError.isInstance(raised) ? raised.lastError : raised;
  const inner = error.error ?? envelope(error.responseBody);
  return {
    error: error.constructor.name,
    message: raised.message,
    status: error.status ?? error.statusCode ?? null,
    code: inner?.code ?? null,
    job: inner?.job ?? null,
  };
}

function envelope(text) {
  try {
    return JSON.parse(text).error;
  } catch {
    return null;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, client, ...wish } = JSON.parse(line);
  CLIENTS[client](wish)
    .catch(failure)
    .then((outcome) => process.stdout.write(`${JSON.stringify({ id, ...outcome })}\n`));
}
