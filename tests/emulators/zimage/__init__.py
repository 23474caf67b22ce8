"""A fake zimage.run: its three generations, three result shapes and two manners of batch."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from tests.emulators.course import Course, queue_position
from tests.emulators.files import FileHost
from tests.emulators.png import colour_of, png
from tests.emulators.zimage.jobs import FAILURES, Fate, Job, Sight, Task, marked_fate
from tests.emulators.zimage.wire import Json, ModerationCheck, Order, Verification, parse, refused, success

__all__ = ["Fate", "Job", "ZImage"]


@dataclass(kw_only=True, eq=False)
class ZImage(FileHost):
    """Without `seconds` a job is done after `steps` polls; with it, that long after its submit.

    A new job first shows the `state_words`, one per poll. `shape` "url" still gives a batch in one task as a
    JSON array in a string: one URL cannot hold it.
    """

    steps: int = 2
    seconds: float | None = None
    shape: Literal["url", "json-array-string", "resultUrls"] = "url"
    batch: Literal["one-task", "parent"] = "one-task"
    auth: Literal["open", "cookie", "moderation"] = "open"
    cookie: str = "zi_visitor=6f1d; zi_verified=1"
    state_words: Iterable[str] = ()

    submits: list[Job] = field(init=False, repr=False, default_factory=list)
    _tasks: dict[str, Task] = field(init=False, repr=False, default_factory=dict)
    _fates: list[Fate] = field(init=False, repr=False, default_factory=list)
    _moderated: dict[str, str] = field(init=False, repr=False, default_factory=dict)

    def environment(self) -> dict[str, str]:
        return {"ZIMAGE_BASE_URL": self.url, "ZIMAGE_COOKIE": self.cookie}

    @classmethod
    def lifelike(cls) -> Self:
        return cls(seconds=4.0)

    def next_fate(self, *fates: Fate) -> None:
        """Let the next orders end so, one each, whatever their prompts say."""
        self._fates += fates

    def routes(self) -> Sequence[BaseRoute]:
        reads = [
            Route("/task/{uuid}", self._task),
            Route("/status/{uuid}", self._status),
            Route("/batch-status/{uuid}", self._batch_status),
        ]
        writes = [
            Route("/generate", self._generate, methods=["POST"]),
            Route("/verify-anonymous", self._verify, methods=["POST"]),
        ]
        return [
            Mount("/api/z-image", routes=[*reads, *writes]),
            Route("/api/prompt-moderation/check", self._moderate, methods=["POST"]),
            Route("/output/{uuid}_{index:int}.png", self._output),
        ]

    async def _moderate(self, request: Request) -> Response:
        self._admit(request)
        check = await parse(request, ModerationCheck)
        if "forbidden" in check.prompt:
            return success({"allowed": False})
        token = uuid4().hex
        self._moderated[token] = check.prompt
        return success({"allowed": True, "promptModerationToken": token})

    async def _verify(self, request: Request) -> Response:
        await parse(request, Verification)
        response = JSONResponse({"success": True})
        for pair in self.cookie.split("; "):
            response.headers.append("set-cookie", f"{pair}; Path=/; HttpOnly; SameSite=Lax")
        return response

    async def _generate(self, request: Request) -> Response:
        self._admit(request)
        order = await parse(request, Order)
        if self.auth == "moderation" and self._moderated.pop(order.prompt_moderation_token or "", None) != order.prompt:
            raise refused(403, "Prompt moderation token is missing or invalid")
        fate = self._fates.pop(0) if self._fates else marked_fate(order.prompt)
        if fate is Fate.REFUSED:
            raise refused(200, "Your prompt was rejected: NSFW content is not allowed")
        job = self._take(order, fate)
        return success(_receipt(job))

    def _take(self, order: Order, fate: Fate) -> Job:
        job = Job(
            number=len(self.submits) + 1,
            order=order,
            fate=fate,
            course=Course(self.steps, self.seconds, ends=fate is not Fate.NEVER_ENDS),
            words=iter(self.state_words),
            parent=str(uuid4()) if self.batch == "parent" and order.batch_size > 1 else None,
        )
        self.submits.append(job)
        self._tasks |= {task.uuid: task for task in job.tasks}
        return job

    async def _task(self, request: Request) -> Response:
        self._admit(request)
        task, sight = self._look(request)
        shown = _head(task, sight) | {
            "model": task.job.order.model_type,
            **self._result(task, sight),
            "errorMessage": _error_message(task, sight),
        }
        return success({"task": shown, "queuePosition": queue_position(sight.share)})

    async def _status(self, request: Request) -> Response:
        self._admit(request)
        task, sight = self._look(request)
        shown = {
            "status": sight.state,
            "queuePosition": queue_position(sight.share),
            "progress": sight.progress,
            **self._result(task, sight),
            "errorMessage": _error_message(task, sight),
        }
        return success(shown)

    async def _batch_status(self, request: Request) -> Response:
        self._admit(request)
        job = next((job for job in self.submits if job.parent == request.path_params["uuid"]), None)
        if not job:
            raise refused(404, "Task not found")
        sights = job.look()
        shown = [
            {"status": sight.state, "resultUrl": next(iter(self._urls(task, sight)), None)}
            for task, sight in zip(job.tasks, sights, strict=True)
        ]
        return success({"allCompleted": all(sight.ended for sight in sights), "tasks": shown})

    async def _output(self, request: Request) -> Response:
        task, index = self._find(request), request.path_params["index"]
        if not task.finished or index >= task.pictures:
            raise refused(404, "File not found")
        picture = png(task.job.order.width, task.job.order.height, colour_of(f"{task.uuid}_{index}"))
        return self.file_response(request, picture, "image/png")

    def _admit(self, request: Request) -> None:
        if self.auth == "cookie" and request.headers.get("cookie") != self.cookie:
            raise refused(401, "Verification required")

    def _find(self, request: Request) -> Task:
        task = self._tasks.get(request.path_params["uuid"])
        if not task:
            raise refused(404, "Task not found")
        return task

    def _look(self, request: Request) -> tuple[Task, Sight]:
        task = self._find(request)
        return task, task.job.look()[task.rank]

    def _result(self, task: Task, sight: Sight) -> Json:
        urls = self._urls(task, sight)
        if self.shape == "resultUrls":
            return {"resultUrls": urls}
        if not urls:
            return {"resultUrl": None}
        as_array = self.shape == "json-array-string" or len(urls) > 1
        return {"resultUrl": json.dumps(urls) if as_array else urls[0]}

    def _urls(self, task: Task, sight: Sight) -> list[str]:
        if sight.state != "completed" or task.job.fate is Fate.NO_RESULT:
            return []
        return [self.file_url(f"/output/{task.uuid}_{index}.png") for index in range(task.pictures)]


def _receipt(job: Job) -> Json:
    """The answer to generate, which names the uuid twice, or with an ill fate not at all."""
    task = job.tasks[0]
    head = _head(task, task.sight(0))
    if job.fate is Fate.NO_UUID:
        del head["uuid"]
        return {"task": head}
    receipt = {"uuid": task.uuid, "task": head}
    return receipt | {"parentTaskUuid": job.parent} if job.parent else receipt


def _head(task: Task, sight: Sight) -> Json:
    return {
        "id": str(task.job.number),
        "uuid": task.uuid,
        "taskStatus": sight.state,
        "prompt": task.job.order.prompt,
        "width": task.job.order.width,
        "height": task.job.order.height,
        "progress": sight.progress,
    }


def _error_message(task: Task, sight: Sight) -> str | None:
    return FAILURES[task.job.fate] if sight.state == "failed" else None
