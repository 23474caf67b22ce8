"""ModelScope's API-Inference: Z-Image by its publisher, with a key, as asynchronous tasks."""

from __future__ import annotations

import logging
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import quote

from shared.errors import BadRequest, ContentRefused, EaselError, GenerationFailed, Uncertain
from shared.http import Answer, Http
from shared.providers._links import Links, without_result
from shared.providers._reading import as_dict, as_id, as_list, says_unsafe
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

_RESULT_HOSTS = {"m": "https://muse-ai.oss-cn-hangzhou.aliyuncs.com"}
_LARGEST_SEED = 2**31 - 1


def _model(name: str, upstream: str, typical: float) -> Model:
    knobs = frozenset({"seed", "negative_prompt"})
    return Model(name, upstream=upstream, min_side=512, max_side=2048, typical_seconds=typical, knobs=knobs)


_MODELS = (
    # The names under which zimage.run's clients know them: a key is all it takes to serve these from here.
    _model("zimage-turbo", "Tongyi-MAI/Z-Image-Turbo", 14.0),
    _model("zimage-base", "Tongyi-MAI/Z-Image", 40.0),
)


class ModelScope:
    """`account.key` is an access token, `ms-...`."""

    def __init__(self, http: Http, account: Account) -> None:
        self._http = http
        self._base = account.base_url
        self._links = Links(account, _RESULT_HOSTS)
        self._headers = {"Authorization": f"Bearer {account.key}"}

    async def models(self) -> tuple[Model, ...]:
        return _MODELS

    async def submit(self, request: ImageRequest) -> Submitted:
        if (request.seed or 0) > _LARGEST_SEED:
            raise BadRequest(f"'seed' may be {_LARGEST_SEED} at most for this model.", param="seed")
        body = {
            "model": request.model.upstream,
            "prompt": request.prompt,
            "size": str(request.size),
            **({} if request.seed is None else {"seed": request.seed}),
            **({"negative_prompt": request.negative_prompt} if request.negative_prompt else {}),
            **request.model.settings,
        }
        headers = {**self._headers, "X-ModelScope-Async-Mode": "true"}
        payload = _payload(
            await self._http.send("POST", f"{self._base}/images/generations", headers=headers, json=body)
        )
        task = as_id(payload.get("task_id"))
        if not task:
            raise Uncertain("ModelScope took the work but gave no id to find it by; it may have been counted.")
        return Submitted((task,))

    async def poll(self, ref: Ref) -> Status:
        headers = {**self._headers, "X-ModelScope-Task-Type": "image_generation"}
        answer = await self._http.read("GET", f"{self._base}/tasks/{quote(ref, safe='')}", headers=headers)
        payload = _payload(answer)
        match payload.get("task_status"):
            case "PENDING":
                return Queued()
            case "SUCCEED":
                return self._result(self._links.usable(as_list(payload.get("output_images"))))
            case "FAILED":
                return Failed(_failure(_sentence(answer, payload)))
            case None:
                raise answer.error("it says nothing of the task")
            case word:
                if word not in ("RUNNING", "PROCESSING"):
                    _log.warning("modelscope: unknown task state '%s' counts as running", answer.quote(str(word)))
                return Running()

    def open(self, output: Ref, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        return self._http.stream(self._links.whole(output), origins=self._links.origins, byte_range=byte_range)

    def _result(self, links: list[str]) -> Status:
        if not links:
            return Failed(without_result("ModelScope"))
        # A query is a signature that runs out; another look gives the link anew.
        return Succeeded(tuple(Output(self._links.shortened(link), lasting="?" not in link) for link in links))


def _payload(answer: Answer) -> dict[str, Any]:
    """The content of a good answer. Raises what any other one means."""
    if answer.status < 400:
        return as_dict(answer.json())
    said = _said(answer)
    if answer.sent and answer.status == 400 and says_unsafe(said):
        raise ContentRefused(f"ModelScope refused: {said}.", param="prompt", details={"upstream": said})
    raise answer.error(said)


def _said(answer: Answer) -> str:
    return _sentence(answer, as_dict(answer.json_or_none()))


def _sentence(answer: Answer, payload: dict[str, Any]) -> str:
    """What went wrong, from the first of the places where it may stand."""
    places = (as_dict(payload.get("errors")).get("message"), as_dict(payload.get("error")).get("message"))
    texts = (*places, payload.get("error"), payload.get("message"))
    return next((answer.quote(text) for text in texts if isinstance(text, str) and text), "")


def _failure(said: str) -> EaselError:
    said = said or "no reason given"
    message, details = f"The generation failed at ModelScope: {said}.", {"upstream": said}
    return (ContentRefused if says_unsafe(said) else GenerationFailed)(message, details=details)
