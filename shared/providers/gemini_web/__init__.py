"""gemini.google.com with the cookies of a signed-in user: best effort, as the site's API is undocumented.

An image takes the page with its tokens, one streamed response, and then the file: in full size if the site provides it,
else its preview. The cookies expire within the hour unless they are rotated.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import Any, ClassVar

from shared.account import Account
from shared.errors import AccountRejected, BadRequest, EaselError, NotFound, Unavailable
from shared.http import Http, RequestBody, Response
from shared.media import ByteRange, Media
from shared.models import Model
from shared.providers._json import at, text_at
from shared.providers._links import is_usable, without_result
from shared.providers.gemini_web import page as pages
from shared.providers.gemini_web.errors import refusal, signed_out, without_image
from shared.providers.gemini_web.frames import GeneratedImage, Reply, called, reply_of
from shared.providers.gemini_web.hosts import hosts_of
from shared.providers.gemini_web.models import MODEL, prompt_of
from shared.providers.gemini_web.page import Page
from shared.requests import ImageRequest, InputImage
from shared.results import Finished, Output, Ref, Status, Submitted, Succeeded

_GENERATE = "/_/BardChatUi/data/assistant.lamda.BardFrontendService/StreamGenerate"
_CALL = "/_/BardChatUi/data/batchexecute"
_FULL_SIZE, _USER_STATUS = "c8o8Fe", "otAQ7b"
_AVAILABLE = 1000
_PAGE_SECONDS = 600.0
_GENERATE_SECONDS = 180.0
_PREVIEW, _ORIGINAL = "=s2048-rj", "=d-I?alr=yes"
_SUFFIX = re.compile(r"=[a-z][\w-]*$", re.ASCII)
"""The size at the end of an image's URL, such as `=s1024-rj`."""

_FORM = "application/x-www-form-urlencoded;charset=utf-8"
_ROTATION = b'[000,"-0000000000000000000"]'
_SHORT_LIVED = "__Secure-1PSIDTS"

_SEPARATOR = "|"


class GeminiWeb:
    """`account.key` is a Cookie header with `__Secure-1PSID` and `__Secure-1PSIDTS`."""

    renew_seconds: ClassVar[float] = 540.0

    def __init__(self, http: Http, account: Account) -> None:
        self._http = http
        self._base = account.base_url
        self._cookies = account.key
        self._hosts = hosts_of(account)
        self._agent = {"user-agent": account.options.get("user_agent", pages.USER_AGENT)}
        self._headers = {**self._agent, "cookie": account.key, "referer": f"{self._base}/", "origin": self._base}
        self._page: tuple[float, Page] | None = None

    async def models(self) -> tuple[Model, ...]:
        return (MODEL,)

    async def submit(self, request: ImageRequest) -> Submitted | Finished:
        page = await self._current_page()
        files = [(await self._upload(page, image), _file_name(image)) for image in request.inputs]
        turn = pages.turn_id()
        response = await self._http.send(
            "POST",
            f"{self._base}{_GENERATE}?{pages.generate_query(page)}",
            headers={**self._headers, "x-same-domain": "1", "x-goog-ext-525005358-jspb": f'["{turn}",1]'},
            body=RequestBody(pages.generate_form(page, prompt_of(request), files, turn), _FORM),
            timeout=_GENERATE_SECONDS,
        )
        reply = reply_of(self._accepted(response).body)
        if not reply.images:
            raise without_image(response, reply)
        refs = tuple(self._ref(reply, image) for image in reply.images if is_usable(image.url))
        if not refs:
            raise without_result("gemini.google.com")
        return Submitted(refs)

    async def poll(self, ref: Ref) -> Status:
        _parts(ref)
        return Succeeded((Output(ref, lasting=True),))

    @asynccontextmanager
    async def open(self, output: Ref, byte_range: ByteRange | None = None) -> AsyncIterator[Media]:
        link, image, *chat = _parts(output)
        urls = [_sized(link if "://" in link else f"{self._hosts.files}/{link}", _PREVIEW)]
        if image and (original := await self._full_size(image, (chat[0], chat[1], chat[2]))):
            urls.insert(0, _sized(original, _ORIGINAL))
        async with AsyncExitStack() as stack:
            yield await self._first_available(stack, urls, byte_range)

    async def _first_available(self, stack: AsyncExitStack, urls: list[str], byte_range: ByteRange | None) -> Media:
        """Open the first URL that leads to an image; raise the error of the last one if none does."""
        for url in urls[:-1]:
            with suppress(NotFound, Unavailable):
                return await stack.enter_async_context(self._download(url, byte_range))
        return await stack.enter_async_context(self._download(urls[-1], byte_range))

    def _download(self, url: str, byte_range: ByteRange | None) -> AbstractAsyncContextManager[Media]:
        return self._http.download(
            url,
            origins=self._hosts.origins,
            byte_range=byte_range,
            headers={**self._agent, "cookie": self._cookies, "referer": f"{self._base}/"},
            headers_for=self._hosts.for_cookies,
            text_hops=True,
        )

    async def renew(self) -> str:
        """Return the cookies with the short-lived one replaced."""
        response = await self._http.send(
            "POST",
            f"{self._hosts.accounts}/RotateCookies",
            headers={**self._agent, "cookie": _lasting_cookies(self._cookies), "origin": self._hosts.accounts},
            body=RequestBody(_ROTATION, "application/json"),
        )
        if response.status != 200:
            raise response.error("rotating the cookies")
        fresh = re.search(rf"{_SHORT_LIVED}=([^;,\s]+)", response.headers.get("set-cookie", ""))
        if not fresh:
            raise AccountRejected(
                "gemini.google.com does not renew these cookies; export cookies from Firefox instead."
            )
        others = [cookie for cookie in self._cookies.split("; ") if not cookie.startswith(f"{_SHORT_LIVED}=")]
        return "; ".join([*others, f"{_SHORT_LIVED}={fresh[1]}"])

    async def check(self) -> None:
        self._page = None
        page = await self._current_page()
        if not page.at:  # the page does not show whether a user is signed in
            status = at(called(self._accepted(await self._call(page, _USER_STATUS, [])).body, _USER_STATUS), 14)
            if status != _AVAILABLE:
                raise signed_out()

    async def _current_page(self) -> Page:
        """Return the page's tokens, cached for _PAGE_SECONDS."""
        if self._page and self._page[0] > time.monotonic():
            return self._page[1]
        response = self._accepted(await self._http.read("GET", f"{self._base}/app", headers=self._headers))
        page = Page.read(response.body.decode(errors="replace"))
        if page is None:
            raise Unavailable("gemini.google.com returned a page without its tokens; the site may have changed.")
        self._page = time.monotonic() + _PAGE_SECONDS, page
        return page

    def _accepted(self, response: Response) -> Response:
        """Return a response of 200; raise the matching error for any other, and forget the page."""
        if response.status != 200:
            self._page = None
            raise refusal(response)
        return response

    async def _call(self, page: Page, name: str, payload: Any) -> Response:
        return await self._http.read(
            "POST",
            f"{self._base}{_CALL}?{pages.call_query(page, name)}",
            headers={**self._headers, "x-same-domain": "1"},
            body=RequestBody(pages.call_form(page, name, payload), _FORM),
        )

    async def _upload(self, page: Page, image: InputImage) -> str:
        """Upload an input image and return its reference, which is valid for a day."""
        boundary = secrets.token_hex(16)
        response = await self._http.send(
            "POST",
            f"{self._hosts.uploads}/upload",
            headers={**self._headers, "x-tenant-id": "bard-storage", "push-id": page.push_id},
            body=RequestBody(_multipart(boundary, image), f"multipart/form-data; boundary={boundary}"),
            timeout=_GENERATE_SECONDS,
        )
        if response.status == 400:
            raise BadRequest("gemini.google.com rejected an input image.", param="image")
        reference = self._accepted(response).body.decode(errors="replace").strip()
        if not reference.startswith("/"):
            raise Unavailable("gemini.google.com did not accept an input image.")
        return reference

    async def _full_size(self, image: str, chat: tuple[str, str, str]) -> str | None:
        """Return the URL of the full-size image, or None if only the preview is available."""
        try:
            page = await self._current_page()
            response = await self._call(page, _FULL_SIZE, pages.full_size_payload(image, chat))
        except EaselError:
            return None
        return (text_at(called(response.body, _FULL_SIZE), 0) or None) if response.status == 200 else None

    def _ref(self, reply: Reply, image: GeneratedImage) -> Ref:
        link = image.url.removeprefix(f"{self._hosts.files}/")
        return _SEPARATOR.join((link, image.id, *reply.chat))


def _parts(ref: Ref) -> list[str]:
    parts = ref.split(_SEPARATOR)
    if len(parts) != 5 or not parts[0]:
        raise NotFound("There is no such image at gemini.google.com.")
    return parts


def _sized(url: str, suffix: str) -> str:
    return _SUFFIX.sub("", url.partition("?")[0]) + suffix


def _lasting_cookies(header: str) -> str:
    """Return the two cookies needed for rotation; requests with more are rejected."""
    return "; ".join(
        cookie for cookie in header.split("; ") if cookie.startswith(("__Secure-1PSID=", f"{_SHORT_LIVED}="))
    )


def _file_name(image: InputImage) -> str:
    return f"input.{image.media_type.partition('/')[2] or 'png'}"


async def _multipart(boundary: str, image: InputImage) -> AsyncIterator[bytes]:
    name = _file_name(image)
    yield (
        f'--{boundary}\r\ncontent-disposition: form-data; name="file"; filename="{name}"\r\n'
        f"content-type: {image.media_type or 'image/png'}\r\n\r\n"
    ).encode()
    async for chunk in image.read():
        yield chunk
    yield f"\r\n--{boundary}--\r\n".encode()
