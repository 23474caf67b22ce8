"""A fake Jimeng: the site behind a session, its storage for uploads, and result files behind signed links."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Self

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tests.emulators.ark import CLIP, clip
from tests.emulators.course import Course
from tests.emulators.files import FileHost
from tests.emulators.jimeng.models import check
from tests.emulators.jimeng.runs import FAIL_CODES, UNSEEN, Fate, Run, marked_fate
from tests.emulators.jimeng.storage import SERVICE_ID, Storage
from tests.emulators.jimeng.wire import (
    Body,
    Document,
    Empty,
    GiftWish,
    ItemsLook,
    Look,
    Order,
    PictureComponent,
    TokenWish,
    VideoComponent,
    parse,
    refused,
    success,
)
from tests.emulators.png import colour_of, png

__all__ = ["CLIP", "SESSION", "Fate", "Jimeng", "Run"]

SESSION = "5f2c9d1e7a304b86c0d8e4f1a2b3c4d5"

_FILE = f"/tos-cn-i-{SERVICE_ID}/{{name}}"


@dataclass(kw_only=True, eq=False)
class Jimeng(FileHost):
    """Without `seconds` a run is done after `steps` looks; with it, by the clock from its order on.

    A new run first shows the `state_words`, one per look. Each run takes one of the `credits`; the day's `gift` can be
    had once. Sessions are gone when the site is `signed_out`; runs whose items are `listed_apart` tell only their ids;
    without `originals` there are only previews of videos.
    """

    steps: int = 2
    seconds: float | None = None
    state_words: Iterable[str] = ()
    credits: int = 1_000_000
    gift: int = 0
    signed_out: bool = False
    listed_apart: bool = False
    originals: bool = True

    runs: dict[str, Run] = field(init=False, repr=False, default_factory=dict)
    storage: Storage = field(init=False, repr=False, default_factory=Storage)
    _items: dict[str, Run] = field(init=False, repr=False, default_factory=dict)
    _fates: list[Fate] = field(init=False, repr=False, default_factory=list)
    # One moment for all links: two looks at a picture, a second apart, are given the same one.
    _end_of_links: int = field(init=False, repr=False, default_factory=lambda: int(time.time()) + 86400)

    def environment(self) -> dict[str, str]:
        return {"JIMENG_BASE_URL": self.url, "JIMENG_SESSIONID": SESSION}

    @classmethod
    def lifelike(cls) -> Self:
        return cls(seconds=9.0)

    def next_fate(self, *fates: Fate) -> None:
        """Let the next orders end so, one each, whatever their prompts say."""
        self._fates += fates

    def routes(self) -> Sequence[BaseRoute]:
        calls = {
            "/mweb/v1/aigc_draft/generate": self._generate,
            "/mweb/v1/get_history_by_ids": self._look,
            "/mweb/v1/get_local_item_list": self._look_at_items,
            "/mweb/v1/get_upload_token": self._grant,
            "/commerce/v1/benefits/user_credit": self._balance,
            "/commerce/v1/benefits/credit_receive": self._give,
            "/mweb/{path:path}": self._nowhere,
        }
        return [
            *(Route(path, call, methods=["POST"]) for path, call in calls.items()),
            Route("/", self._store, methods=["GET", "POST"]),
            Route("/upload/v1/{uri:path}", self._put, methods=["POST"]),
            Route(_FILE, self._file),
        ]

    async def _generate(self, request: Request) -> Response:
        order = await self._admitted(request, Order)
        check(order, self.storage)
        fate = self._fates.pop(0) if self._fates else marked_fate(order.prompt)
        refusals = {Fate.REFUSED: "4001", Fate.SUSPECTED: "1019", Fate.TOO_DEAR: "1006"}
        if ret := refusals.get(fate) or ("" if self.credits else "1006"):
            raise refused(ret, {"aigc_data": None, "fail_code": ret, "fail_starling_message": ""})
        self.credits -= 1
        course = Course(self.steps, self.seconds, ends=fate is not Fate.NEVER_ENDS)
        run = Run(order, fate, course, iter(self.state_words))
        self.runs[run.id] = run
        self._items |= dict.fromkeys(run.items, run)
        return success({"aigc_data": {} if fate is Fate.NO_ID else _receipt(run)})

    async def _look(self, request: Request) -> Response:
        look = await self._admitted(request, Look)
        records = {}
        for run in (self.runs[name] for name in look.history_ids if name in self.runs):
            if run.is_video == bool(look.image_info):
                raise refused("4002")
            if (state := run.look()) != UNSEEN:
                records[run.id] = self._record(run, state)
        return success(records)

    async def _look_at_items(self, request: Request) -> Response:
        look = await self._admitted(request, ItemsLook)
        known = [name for name in look.item_id_list if name in self._items]
        if look.is_for_video_download and not self.originals:
            return success({})
        key = "item_list" if look.is_for_video_download else "local_item_list"
        return success({key: [self._item(self._items[name], name, "") for name in known]})

    async def _grant(self, request: Request) -> Response:
        await self._admitted(request, TokenWish)
        return success(dict(self.storage.grant()))

    async def _balance(self, request: Request) -> Response:
        await self._admitted(request, Empty)
        credit = {"vip_credit": 0, "gift_credit": self.credits, "purchase_credit": 0}
        return success({"credit": credit, "expiring_credits": [], "credits_detail": {}})

    async def _give(self, request: Request) -> Response:
        await self._admitted(request, GiftWish)
        if not self.gift:
            raise refused("-4")
        given, self.gift = self.gift, 0
        self.credits += given
        return success({"cur_total_credits": self.credits, "receive_quota": given})

    async def _nowhere(self, request: Request) -> Response:
        raise refused("1002")

    async def _store(self, request: Request) -> Response:
        return await self.storage.call(request)

    async def _put(self, request: Request) -> Response:
        return await self.storage.put(request)

    async def _file(self, request: Request) -> Response:
        """Signed links open to whoever has them, and to nobody who brings cookies."""
        name = request.path_params["name"]
        if request.headers.get("cookie") or request.query_params.get("x-signature") != _signature(name):
            return Response("forbidden", 403)
        item, _, ending = name.partition("~")
        run = self._items.get(item)
        if run is None:
            return Response("not found", 404)
        if ending.endswith(".mp4"):
            return self.file_response(request, clip(name), "video/mp4")
        assert isinstance(run.order.component, PictureComponent)
        size = run.order.component.core.large_image_info
        return self.file_response(request, png(size.width, size.height, colour_of(name)), "image/png")

    async def _admitted(self, request: Request, model: type[Body]) -> Body:
        body = await parse(request, model)
        cookies = SimpleCookie(request.headers.get("cookie", ""))
        if self.signed_out or "sessionid" not in cookies or cookies["sessionid"].value != SESSION:
            raise refused("1015")
        return body

    def _record(self, run: Run, state: int | str) -> Document:
        code, message = FAIL_CODES.get(run.fate, ("", "")) if state == 30 else ("", "")
        items = run.items if state in (30, 50) else []
        shown = [] if self.listed_apart else [self._item(run, name, "preview-") for name in items]
        return {
            "generate_type": 1,
            "history_record_id": run.id,
            "created_time": time.time(),
            "status": state,
            "fail_code": code,
            "fail_msg": message,
            "item_list": shown,
            "pre_gen_item_ids": run.items,
            "task": {"task_id": run.id, "status": state, "finish_time": 0},
        }

    def _item(self, run: Run, name: str, quality: str) -> Document:
        common = {"id": name, "effect_type": 9, "description": run.order.prompt}
        if isinstance(run.order.component, VideoComponent):
            origin = {"video_url": self.link(name, f"{quality}original.mp4")}
            return {"common_attr": common, "video": {"transcoded_video": {"origin": origin}}}
        size = run.order.component.core.large_image_info
        large = {"image_url": self.link(name, "tplv-tb4s082cfz-aigc_resize:0:0.png")}
        sides = {"width": size.width, "height": size.height}
        return {"common_attr": common, "image": {"format": "png", "large_images": [large | sides]}}

    def link(self, item: str, ending: str) -> str:
        name = f"{item}~{ending}"
        query = f"lk3s=43402efa&x-expires={self._end_of_links}&x-signature={_signature(name)}"
        return self.file_url(f"{_FILE.format(name=name)}?{query}")


def _receipt(run: Run) -> Document:
    return {
        "generate_type": 1,
        "history_record_id": run.id,
        "origin_history_record_id": None,
        "created_time": time.time(),
        "item_list": [],
        "origin_item_list": [],
        "task": {"task_id": run.id, "submit_id": str(run.order.submit_id), "aid": 0, "status": 20, "finish_time": 0},
    }


def _signature(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]
