"""A loopback HTTP server in a daemon thread, whose connections the app can cut."""

import asyncio
import socket
from threading import Thread

import uvloop
from starlette.types import ASGIApp, Scope
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

_STOPPING_SECONDS = 20


class Line:
    """The connection to one client; either side may end it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._hung_up = False
        self.lost = asyncio.Event()

    async def hang_up(self) -> None:
        """Close our side once what was written has left, and wait until that is done."""
        self._hung_up = True
        self._transport.close()
        await self.lost.wait()

    def abort(self) -> None:
        self._hung_up = True
        self._transport.abort()

    @property
    def client_left(self) -> bool:
        return self._transport.is_closing() and not self._hung_up


def line_of(scope: Scope) -> Line:
    line: Line = scope["state"]["line"]
    return line


class _Protocol(HttpToolsProtocol):
    """uvicorn's HTTP, with the line in each request's state: plain ASGI has no way to hang up."""

    line: Line

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        self.line = Line(transport)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"]["line"] = self.line

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.line.lost.set()


class Server:
    """Serves from construction until `stop`; its port is open before the constructor returns."""

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        self._socket = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        # Made here, so that `stop` can reach it even before the thread has begun.
        self._loop = uvloop.new_event_loop()
        self._stopped = asyncio.Event()
        self._thread = Thread(target=self._run, args=(app,), name=f"emulator {self.url}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(_STOPPING_SECONDS)
        assert not self._thread.is_alive(), "something on the server's loop was left open"

    def _run(self, app: ASGIApp) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(app))

    async def _serve(self, app: ASGIApp) -> None:
        # Not uvicorn's own Server: that takes 0.2 s to stop, and waits for clients that hold a connection.
        config = Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            log_config=None,
            log_level="error",
            access_log=False,
            timeout_keep_alive=60,
        )
        state = ServerState()
        server = await self._loop.create_server(lambda: _Protocol(config, state, {}), sock=self._socket)
        await self._stopped.wait()
        server.close()
        await asyncio.sleep(0)  # whoever knocked a moment ago is in only now
        for connection in list(state.connections):
            if isinstance(connection, _Protocol):
                connection.line.abort()
        if state.tasks:
            await asyncio.wait(state.tasks, timeout=1)
