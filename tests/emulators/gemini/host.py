"""What all ways of the fake Gemini API have in common: the key, the models there are, fates, and quotas."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from starlette.requests import Request

from tests.emulators.files import FileHost
from tests.emulators.gemini.wire import error_info, failed, quota_failure, retry_info

OLD_IMAGE = "gemini-2.5-flash-image"
OLD_OMNI = "gemini-omni-flash-preview"
OMNI = ("gemini-omni-1.2-flash", "gemini-omni-1.1-flash", OLD_OMNI)
VEO = "veo-3.1-generate-preview"
TEXT = "gemini-3-flash"
LIVE = (
    "gemini-nano-banana-2.1",
    "gemini-3-pro-image",
    "gemini-3.1-flash-lite-image",
    "gemini-3.1-flash-image",
    OLD_IMAGE,
    *OMNI,
)
SHUT = ("imagen-4.0-generate-001", VEO)

Kind = TypeVar("Kind", bound=StrEnum)


@dataclass(kw_only=True, eq=False)
class Host(FileHost):
    """`live` are the models there are, `shut` those that there were; a request has `largest_request` bytes at most."""

    key: str = "AIzaSyEmulatedKey00000000000000000000000"
    live: Sequence[str] = LIVE
    shut: Sequence[str] = SHUT
    largest_request: int = 20 << 20

    _fates: list[StrEnum] = field(init=False, repr=False, default_factory=list)

    def environment(self) -> dict[str, str]:
        return {"GEMINI_BASE_URL": self.url, "GEMINI_API_KEY": self.key}

    def next_fate(self, *fates: StrEnum) -> None:
        """Let the next orders end so, one each, whatever their prompts say."""
        self._fates += fates

    def fate(self, prompt: str, kind: type[Kind]) -> Kind:
        """Return the outcome of this request; raise the refusal if that is the outcome."""
        chosen = self._fates.pop(0) if self._fates else next((each for each in kind if f"[{each}]" in prompt), None)
        fate = kind(chosen or "completes")
        _refuse(fate)
        return fate

    def admit(self, request: Request) -> None:
        given = request.headers.get("x-goog-api-key") or request.query_params.get("key")
        if not given:
            message = "Method doesn't allow unregistered callers (callers without established identity)."
            raise failed(403, "PERMISSION_DENIED", message)
        if given != self.key:
            message = "API key not valid. Please pass a valid API key."
            raise failed(400, "INVALID_ARGUMENT", message, error_info("API_KEY_INVALID"))

    def absent(self, request: Request, name: str) -> str | None:
        """Google's sentence about a model that is not there."""
        if name in self.shut:
            return f"This model models/{name} is no longer available."
        return None if name in (*self.live, TEXT) else no_such(request, name)

    def require_model(self, request: Request, name: str) -> None:
        if message := self.absent(request, name):
            raise failed(404, "NOT_FOUND", message)


def no_such(request: Request, name: str) -> str:
    version = request.url.path.split("/")[1]
    message = f"models/{name} is not found for API version {version}, or is not supported for this method."
    return f"{message} Call ListModels to see the list of available models."


def _refuse(fate: str) -> None:
    message = "You exceeded your current quota, please check your plan and billing details."
    match fate:
        case "busy":
            raise failed(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")
        case "limited":
            quota = quota_failure("GenerateRequestsPerMinutePerProjectPerModel")
            raise failed(429, "RESOURCE_EXHAUSTED", message, quota, retry_info("47s"))
        case "day-is-over":
            quota = quota_failure("GenerateRequestsPerDayPerProjectPerModel-FreeTier")
            raise failed(429, "RESOURCE_EXHAUSTED", message, quota, retry_info("47s"))
        case "no-quota":
            quota = quota_failure("GenerateRequestsPerDayPerProjectPerModel-FreeTier")
            raise failed(429, "RESOURCE_EXHAUSTED", f"{message} Quota exceeded, limit: 0", quota, retry_info("47s"))
