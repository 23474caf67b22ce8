"""A function's first answer in a fresh process: `python -m tests.bench.first_answer functions.models`

Prints the answer's status, and the CPU time in seconds that the process has used by then.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from importlib import import_module

from starlette.types import ASGIApp, Message, Scope


async def status_of(app: ASGIApp) -> int:
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    await app(_scope(), receive, send)
    return statuses[0]


def _scope() -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": "/v1/models",
        "raw_path": b"/v1/models",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"example.com"), (b"authorization", os.environ["API_KEYS"].encode())],
        "server": ("example.com", 443),
        "client": ("192.0.2.1", 40000),
    }


if __name__ == "__main__":
    print(asyncio.run(status_of(import_module(sys.argv[1]).app)), time.process_time(), flush=True)
