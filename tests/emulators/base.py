"""A fake upstream: a strict, stateful Starlette app on a loopback port that remembers what it was asked."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, field, fields
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.emulators.faults import Fault
from tests.emulators.server import Line, Server, line_of


@dataclass(frozen=True)
class Call:
    """One request as it came in, whatever became of it."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Refused(Exception):
    """Raised anywhere in a handler to answer with `response` at once."""

    def __init__(self, response: Response) -> None:
        self.response = response


@dataclass(kw_only=True, eq=False)
class Emulator(ABC):
    """A subclass is a dataclass too: fields are its settings, fields with `init=False` its state."""

    calls: list[Call] = field(init=False, repr=False, default_factory=list)
    closed_early: list[str] = field(init=False, repr=False, default_factory=list)
    _planned: list[tuple[str, Fault]] = field(init=False, repr=False, default_factory=list)
    _answers: "set[_Answer]" = field(init=False, repr=False, default_factory=set)

    def __post_init__(self) -> None:
        self._settings = {setting.name: getattr(self, setting.name) for setting in fields(self) if setting.init}
        self._server: Server | None = None

    @abstractmethod
    def routes(self) -> Sequence[BaseRoute]:
        """The upstream's surface."""

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """The settings of an Easel that has this upstream behind it."""

    @classmethod
    def lifelike(cls) -> Self:
        """One that takes its time, for people to watch."""
        return cls()

    def reset(self) -> None:
        """Forget all that happened and go back to the settings it was built with."""
        for name, value in self._settings.items():
            setattr(self, name, value)
        for state in fields(self):
            if not state.init and state.default_factory is not MISSING:
                setattr(self, state.name, state.default_factory())

    def plan(self, path_part: str, *faults: Fault) -> None:
        """Let the next requests whose "METHOD /path" contains `path_part` meet these faults, one each."""
        self._planned += [(path_part, fault) for fault in faults]

    @property
    def url(self) -> str:
        assert self._server, "the emulator is not running"
        return self._server.url

    @property
    def open_streams(self) -> int:
        """How many answers have begun and not yet ended."""
        return sum(answer.open for answer in tuple(self._answers))

    def start(self, port: int = 0) -> Self:
        self._server = Server(self._handle, port)
        return self

    def stop(self) -> None:
        if self._server:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @cached_property
    def _app(self) -> ASGIApp:
        return Starlette(routes=self.routes(), exception_handlers={Refused: _refusal})

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        call = _call(scope, body)
        self.calls.append(call)
        answer = _Answer(line_of(scope), send)
        self._answers.add(answer)
        try:
            await self._answer(call, scope, _replay(body, receive), answer.send)
        finally:
            self._answers.discard(answer)
            if answer.unheard:
                self.closed_early.append(call.path)

    async def _answer(self, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        if fault := self._next_fault(call):
            await fault.strike(self._app, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _next_fault(self, call: Call) -> Fault | None:
        target = f"{call.method} {call.path}"
        for entry in self._planned:
            if entry[0] in target:
                self._planned.remove(entry)
                return entry[1]
        return None


class _Answer:
    """What goes out to one client, and whether the client stayed to hear the end."""

    def __init__(self, line: Line, send: Send) -> None:
        self._line = line
        self._send = send
        self._begun = False
        self._ended = False

    @property
    def open(self) -> bool:
        return self._begun and not self._ended

    @property
    def unheard(self) -> bool:
        return self._line.client_left and not self._ended

    async def send(self, message: Message) -> None:
        self._begun = True
        if message["type"] == "http.response.body" and not message.get("more_body") and not self._line.client_left:
            self._ended = True
        await self._send(message)


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return error.response


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the app the body that was already read, then what follows it: the client's leaving."""
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return unread.pop() if unread else await receive()

    return receive_again


def _call(scope: Scope, body: bytes) -> Call:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Call(scope["method"], scope["path"], scope["query_string"].decode(), headers, body)
