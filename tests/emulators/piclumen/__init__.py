"""A fake PicLumen: the web back end behind its tokens, its words for failure of all vintages, and its flags."""

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Self
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from tests.emulators.course import QUEUED_SHARE, Course
from tests.emulators.files import FileHost
from tests.emulators.piclumen.wire import MODELS, Json, Order, parse, refused, success
from tests.emulators.png import colour_of, png

__all__ = ["ALICE", "BOB", "OPERATOR", "Fate", "Piclumen", "Task"]

OPERATOR = "00112233445566778899aabbccddeeff00112233"
"""The token that the settings of an Easel name; ALICE's and BOB's are those of two callers."""
ALICE = "a11ce0a11ce0a11ce0a11ce0a11ce0a11ce0a11c"
BOB = "b0b5b0b5b0b5b0b5b0b5b0b5b0b5b0b5b0b5b0b5"


class Fate(StrEnum):
    """What becomes of an order. A prompt that contains the value in brackets, as in "[fails]", chooses it."""

    SUCCEEDS = "succeeds"
    FAILS = "fails"
    FAILS_SILENTLY = "fails-silently"
    FAILS_AS_UNSAFE = "fails-as-unsafe"
    FLAGGED = "flagged"
    FLAGGED_IN_PART = "flagged-in-part"
    NEVER_ENDS = "never-ends"
    NO_RESULT = "no-result"
    NO_MARK = "no-mark"
    REFUSED = "refused"


_FAILURES: dict[Fate, str | None] = {
    Fate.FAILS: "Image generation failed",
    Fate.FAILS_SILENTLY: None,
    Fate.FAILS_AS_UNSAFE: "The picture has sensitive content",
}


@dataclass(eq=False)
class Task:
    """Work that was taken, from one order of one account."""

    token: str
    order: Order
    fate: Fate
    course: Course
    words: Iterator[str]
    absent: int
    """In so many looks it is not to be seen yet."""
    mark: str = field(default_factory=lambda: str(uuid4()))
    prompt_id: str = field(default_factory=lambda: str(uuid4().int)[:19])
    names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = [uuid4().hex for _ in range(self.order.pictures)]

    @property
    def finished(self) -> bool:
        return self.course.share >= 1 and self.fate not in _FAILURES


@dataclass(kw_only=True, eq=False)
class Piclumen(FileHost):
    """Without `seconds` a task is done after `steps` looks; with it, by the clock from its start on.

    A new task is missing from the list for `absent` looks and then shows the `state_words`, one per look. A look at
    several tasks gives them in another order than asked, and with `crowded` with others of the account among them.
    """

    steps: int = 2
    seconds: float | None = None
    tokens: frozenset[str] = frozenset({OPERATOR, ALICE, BOB})
    bad_token: Literal["401", "envelope"] = "401"
    failed_word: Literal["failed", "failure"] = "failed"
    running_word: Literal["running", "processing"] = "running"
    absent: int = 0
    crowded: bool = False
    state_words: Iterable[str] = ()

    tasks: list[Task] = field(init=False, repr=False, default_factory=list)
    _fates: list[Fate] = field(init=False, repr=False, default_factory=list)

    def environment(self) -> dict[str, str]:
        return {"PICLUMEN_BASE_URL": f"{self.url}/api", "PICLUMEN_TOKEN": OPERATOR}

    @classmethod
    def lifelike(cls) -> Self:
        return cls(seconds=6.0)

    def next_fate(self, *fates: Fate) -> None:
        """Let the next orders end so, one each, whatever their prompts say."""
        self._fates += fates

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Mount(
                "/api",
                routes=[
                    Route("/gen/create", self._create, methods=["POST"]),
                    Route("/gen/model/list", self._models),
                    Route("/task/batch-process-task", self._look, methods=["POST"]),
                    Route("/user/info", self._user),
                ],
            ),
            Route("/normal/{day}/{hour}/{name}.webp", self._picture),
        ]

    async def _create(self, request: Request) -> Response:
        token = self._admit(request)
        order = await parse(request)
        fate = self._fates.pop(0) if self._fates else _marked(order.prompt)
        if fate is Fate.REFUSED:
            raise refused("Your prompt contains sensitive words")
        course = Course(self.steps, self.seconds, ends=fate is not Fate.NEVER_ENDS)
        task = Task(token, order, fate, course, iter(self.state_words), self.absent)
        self.tasks.append(task)
        mark = {} if fate is Fate.NO_MARK else {"markId": task.mark}
        return success({**mark, "featureName": "ttp", "fastHour": True, "index": -1})

    async def _models(self, request: Request) -> Response:
        self._admit(request)
        return success(MODELS)

    async def _user(self, request: Request) -> Response:
        self._admit(request)
        return success({"userId": "1"})

    async def _look(self, request: Request) -> Response:
        token = self._admit(request)
        marks = json.loads(await request.body())
        if not isinstance(marks, list) or not marks or not all(isinstance(mark, str) for mark in marks):
            raise refused("A list of marks is needed")
        own = [task for task in self.tasks if task.token == token]
        asked = [task for task in reversed(own) if task.mark in marks]
        others = [task for task in own if task.mark not in marks] if self.crowded else []
        return success([*map(self._bystander, others), *itertools.chain.from_iterable(map(self._shown, asked))])

    def _shown(self, task: Task) -> list[Json]:
        if task.absent:
            task.absent -= 1
            return []
        word = next(task.words, None)
        share = task.course.share if word else task.course.look()
        if word or share < 1:
            return [_entry(task, word or ("pending" if share < QUEUED_SHARE else self.running_word))]
        if task.fate in _FAILURES:
            return [_entry(task, self.failed_word, info=_FAILURES[task.fate])]
        return [_entry(task, "success", promptId=task.prompt_id, img_urls=self._images(task))]

    def _bystander(self, task: Task) -> Json:
        """A task that nobody asked for; it does not come along by being shown."""
        return _entry(task, "success", promptId=task.prompt_id, img_urls=self._images(task))

    def _images(self, task: Task) -> list[Json]:
        flagged = {Fate.FLAGGED: len(task.names), Fate.FLAGGED_IN_PART: 1}.get(task.fate, 0)
        names = [] if task.fate is Fate.NO_RESULT else task.names
        return [self._image(task, name, flagged=index < flagged) for index, name in enumerate(names)]

    def _image(self, task: Task, name: str, *, flagged: bool) -> Json:
        url = self.file_url(f"/normal/20251231/14/{name}.webp")
        return {
            "imgUrl": url,
            "thumbnailUrl": url,
            "highThumbnailUrl": url,
            "imgName": name,
            "sensitive": "NSFW" if flagged else None,
            "realWidth": task.order.resolution.width,
            "realHeight": task.order.resolution.height,
        }

    async def _picture(self, request: Request) -> Response:
        name = request.path_params["name"]
        task = next((task for task in self.tasks if name in task.names), None)
        if not task or not task.finished:
            return Response("<html>Not Found", 404)
        picture = png(task.order.resolution.width, task.order.resolution.height, colour_of(name))
        return self.file_response(request, picture, "image/png")

    def _admit(self, request: Request) -> str:
        token = request.headers.get("authorization", "")
        if token not in self.tokens:
            raise refused("Please log in first", 401, http_status=401 if self.bad_token == "401" else 200)
        if request.headers.get("platform") != "Web":
            raise refused("Unknown platform")
        return token


def _marked(prompt: str) -> Fate:
    return next((fate for fate in Fate if f"[{fate}]" in prompt), Fate.SUCCEEDS)


def _entry(task: Task, status: str, **more: object) -> Json:
    entry = {"promptId": None, "markId": task.mark, "status": status, "info": None, "index": 0, "prompt": None}
    return entry | {"img_urls": None} | more
