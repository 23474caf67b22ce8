"""Provider for PicLumen's undocumented web API, with an account's login token.

A successful response is `{"status": 0, "message": "success", "data": ...}`; any other status is a failure described in
`message`. A rejected token is HTTP 401 or such a failure.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from contextlib import AbstractAsyncContextManager
from typing import Any

from shared.account import Account
from shared.errors import (
    AccountError,
    AccountExhausted,
    AccountLimited,
    AccountRejected,
    BadRequest,
    ContentRefused,
    EaselError,
    NotFound,
    Unavailable,
    Uncertain,
    UpstreamError,
)
from shared.http import Http, Response
from shared.media import ByteRange, Media
from shared.models import Model
from shared.providers._cached import Cached
from shared.providers._json import as_dict, as_id, as_list, is_moderation, job_failure
from shared.providers._links import Links, without_result
from shared.providers.piclumen.models import ALWAYS_FOUR, MODELS, with_listed
from shared.requests import ImageRequest
from shared.results import Failed, Output, Queued, Ref, Running, Status, Submitted, Succeeded

_log = logging.getLogger(__name__)

_SITE = "https://www.piclumen.com"
_RESULT_HOSTS = {"i": "https://images.piclumen.com"}
_USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"

_LIST_SECONDS = 2.0
_LIST_TTL = 3600.0
_LIST_TTL_AFTER_FAILURE = 300.0
_APPEARS_WITHIN = 300.0
"""Seconds after submit in which a job may be missing from the list."""

_REFUSALS: tuple[tuple[tuple[str, ...], type[EaselError]], ...] = (
    (("prompt", "param"), BadRequest),
    (("log in", "login", "token", "unauthorized", "expired"), AccountRejected),
    (("not enough", "insufficient", "lumens", "credit"), AccountExhausted),
    (("too many", "limit", "concurren", "frequent"), AccountLimited),
)


class Piclumen:
    """`account.key` is the bare token; empty to open a caller's results without the caller's token."""

    def __init__(self, http: Http, account: Account) -> None:
        self._http = http
        self._base = account.base_url
        self._links = Links(account, _RESULT_HOSTS)
        self._headers = {
            "Accept": "application/json",
            "Authorization": account.key,
            "Content-Type": "application/json;charset=UTF-8",
            "Origin": _SITE,
            "Platform": "Web",
            "Referer": f"{_SITE}/",
            "User-Agent": _USER_AGENT,
        }
        self._models: tuple[Model, ...] = MODELS
        self._listing = Cached(self._list_models)

    async def models(self) -> tuple[Model, ...]:
        return await self._listing.get()

    async def submit(self, request: ImageRequest) -> Submitted:
        body = dict(request.verbatim) or _body(request)
        response = await self._http.send("POST", f"{self._base}/gen/create", headers=self._headers, json=body)
        mark = as_id(as_dict(_data(response)).get("markId"))
        if not mark:
            raise Uncertain("PicLumen accepted the request but returned no job id; it may have been charged.")
        return Submitted((f"{request.n}-{int(time.time()):x}-{mark}",))

    async def poll(self, ref: Ref) -> Status:
        n, submitted, mark = ref.split("-", 2)
        url = f"{self._base}/task/batch-process-task"
        response = await self._http.read("POST", url, headers=self._headers, json=[mark])
        tasks = (as_dict(entry) for entry in as_list(_data(response)))
        task = next((task for task in tasks if task.get("markId") == mark), None)
        if task:
            return self._status(response, task, int(n))
        if time.time() < int(submitted, 16) + _APPEARS_WITHIN:
            return Queued()
        raise NotFound("PicLumen has no such job, or has deleted it; submit the request again.")

    def open(self, output: Ref, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        return self._http.download(self._links.whole(output), origins=self._links.origins, byte_range=byte_range)

    async def _list_models(self) -> tuple[tuple[Model, ...], float]:
        """Return the built-in and listed models and their TTL in seconds; if listing fails, the previous models."""
        try:
            async with asyncio.timeout(_LIST_SECONDS):
                self._models = with_listed(await self._list())
        except (EaselError, TimeoutError) as error:
            _log.warning("piclumen: could not list the models, keeping the previous ones: %s", str(error) or "timeout")
            return self._models, _LIST_TTL_AFTER_FAILURE
        return self._models, _LIST_TTL

    async def _list(self) -> list[Any]:
        return as_list(_data(await self._http.read("GET", f"{self._base}/gen/model/list", headers=self._headers)))

    def _status(self, response: Response, task: dict[str, Any], n: int) -> Status:
        match task.get("status"):
            case "success":
                return self._result([as_dict(image) for image in as_list(task.get("img_urls"))], n)
            case "failed" | "failure":
                return Failed(job_failure("PicLumen", response.quote(str(task.get("info") or ""))))
            case "pending":
                return Queued()
            case other:
                if other not in ("running", "processing"):
                    _log.warning("piclumen: unknown status '%s' counts as running", response.quote(str(other)))
                return Running()

    def _result(self, images: list[dict[str, Any]], n: int) -> Status:
        safe = [image for image in images if image.get("sensitive") != "NSFW"]
        links = self._links.usable(image.get("imgUrl") for image in safe)
        if not links and len(safe) < len(images):
            return Failed(ContentRefused("PicLumen withheld the image as NSFW; change the prompt."))
        if not links:
            return Failed(without_result("PicLumen"))
        refs = [self._links.shortened(link) for link in links[:n]]
        return Succeeded(tuple(Output(ref, "image/webp", lasting=True) for ref in refs))


def _body(request: ImageRequest) -> dict[str, Any]:
    """Return the request body: the fields of the web page's that have an effect."""
    settings = request.model.settings
    batch = request.model.batch if request.model.upstream == ALWAYS_FOUR else request.n
    return {
        **settings,
        "model_id": request.model.upstream,
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt or settings.get("negative_prompt") or "",
        "resolution": {"width": request.size.width, "height": request.size.height, "batch_size": batch},
        "seed": random.randint(10**9, 10**11) if request.seed is None else request.seed,
    }


def _data(response: Response) -> Any:
    """Return `data` of a successful response; raise the error of any other."""
    if response.status >= 400:
        raise response.error(_reason(response, as_dict(response.json_or_none())))
    payload = as_dict(response.json())
    match payload.get("status"):
        case 0:
            return payload.get("data")
        case int():
            raise _refusal(response, _reason(response, payload) or "no reason given")
        case _:
            raise response.error("it has no valid 'status'")


def _reason(response: Response, payload: dict[str, Any]) -> str:
    return response.quote(str(payload.get("message") or payload.get("error") or ""))


def _refusal(response: Response, reason: str) -> EaselError:
    """Return the error of a failure with HTTP 200; a failed poll says nothing about the job."""
    message, details = f"PicLumen rejected the request: {reason}.", {"upstream": reason}
    lowered = reason.lower()
    if response.sent and is_moderation(reason):
        return ContentRefused(message, param="prompt", details=details)
    for words, kind in _REFUSALS:
        if any(word in lowered for word in words) and (response.sent or issubclass(kind, AccountError)):
            return kind(message, details=details)
    return (UpstreamError if response.sent else Unavailable)(message, details=details)
