"""The upstream of the benchmarks: a few of zimage.run's answers, ready-made, as fast as Python gives them out.

`python -m tests.bench.stub <port> <megabytes of a result> <uuid that a submit gets>`
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, cast

import uvloop

from tests.emulators.png import SIGNATURE

RUNNING = "00000000-0000-4000-8000-000000000001"
DONE = "00000000-0000-4000-8000-000000000002"
TASK_PATH = "/api/z-image/task/"
SUBMIT_PATH = "/api/z-image/generate"
RESULT_PATH = "/output/result.png"
BASE64_PATH = "/ready-made.json"

_REQUEST = re.compile(rb"\w+ (\S+) [^\0]*?\r\n\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BLOCK = bytes(range(251)) * 4178

Answer: TypeAlias = Sequence[bytes]


class Upstream(asyncio.Protocol):
    """One connection: answers by path, and writes no faster than the other side reads."""

    _transport: asyncio.Transport

    def __init__(self, answers: dict[str, Answer]) -> None:
        self._answers = answers
        self._received = b""
        self._pieces: Iterator[bytes] = iter(())
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = _REQUEST.match(self._received)
        if not head:
            return
        length = _LENGTH.search(head[0])
        if len(self._received) - head.end() >= (int(length[1]) if length else 0):
            self._received = b""
            self._pieces = iter(self._answers[head[1].decode()])
            self._write()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._write()

    def _write(self) -> None:
        while not self._full and (piece := next(self._pieces, None)):
            self._transport.write(piece)


def answers(url: str, size: int, uuid: str) -> dict[str, Answer]:
    picture = [SIGNATURE, *[_BLOCK] * (size // len(_BLOCK)), _BLOCK[: size % len(_BLOCK)]]
    submitted = {"uuid": uuid, "task": _task(uuid, "pending", 0)}
    return {
        SUBMIT_PATH: _json({"success": True, "data": submitted}),
        TASK_PATH + RUNNING: _json({"success": True, "data": {"task": _task(RUNNING, "processing", 40)}}),
        TASK_PATH + DONE: _json({"success": True, "data": {"task": _task(DONE, "completed", 100, url + RESULT_PATH)}}),
        RESULT_PATH: _answer("image/png", picture),
        BASE64_PATH: _json({"created": 0, "data": [{"b64_json": _text(picture) if size < 1 << 24 else ""}]}),
    }


def _task(uuid: str, state: str, progress: int, link: str | None = None) -> dict[str, Any]:
    return {
        "id": "1",
        "uuid": uuid,
        "taskStatus": state,
        "prompt": "a lighthouse at dusk",
        "width": 1024,
        "height": 1024,
        "progress": progress,
        "model": "turbo",
        "resultUrl": link,
        "errorMessage": None,
    }


def _json(content: dict[str, Any]) -> Answer:
    return _answer("application/json", [json.dumps(content).encode()])


def _text(pieces: Answer) -> str:
    return base64.b64encode(b"".join(pieces)).decode()


def _answer(media_type: str, pieces: Answer) -> Answer:
    size = sum(map(len, pieces))
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ncontent-length: {size}\r\n\r\n".encode()
    return [head + pieces[0], *pieces[1:]]


async def _serve(port: int, megabytes: float, uuid: str) -> None:
    ready = answers(f"http://127.0.0.1:{port}", int(megabytes * 1e6), uuid)
    server = await asyncio.get_running_loop().create_server(lambda: Upstream(ready), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]))
