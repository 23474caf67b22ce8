"""What can go wrong between an upstream and its client, each as ASGI middleware for one request."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.emulators.server import line_of


class Fault(Protocol):
    async def strike(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request in the app's place, or spoil the app's own answer."""


@dataclass(frozen=True)
class Reply:
    """Answers by itself: the app never sees the request, no work is taken."""

    status: int
    body: bytes | str | dict[str, Any] = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    async def strike(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await self._response()(scope, receive, send)

    def _response(self) -> Response:
        match self.body:
            case dict():
                body, media_type = json.dumps(self.body).encode(), "application/json"
            case str():
                body, media_type = self.body.encode(), "text/html"
            case _:
                body, media_type = self.body, "application/octet-stream"
        # A content type that the test names wins.
        headers = {"content-type": media_type} | {name.lower(): value for name, value in self.headers.items()}
        return Response(body, self.status, headers)


@dataclass(frozen=True)
class Slow:
    """Keeps the client waiting, then answers as usual; not at all when the client has left."""

    seconds: float

    async def strike(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.wait_for(line_of(scope).lost.wait(), self.seconds)
        except TimeoutError:
            await app(scope, receive, send)


@dataclass(frozen=True)
class Drop:
    """Hangs up without an answer; with `after`, once the app has done the work."""

    after: bool = False

    async def strike(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        if self.after:
            await app(scope, receive, _discard)
        await line_of(scope).hang_up()


@dataclass(frozen=True)
class Cut:
    """Sends the true headers and so many bytes of the true body, then hangs up."""

    after_bytes: int

    async def strike(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        line, left = line_of(scope), self.after_bytes

        async def send_some(message: Message) -> None:
            nonlocal left
            body = message.get("body", b"")
            if len(body) <= left:
                left -= len(body)
                await send(message)
            elif not line.lost.is_set():
                await send({"type": "http.response.body", "body": body[:left], "more_body": True})
                await line.hang_up()

        await app(scope, receive, send_some)


@dataclass(frozen=True)
class Endless:
    """Answers by itself, with a beginning that nothing follows until the client leaves."""

    beginning: bytes
    content_type: str

    async def strike(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", self.content_type.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.beginning, "more_body": True})
        await line_of(scope).lost.wait()


@dataclass(frozen=True)
class Echo:
    """Answers by itself, with the request's credentials in a header and, for SAID and (bare) for KEY, in `body`."""

    status: int
    body: Any

    async def strike(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        credentials = credentials_of(scope)
        said = f"Incorrect credentials: {', '.join(credentials)}"
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        content = text.replace("SAID", said).replace("KEY", "".join(credentials[:1]))
        media_type = "text/plain" if isinstance(self.body, str) else "application/json"
        await Response(content, self.status, {"x-said": said}, media_type)(scope, receive, send)


@dataclass(frozen=True)
class Blame:
    """Lets the app answer, and appends the request's credentials to each sentence in its JSON."""

    async def strike(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        body = bytearray()

        async def collect(message: Message) -> None:
            start.update(message if message["type"] == "http.response.start" else {})
            body.extend(message.get("body", b""))

        await app(scope, receive, collect)
        content = _blamed(json.loads(body), f" Incorrect credentials: {', '.join(credentials_of(scope))}")
        await Response(json.dumps(content), start["status"], media_type="application/json")(scope, receive, send)


def credentials_of(scope: Scope) -> list[str]:
    """A request's key or token, or the values of its cookies but for the shortest."""
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    keys = [headers.get("authorization", "").removeprefix("Bearer "), headers.get("x-goog-api-key", "")]
    cookies = [cookie.partition("=")[2] for cookie in headers.get("cookie", "").split("; ")]
    return [value for value in (*keys, *cookies) if len(value) > 3]


def _blamed(content: Any, blame: str) -> Any:
    match content:
        case str() if " " in content:
            return content + blame
        case list():
            return [_blamed(entry, blame) for entry in content]
        case dict():
            return {name: _blamed(value, blame) for name, value in content.items()}
    return content


async def _discard(message: Message) -> None:
    """Stand in for `send` when nobody is to hear the answer."""
