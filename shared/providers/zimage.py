"""zimage.run: Z-Image-Turbo and its siblings through the site's own JSON API, in all of its generations.

The site documents nothing. Every answer is `{"success": true, "data": {...}}` or `{"success": false, "error": "text"}`.
Its generations (open, cookie, moderation) share the paths and differ in what a submit must carry.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any
from urllib.parse import quote

from shared.errors import (
    AccountLimited,
    AccountRejected,
    BadRequest,
    ContentRefused,
    EaselError,
    GenerationFailed,
    Unavailable,
    Uncertain,
    UpstreamError,
)
from shared.http import Answer, Http, Inline, clean, json_body, origin_of
from shared.providers._inputs import media_type_of
from shared.providers._links import Links
from shared.providers._reading import as_dict, as_id, as_list, says_unsafe
from shared.values import (
    Account,
    ByteRange,
    Failed,
    ImageRequest,
    Input,
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

_TASK, _BATCH = "t", "p"
_STATES = ("pending", "processing", "completed", "failed")
_RESULT_HOSTS = {"i": "https://image.zimage.run", "f": "https://files.zimage.run"}
_USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"
_LIMIT_WORDS = ("too many", "limit", "quota")


def _model(name: str, upstream: str, typical: float = 5.0, inputs: int = 0) -> Model:
    return Model(
        name, upstream=upstream, batch=4, max_inputs=inputs, typical_seconds=typical, knobs=frozenset({"seed"})
    )


_MODELS = (
    _model("zimage-turbo", "turbo"),
    _model("zimage-base", "base", 15.0),
    _model("ernie-image-turbo", "ernie-image-turbo"),
    _model("flux2-klein-9b", "flux2-klein-9b", inputs=4),
    _model("qwen-image", "qwen-image", 15.0),
    _model("beyond-reality", "beyond-reality"),
    _model("redcraft", "redcraft"),
    _model("dark-beast", "dark-beast"),
)


class ZImage:
    """`account.key` is a Cookie header from a browser session; empty for the generations that need none."""

    def __init__(self, http: Http, account: Account) -> None:
        self._http = http
        self._base = account.base_url
        self._moderated = account.options.get("moderation", "").lower() in ("true", "1", "yes")
        self._links = Links(account, _RESULT_HOSTS)
        self._headers = {
            "Accept": "*/*",
            "Origin": origin_of(self._base),
            "Referer": f"{self._base}/",
            # A site behind Cloudflare ties its cookies to the browser that earned them, name included.
            "User-Agent": account.options.get("user_agent", _USER_AGENT),
            **({"Cookie": account.key} if account.key else {}),
        }

    async def models(self) -> tuple[Model, ...]:
        return _MODELS

    async def submit(self, request: ImageRequest) -> Submitted:
        body = {
            "prompt": request.prompt,
            "width": request.size.width,
            "height": request.size.height,
            "modelType": request.model.upstream,
            "batchSize": request.n,
            **({} if request.seed is None else {"seed": str(request.seed)}),
            **({"sourceImages": [await _source(picture) for picture in request.inputs]} if request.inputs else {}),
            **({"promptModerationToken": await self._moderation_token(request.prompt)} if self._moderated else {}),
            **request.model.settings,
        }
        url = f"{self._base}/api/z-image/generate"
        answer = await self._http.send("POST", url, headers=self._headers, body=json_body(body))
        data = _data(answer, ordered=True)
        if parent := as_id(data.get("parentTaskUuid")):
            return Submitted((f"{_BATCH}{parent}",))
        uuid = as_id(data.get("uuid")) or as_id(as_dict(data.get("task")).get("uuid"))
        if not uuid:
            raise Uncertain("zimage.run took the work but gave no id to find it by; it may have been counted.")
        return Submitted((f"{_TASK}{uuid}",))

    async def poll(self, ref: Ref) -> Status:
        if ref.startswith(_BATCH):
            return self._batch_status(await self._look("batch-status", ref.removeprefix(_BATCH)))
        data = await self._look("task", ref.removeprefix(_TASK))
        return self._task_status(as_dict(data.get("task")), _whole(data.get("queuePosition")))

    def open(self, output: Ref, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        return self._http.stream(self._links.whole(output), origins=self._links.origins, byte_range=byte_range)

    async def _look(self, kind: str, uuid: str) -> dict[str, Any]:
        url = f"{self._base}/api/z-image/{kind}/{quote(uuid, safe='')}"
        return _data(await self._http.read("GET", url, headers=self._headers))

    async def _moderation_token(self, prompt: str) -> str:
        answer = await self._http.read(
            "POST",
            f"{self._base}/api/prompt-moderation/check",
            headers=self._headers,
            json={"prompt": prompt, "routeKey": "text_to_image", "targetType": "text_to_image"},
        )
        if answer.status == 404:
            raise Unavailable("zimage.run has no moderation to ask: it may need no ZIMAGE_MODERATION.")
        verdict = _data(answer, ordered=True)
        token = verdict.get("promptModerationToken")
        if verdict.get("allowed") is False or not token:
            raise ContentRefused("zimage.run's moderation refuses this prompt.", param="prompt")
        return str(token)

    def _task_status(self, task: dict[str, Any], position: int | None) -> Status:
        match task.get("taskStatus"):
            case "pending":
                return Queued(position)
            case "completed":
                return self._result(_links(task))
            case "failed":
                return Failed(_failure(task.get("errorMessage")))
            case word:
                _tell_unknown([word])
                return Running(_whole(task.get("progress")))

    def _batch_status(self, data: dict[str, Any]) -> Status:
        tasks = [as_dict(task) for task in as_list(data.get("tasks"))]
        words = [task.get("status") for task in tasks]
        done = [task for task in tasks if task.get("status") == "completed"]
        if data.get("allCompleted") is not True:
            _tell_unknown(words)
            if words and all(word == "pending" for word in words):
                return Queued()
            return Running(100 * len(done) // len(tasks) if done else None)
        if "failed" in words and not done:
            return Failed(_failure(tasks[words.index("failed")].get("errorMessage")))
        return self._result([link for task in done for link in _links(task)])

    def _result(self, links: list[str]) -> Status:
        if not links:
            return Failed(GenerationFailed("zimage.run says that the job is done, but gave no picture."))
        return Succeeded(tuple(Output(self._links.shortened(link), lasting=True) for link in links))


async def _source(picture: Input) -> Inline:
    """A picture inside of the order."""
    return Inline(picture, f"data:{await media_type_of(picture)};base64,")


def _tell_unknown(words: Iterable[object]) -> None:
    for word in {str(word) for word in words}.difference(_STATES):
        _log.warning("zimage: unknown task state %r counts as running", word)


def _data(answer: Answer, *, ordered: bool = False) -> dict[str, Any]:
    """`data` of a successful envelope. Raises what any other answer means; `ordered` where it is about an order."""
    if answer.status >= 400:
        said = _said(answer)
        if answer.status >= 500 and answer.sent and said is not None:
            # The site's own words, and not a proxy's page: the work was refused and not taken.
            raise Unavailable(f"zimage.run refused: {said}.", details={"upstream": said, "status": answer.status})
        by_words = _refusal(said) if ordered and said and answer.status in (400, 403, 422) else None
        raise by_words or answer.error(said or "")
    payload = as_dict(answer.json())
    match payload.get("success"):
        case True:
            return as_dict(payload.get("data"))
        case False:
            said = _sentence(payload)
            message, details = f"zimage.run refused: {said}.", {"upstream": said}
            if not ordered:  # no news of the job
                raise Unavailable(message, details=details)
            raise _refusal(said) or UpstreamError(message, details=details)
        case _:
            raise answer.error("it says neither success nor failure")


def _said(answer: Answer) -> str | None:
    """The sentence of an unsuccessful envelope; None where the body is no envelope."""
    try:
        payload = json.loads(answer.body)
    except ValueError:
        return None
    return _sentence(payload) if isinstance(payload, dict) and payload.get("success") is False else None


def _sentence(payload: dict[str, Any]) -> str:
    return clean(str(payload.get("error") or payload.get("message") or "")) or "no reason given"


def _refusal(said: str) -> EaselError | None:
    """What a sentence means that an order is refused with; None where its words say nothing."""
    message, details = f"zimage.run refused: {said}.", {"upstream": said}
    lowered = said.lower()
    if "moderation" in lowered and "token" in lowered:
        return AccountRejected(f"{message} ZIMAGE_MODERATION=true has it asked for one.", details=details)
    if says_unsafe(said):
        return ContentRefused(message, param="prompt", details=details)
    if any(word in lowered for word in _LIMIT_WORDS):
        return AccountLimited(message, details=details)
    if lowered.startswith("prompt "):
        return BadRequest(message, param="prompt", details=details)
    return None


def _failure(said: object) -> EaselError:
    text = clean(str(said or "")) or "no reason given"
    message, details = f"The generation failed at zimage.run: {text}.", {"upstream": text}
    return (ContentRefused if says_unsafe(text) else GenerationFailed)(message, details=details)


def _links(task: dict[str, Any]) -> list[str]:
    """The result as the site's versions give it: one link, a JSON list inside a string, or a real list."""
    many = task.get("resultUrls")
    return list(_flat(many if many else task.get("resultUrl")))


def _flat(result: object) -> Iterator[str]:
    if isinstance(result, list):
        for entry in result:
            yield from _flat(entry)
    elif isinstance(result, str) and result.startswith("["):
        with suppress(ValueError):
            yield from _flat(json.loads(result))
    elif isinstance(result, str) and result:
        yield result


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
