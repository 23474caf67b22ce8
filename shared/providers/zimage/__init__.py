"""zimage.run: Z-Image-Turbo and related models through all versions of the site's own JSON API.

The API is undocumented. Its versions (open, cookie, moderation) share the paths and differ in what a submit requires.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from urllib.parse import quote

from shared.account import Account
from shared.errors import ContentRefused, Unavailable, Uncertain
from shared.http import Http, Response, json_body, origin_of
from shared.json_stream import Base64
from shared.media import ByteRange, Media
from shared.models import Model
from shared.providers._inputs import media_type_of
from shared.providers._json import as_dict, as_id
from shared.providers._links import Links
from shared.providers.zimage.errors import data_of
from shared.providers.zimage.models import MODELS
from shared.providers.zimage.results import batch_status, task_status
from shared.requests import ImageRequest, InputImage
from shared.results import Ref, Status, Submitted

_TASK, _BATCH = "t", "p"
_RESULT_HOSTS = {"i": "https://image.zimage.run", "f": "https://files.zimage.run"}
_USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"


class ZImage:
    """`account.key` is the Cookie header of a browser session; empty for API versions that need none."""

    def __init__(self, http: Http, account: Account) -> None:
        self._http = http
        self._base = account.base_url
        self._moderated = account.options.get("moderation", "").lower() in ("true", "1", "yes")
        self._links = Links(account, _RESULT_HOSTS)
        self._headers = {
            "Accept": "*/*",
            "Origin": origin_of(self._base),
            "Referer": f"{self._base}/",
            # Cloudflare binds cookies to the browser they were issued to, including its User-Agent.
            "User-Agent": account.options.get("user_agent", _USER_AGENT),
            **({"Cookie": account.key} if account.key else {}),
        }

    async def models(self) -> tuple[Model, ...]:
        return MODELS

    async def submit(self, request: ImageRequest) -> Submitted:
        body = {
            "prompt": request.prompt,
            "width": request.size.width,
            "height": request.size.height,
            "modelType": request.model.upstream,
            "batchSize": request.n,
            **({} if request.seed is None else {"seed": str(request.seed)}),
            **({"sourceImages": [await _source(image) for image in request.inputs]} if request.inputs else {}),
            **({"promptModerationToken": await self._moderation_token(request.prompt)} if self._moderated else {}),
            **request.model.settings,
        }
        url = f"{self._base}/api/z-image/generate"
        response = await self._http.send("POST", url, headers=self._headers, body=json_body(body))
        data = data_of(response, submitting=True)
        if parent := as_id(data.get("parentTaskUuid")):
            return Submitted((f"{_BATCH}{parent}",))
        uuid = as_id(data.get("uuid")) or as_id(as_dict(data.get("task")).get("uuid"))
        if not uuid:
            raise Uncertain("zimage.run accepted the request but returned no task id; it may have been counted.")
        return Submitted((f"{_TASK}{uuid}",))

    async def poll(self, ref: Ref) -> Status:
        if ref.startswith(_BATCH):
            return batch_status(await self._read("batch-status", ref.removeprefix(_BATCH)), self._links)
        return task_status(await self._read("task", ref.removeprefix(_TASK)), self._links)

    def open(self, output: Ref, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        return self._http.download(self._links.whole(output), origins=self._links.origins, byte_range=byte_range)

    async def _read(self, kind: str, uuid: str) -> Response:
        url = f"{self._base}/api/z-image/{kind}/{quote(uuid, safe='')}"
        return await self._http.read("GET", url, headers=self._headers)

    async def _moderation_token(self, prompt: str) -> str:
        response = await self._http.read(
            "POST",
            f"{self._base}/api/prompt-moderation/check",
            headers=self._headers,
            json={"prompt": prompt, "routeKey": "text_to_image", "targetType": "text_to_image"},
        )
        if response.status == 404:
            raise Unavailable("zimage.run has no moderation endpoint; set ZIMAGE_MODERATION=false.")
        verdict = data_of(response, submitting=True)
        token = verdict.get("promptModerationToken")
        if verdict.get("allowed") is False or not token:
            raise ContentRefused("zimage.run's moderation rejected this prompt.", param="prompt")
        return str(token)


async def _source(image: InputImage) -> Base64:
    """Return an input image as a data URL for the request body."""
    return Base64(f"data:{await media_type_of(image)};base64,", image)
