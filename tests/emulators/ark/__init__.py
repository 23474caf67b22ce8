"""A fake Volcengine Ark: video tasks, pictures at once, and a storage whose signed links open to GET alone."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from tests.emulators.ark.models import picture_model, video_model
from tests.emulators.ark.tasks import BROKEN, UNSAFE, Fate, Task, marked_fate, new_id
from tests.emulators.ark.wire import Json, PictureOrder, VideoOrder, invalid, parse, refused
from tests.emulators.course import Course
from tests.emulators.files import FileHost
from tests.emulators.jpeg import jpeg
from tests.emulators.png import png

__all__ = ["CLIP", "Ark", "Fate", "Task"]

CLIP = (Path(__file__).parent / "clip.mp4").read_bytes()
KEY = "ark-5c0e1c2a-key-of-the-emulator"

_SIGNATURE = (
    "X-Tos-Algorithm=TOS4-HMAC-SHA256&X-Tos-Credential=AKLTYWJkZTExNjA1ZDUyNDc3YzhjNTM5OGIyNjBhNDcyOTQ"
    "%2F20261120%2Fcn-beijing%2Ftos%2Frequest&X-Tos-Date=20261120T000000Z&X-Tos-Expires=86400"
    "&X-Tos-Signature={signature}&X-Tos-SignedHeaders=host"
)


@dataclass(kw_only=True, eq=False)
class Ark(FileHost):
    """Without `seconds` a task is done after `steps` looks; with it, by the clock from its submit on.

    A new task first shows the `state_words`, one per look. Models in `closed` are not opened for the account, one that
    is `overdue` has not paid, and links that are `expired` open no more.
    """

    steps: int = 2
    seconds: float | None = None
    state_words: Iterable[str] = ()
    closed: frozenset[str] = frozenset()
    overdue: bool = False
    expired: bool = False

    tasks: dict[str, Task] = field(init=False, repr=False, default_factory=dict)
    pictures: list[PictureOrder] = field(init=False, repr=False, default_factory=list)
    _sides: dict[str, tuple[int, int]] = field(init=False, repr=False, default_factory=dict)
    _fates: list[Fate] = field(init=False, repr=False, default_factory=list)

    def environment(self) -> dict[str, str]:
        return {"ARK_BASE_URL": f"{self.url}/api/v3", "ARK_API_KEY": KEY}

    @classmethod
    def lifelike(cls) -> Self:
        return cls(seconds=12.0)

    def next_fate(self, *fates: Fate) -> None:
        """Let the next orders end so, one each, whatever their prompts say."""
        self._fates += fates

    def routes(self) -> Sequence[BaseRoute]:
        tasks = "/contents/generations/tasks"
        api = [
            Route(tasks, self._create, methods=["POST"]),
            Route(tasks, self._list),
            Route(f"{tasks}/{{id}}", self._get),
            Route(f"{tasks}/{{id}}", self._delete, methods=["DELETE"]),
            Route("/images/generations", self._draw, methods=["POST"]),
        ]
        return [Mount("/api/v3", routes=api), Route("/tos/{model}/{name}", self._file)]

    async def _create(self, request: Request) -> Response:
        self._admit(request)
        order = await parse(request, VideoOrder)
        self._admit_model(order.model)
        video_model(order.model).check(order)
        fate = self._fate(order.prompt)
        course = Course(self.steps, self.seconds, ends=fate is not Fate.NEVER_ENDS)
        task = Task(order, fate, course, iter(self.state_words))
        self.tasks[task.id] = task
        return _answer(request, {} if fate is Fate.NO_ID else {"id": task.id})

    async def _list(self, request: Request) -> Response:
        self._admit(request)
        found = [task for task in self.tasks.values() if _matches(task, request)]
        number, size = _page(request, "page_num", 1, 500), _page(request, "page_size", 10, 500)
        page = found[(number - 1) * size : number * size]
        items = [task.record(task.state, self._content(task)) for task in page]
        return _answer(request, {"total": len(found), "items": items})

    async def _get(self, request: Request) -> Response:
        self._admit(request)
        task = self._task(request)
        return _answer(request, task.record(task.look(), self._content(task)))

    async def _delete(self, request: Request) -> Response:
        self._admit(request)
        task = self._task(request)
        match task.state:
            case "queued":
                task.cancelled = True
            case "running" | "cancelled" as state:
                raise refused(409, "InvalidAction", f"The task is {state} and cannot be deleted.", "id", "Conflict")
            case _:
                del self.tasks[task.id]
        return _answer(request, {})

    async def _draw(self, request: Request) -> Response:
        self._admit(request)
        order = await parse(request, PictureOrder)
        self._admit_model(order.model)
        picture_model(order.model).check(order)
        fate = self._fate(order.prompt)
        self.pictures.append(order)
        name = f"{new_id()}_0.jpeg"
        self._sides[name] = order.sides
        content = {"url": self.link(order.model, name)}
        if order.response_format == "b64_json":
            content = {"b64_json": base64.b64encode(jpeg(*order.sides, _shade(name), name)).decode()}
        made = {**content, "size": "{}x{}".format(*order.sides)}
        data: dict[Fate, list[Json]] = {
            Fate.FAILS: [{"error": BROKEN}],
            Fate.FAILS_AS_UNSAFE: [{"error": UNSAFE}],
            Fate.PARTLY_FAILS: [{"error": BROKEN}, made],
            Fate.NO_RESULT: [],
            Fate.NO_ID: [{}],
        }
        usage = {"generated_images": 1, "output_tokens": 16384, "total_tokens": 16384}
        images = data.get(fate, [made])
        if order.stream:
            return Response(_events(order.model, images, usage), media_type="text/event-stream")
        return _answer(request, {"model": order.model, "created": 1757321139, "data": images, "usage": usage})

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        wrong = request.method != "GET" or request.headers.get("authorization") or self.expired
        if wrong or request.query_params.get("X-Tos-Signature") != _signature(name):
            error = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
            return Response(error, 403, media_type="application/xml")
        stem, _, ending = name.rpartition(".")
        match ending:
            case "jpeg" if name in self._sides:
                return self.file_response(request, jpeg(*self._sides[name], _shade(name), name), "image/jpeg")
            case "mp4" if stem in self.tasks:
                return self.file_response(request, clip(name), "application/octet-stream")
            case "png" if stem in self.tasks:
                return self.file_response(request, png(320, 180, (_shade(name), 80, 120)), "image/png")
        return Response("<Error><Code>NoSuchKey</Code></Error>", 404, media_type="application/xml")

    def _admit(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            message = "The API key in the request is missing or invalid."
            raise refused(401, "AuthenticationError", message, "", "Unauthorized")

    def _admit_model(self, model: str) -> None:
        if self.overdue:
            message = "The request failed because your account has an overdue balance."
            raise refused(403, "AccountOverdueError", message, "", "Forbidden")
        if model in self.closed:
            message = f"Your account has not activated the model {model}. Please activate the model service."
            raise refused(404, "ModelNotOpen", message, "", "NotFound")

    def _fate(self, prompt: str) -> Fate:
        fate = self._fates.pop(0) if self._fates else marked_fate(prompt)
        if fate is Fate.REFUSED:
            message = "The request failed because the input text may contain sensitive information."
            raise refused(400, "InputTextSensitiveContentDetected", message)
        return fate

    def _task(self, request: Request) -> Task:
        try:
            return self.tasks[request.path_params["id"]]
        except KeyError:
            raise refused(404, "NotFound.id", "The specified task is not found.", "id", "NotFound") from None

    def _content(self, task: Task) -> Json:
        if task.fate is Fate.NO_RESULT:
            return {}
        content = {"video_url": self.link(task.order.model, f"{task.id}.mp4")}
        if task.order.return_last_frame:
            content["last_frame_url"] = self.link(task.order.model, f"{task.id}.png")
        return content

    def link(self, model: str, name: str) -> str:
        return self.file_url(f"/tos/{model}/{name}?{_SIGNATURE.format(signature=_signature(name))}")


def clip(name: str) -> bytes:
    """The clip, with a box at its end that players skip: no two tasks give the same bytes."""
    note = name.encode()
    return CLIP + (8 + len(note)).to_bytes(4) + b"free" + note


def _signature(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _shade(name: str) -> int:
    return zlib.crc32(name.encode()) % 256


def _matches(task: Task, request: Request) -> bool:
    values = {
        "status": task.state,
        "task_ids": task.id,
        "model": task.order.model,
        "service_tier": task.order.service_tier,
    }
    filters = {name: request.query_params.getlist(f"filter.{name}") for name in values}
    return all(values[name] in accepted for name, accepted in filters.items() if accepted)


def _page(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise invalid(name, f"it must be between 1 and {most}")
    return int(text)


def _events(model: str, images: list[Json], usage: Json) -> str:
    head = {"model": model, "created": 1757321139}
    events = [
        {"type": f"image_generation.partial_{'failed' if 'error' in image else 'succeeded'}", **head, **image}
        | {"image_index": index}
        for index, image in enumerate(images)
    ]
    events.append({"type": "image_generation.completed", **head, "usage": usage})
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"


def _answer(request: Request, body: Json) -> Response:
    echoed = request.headers.get("x-client-request-id")
    return JSONResponse(body, headers={"x-client-request-id": echoed} if echoed else None)
