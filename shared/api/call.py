"""One request on its way through an endpoint: who asks, what with, how long it may take, and whether anybody waits."""

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

from shared.api.form import Form, read_form
from shared.errors import BadRequest, TooLarge
from shared.http import Fetcher, Spool
from shared.repeats import Repeat
from shared.service import Caller, Service
from shared.settings import Easel, Settings
from shared.starter import Started
from shared.values import Asset, Job

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

MARGIN = 5.0
"""Seconds that an answer may need on its way out, taken off every deadline of others."""

_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
_LONGEST_KEY = 255
_LONGEST_JOB_HEADER = 2000
"""Characters. Proxies such as nginx refuse a response whose headers exceed 4 kB in all."""
_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)

Result = TypeVar("Result")
Wire = TypeVar("Wire", bound="BaseModel")


class Prefer(NamedTuple):
    """RFC 7240: `wait` in seconds, and whether the caller would rather come back than wait."""

    respond_async: bool
    wait: float | None


class Call:
    """What an endpoint works with. `caller` is None where a route does without a key."""

    def __init__(self, request: Request, easel: Easel) -> None:
        self.request = request
        self.settings: Settings = easel.settings
        self.service: Service = easel.service
        self.fetcher: Fetcher = easel.fetcher
        self.caller: Caller | None = None
        self.headers: dict[str, str] = {}
        self._digest = hashlib.sha256(request.scope["path"].encode() + b"\0")
        self._arrived = time.monotonic()

    @property
    def owner(self) -> Caller:
        """The caller of a route that asks for a key."""
        assert self.caller is not None
        return self.caller

    @property
    def id(self) -> str:
        """The id in the path."""
        return str(self.request.path_params["id"])

    def job(self) -> Job:
        """The job that the path names; NotFound when it is not this caller's."""
        return self.service.job(self.id, self.caller)

    async def parse(self, wire: type[Wire], limit: int) -> Wire:
        """The JSON body as a wire model. A member that is null counts as absent."""
        from pydantic import ValidationError  # here and below only where there is a body: most endpoints have none

        body = (await self.read(limit)).removeprefix(codecs.BOM_UTF8)  # which programs for Windows write
        try:
            return wire.model_validate_json(body or b"{}")
        except ValidationError as error:
            raise _bad_request(error) from None

    @property
    def has_form(self) -> bool:
        """Whether the body is a multipart form."""
        return self.request.headers.get("content-type", "").lower().startswith("multipart/form-data")

    async def form(self, limit: int) -> Form:
        """The multipart form that the body is. It is known again by what is in it: a repetition is put up anew."""
        form = await read_form(self.request.headers, self._body(limit))
        for name, value in form:
            self._digest.update(f"{name}\0{value.size if isinstance(value, Spool) else value}\0".encode())
            if isinstance(value, Spool):
                async for piece in value.read():
                    self._digest.update(piece)
        return form

    def validate(self, wire: type[Wire], fields: Mapping[str, Any]) -> Wire:
        """Fields that are read already, as a wire model."""
        from pydantic import ValidationError

        try:
            return wire.model_validate(fields)
        except ValidationError as error:
            raise _bad_request(error) from None

    async def read(self, limit: int) -> bytes:
        """The body, up to `limit` bytes."""
        chunks = []
        async for chunk in self._body(limit):
            self._digest.update(chunk)
            chunks.append(chunk)
        return b"".join(chunks)

    async def _body(self, limit: int) -> AsyncGenerator[bytes, None]:
        """The body, up to `limit` bytes. A longer one is read to its end, for most clients hear no answer before."""
        size = 0
        async for chunk in self.request.stream():
            size += len(chunk)
            if size <= limit:
                yield chunk
        if size > limit:
            raise TooLarge(f"The body has {size} bytes; this address takes {limit} at most.")

    def repeat(self) -> Repeat:
        """By what this request, whose body has been read, is known again."""
        digest = self._digest.hexdigest()
        key = self.request.headers.get("idempotency-key", "")
        if len(key) > _LONGEST_KEY:
            raise BadRequest(f"An Idempotency-Key has {_LONGEST_KEY} characters at most.", param="Idempotency-Key")
        key = key.strip().strip('"')
        again = self.request.headers.get("x-stainless-retry-count", "0").strip() not in ("", "0")
        return Repeat(digest, key or None, again)

    def announce(self, started: Started) -> None:
        """Name the job in the response's headers, and say there if a retry of this request cannot be recognized."""
        job = self.service.name(started.job)
        if job and len(job) <= _LONGEST_JOB_HEADER:
            self.headers["easel-job"] = job
        if not started.recorded:
            self.headers["easel-idempotency"] = "unrecorded"

    def prefer(self) -> Prefer:
        given = ",".join(self.request.headers.getlist("prefer")).lower()
        preferences = dict(_preference(part) for part in given.replace(";", ",").split(","))
        wait = preferences.get("wait", "")
        return Prefer("respond-async" in preferences, float(wait) if wait.isdecimal() else None)

    def host_limit(self) -> float | None:
        """Seconds after the request in which we have to answer, or the host stops us; None where it never does."""
        deadline = self.request.scope.get("easel.deadline")
        return None if deadline is None else _before(deadline - self._arrived)

    def limit(self) -> float:
        """Seconds after the request in which we have to be done: our own limit, or the host's."""
        return min(limit for limit in (self.settings.max_wait, self.host_limit()) if limit is not None)

    def patience(self) -> float:
        """Seconds after the request in which we have to answer: the limit, or just before the caller gives up.

        An SDK that gives up sends its request again, and on a host that shares no state it would buy again.
        """
        names = ("x-stainless-read-timeout", "x-stainless-timeout")
        hints = [float(hint) for name in names if _SECONDS.fullmatch(hint := self.request.headers.get(name, ""))]
        return min([self.limit(), *(_before(hint) for hint in hints if hint)])

    def fits(self, length: int | None) -> bool:
        """Whether an answer of so many bytes can leave: some hosts buffer answers, and drop what is too large."""
        largest = self.request.scope.get("easel.largest_answer")
        return largest is None or (length is not None and length <= largest)

    @property
    def age(self) -> float:
        """Seconds since the request came."""
        return time.monotonic() - self._arrived

    async def while_wanted(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The work's result; ends it with ClientDisconnect when the caller leaves. The body has to be read before."""
        return await while_connected(self.request.receive, work)

    def link(self, asset: Asset, media_type: str) -> str:
        """The URL of a file."""
        extension = _EXTENSIONS.get(media_type, "png")
        folder = "videos" if media_type.startswith("video/") else "images"
        return f"{self.base_url}/{folder}/{self.service.tickets.asset_id(asset)}.{extension}"

    @property
    def base_url(self) -> str:
        """Where callers reach us: PUBLIC_URL, or the address that this request came to."""
        url = self.request.url
        if self.settings.public_url:
            return f"{self.settings.public_url}{self.settings.prefix}"
        return f"{url.scheme}://{url.netloc}{self.prefix}"

    @property
    def prefix(self) -> str:
        """What stands before our paths where callers write them: what the host puts there, and API_PREFIX."""
        return f"{self.request.scope.get('root_path', '')}{self.settings.prefix}"


Handler: TypeAlias = Callable[[Call], Awaitable[Response]]


async def while_connected(receive: Receive, work: Coroutine[Any, Any, Result]) -> Result:
    """Run the work until it is done or the client has gone, which ends it with ClientDisconnect."""
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
    """In good time before somebody else's deadline; both in seconds from the same moment."""
    return max(deadline - MARGIN, deadline / 2)


def _preference(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip(), value.strip().strip('"')


def _bad_request(error: ValidationError) -> BadRequest:
    first = error.errors(include_url=False)[0]
    where = str(first["loc"][0]) if first["loc"] else None
    if first["type"] == "json_invalid":
        return BadRequest(f"The body is not valid JSON: {first['ctx']['error']}.", code="invalid_json")
    if where is None:
        return BadRequest(str(first["msg"]).removeprefix("Value error, "))
    return BadRequest(f"'{where}': {str(first['msg']).removeprefix('Value error, ')}.", param=where)
