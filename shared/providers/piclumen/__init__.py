"""PicLumen: the back end of its web page, used unofficially, with the login token of an account.

It documents nothing. Every answer is `{"status": 0, "message": "success", "data": ...}`; any other status is a
failure, told in `message`. A token that is refused shows as HTTP 401 or as such a failure.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from contextlib import AbstractAsyncContextManager
from typing import Any

from shared.errors import (
    AccountError,
    AccountExhausted,
    AccountLimited,
    AccountRejected,
    BadRequest,
    ContentRefused,
    EaselError,
    GenerationFailed,
    NotFound,
    Unavailable,
    Uncertain,
    UpstreamError,
)
from shared.http import Answer, Http
from shared.providers._kept import Kept
from shared.providers._links import Links, without_result
from shared.providers._reading import as_dict, as_id, as_list, says_unsafe
from shared.providers.piclumen.models import ALWAYS_FOUR, MODELS, with_listed
from shared.values import (
    Account,
    ByteRange,
    Failed,
    ImageRequest,
    Media,
    Model,
    Output,
    Queued,
    Ref,
    Running,
    Status,
    Submitted,
    Succeeded,
)

_log = logging.getLogger(__name__)

_SITE = "https://www.piclumen.com"
_RESULT_HOSTS = {"i": "https://images.piclumen.com"}
_USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"

_LIST_SECONDS = 2.0
_LIST_LIFE = 3600.0
_LIST_LIFE_AFTER_FAILURE = 300.0
_APPEARS_WITHIN = 300.0
"""Seconds after its start in which a task may be missing from the list of tasks."""

_REFUSALS: tuple[tuple[tuple[str, ...], type[EaselError]], ...] = (
    (("prompt", "param"), BadRequest),
    (("log in", "login", "token", "unauthorized", "expired"), AccountRejected),
    (("not enough", "insufficient", "lumens", "credit"), AccountExhausted),
    (("too many", "limit", "concurren", "frequent"), AccountLimited),
)


class Piclumen:
    """`account.key` is the bare token; empty for a caller's account without the caller, which only opens results."""

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
        self._listing = Kept(self._list_models)

    async def models(self) -> tuple[Model, ...]:
        return await self._listing.get()

    async def submit(self, request: ImageRequest) -> Submitted:
        body = dict(request.verbatim) or _order(request)
        answer = await self._http.send("POST", f"{self._base}/gen/create", headers=self._headers, json=body)
        mark = as_id(as_dict(_data(answer)).get("markId"))
        if not mark:
            raise Uncertain("PicLumen took the work but gave no id to find it by; it may have been paid for.")
        return Submitted((f"{request.n}-{int(time.time()):x}-{mark}",))

    async def poll(self, ref: Ref) -> Status:
        wanted, started, mark = ref.split("-", 2)
        url = f"{self._base}/task/batch-process-task"
        answer = await self._http.read("POST", url, headers=self._headers, json=[mark])
        tasks = (as_dict(entry) for entry in as_list(_data(answer)))
        task = next((task for task in tasks if task.get("markId") == mark), None)
        if task:
            return self._status(answer, task, int(wanted))
        if time.time() < int(started, 16) + _APPEARS_WITHIN:
            return Queued()
        raise NotFound("PicLumen does not know this task, or not any more.")

    def open(self, output: Ref, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        return self._http.stream(self._links.whole(output), origins=self._links.origins, byte_range=byte_range)

    async def _list_models(self) -> tuple[tuple[Model, ...], float]:
        """The known models and those that the site lists; when that fails, what was there before, for a while."""
        try:
            async with asyncio.timeout(_LIST_SECONDS):
                self._models = with_listed(await self._list())
        except (EaselError, TimeoutError) as error:
            _log.warning("piclumen: going on with the models that are known: %s", str(error) or "no list in time")
            return self._models, _LIST_LIFE_AFTER_FAILURE
        return self._models, _LIST_LIFE

    async def _list(self) -> list[Any]:
        return as_list(_data(await self._http.read("GET", f"{self._base}/gen/model/list", headers=self._headers)))

    def _status(self, answer: Answer, task: dict[str, Any], wanted: int) -> Status:
        match task.get("status"):
            case "success":
                return self._result([as_dict(image) for image in as_list(task.get("img_urls"))], wanted)
            case "failed" | "failure":
                return Failed(_failure(answer, task.get("info")))
            case "pending":
                return Queued()
            case word:
                if word not in ("running", "processing"):
                    _log.warning("piclumen: unknown task state '%s' counts as running", answer.quote(str(word)))
                return Running()

    def _result(self, images: list[dict[str, Any]], wanted: int) -> Status:
        decent = [image for image in images if image.get("sensitive") != "NSFW"]
        links = self._links.usable(image.get("imgUrl") for image in decent)
        if not links and len(decent) < len(images):
            return Failed(ContentRefused("PicLumen made the picture and holds it back as NSFW."))
        if not links:
            return Failed(without_result("PicLumen"))
        refs = [self._links.shortened(link) for link in links[:wanted]]
        return Succeeded(tuple(Output(ref, "image/webp", lasting=True) for ref in refs))


def _order(request: ImageRequest) -> dict[str, Any]:
    """What the web page sends, in the parts that have a meaning."""
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


def _data(answer: Answer) -> Any:
    """`data` of a successful envelope. Raises what any other answer means."""
    if answer.status >= 400:
        raise answer.error(_sentence(answer, as_dict(answer.json_or_none())))
    payload = as_dict(answer.json())
    match payload.get("status"):
        case 0:
            return payload.get("data")
        case int():
            raise _refusal(answer, _sentence(answer, payload) or "no reason given")
        case _:
            raise answer.error("it says neither success nor failure")


def _sentence(answer: Answer, payload: dict[str, Any]) -> str:
    return answer.quote(str(payload.get("message") or payload.get("error") or ""))


def _refusal(answer: Answer, said: str) -> EaselError:
    """A failure under a good status: on a submit a refusal, on a look no news."""
    message, details = f"PicLumen refused: {said}.", {"upstream": said}
    lowered = said.lower()
    if answer.sent and says_unsafe(said):
        return ContentRefused(message, param="prompt", details=details)
    for words, kind in _REFUSALS:
        if any(word in lowered for word in words) and (answer.sent or issubclass(kind, AccountError)):
            return kind(message, details=details)
    return (UpstreamError if answer.sent else Unavailable)(message, details=details)


def _failure(answer: Answer, info: object) -> EaselError:
    said = answer.quote(str(info or "")) or "no reason given"
    message, details = f"The generation failed at PicLumen: {said}.", {"upstream": said}
    return (ContentRefused if says_unsafe(said) else GenerationFailed)(message, details=details)
