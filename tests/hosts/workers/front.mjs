// The Worker in Pyodide behind a real HTTP server: what stands for workerd. `node front.mjs <stage> <packages>`
//
// Says {"url", "boot", "imports"} when it is ready (times in ms), then answers each line on stdin, a JSON object, with
// a line: {"env": {...}} replaces the settings, beside which there is the bucket RESULTS, {"python": "..."} runs a
// program, for its last value. Ends with its stdin.
// What this cannot show: workerd's rules on I/O across requests, its ban on entropy at import, and snapshots.
import { once } from "node:events";
import http from "node:http";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { loadPyodide } from "pyodide";
import { Bucket } from "./bucket.mjs";

const [stage, packages] = process.argv.slice(2);
const tell = (message) => process.stdout.write(JSON.stringify(message) + "\n");
const counts = { fetches: 0, reads: 0, aborted: 0, waiting: 0 };
const bucket = new Bucket((stream) => sized.has(stream));
const settings = {};

// What workerd has beyond Node.

const unsized = new WeakSet(); // bodies whose length workerd does not know, whatever a header says

globalThis.IdentityTransformStream = class extends TransformStream {
  constructor() {
    super();
    unsized.add(this.readable);
  }
};

const sized = new WeakSet(); // and those whose length it does know

globalThis.FixedLengthStream = class extends TransformStream {
  constructor(length) {
    let left = Number(length);
    const refuse = (words) => {
      throw new TypeError(`FixedLengthStream ${words}`);
    };
    super({
      transform: (chunk, controller) => {
        left -= chunk.byteLength;
        left < 0 ? refuse("has seen too many bytes") : controller.enqueue(chunk);
      },
      flush: () => left && refuse("did not see all expected bytes before close()"),
    });
    sized.add(this.readable);
  }
};

// In workerd's words, which are the same for a refused connection and for one that broke; a bad URL is a TypeError.
const nodes = globalThis.fetch;
globalThis.fetch = async (url, init) => {
  const request = new Request(url, init);
  if (!/^https?:/.test(request.url)) {
    throw new TypeError(`Fetch API cannot load: ${request.url}`);
  }
  counts.fetches += 1;
  init.signal?.addEventListener("abort", () => (counts.aborted += 1));
  let response;
  try {
    response = await nodes(request);
  } catch (error) {
    throw error.name === "AbortError" ? error : new Error("Network connection lost.");
  }
  return response.body ? counted(response) : response;
};

// Counts the chunks that Python reads; what `pipeTo` carries does not come by here.
function counted(response) {
  const own = response.body.getReader.bind(response.body);
  response.body.getReader = (options) => {
    const reader = own(options);
    const read = reader.read.bind(reader);
    reader.read = async (buffer) => {
      const part = await read(buffer);
      counts.reads += part.done ? 0 : 1;
      return part;
    };
    return reader;
  };
  return response;
}

// What the SDK looks for.

class Entrypoint {
  constructor(ctx, env) {
    Object.assign(this, { ctx, env });
  }
}

const workers = {
  env: settings,
  waitUntil: (promise) => {
    counts.waiting += 1;
    Promise.resolve(promise).catch(console.error).finally(() => (counts.waiting -= 1));
  },
  WorkerEntrypoint: Entrypoint,
  DurableObject: Entrypoint,
  WorkflowEntrypoint: Entrypoint,
  RpcTarget: Entrypoint,
};

const began = performance.now();
const python = await loadPyodide({
  jsglobals: globalThis,
  env: { HOME: "/session", PYTHONHASHSEED: "111", PYTHONDONTWRITEBYTECODE: "1" },
  stdout: console.error,
  stderr: console.error,
});
const booted = performance.now();
for (const [folder, path] of [[stage, "/session/metadata"], [packages, "/session/packages"]]) {
  python.FS.mkdirTree(path);
  python.mountNodeFS(path, folder);
}
python.registerJsModule("_cloudflare_compat_flags", {});
python.registerJsModule("_pyodide_entrypoint_helper", {
  cloudflareWorkersModule: workers,
  cloudflareSocketsModule: {},
  patchWaitUntil: (ctx) => ctx,
  doAnImport: async () => workers,
  workerEntrypoint: Entrypoint,
});
const answer = python.runPython(`
import sys
sys.path[:0] = ["/session/packages", "/session/metadata"]
import entry, workers

async def answer(request, ctx, env):
    return await entry.Default(ctx, env).fetch(workers.Request(request))

answer
`);
const imported = performance.now();

// From Node's HTTP to a Request, and from the Response back, chunk by chunk.

async function serve(incoming, outgoing) {
  const gone = new AbortController();
  // As workerd does: a disconnect before the response has begun is not reported.
  outgoing.on("close", () => outgoing.writableFinished || !outgoing.headersSent || gone.abort());
  const bodied = !["GET", "HEAD"].includes(incoming.method);
  const request = new Request(`http://${incoming.headers.host}${incoming.url}`, {
    method: incoming.method,
    headers: pairs(incoming.rawHeaders),
    signal: gone.signal,
    ...(bodied && { body: Readable.toWeb(incoming), duplex: "half" }),
  });
  const response = await answer(request, { waitUntil: workers.waitUntil }, settings);
  const headers = [...response.headers].filter(([name]) => name !== "content-length" || !unsized.has(response.body));
  outgoing.writeHead(response.status, headers.flat());
  if (response.body) {
    outgoing.flushHeaders();
    await copy(response.body.getReader(), outgoing, gone.signal);
  }
  outgoing.end();
  incoming.removeAllListeners("data").resume(); // what nobody wants to read would keep the next request waiting
}

async function copy(reader, outgoing, gone) {
  const left = new Promise((resolve) => gone.addEventListener("abort", resolve));
  left.then(() => reader.cancel(new Error("Network connection lost."))).catch(() => {});
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (!outgoing.write(part.value)) {
      await Promise.race([once(outgoing, "drain"), left]);
    }
  }
}

const pairs = (raw) => raw.flatMap((name, index) => (index % 2 ? [] : [[name, raw[index + 1]]]));

const server = http.createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) =>
  serve(incoming, outgoing).catch((error) => {
    console.error(error);
    outgoing.destroy();
  }),
);
server.listen(0, "127.0.0.1", () => {
  const times = { boot: booted - began, imports: imported - booted };
  tell({ url: `http://127.0.0.1:${server.address().port}`, ...times });
});

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (command.env) {
    Object.keys(settings).forEach((name) => delete settings[name]);
    Object.assign(settings, { RESULTS: bucket }, command.env);
  }
  try {
    const value = command.python && (await python.runPythonAsync(command.python, { globals: python.toPy({}) }));
    tell({ counts, answer: value?.toJs?.({ dict_converter: Object.fromEntries }) ?? value });
  } catch (error) {
    tell({ error: error.message });
  }
}
process.exit(0);
