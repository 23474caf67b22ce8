"""Provider protocols: a provider submits, polls once and opens results, and never sleeps or retries."""

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
    """Poll submitted jobs and open their outputs."""

    async def poll(self, ref: Ref) -> Status:
        """Poll once. Return `Failed` if the job failed; raise if the call failed (NotFound: the upstream lost it).

        An unknown upstream status is `Running` with a logged warning: the job may be paid for, and the deadline and
        expiry bound it.
        """

    def open(self, output: Ref, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        """Stream one output; leaving the block closes the upstream connection."""


class MediaProvider(Jobs, Protocol):
    """One upstream used with one account. Cheap to create; its caches may be lost at any time."""

    def __init__(self, http: Http, account: Account) -> None: ...

    async def models(self) -> tuple[Model, ...]:
        """Return the built-in and configured models plus those the upstream lists.

        A failed or malformed upstream list never removes a built-in or configured name.
        """

    async def submit(self, request: ImageRequest) -> Submitted | Finished:
        """Submit the request once. Raise an AccountError only if the upstream refused before accepting the job."""


@runtime_checkable
class VideoProvider(Protocol):
    """A provider with video models."""

    async def submit_video(self, request: VideoRequest) -> Submitted:
        """Submit the request once, like `submit`. The first output is the video."""


@runtime_checkable
class Cancels(Protocol):
    """A provider whose upstream can cancel a job."""

    async def cancel(self, ref: Ref) -> bool:
        """Request cancellation once; return False if it is too late to cancel the job."""


@runtime_checkable
class Deletes(Protocol):
    """A provider whose upstream can delete a job."""

    async def delete(self, ref: Ref) -> bool:
        """Delete a finished job or cancel a running one; return False if it is running and cannot be cancelled."""


@runtime_checkable
class ChatProvider(Protocol):
    """A provider with text models."""

    def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Yield text as it arrives, or all of it at once; the last delta has the finish reason, and the usage if known.

        An error before the first delta decides whether another account is tried, as in `submit`. Raise if the response
        ends without a finish reason. Closing the generator closes the upstream connection.
        """


@runtime_checkable
class Renews(Protocol):
    """A provider whose credential expires unless it is renewed regularly."""

    renew_seconds: ClassVar[float]
    """Seconds a credential is safely valid; after that, one instance at a time renews it before the next request."""

    async def renew(self) -> str:
        """Return the new credential. Raise AccountRejected if the upstream does not renew this one."""


@runtime_checkable
class Checks(Protocol):
    """A provider that can verify its credential without submitting a job."""

    async def check(self) -> None:
        """Raise AccountRejected if the credential is not accepted."""


@runtime_checkable
class Declines(Protocol):
    """A provider that explains why well-known models are unavailable."""

    declined: ClassVar[Mapping[str, str]]
    """Model names mapped to the reason, for the error message when no other provider offers the model."""
