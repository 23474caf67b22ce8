"""A fake ModelScope: tasks behind a key, the synchronous form beside them, and the places where its errors stand."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Self
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from tests.emulators.base import Refused
from tests.emulators.course import QUEUED_SHARE, Course
from tests.emulators.files import FileHost
from tests.emulators.png import colour_of, png

__all__ = ["KEY", "Fate", "ModelScope", "Place", "Task"]

Json = dict[str, Any]
Place = Literal["errors.message", "error.message", "error", "message"]

KEY = "ms-00000000-1111-4222-8333-444444444444"


class Fate(StrEnum):
    """The outcome of a request. A prompt that contains the value in brackets, as in "[fails]", chooses it."""

    SUCCEEDS = "succeeds"
    FAILS = "fails"
    FAILS_SILENTLY = "fails-silently"
    FAILS_AS_UNSAFE = "fails-as-unsafe"
    NEVER_ENDS = "never-ends"
    NO_RESULT = "no-result"
    NO_TASK = "no-task"
    REFUSED = "refused"


_FAILURES = {
    Fate.FAILS: "Image generation failed",
    Fate.FAILS_SILENTLY: "",
    Fate.FAILS_AS_UNSAFE: "The output may contain inappropriate content",
}


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    model: Literal["Tongyi-MAI/Z-Image-Turbo", "Tongyi-MAI/Z-Image"]
    prompt: str = Field(min_length=1, max_length=1999)
    negative_prompt: str | None = Field(default=None, min_length=1, max_length=1999)
    size: str = Field(default="1024x1024", pattern=r"^\d{3,4}x\d{3,4}$")
    seed: int | None = Field(default=None, ge=0, le=2**31 - 1)
    steps: int | None = Field(default=None, ge=1, le=100)
    guidance: float | None = Field(default=None, ge=1.5, le=20)
    loras: str | dict[str, float] | None = None
    n: int = Field(default=1, ge=1, le=4)

    @field_validator("size")
    @classmethod
    def _within_limits(cls, size: str) -> str:
        if not all(512 <= int(side) <= 2048 for side in size.split("x")):
            raise ValueError("sides go from 512 to 2048")
        return size

    @property
    def sides(self) -> tuple[int, int]:
        width, _, height = self.size.partition("x")
        return int(width), int(height)


@dataclass(eq=False)
class Task:
    """Work that was taken."""

    order: Order
    fate: Fate
    course: Course
    words: Iterator[str]
    id: str = field(default_factory=lambda: str(uuid4()))
    names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = [str(uuid4()) for _ in range(self.order.n)]

    @property
    def finished(self) -> bool:
        return self.course.share >= 1 and self.fate not in _FAILURES


@dataclass(kw_only=True, eq=False)
class ModelScope(FileHost):
    """Without `seconds` a task is done after `steps` polls; with it, that long after its start.

    A new task first shows the `state_words`, one per poll. `place` is where sentences about errors stand. With
    `signed`, links carry a signature that is good for one look only. With `synchronous` the header that asks for a
    task is ignored, as by a gateway that drops it.
    """

    steps: int = 2
    seconds: float | None = None
    key: str = KEY
    running_word: Literal["RUNNING", "PROCESSING"] = "RUNNING"
    place: Place = "errors.message"
    needs_task_type: bool = True
    signed: bool = False
    synchronous: bool = False
    state_words: Iterable[str] = ()

    tasks: list[Task] = field(init=False, repr=False, default_factory=list)
    _fates: list[Fate] = field(init=False, repr=False, default_factory=list)
    _signatures: dict[str, str] = field(init=False, repr=False, default_factory=dict)

    def environment(self) -> dict[str, str]:
        return {"MODELSCOPE_BASE_URL": f"{self.url}/v1", "MODELSCOPE_API_KEY": self.key}

    @classmethod
    def lifelike(cls) -> Self:
        return cls(seconds=5.0)

    def next_fate(self, *fates: Fate) -> None:
        """Let the next orders end so, one each, whatever their prompts say."""
        self._fates += fates

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Mount(
                "/v1",
                routes=[
                    Route("/images/generations", self._generate, methods=["POST"]),
                    Route("/tasks/{id}", self._look),
                ],
            ),
            Route("/img/{name}.png", self._picture),
        ]

    async def _generate(self, request: Request) -> Response:
        self._admit(request)
        order = await self._parse(request)
        fate = self._fates.pop(0) if self._fates else _marked(order.prompt)
        if fate is Fate.REFUSED:
            raise self._refused(400, "The prompt may contain inappropriate content")
        asynchronous = not self.synchronous and request.headers.get("x-modelscope-async-mode") == "true"
        steps, seconds = (self.steps, self.seconds) if asynchronous else (0, None)
        course = Course(steps, seconds, ends=fate is not Fate.NEVER_ENDS)
        task = Task(order, fate, course, iter(self.state_words))
        self.tasks.append(task)
        if not asynchronous:
            task.course.look()
            return JSONResponse({"images": [{"url": url} for url in self._urls(task)], "request_id": task.id})
        receipt = {"task_status": "SUCCEED", "request_id": uuid4().hex}
        return JSONResponse(receipt if fate is Fate.NO_TASK else receipt | {"task_id": task.id})

    async def _look(self, request: Request) -> Response:
        self._admit(request)
        if self.needs_task_type and request.headers.get("x-modelscope-task-type") != "image_generation":
            raise self._refused(400, "X-ModelScope-Task-Type is missing")
        task = next((task for task in self.tasks if task.id == request.path_params["id"]), None)
        if not task:
            raise self._refused(404, "task not found")
        return JSONResponse({"task_id": task.id, "request_id": uuid4().hex, **self._sight(task)})

    def _sight(self, task: Task) -> Json:
        word = next(task.words, None)
        share = task.course.share if word else task.course.look()
        if word or share < 1:
            return {"task_status": word or ("PENDING" if share < QUEUED_SHARE else self.running_word)}
        if task.fate in _FAILURES:
            return {"task_status": "FAILED", "output_images": [], **self._said(_FAILURES[task.fate])}
        return {"task_status": "SUCCEED", "output_images": self._urls(task)}

    def _urls(self, task: Task) -> list[str]:
        names = [] if task.fate is Fate.NO_RESULT else task.names
        return [self.file_url(f"/img/{name}.png{self._signature(name)}") for name in names]

    def _signature(self, name: str) -> str:
        if not self.signed:
            return ""
        self._signatures[name] = uuid4().hex
        return f"?Expires=1767225600&Signature={self._signatures[name]}"

    async def _picture(self, request: Request) -> Response:
        name = request.path_params["name"]
        task = next((task for task in self.tasks if name in task.names), None)
        if not task or not task.finished:
            return Response("<Error><Code>NoSuchKey</Code></Error>", 404)
        if request.query_params.get("Signature") != self._signatures.get(name):
            return Response("<Error><Code>AccessDenied</Code></Error>", 403)
        return self.file_response(request, png(*task.order.sides, colour_of(name)), "image/png")

    def _admit(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            raise self._refused(
                401, "Authentication failed, please make sure that a valid ModelScope token is supplied."
            )

    async def _parse(self, request: Request) -> Order:
        try:
            return Order.model_validate_json(await request.body())
        except ValidationError as invalid:
            [first, *_] = invalid.errors()
            raise self._refused(400, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None

    def _refused(self, status: int, message: str) -> Refused:
        return Refused(JSONResponse({**self._said(message), "request_id": uuid4().hex}, status))

    def _said(self, message: str) -> Json:
        member, _, inner = self.place.partition(".")
        return {member: {inner: message} if inner else message}


def _marked(prompt: str) -> Fate:
    return next((fate for fate in Fate if f"[{fate}]" in prompt), Fate.SUCCEEDS)
