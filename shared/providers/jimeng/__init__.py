"""Jimeng (jimeng.jianying.com, mainland China) with a browser's session: images and short videos, made by runs.

The site has no documented API and expects visitors from China. A run makes four images or one video and costs credits;
an account gets some every day that it signs in.
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
from shared.providers.jimeng.request_body import picture_order, video_order
from shared.providers.jimeng.results import Origins, item_ids, items_of, pictures_of, video_of
from shared.providers.jimeng.site import Site
from shared.providers.jimeng.uploads import STORAGE, Uploads
from shared.requests import ImageRequest, InputImage, VideoRequest
from shared.results import Failed, Output, Queued, Ref, Running, Status, Submitted, Succeeded

_log = logging.getLogger(__name__)

_ID = re.compile(r"\d{1,40}", re.ASCII)
_REF = re.compile(r"(?:([1-9])-)?(\d{1,40})", re.ASCII)
"""The run's id, and before that of pictures how many of them were asked for."""

_PICTURE = {"width": 2048, "height": 2048, "format": "png"}


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
        data_of(await self._site.ask("/commerce/v1/benefits/user_credit", {}))

    async def submit(self, request: ImageRequest) -> Submitted:
        pictures = [await self._uploads.upload(picture) for picture in request.inputs]
        if pictures and pictures[0].size and not request.size_requested:
            request = request._replace(size=like_input(request.model, pictures[0].size))
        order = picture_order(request, [picture.uri for picture in pictures])
        return Submitted((f"{request.n}-{await self._run(order, 'image')}",))

    async def submit_video(self, request: VideoRequest) -> Submitted:
        first, last = [await self._uri(frame) for frame in (request.first_frame, request.last_frame)]
        return Submitted((await self._run(video_order(request, first, last), "video"),))

    async def poll(self, ref: Ref) -> Status:
        match = _REF.fullmatch(ref)
        if not match:
            raise NotFound("There is no such run.", param="id")
        number, run = int(match[1] or 0), match[2]
        wanted = {"history_ids": [run], **({"image_info": _PICTURE} if number else {})}
        answer = await self._site.ask("/mweb/v1/get_history_by_ids", wanted)
        data = data_of(answer)
        records = {text_at(record, "history_record_id"): record for record in list_at(data, "history_list")} | data
        if run not in records:  # a new run takes a moment to be seen
            return Queued()
        return await self._status(answer, records[run], number)

    def open(self, output: Ref, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        return self._http.download(output, origins=self._origins, byte_range=byte_range)

    async def _run(self, order: dict[str, Any], kind: Literal["image", "video"]) -> str:
        """Start a run, and tell its id. An account that is out of credits is first sent for the day's."""
        try:
            data = data_of(await self._site.order(order, kind))
        except AccountExhausted:
            if not await self._has_new_credits():
                raise
            data = data_of(await self._site.order(order, kind))  # the first one was refused: this is no second order
        run = text_at(data, "aigc_data", "history_record_id")
        if not _ID.fullmatch(run):
            raise Uncertain("Jimeng took the work but gave no id to find it by; it may have been charged.")
        return run

    async def _has_new_credits(self) -> bool:
        try:
            gift = data_of(await self._site.ask("/commerce/v1/benefits/credit_receive", {"time_zone": "Asia/Shanghai"}))
        except EaselError as error:
            _log.info("jimeng: there are no new credits: %s", error.message)
            return False
        return bool(at(gift, "receive_quota"))

    async def _uri(self, frame: InputImage | None) -> str:
        return (await self._uploads.upload(frame)).uri if frame else ""

    async def _status(self, answer: Response, record: Any, number: int) -> Status:
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
                return Succeeded(outputs) if outputs else Failed(_failure(answer, record))
            case None:
                raise Unavailable("Jimeng tells no state of the run.")
            case word:
                _log.warning("jimeng: unknown state '%s' of a run counts as running", answer.quote(str(word)))
                return Running()

    async def _outputs(self, record: Any, number: int) -> tuple[Output, ...]:
        """As many pictures as were asked for, of the four that there are; or the one video."""
        items = list_at(record, "item_list") or await self._items(list_at(record, "pre_gen_item_ids"))
        if number:
            return tuple(pictures_of(items)[:number])
        return tuple(video_of(await self._items(item_ids(items), is_for_video_download=True)) or video_of(items))

    async def _items(self, ids: list[str], **wishes: bool) -> list[Any]:
        """What the site says of items by their ids, which is more than a run does; nothing where that goes wrong."""
        if not ids:
            return []
        wanted = {"item_id_list": ids, "pack_item_opt": {"scene": 1, "need_data_integrity": True}, **wishes}
        try:
            return items_of(data_of(await self._site.ask("/mweb/v1/get_local_item_list", wanted)))
        except EaselError as error:
            _log.warning("jimeng: the items of a run cannot be had: %s", error.message)
            return []


def _failure(answer: Response, record: Any) -> EaselError:
    return failure(answer, str(at(record, "fail_code") or ""), text_at(record, "fail_msg"))
