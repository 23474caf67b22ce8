"""The request context of an endpoint: caller, body, time limits, disconnects and links."""

from __future__ import annotations

import asyncio
import codecs
import hashlib
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive

from shared.api.bounds import UNKNOWN_FIELDS, Bounds
from shared.api.json_body import JsonBody
from shared.api.requests.content_encoding import Decoder
from shared.api.requests.multipart import Form, read_form
from shared.bootstrap import Easel
from shared.config import Settings
from shared.errors import BadRequest, TooLarge
from shared.http import ImageDownloader, Spool
from shared.job import Job, ResultFile
from shared.jobs.idempotency import RequestKey
from shared.service import Caller, Service

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

MARGIN = 5.0
"""Seconds reserved for sending the response, subtracted from every external deadline."""

_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
_LONGEST_KEY = 255
_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)

Result = TypeVar("Result")
Wire = TypeVar("Wire", bound="BaseModel")


class Prefer(NamedTuple):
    """The Prefer header (RFC 7240): `wait` in seconds, and whether the caller prefers to poll the job."""

    respond_async: bool
    wait: float | None


class Context:
    """The request, settings and services of an endpoint. `caller` is None if the route needs no key."""

    def __init__(self, request: Request, easel: Easel) -> None:
        self.request = request
        self.settings: Settings = easel.settings
        self.service: Service = easel.service
        self.fetcher: ImageDownloader = easel.fetcher
        self.caller: Caller | None = None
        self._digest = hashlib.sha256(request.scope["path"].encode() + b"\0")
        self._arrived = time.monotonic()

    @property
    def owner(self) -> Caller:
        """The caller of a route that requires a key."""
        assert self.caller is not None
        return self.caller

    @property
    def id(self) -> str:
        """The id in the path."""
        return str(self.request.path_params["id"])

    def job(self) -> Job:
        """Return the job that the path names. Raises NotFound if it belongs to another caller."""
        return self.service.job(self.id, self.caller)

    async def parse(self, wire: type[Wire], bounds: Bounds) -> Wire:
        """Return the JSON body as a wire model. Fields that are null count as absent."""
        return _validated(wire.model_validate_json, await self.read(bounds) or b"{}")

    @property
    def has_form(self) -> bool:
        """Whether the body is a multipart form."""
        return self.request.headers.get("content-type", "").lower().startswith("multipart/form-data")

    async def form(self, bounds: Bounds) -> Form:
        """Parse the multipart body. The digest covers field contents because retries use a new boundary."""
        form = await read_form(self.request.headers, self._body(bounds.size))
        for name, value in form:
            self._digest.update(f"{name}\0{value.size if isinstance(value, Spool) else value}\0".encode())
            if isinstance(value, Spool):
                async for piece in value.read():
                    self._digest.update(piece)
        return form

    def validate(self, wire: type[Wire], fields: Mapping[str, Any]) -> Wire:
        """Return fields that have been read already as a wire model."""
        return _validated(wire.model_validate, fields)

    async def read(self, bounds: Bounds) -> bytes:
        """Return the JSON body without the byte order mark that Windows programs write."""
        body = JsonBody(bounds)
        async for chunk in self._body(bounds.size):
            self._digest.update(chunk)
            body.add(chunk)
        return body.whole().removeprefix(codecs.BOM_UTF8)

    async def _body(self, limit: int) -> AsyncGenerator[bytes, None]:
        """Yield the body up to `limit` bytes. A longer one is read to its end: most clients read no response before."""
        encoding = self.request.headers.get("content-encoding", "").strip().lower()
        if encoding not in ("", "identity"):
            async for piece in self._decoded_body(Decoder(encoding), limit):
                yield piece
            return
        size = 0
        async for chunk in self.request.stream():
            size += len(chunk)
            if size <= limit:
                yield chunk
        if size > limit:
            raise TooLarge(f"The body has {size} bytes; this URL accepts {limit} at most.")

    async def _decoded_body(self, decoder: Decoder, limit: int) -> AsyncGenerator[bytes, None]:
        """Like `_body`. A body that decodes to more than `limit` bytes is not decoded any further."""
        size = 0
        async for chunk in self.request.stream():
            for piece in decoder.pieces(chunk) if size <= limit else ():
                size += len(piece)
                if size > limit:
                    break
                yield piece
                await asyncio.sleep(0)  # a few bytes can decode to megabytes: let other tasks run
        if size > limit:
            raise TooLarge(f"The body decodes to more than {limit} bytes, the limit for this URL.")
        decoder.end()

    def request_key(self) -> RequestKey:
        """Return the key that identifies retries of this request. The body must have been read."""
        digest = self._digest.hexdigest()
        key = self.request.headers.get("idempotency-key", "")
        if len(key) > _LONGEST_KEY:
            raise BadRequest(f"An Idempotency-Key has {_LONGEST_KEY} characters at most.", param="Idempotency-Key")
        key = key.strip().strip('"')
        again = self.request.headers.get("x-stainless-retry-count", "0").strip() not in ("", "0")
        return RequestKey(digest, key or None, again)

    def prefer(self) -> Prefer:
        given = ",".join(self.request.headers.getlist("prefer")).lower()
        preferences = dict(_preference(part) for part in given.replace(";", ",").split(","))
        wait = preferences.get("wait", "")
        return Prefer("respond-async" in preferences, float(wait) if wait.isdecimal() else None)

    def host_limit(self) -> float | None:
        """Return the seconds after the request within which the host requires a response; None if it has no limit."""
        deadline = self.request.scope.get("easel.deadline")
        return None if deadline is None else _before(deadline - self._arrived)

    def limit(self) -> float:
        """Return the time limit in seconds after the request: the shorter of MAX_WAIT and the host's limit."""
        host_limit = self.host_limit()
        return self.settings.max_wait if host_limit is None else min(self.settings.max_wait, host_limit)

    def patience(self) -> float:
        """Return the seconds after the request within which to respond: the limit, or just before the client times out.

        An SDK retries after a timeout, and on a host without shared state the retry would be billed again.
        """
        names = ("x-stainless-read-timeout", "x-stainless-timeout")
        hints = [float(hint) for name in names if _SECONDS.fullmatch(hint := self.request.headers.get(name, ""))]
        return min([self.limit(), *(_before(hint) for hint in hints if hint)])

    def fits(self, length: int | None) -> bool:
        """Return whether the host can send a response of this length: some buffer responses and drop large ones."""
        largest = self.request.scope.get("easel.largest_response")
        return largest is None or (length is not None and length <= largest)

    @property
    def age(self) -> float:
        """Seconds since the request arrived."""
        return time.monotonic() - self._arrived

    async def while_connected(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Return the result of `work`, or cancel it and raise ClientDisconnect. The body must have been read."""
        return await while_connected(self.request.receive, work)

    def link(self, asset: ResultFile, media_type: str) -> str:
        """Return the URL of a file."""
        extension = _EXTENSIONS.get(media_type, "png")
        folder = "videos" if media_type.startswith("video/") else "images"
        return f"{self.base_url}/{folder}/{self.service.ids.file_id(asset)}.{extension}"

    @property
    def base_url(self) -> str:
        """The base URL for callers: PUBLIC_URL, or that of this request; with the prefix."""
        url = self.request.url
        if self.settings.public_url:
            return f"{self.settings.public_url}{self.settings.prefix}"
        return f"{url.scheme}://{url.netloc}{self.prefix}"

    @property
    def prefix(self) -> str:
        """The prefix of our paths as callers see them: the host's root path and API_PREFIX."""
        return f"{self.request.scope.get('root_path', '')}{self.settings.prefix}"


Handler: TypeAlias = Callable[[Context], Awaitable[Response]]


async def while_connected(receive: Receive, work: Coroutine[Any, Any, Result]) -> Result:
    """Return the result of `work`; cancel it and raise ClientDisconnect if the client disconnects."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientDisconnect
    finally:
        for pending in (task, gone):
            pending.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(task, gone, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _before(deadline: float) -> float:
    """Subtract a safety margin from an external deadline, but at most half of it."""
    return max(deadline - MARGIN, deadline / 2)


def _preference(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip(), value.strip().strip('"')


def _validated(validate: Callable[[Any], Wire], given: Any) -> Wire:
    from pydantic import ValidationError  # most endpoints have no body

    try:
        model = validate(given)
    except ValidationError as error:
        message, code, param = _fault(error)
    else:
        _refuse_many_unknown(len(model.model_extra or {}))
        return model
    # Raised outside `except`: as its context, pydantic's error would leak the body through frames that the garbage
    # collector cannot see.
    raise BadRequest(message, code=code, param=param)


def _refuse_many_unknown(fields: int) -> None:
    if fields > UNKNOWN_FIELDS:
        raise BadRequest(f"The body has {fields} unknown fields. Send {UNKNOWN_FIELDS} at most.")


def _fault(error: ValidationError) -> tuple[str, str | None, str | None]:
    """Return message, code and param for the first error."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    message = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "json_invalid":
        return f"The body is not valid JSON: {message.removeprefix('Invalid JSON: ')}.", "invalid_json", None
    if not first["loc"]:
        return message, None, None
    where = str(first["loc"][0])
    return f"'{where}': {message}.", None, where
