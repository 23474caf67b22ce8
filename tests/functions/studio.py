"""A provider that answers with the pictures themselves, and a gateway that has it alone."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import ClassVar

import httpx
import openai
from starlette.types import Receive, Scope, Send

from functions import files, images_generations, jobs
from shared.account import Account
from shared.accounts import AccountPool
from shared.api import App, Endpoint
from shared.artifacts import StoredJobs, s3_artifacts
from shared.bootstrap import Easel
from shared.catalog import Catalog
from shared.config import ResponseFormat, Settings
from shared.http import Http, ImageDownloader
from shared.jobs.idempotency import Idempotency
from shared.jobs.ids import JobIds
from shared.jobs.wait import Waiter
from shared.media import ByteRange, Media
from shared.models import Model
from shared.provider_factory import ProviderFactory
from shared.providers import MediaProvider
from shared.requests import ImageRequest
from shared.results import Finished, InlineResult, Ref, Status, Submitted
from shared.service import Service
from shared.state import MemoryState
from shared.state.memory import ROOM
from tests.emulators.png import png
from tests.emulators.server import Server
from tests.rig import API_KEY, SIGNING_KEY

PICTURE = png(8, 8)


def made(content: bytes = PICTURE, media_type: str = "image/png") -> InlineResult:
    return InlineResult(media_type, base64.b64encode(content))


class Studio:
    """`answers` are given one after the other, then one picture at a time; `may_answer` holds them back."""

    def __init__(self) -> None:
        self.requests: list[ImageRequest] = []
        self.answers: list[Finished | Submitted | Exception] = []
        self.may_answer = threading.Event()
        self.may_answer.set()


class AtOnce:
    name: ClassVar[str] = "studio"
    studio: ClassVar[Studio]

    def __init__(self, http: Http, account: Account) -> None:
        pass

    async def models(self) -> tuple[Model, ...]:
        return (Model("easel", asynchronous=False, typical_seconds=20.0),)

    async def submit(self, request: ImageRequest) -> Finished | Submitted:
        self.studio.requests.append(request)
        answer = self.studio.answers.pop(0) if self.studio.answers else Finished((made(),))
        while not self.studio.may_answer.is_set():
            await asyncio.sleep(0.01)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def poll(self, ref: Ref) -> Status:
        raise AssertionError("there is no job to look at")

    def open(self, output: Ref, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        raise AssertionError("there is no file to open")


class Gallery(App):
    """The application of functions/, with a service of its own in the place of a configured one."""

    def __init__(self, routes: Sequence[Endpoint], easel: Easel) -> None:
        super().__init__(routes)
        self._easel = easel

    async def _configured(self, scope: Scope) -> Easel:
        return self._easel


class Gateway:
    """A real server in front of the studio. `largest_response` are the bytes that a buffering host lets pass.

    `room` is what its memory has for each kind of record, in bytes.
    """

    def __init__(
        self,
        studio: Studio,
        *,
        max_wait: float = 60.0,
        largest_response: int | None = None,
        artifacts: str = "",
        default: ResponseFormat = "both",
        room: int = ROOM,
    ) -> None:
        settings = Settings((API_KEY,), (), False, "", "", max_wait, default, ("*",))
        gallery = Gallery(
            [*images_generations.app.routes, *jobs.app.routes, *files.app.routes],
            Easel(settings, service_of(studio, artifacts, room), ImageDownloader(Http())),
        )

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if largest_response is not None:
                scope["easel.largest_response"] = largest_response
            await gallery(scope, receive, send)

        self._server = Server(app)
        self.url = self._server.url
        self.close = self._server.stop

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"authorization": f"Bearer {API_KEY}"}, timeout=30, verify=False)

    def openai(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=API_KEY, timeout=30)


def service_of(studio: Studio, artifacts: str = "", room: int = ROOM) -> Service:
    provider: type[MediaProvider] = type("Bound", (AtOnce,), {"studio": studio})
    account = Account("built-in", AtOnce.name, "")
    state = MemoryState(room=room)
    pool = AccountPool([account], state)
    kept = StoredJobs(s3_artifacts(artifacts)) if artifacts else None
    adapters = ProviderFactory({AtOnce.name: provider}.__getitem__, pool, Http(), kept)
    catalog = Catalog({AtOnce.name: adapters.for_account(account).models}, {}, {})
    return Service(adapters, catalog, pool, JobIds([SIGNING_KEY], 86_400), Idempotency(state), Waiter())
