"""Omni model videos through the Interactions API: request bodies and poll responses."""

from __future__ import annotations

import logging
import re
from typing import Any

from shared.errors import AccountExhausted, EaselError, GenerationFailed
from shared.http import Response
from shared.json_stream import Base64
from shared.providers._inputs import media_type_of
from shared.providers._json import as_dict, list_at, text_at
from shared.providers._links import without_result
from shared.providers.gemini.errors import failure
from shared.providers.gemini.response import lifted
from shared.providers.gemini.results import FileLinks, inline_ref, succeeded
from shared.requests import VideoRequest
from shared.results import Failed, Queued, Ref, Running, Status

_log = logging.getLogger(__name__)

_ID = re.compile(r"[\w.=-]{1,400}", re.ASCII)
_STOPPED = frozenset({"failed", "cancelled", "budget_exceeded", "requires_action", "requires_continuation"})
_ENDED = frozenset({"completed", "incomplete", "failed", "budget_exceeded"})


async def request_body(request: VideoRequest) -> dict[str, Any]:
    """Return the body of a background interaction whose video is delivered as a URI."""
    frames = [frame for frame in (request.first_frame, request.last_frame) if frame]
    images = [*frames, *request.references]
    task = "image_to_video" if frames else "reference_to_video" if images else "text_to_video"
    content = [{"type": "image", "data": Base64(image), "mime_type": await media_type_of(image)} for image in images]
    ratio = {"aspect_ratio": request.ratio} if request.ratio else {}
    return {
        "model": request.model.upstream,
        "background": True,
        "store": True,
        "input": [{"type": "user_input", "content": [*content, {"type": "text", "text": _prompt(request)}]}],
        "response_format": {
            "type": "video",
            "delivery": "uri",
            "duration": f"{request.seconds}s",
            "resolution": request.resolution,
            **ratio,
        },
        "generation_config": {"video_config": {"task": task}},
    }


def _prompt(request: VideoRequest) -> str:
    """Return the prompt; with a last frame it gets frame tags, the only way to tell the two images apart."""
    if request.last_frame and "<LAST_FRAME>" not in request.prompt:
        return f"<FIRST_FRAME> <LAST_FRAME> {request.prompt}"
    return request.prompt


def ref_of(name: object) -> Ref | None:
    return name if isinstance(name, str) and _ID.fullmatch(name) else None


def status_of(response: Response, ref: Ref, links: FileLinks) -> Status:
    """Return the status in a poll response."""
    interaction = lifted(response).payload
    match interaction.get("status"):
        case "queued":
            return Queued()
        case "in_progress":
            return Running()
        case "completed" | "incomplete":
            return _ended(response, interaction, ref, links)
        case str(state) if state in _STOPPED:
            return Failed(_stopped(response, state, interaction))
        case str(state):
            _log.warning("gemini: unknown state '%s' of an interaction counts as running", response.quote(state))
            return Running()
        case _:
            raise response.error("the interaction's status is missing")


def has_ended(response: Response) -> bool:
    """Return whether the response to a cancellation shows that it came too late."""
    return lifted(response).payload.get("status") in _ENDED


def _stopped(response: Response, state: str, interaction: dict[str, Any]) -> EaselError:
    match state:
        case "failed":
            return failure(response, _reason(interaction))
        case "cancelled":
            return GenerationFailed("The video was cancelled.", code="cancelled")
        case "budget_exceeded":
            return AccountExhausted("The account at Gemini ran out of budget before the video was finished.")
    return GenerationFailed(f"Gemini paused the video and requires input that Easel cannot provide: {state}.")


def _ended(response: Response, interaction: dict[str, Any], ref: Ref, links: FileLinks) -> Status:
    video = _video(interaction)
    if uri := text_at(video, "uri"):
        return links.status(uri)
    return succeeded(inline_ref(ref)) if video else Failed(_without_video(response, interaction))


def inline_video(response: Response) -> memoryview | None:
    """Return the video's base64, or None if the response does not contain it."""
    content = lifted(response)
    data = _video(content.payload).get("data")
    return memoryview(content.base64(data)) if data else None


def _video(interaction: dict[str, Any]) -> dict[str, Any]:
    """Return the last video in the output steps, or an empty dict."""
    content = [item for step in _outputs(interaction) for item in map(as_dict, list_at(step, "content"))]
    videos = [
        item for item in content if item.get("type") == "video" and (text_at(item, "uri") or text_at(item, "data"))
    ]
    return videos[-1] if videos else {}


def _outputs(interaction: dict[str, Any]) -> list[dict[str, Any]]:
    steps = map(as_dict, list_at(interaction, "steps"))
    return [step for step in steps if step.get("type") == "model_output"]


def _without_video(response: Response, interaction: dict[str, Any]) -> EaselError:
    """Return the error for a finished interaction without a video: its own error, text instead, or no output."""
    if reason := _reason(interaction):
        return failure(response, reason)
    texts = [text_at(item, "text") for step in _outputs(interaction) for item in list_at(step, "content")]
    if reason := response.quote(" ".join(filter(None, texts))):
        return GenerationFailed(f"Gemini returned text instead of a video: {reason}.", details={"upstream": reason})
    if interaction.get("status") == "incomplete":
        return GenerationFailed("Gemini stopped before the video was finished.")
    if not as_dict(interaction.get("usage")).get("total_output_tokens"):
        message = "Gemini returned no output, as it does for requests that are not allowed in the server's region."
        return GenerationFailed(message, code="region_restricted")
    return without_result("Gemini")


def _reason(interaction: dict[str, Any]) -> str:
    """Return the first error message found in the fields that may hold one, or an empty string."""
    faults = [interaction.get("error"), *list_at(interaction, "errors"), *_step_errors(interaction)]
    return next((reason for fault in faults if (reason := text_at(fault, "message"))), "")


def _step_errors(interaction: dict[str, Any]) -> list[Any]:
    return [step.get("error") for step in map(as_dict, list_at(interaction, "steps"))]
