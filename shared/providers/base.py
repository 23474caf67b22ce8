"""The protocols that a provider fulfils: it starts work, looks once, opens a result, and never sleeps or retries."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import ClassVar, Protocol, runtime_checkable

from shared.account import Account
from shared.http import Http
from shared.media import ByteRange, Media
from shared.models import Model
from shared.requests import ChatRequest, ImageRequest, VideoRequest
from shared.results import ChatDelta, Finished, Ref, Status, Submitted


class Jobs(Protocol):
    """Where jobs that were started are looked at, and what they made is opened."""

    async def poll(self, ref: Ref) -> Status:
        """Look once. The job failing is `Failed`; the call failing raises, NotFound where the upstream lost the job.

        A state word that nobody has seen before is `Running` and a logged warning: the job may be paid for, and
        deadline and expiry bound it.
        """

    def open(self, output: Ref, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        """Stream one output; the upstream connection closes with the block."""


class MediaProvider(Jobs, Protocol):
    """One upstream seen through one account. Cheap to build; what it caches may vanish."""

    def __init__(self, http: Http, account: Account) -> None: ...

    async def models(self) -> tuple[Model, ...]:
        """Built-in and configured models, plus what the upstream lists.

        A failing or odd upstream list never removes a built-in or configured name.
        """

    async def submit(self, request: ImageRequest) -> Submitted | Finished:
        """Start the work, once. Raises an AccountError only where the upstream refused before it took the work."""


@runtime_checkable
class VideoProvider(Protocol):
    """A provider with video models."""

    async def submit_video(self, request: VideoRequest) -> Submitted:
        """Start the work, once, as with a picture. Of its outputs the first is the video."""


@runtime_checkable
class Cancels(Protocol):
    """A provider whose upstream can stop a job."""

    async def cancel(self, ref: Ref) -> bool:
        """Ask once; False where the job was past stopping."""


@runtime_checkable
class Deletes(Protocol):
    """A provider whose upstream can forget a job."""

    async def delete(self, ref: Ref) -> bool:
        """Remove a job that has ended, stop one that has not; False where it is under way and cannot be stopped."""


@runtime_checkable
class ChatProvider(Protocol):
    """A provider with text models."""

    def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Yield text as it comes; the last delta carries the finish reason, and the usage where it is known.

        What is raised before the first delta decides whether another account is tried, as with a submit. An answer
        that ends without a finish reason is broken, and raises. Closing the generator closes the upstream.
        """


@runtime_checkable
class Renews(Protocol):
    """A provider whose credential wears out unless it is renewed now and then."""

    renew_seconds: ClassVar[float]
    """How long one lasts safely; it is renewed before the first new work after that, by one instance at a time."""

    async def renew(self) -> str:
        """The credential to go on with. AccountRejected where the upstream does not renew this one."""


@runtime_checkable
class Checks(Protocol):
    """A provider that can say whether its credential is accepted, without starting any work."""

    async def check(self) -> None:
        """AccountRejected where it is not accepted."""


@runtime_checkable
class Declines(Protocol):
    """A provider that is asked for models which it has not."""

    declined: ClassVar[Mapping[str, str]]
    """Their names, each with the reason: what callers are told where nobody else offers such a model."""
