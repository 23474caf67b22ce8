"""A fake of Lambda's Runtime API: hands out events, and takes answers apart chunk by chunk while they arrive."""

from __future__ import annotations

import base64
import json
import queue
import re
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, NamedTuple
from uuid import uuid4

_DELIMITER = bytes(8)
_ARN = "arn:aws:lambda:us-east-1:123456789012:function:easel"
_SMALL_BUFFER = 64 * 1024


class Chunk(NamedTuple):
    """What came in one piece, and when on the monotonic clock."""

    at: float
    data: bytes


class Answer:
    """What a runtime has said to one event so far. `over` is set when no more will come."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.asked_at = time.monotonic()
        self.kind = ""
        self.headers: dict[str, str] = {}
        self.chunks: list[Chunk] = []
        self.trailers: dict[str, str] = {}
        self.broken = False
        self.over = Event()

    def wait(self, seconds: float = 30.0) -> Answer:
        assert self.over.wait(seconds), "the runtime does not answer"
        return self

    @property
    def whole(self) -> bool:
        """It came to its end, and nothing says that something is missing."""
        return self.over.is_set() and not self.broken and not self.trailers

    @property
    def raw(self) -> bytes:
        return b"".join(chunk.data for chunk in self.chunks)

    @property
    def prelude(self) -> Any:
        return json.loads(self.raw.partition(_DELIMITER)[0])

    @property
    def status(self) -> int:
        status: int = self.prelude["statusCode"]
        return status

    @property
    def response_headers(self) -> dict[str, str]:
        headers: dict[str, str] = self.prelude["headers"]
        return headers

    @property
    def body(self) -> bytes:
        return self.raw.partition(_DELIMITER)[2]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def cut_by(self) -> Any:
        """The error that the trailers tell, None without one."""
        body = self.trailers.get("lambda-runtime-function-error-body")
        return json.loads(base64.b64decode(body)) if body else None


class RuntimeApi:
    """Serves one runtime process. The attributes make it a difficult one; they may be changed while it runs."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.init_errors: list[tuple[dict[str, str], Any]] = []
        self.connections = 0
        self.chunked_events = False
        self.closes_connections = False
        self.breaks_after: int | None = None
        self.reads = Event()
        self.reads.set()
        self._events: queue.Queue[tuple[str, bytes, float] | None] = queue.Queue()
        self._server = _Server(self)
        self.address = f"127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def send(self, event: Any, seconds: float = 30.0) -> Answer:
        """Give the runtime an event, to be answered within so many seconds."""
        answer = Answer(str(uuid4()))
        self.answers[answer.request_id] = answer
        self._events.put((answer.request_id, json.dumps(event).encode(), time.time() + seconds))
        return answer

    def next(self) -> tuple[str, bytes, float] | None:
        return self._events.get()

    def close(self) -> None:
        self.reads.set()
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api: RuntimeApi) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.api = api

    def server_bind(self) -> None:
        # What the kernel takes in ahead of us would hide whether a runtime waits for its reader.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
        super().server_bind()

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a runtime that was killed


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.api.connections += 1

    def do_GET(self) -> None:
        assert self.path == "/2018-06-01/runtime/invocation/next"
        if not (invocation := self.server.api.next()):
            self.close_connection = True
            return
        request_id, event, deadline = invocation
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Lambda-Runtime-Aws-Request-Id", request_id)
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(deadline * 1000)))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", _ARN)
        self.send_header("Lambda-Runtime-Trace-Id", f"Root=1-{request_id[:8]};Sampled=0")
        self._send_event(event)
        self._end_answer()

    def do_POST(self) -> None:
        if self.path == "/2018-06-01/runtime/init/error":
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.server.api.init_errors.append((headers, json.loads(b"".join(self._body({})))))
        else:
            match = re.fullmatch(r"/2018-06-01/runtime/invocation/([\w-]+)/(response|error)", self.path)
            assert match, self.path
            answer = self.server.api.answers[match[1]]
            answer.kind = match[2]
            self._take(answer)
            if answer.broken:
                self.close_connection = True
                return
        content = b'{"status":"OK"}\n'
        self.send_response(202)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self._end_answer()

    def _take(self, answer: Answer) -> None:
        api = self.server.api
        answer.headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            for data in self._body(answer.trailers):
                answer.chunks.append(Chunk(time.monotonic(), data))
                if len(answer.chunks) == api.breaks_after:
                    raise ConnectionError("as the test wants it")
                api.reads.wait()
        except (OSError, ValueError):
            answer.broken = True
        answer.over.set()

    def _body(self, trailers: dict[str, str]) -> Iterator[bytes]:
        """The chunks of a body as they come, then its trailers. ValueError where it ends too early."""
        if "Content-Length" in self.headers:
            yield self.rfile.read(int(self.headers["Content-Length"]))
            return
        while size := int(self.rfile.readline(), 16):
            data = self.rfile.read(size)
            if len(data) < size or self.rfile.readline() != b"\r\n":
                raise ValueError("a chunk that is not whole")
            yield data
        while (line := self.rfile.readline()) != b"\r\n":
            name, colon, value = line.decode().partition(":")
            if not colon:
                raise ValueError("the trailers are not whole")
            trailers[name.lower()] = value.strip()

    def _send_event(self, event: bytes) -> None:
        if self.server.api.chunked_events:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for start in range(0, len(event), 1000):
                part = event[start : start + 1000]
                self.wfile.write(b"%X\r\n%b\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(event)))
            self.end_headers()
            self.wfile.write(event)

    def _end_answer(self) -> None:
        self.wfile.flush()
        self.close_connection = self.close_connection or self.server.api.closes_connections

    def log_message(self, format: str, *args: Any) -> None:
        pass
