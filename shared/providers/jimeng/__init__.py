"""Provider for Jimeng (jimeng.jianying.com, mainland China) with a browser session: images and short videos.

The site has no documented API and expects visitors from China. A job makes four images or one video and costs credits,
which an account can claim daily.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Literal

from shared.account import Account
from shared.errors import AccountExhausted, EaselError, NotFound, Unavailable, Uncertain
from shared.http import Http, Response, origin_of
from shared.media import ByteRange, Media
from shared.models import Model
from shared.providers._json import at, list_at, text_at
from shared.providers._links import without_result
from shared.providers.jimeng.errors import data_of, failure
from shared.providers.jimeng.models import DECLINED, MODELS, like_input
from shared.providers.jimeng.request_body import image_body, video_body
from shared.providers.jimeng.results import Origins, images_of, item_ids, items_of, video_of
from shared.providers.jimeng.site import Site
from shared.providers.jimeng.uploads import STORAGE, Uploads
from shared.requests import ImageRequest, InputImage, VideoRequest
from shared.results import Failed, Output, Queued, Ref, Running, Status, Submitted, Succeeded

_log = logging.getLogger(__name__)

_ID = re.compile(r"\d{1,40}", re.ASCII)
_REF = re.compile(r"(?:([1-9])-)?(\d{1,40})", re.ASCII)
"""The job's id; for images, preceded by the requested number."""

_IMAGE = {"width": 2048, "height": 2048, "format": "png"}


class Jimeng:
    """`account.key` is the cookie `sessionid`, bare or among the others of a browser's Cookie header."""

    declined: ClassVar[Mapping[str, str]] = DECLINED

    def __init__(self, http: Http, account: Account) -> None:
        elsewhere = origin_of(account.base_url) if account.elsewhere else ""
        self._http = http
        self._site = Site(http, account.base_url, account.key)
        self._origins = Origins({*account.origins, *([elsewhere] if elsewhere else [])})
        self._uploads = Uploads(http, self._site, elsewhere or STORAGE, self._origins)

    async def models(self) -> tuple[Model, ...]:
        return MODELS

    async def check(self) -> None:
        data_of(await self._site.read("/commerce/v1/benefits/user_credit", {}))

    async def submit(self, request: ImageRequest) -> Submitted:
        images = [await self._uploads.upload(image) for image in request.inputs]
        if images and images[0].size and not request.size_requested:
            request = request._replace(size=like_input(request.model, images[0].size))
        body = image_body(request, [image.uri for image in images])
        return Submitted((f"{request.n}-{await self._submit(body, 'image')}",))

    async def submit_video(self, request: VideoRequest) -> Submitted:
        first, last = [await self._uri(frame) for frame in (request.first_frame, request.last_frame)]
        return Submitted((await self._submit(video_body(request, first, last), "video"),))

    async def poll(self, ref: Ref) -> Status:
        match = _REF.fullmatch(ref)
        if not match:
            raise NotFound("Unknown job; check the id.", param="id")
        number, job = int(match[1] or 0), match[2]
        body = {"history_ids": [job], **({"image_info": _IMAGE} if number else {})}
        response = await self._site.read("/mweb/v1/get_history_by_ids", body)
        data = data_of(response)
        records = {text_at(record, "history_record_id"): record for record in list_at(data, "history_list")} | data
        if job not in records:  # a new job appears after a moment
            return Queued()
        return await self._status(response, records[job], number)

    def open(self, output: Ref, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        return self._http.download(output, origins=self._origins, byte_range=byte_range)

    async def _submit(self, body: dict[str, Any], kind: Literal["image", "video"]) -> str:
        """Submit once and return the job's id; an account out of credit first claims its daily credits."""
        try:
            data = data_of(await self._site.submit(body, kind))
        except AccountExhausted:
            if not await self._has_new_credits():
                raise
            data = data_of(await self._site.submit(body, kind))  # the first submit was refused: pay once holds
        job = text_at(data, "aigc_data", "history_record_id")
        if not _ID.fullmatch(job):
            raise Uncertain("Jimeng accepted the request but returned no job id; it may have been charged.")
        return job

    async def _has_new_credits(self) -> bool:
        try:
            claimed = data_of(
                await self._site.read("/commerce/v1/benefits/credit_receive", {"time_zone": "Asia/Shanghai"})
            )
        except EaselError as error:
            _log.info("jimeng: could not claim daily credits: %s", error.message)
            return False
        return bool(at(claimed, "receive_quota"))

    async def _uri(self, frame: InputImage | None) -> str:
        return (await self._uploads.upload(frame)).uri if frame else ""

    async def _status(self, response: Response, record: Any, number: int) -> Status:
        match at(record, "status"):
            case 20:
                return Queued()
            case 42 | 45:
                return Running()
            case 10 | 21 | 50:
                outputs = await self._outputs(record, number)
                return Succeeded(outputs) if outputs else Failed(without_result("Jimeng"))
            case 30:
                outputs = await self._outputs(record, number)
                return Succeeded(outputs) if outputs else Failed(_failure(response, record))
            case None:
                raise Unavailable("Jimeng returned no job status; poll again.")
            case other:
                _log.warning("jimeng: unknown status '%s' counts as running", response.quote(str(other)))
                return Running()

    async def _outputs(self, record: Any, number: int) -> tuple[Output, ...]:
        """Return the requested number of images, or the video."""
        items = list_at(record, "item_list") or await self._items(list_at(record, "pre_gen_item_ids"))
        if number:
            return tuple(images_of(items)[:number])
        return tuple(video_of(await self._items(item_ids(items), is_for_video_download=True)) or video_of(items))

    async def _items(self, ids: list[str], **options: bool) -> list[Any]:
        """Return the details of items by id, empty if the call fails."""
        if not ids:
            return []
        body = {"item_id_list": ids, "pack_item_opt": {"scene": 1, "need_data_integrity": True}, **options}
        try:
            return items_of(data_of(await self._site.read("/mweb/v1/get_local_item_list", body)))
        except EaselError as error:
            _log.warning("jimeng: could not read a job's items: %s", error.message)
            return []


def _failure(response: Response, record: Any) -> EaselError:
    return failure(response, str(at(record, "fail_code") or ""), text_at(record, "fail_msg"))
