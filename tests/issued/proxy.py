"""A proxy that lets nothing through: it shows which host a request is for."""

from __future__ import annotations

import threading
from socketserver import StreamRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Self

_REFUSAL = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Proxy:
    """`asked` are the first lines of the requests, without the HTTP version."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Refuses(StreamRequestHandler):
            def handle(self) -> None:
                asked.append(self.rfile.readline().decode().rpartition(" ")[0])
                while self.rfile.readline().strip():
                    pass
                self.wfile.write(_REFUSAL)

        self._server = ThreadingTCPServer(("127.0.0.1", 0), Refuses)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
