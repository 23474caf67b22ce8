"""Chat completions as deltas, from streamed and from whole responses in all dialects of OpenAI's API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import suppress
from typing import Any

from shared.errors import EaselError, GenerationFailed, ResultLost
from shared.http import Redaction, Response, StreamingResponse, encodable
from shared.providers._json import as_dict, as_list
from shared.providers.openai_compatible.errors import error_within, failure, is_error
from shared.providers.openai_compatible.events import ChunkFinder
from shared.providers.openai_compatible.tool_calls import ToolCalls
from shared.results import ChatDelta, Usage

_LAST_CHUNKS_SECONDS = 5.0
"""How long to wait for the usage after the last finish reason."""

_DRAIN_SECONDS = 0.1

_DONE = b"[DONE]"
_DELTA_FIELDS = frozenset({"role", "content", "reasoning", "reasoning_content", "tool_calls"})
_CHOICE_FIELDS = frozenset({"index", "delta", "message", "finish_reason", "usage", "text"})
_RESPONSE_FIELDS = frozenset({"id", "object", "created", "model", "choices", "usage", "error", "obfuscation"})
_EMPTY: tuple[Any, ...] = (None, "", [])


async def streamed_deltas(response: StreamingResponse) -> AsyncGenerator[ChatDelta, None]:
    """Yield the deltas of a response that was requested as a stream, to its end or `[DONE]`."""
    if response.status != 200:
        raise failure(await response.read())
    reader = _Reader(response.redaction)
    chunks = _chunks(response, reader.finder)
    while chunk := await _next(chunks, reader):
        if chunk == _DONE:
            reader.done = True
            await _drain(chunks)
            break
        for delta in reader.read(chunk):
            yield delta
    for delta in reader.end():
        yield delta


def whole_deltas(response: Response) -> Iterator[ChatDelta]:
    """Yield the deltas of a response that was requested as a whole."""
    if response.status != 200:
        raise failure(response)
    reader = _Reader(response.redaction)
    for line in [*response.body.splitlines(), b""]:
        chunk = reader.finder.add(line)
        if chunk == _DONE:
            reader.done = True
            break
        if chunk:
            yield from reader.read(chunk)
    if chunk := reader.finder.end():
        yield from reader.read(chunk)
    yield from reader.end()


async def _chunks(response: StreamingResponse, finder: ChunkFinder) -> AsyncIterator[bytes]:
    async for line in response.lines():
        if chunk := finder.add(line):
            yield chunk
    if chunk := finder.end():
        yield chunk


async def _next(chunks: AsyncIterator[bytes], reader: _Reader) -> bytes:
    """Return the next chunk; empty at the end of the response. After the finish reason, its end is optional."""
    if not reader.finished:
        return await anext(chunks, b"")
    try:
        async with asyncio.timeout(_LAST_CHUNKS_SECONDS):
            return await anext(chunks, b"")
    except (EaselError, TimeoutError):
        return b""


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    """Read to the end of the response if it comes at once, so that the connection can be used again."""
    with suppress(EaselError, TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for _ in chunks:
                pass


class _Reader:
    """Reads the chunks of one response. `done` is whether the upstream said that it is complete."""

    def __init__(self, redaction: Redaction) -> None:
        self.finder = ChunkFinder()
        self.done = False
        self.finished = False
        """Whether the last chunk had a finish reason and nothing else: there is nothing to wait for but usage."""
        self._redaction = redaction
        self._choices: dict[int, _Choice] = {}
        self._usage: Usage | None = None
        self._fields: dict[str, Any] = {}

    def read(self, data: bytes) -> Iterator[ChatDelta]:
        """Yield the deltas of the next chunk. Raises the error that the chunk contains."""
        chunk = self._parse(data)
        self.done = self.done or self.finder.is_json is True
        escaped = b"\\" in data
        fields = _others(chunk, _RESPONSE_FIELDS)
        self._fields |= encodable(fields) if escaped else fields
        for choice in map(as_dict, as_list(chunk.get("choices"))):
            if choice.get("error"):
                raise error_within(choice, self._redaction)
            self._usage = _usage(choice) or self._usage
            index = choice.get("index")
            index = index if isinstance(index, int) else 0
            state = self._choices.setdefault(index, _Choice(index))
            delta = state.read(choice, escaped=escaped)
            has_content = delta is not None and bool(delta.text or delta.reasoning or delta.extra)
            self.finished = not has_content and all(each.finish_reason for each in self._choices.values())
            if delta:
                yield delta._replace(response_fields=self._take_fields()) if self._fields else delta
        self._usage = _usage(chunk) or self._usage

    def end(self) -> Iterator[ChatDelta]:
        """Yield the last delta of each choice. Raises ResultLost if the response is incomplete."""
        if self.done and not any(choice.begun or choice.finish_reason for choice in self._choices.values()):
            raise GenerationFailed("The upstream's response is empty.")
        last = next(reversed(self._choices), None)
        if last is None or not (self.done or all(choice.finish_reason for choice in self._choices.values())):
            raise ResultLost("The upstream's response ended before it was complete.")
        for index, choice in self._choices.items():
            reason = self._redaction.quote(choice.reason())
            if reason == "error":
                raise ResultLost("The upstream broke off its response with an error.")
            if index != last:
                yield ChatDelta(choice.rest(), finish_reason=reason, choice=index)
            else:
                fields = self._take_fields()
                yield ChatDelta(choice.rest(), "", reason, self._usage, choice=index, response_fields=fields)

    def _take_fields(self) -> Mapping[str, Any]:
        """Return the response's own fields once: they go out with the next delta."""
        fields, self._fields = self._fields, {}
        return fields

    def _parse(self, data: bytes) -> dict[str, Any]:
        try:
            chunk = self._redaction.parse_json(data)
        except (ValueError, RecursionError):
            chunk = None
        if isinstance(chunk, list) and chunk and is_error(chunk[0]):
            chunk = chunk[0]
        if not isinstance(chunk, dict):
            raise ResultLost("The upstream's response contains something other than a chat completion.")
        if is_error(chunk):
            raise error_within(chunk, self._redaction)
        return chunk


class _Choice:
    """What has been read of one choice."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.begun = False
        self.finish_reason = ""
        self._calls = ToolCalls()
        self._halves: dict[str, str] = {}

    def read(self, choice: Mapping[str, Any], *, escaped: bool) -> ChatDelta | None:
        """Return the choice's delta; None if it has no content. `escaped` is whether there are escape sequences."""
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason.lower() not in ("", "null", "none"):
            self.finish_reason = reason
        fields = as_dict(choice.get("delta")) or as_dict(choice.get("message"))
        extra, others = _others(fields, _DELTA_FIELDS), _others(choice, _CHOICE_FIELDS)
        text = self._text("content", _text(fields.get("content")))
        reasoning = self._text("reasoning", _text(fields.get("reasoning_content") or fields.get("reasoning")))
        if calls := as_list(fields.get("tool_calls")):
            whole = not choice.get("delta")
            extra["tool_calls"] = [self._call(call) for call in self._calls.add(calls, whole=whole)]
        if not (text or reasoning or extra or others):
            return None
        self.begun = True
        if escaped:
            extra, others = encodable(extra), encodable(others)
        return ChatDelta(text, reasoning, extra=extra, choice=self.index, choice_fields=others)

    def rest(self) -> str:
        """Return the replacement of a surrogate whose other half did not come."""
        return encodable(self._halves.get("content", ""))

    def reason(self) -> str:
        """Return the finish reason. Some services say `stop` after tool calls."""
        if self._calls and self.finish_reason in ("", "stop"):
            return "tool_calls"
        return self.finish_reason or "stop"

    def _call(self, call: dict[str, Any]) -> dict[str, Any]:
        if arguments := call["function"].get("arguments"):
            call["function"]["arguments"] = self._text(f"arguments {call['index']}", arguments)
        return call

    def _text(self, name: str, text: str) -> str:
        """Return text in which no surrogate is alone: the first half of a pair waits for the next delta."""
        if name in self._halves:
            text = self._halves.pop(name) + text
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._halves[name], text = text[-1], text[:-1]
        return text if text.isascii() else encodable(text)


def _others(fields: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in known and value not in _EMPTY}


def _text(content: Any) -> str:
    """Return a text, which may be in parts."""
    if isinstance(content, list):
        return "".join(_text(part.get("text")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _usage(fields: Mapping[str, Any]) -> Usage | None:
    """Return the usage, if there is one, with whole numbers of tokens: some clients cannot read `11.0`."""
    usage = fields.get("usage")
    return _counted(usage) if isinstance(usage, dict) and usage else None


def _counted(usage: Mapping[str, Any]) -> Usage:
    counted = {}
    for name, value in usage.items():
        if isinstance(value, dict):
            value = _counted(value)
        elif isinstance(value, float) and value.is_integer() and name.endswith("_tokens"):
            value = int(value)
        counted[name] = value
    return counted
