"""A fake service that speaks OpenAI's API, in the dialects and with the bad habits of those that really do."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self
from zlib import crc32

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from tests.emulators.files import FileHost, Gate
from tests.emulators.openai_compatible.edits import Edit, parse_edit
from tests.emulators.openai_compatible.wire import Conversation, Json, Order, parse, refused
from tests.emulators.png import png

__all__ = ["OpenAICompatible"]

LISTED: tuple[Json, ...] = (
    {"id": "parrot", "object": "model", "created": 1, "owned_by": "emulator"},
    {"id": "org/parrot-large", "object": "model", "created": 1, "owned_by": "emulator"},
    {"id": "flux-emulated", "object": "model", "created": 1, "owned_by": "emulator"},
    {"id": "gpt-image-emulated", "object": "model", "created": 1, "owned_by": "emulator"},
    {"id": "text-embedding-3-small", "object": "model", "created": 1, "owned_by": "emulator"},
)


@dataclass(kw_only=True, eq=False)
class OpenAICompatible(FileHost):
    """Its text models say `words` one after the other, or else give back what they were told.

    `key` of "" lets everybody in. `deltas` replace what is said, in OpenAI's own words. `cut` is the size of the pieces
    that an answer leaves in; 0 for one per event, each of which waits for the `gate` and takes `pace` seconds. `usage`
    of None says nothing about it. `file_suffix` makes links to pictures longer. Members that are
    `unheard_of` are refused, as OpenAI does, or ignored, as vLLM does. One that is not `careful` takes any file for a
    picture or a mask. `refused` names fields of a chat that it refuses, `stream` and `stream_options` among them.
    `response_fields` and `choice_fields` are added to what it says.
    """

    key: str = "sk-emulator"
    listed: Sequence[Json] = LISTED
    words: Sequence[str] = ()
    deltas: Sequence[Json] = ()
    finish_reason: str | None = "stop"
    usage: tuple[int, int] | None = (11, 5)
    usage_details: Json = field(default_factory=dict)
    refused: Sequence[str] = ()
    response_fields: Json = field(default_factory=dict)
    choice_fields: Json = field(default_factory=dict)
    usage_with: Literal["own", "last"] = "own"
    ends: Literal["done", "no-done", "done-and-silence"] = "done"
    comments: bool = False
    newline: str = "\n"
    cut: int = 0
    pace: float = 0.0
    streams: bool = True
    pictures: Literal["url", "b64_json", "data-url"] = "url"
    file_suffix: str = ""
    unheard_of: Literal["forbid", "ignore"] = "forbid"
    careful: bool = True
    refuses: bool = False

    orders: list[Order] = field(init=False, repr=False, default_factory=list)
    talks: list[Conversation] = field(init=False, repr=False, default_factory=list)

    def environment(self) -> dict[str, str]:
        return {"OPENAI_COMPATIBLE_BASE_URL": f"{self.url}/v1", "OPENAI_COMPATIBLE_API_KEY": self.key}

    @property
    def edits(self) -> list[Edit]:
        """Those of the orders that brought pictures along."""
        return [order for order in self.orders if isinstance(order, Edit)]

    @classmethod
    def lifelike(cls) -> Self:
        return cls(key="sk-demo", pace=0.1)

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/v1/models", self._models),
            Route("/v1/chat/completions", self._talk, methods=["POST"]),
            Route("/v1/images/generations", self._draw, methods=["POST"]),
            Route("/v1/images/edits", self._edit, methods=["POST"]),
            Route("/files/{order:int}_{index:int}.png", self._file),
        ]

    async def _models(self, request: Request) -> Response:
        self._admit(request)
        return JSONResponse({"object": "list", "data": list(self.listed)})

    async def _talk(self, request: Request) -> Response:
        self._admit(request)
        talk = await parse(request, Conversation, self.unheard_of)
        if talk.model not in {entry["id"] for entry in self.listed}:
            raise refused(404, f"The model `{talk.model}` does not exist", "model_not_found")
        for name in self.refused:
            if name in talk.model_fields_set and getattr(talk, name):
                raise refused(400, f"Unknown parameter: '{name}'.", "unknown_parameter")
        self.talks.append(talk)
        if not (talk.stream and self.streams):
            return StreamingResponse(self._whole(talk), media_type="application/json")
        events = [f"data: {json.dumps(chunk)}" for chunk in self._chunks(talk)]
        return StreamingResponse(self._stream(events), media_type="text/event-stream")

    async def _draw(self, request: Request) -> Response:
        self._admit(request)
        return self._drawn(await parse(request, Order, self.unheard_of))

    async def _edit(self, request: Request) -> Response:
        self._admit(request)
        return self._drawn(await parse_edit(request, self.unheard_of, careful=self.careful))

    def _drawn(self, order: Order) -> Response:
        if self.refuses or "forbidden" in order.prompt:
            raise refused(400, "Your request was rejected by our safety system", "content_policy_violation")
        self.orders.append(order)
        data = [self._picture(len(self.orders) - 1, index) for index in range(order.n)]
        return JSONResponse({"created": 1, "data": data})

    def _picture(self, order: int, index: int) -> Json:
        if self.pictures == "url":
            return {"url": self.file_url(f"/files/{order}_{index}.png{self.file_suffix}")}
        inside = b64encode(self.content(self._bytes(order, index))[:]).decode()
        return {"b64_json": inside} if self.pictures == "b64_json" else {"url": f"data:image/png;base64,{inside}"}

    async def _file(self, request: Request) -> Response:
        order, index = request.path_params["order"], request.path_params["index"]
        if order >= len(self.orders) or index >= self.orders[order].n:
            raise refused(404, "There is no such file")
        return self.file_response(request, self._bytes(order, index), "image/png")

    def _bytes(self, order: int, index: int) -> bytes:
        width, height = self.orders[order].pixels
        red, green, blue, _ = crc32(f"{order}_{index}".encode()).to_bytes(4)
        return png(width, height, (red, green, blue))

    def _admit(self, request: Request) -> None:
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            raise refused(401, "Incorrect API key provided", "invalid_api_key")

    def _said(self, talk: Conversation) -> list[Json]:
        if self.deltas:
            return list(self.deltas)
        words = self.words or _pieces(f"You said: {_text(talk)}")
        return [{"content": word} for word in words]

    def _chunks(self, talk: Conversation) -> list[Json]:
        wanted = self.usage is not None and talk.stream_options.include_usage
        usage = self._usage() if wanted else None
        said = [{"role": "assistant", "content": ""}, *self._said(talk)]
        chunks = [self._chunk(talk, delta, index=index) for delta in said for index in range(talk.n)]
        if self.finish_reason:
            chunks += [self._chunk(talk, {}, self.finish_reason, index) for index in range(talk.n)]
        if usage and self.usage_with == "own":
            chunks.append({**self._chunk(talk, {}), "choices": [], "usage": usage})
        elif usage:
            chunks[-1]["usage"] = usage
        return chunks

    def _chunk(self, talk: Conversation, delta: Json, finish_reason: str | None = None, index: int = 0) -> Json:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        choice |= self.choice_fields if delta.get("content") else {}
        return {**_head(talk, "chat.completion.chunk"), **self.response_fields, "choices": [choice]}

    async def _whole(self, talk: Conversation) -> AsyncIterator[bytes]:
        """The completion in two pieces, each of which waits for the gate."""
        gate = self.gate or Gate(float("inf"))
        body = json.dumps(self._completion(talk)).encode()
        for piece in (body[:100], body[100:]):
            await gate.wait()
            await asyncio.sleep(self.pace)
            yield piece

    def _completion(self, talk: Conversation) -> Json:
        choice = {"message": _message(self._said(talk)), "logprobs": None, "finish_reason": self.finish_reason}
        choice |= self.choice_fields
        choices = [{"index": index, **choice} for index in range(talk.n)]
        head = {**_head(talk, "chat.completion"), **self.response_fields}
        return {**head, "choices": choices, "usage": self._usage() if self.usage else None}

    def _usage(self) -> Json:
        prompt, completion = self.usage or (0, 0)
        total = prompt + completion
        counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}
        return {**counts, **self.usage_details}

    async def _stream(self, events: Sequence[str]) -> AsyncIterator[bytes]:
        gate = self.gate or Gate(float("inf"))
        lines = [event.replace("\n", self.newline) + 2 * self.newline for event in events]
        if self.comments:
            lines = [text for line in lines for text in (f": ping{2 * self.newline}", line)]
        if self.ends != "no-done":
            lines.append(f"data: [DONE]{2 * self.newline}")
        if self.cut:
            whole = "".join(lines).encode()
            for start in range(0, len(whole), self.cut):
                yield whole[start : start + self.cut]
                await asyncio.sleep(0)
        else:
            for line in lines:
                await gate.wait()
                await asyncio.sleep(self.pace)
                yield line.encode()
        if self.ends == "done-and-silence":
            await asyncio.Event().wait()


def _head(talk: Conversation, kind: str) -> Json:
    return {"id": "chatcmpl-emulated", "object": kind, "created": 1, "model": talk.model}


def _message(deltas: Sequence[Json]) -> Json:
    """What the deltas say, in one piece."""
    message: Json = {"role": "assistant", "content": "", "refusal": None, "annotations": []}
    calls: list[Json] = []
    for delta in deltas:
        for name in ("content", "reasoning", "reasoning_content"):
            if name in delta:
                message[name] = message.get(name, "") + delta[name]
        for piece in delta.get("tool_calls", ()):
            if "id" in piece:
                calls.append({**piece, "function": dict(piece["function"])})
            else:
                calls[piece["index"]]["function"]["arguments"] += piece["function"]["arguments"]
    if calls:
        message["tool_calls"] = [{name: value for name, value in call.items() if name != "index"} for call in calls]
        message["content"] = message["content"] or None
    return message


def _text(talk: Conversation) -> str:
    content: Any = talk.messages[-1].content or ""
    return content if isinstance(content, str) else " ".join(getattr(part, "text", "[picture]") for part in content)


def _pieces(text: str) -> list[str]:
    """The text, a word at a time."""
    return [word if at == 0 else f" {word}" for at, word in enumerate(text.split(" "))]
