"""ModelScope's API-Inference: Z-Image from its publisher, as asynchronous tasks, with an API key."""

from __future__ import annotations

import logging
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import quote

from shared.account import Account
from shared.errors import BadRequest, Uncertain
from shared.http import Http, Response
from shared.media import ByteRange, Media
from shared.models import Model
from shared.providers._json import as_dict, as_id, job_failure
from shared.providers._links import Links, links_in, without_result
from shared.providers.modelscope.errors import message_of, refusal
from shared.providers.modelscope.models import MODELS
from shared.requests import ImageRequest
from shared.results import Failed, Output, Queued, Ref, Running, Status, Submitted, Succeeded

_log = logging.getLogger(__name__)

_RESULT_HOSTS = {"m": "https://muse-ai.oss-cn-hangzhou.aliyuncs.com"}
_FINISHED = "="
"""The prefix of a ref that is the link itself."""

_LARGEST_SEED = 2**31 - 1


class ModelScope:
    """`account.key` is an access token, `ms-...`."""

    def __init__(self, http: Http, account: Account) -> None:
        self._http = http
        self._base = account.base_url
        self._links = Links(account, _RESULT_HOSTS)
        self._headers = {"Authorization": f"Bearer {account.key}"}

    async def models(self) -> tuple[Model, ...]:
        return MODELS

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
        response = await self._http.send("POST", f"{self._base}/images/generations", headers=headers, json=body)
        payload = _payload(response)
        if task := as_id(payload.get("task_id")):
            return Submitted((task,))
        # Gateways may drop the header for asynchronous tasks; the response then has the images.
        if links := self._links.usable(links_in(_images(payload))):
            return Submitted(tuple(f"{_FINISHED}{self._links.shortened(link)}" for link in links))
        raise Uncertain("ModelScope accepted the request but returned no task id; it may have been billed.")

    async def poll(self, ref: Ref) -> Status:
        if ref.startswith(_FINISHED):
            return Succeeded((Output(ref.removeprefix(_FINISHED), lasting=True),))
        headers = {**self._headers, "X-ModelScope-Task-Type": "image_generation"}
        response = await self._http.read("GET", f"{self._base}/tasks/{quote(ref, safe='')}", headers=headers)
        payload = _payload(response)
        match payload.get("task_status"):
            case "PENDING":
                return Queued()
            case "SUCCEED":
                return self._result(self._links.usable(links_in(_images(payload))))
            case "FAILED":
                return Failed(job_failure("ModelScope", message_of(response, payload)))
            case None:
                raise response.error("the task's status is missing")
            case status:
                if status not in ("RUNNING", "PROCESSING"):
                    _log.warning("modelscope: unknown task state '%s' counts as running", response.quote(str(status)))
                return Running()

    def open(self, output: Ref, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        return self._http.download(self._links.whole(output), origins=self._links.origins, byte_range=byte_range)

    def _result(self, links: list[str]) -> Status:
        if not links:
            return Failed(without_result("ModelScope"))
        # A query string is a signature that expires; polling again returns a new URL.
        return Succeeded(tuple(Output(self._links.shortened(link), lasting="?" not in link) for link in links))


def _images(payload: dict[str, Any]) -> object:
    return payload.get("output_images") or payload.get("images")


def _payload(response: Response) -> dict[str, Any]:
    """Return the payload of a successful response; raise the matching error for any other."""
    if response.status >= 400:
        raise refusal(response)
    return as_dict(response.json())
