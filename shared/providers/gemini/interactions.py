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
from shared.providers.gemini.errors import failed
from shared.providers.gemini.response import lifted
from shared.providers.gemini.results import Places, finished, inline_ref
from shared.requests import VideoRequest
from shared.results import Failed, Queued, Ref, Running, Status

_log = logging.getLogger(__name__)

_ID = re.compile(r"[\w.=-]{1,400}", re.ASCII)
_STOPPED = frozenset({"failed", "cancelled", "budget_exceeded", "requires_action", "requires_continuation"})
_ENDED = frozenset({"completed", "incomplete", "failed", "budget_exceeded"})


async def order(request: VideoRequest) -> dict[str, Any]:
    """Return the body of a background interaction whose video is delivered as a URI."""
    frames = [frame for frame in (request.first_frame, request.last_frame) if frame]
    pictures = [*frames, *request.references]
    task = "image_to_video" if frames else "reference_to_video" if pictures else "text_to_video"
    content = [
        {"type": "image", "data": Base64(picture), "mime_type": await media_type_of(picture)} for picture in pictures
    ]
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


def state(answer: Response, ref: Ref, places: Places) -> Status:
    """Return the status in a poll response."""
    interaction = lifted(answer).payload
    match interaction.get("status"):
        case "queued":
            return Queued()
        case "in_progress":
            return Running()
        case "completed" | "incomplete":
            return _end(answer, interaction, ref, places)
        case str(word) if word in _STOPPED:
            return Failed(_stopped(answer, word, interaction))
        case str(word):
            _log.warning("gemini: unknown state '%s' of an interaction counts as running", answer.quote(word))
            return Running()
        case _:
            raise answer.error("it tells no state of the interaction")


def is_past_stopping(answer: Response) -> bool:
    """Return whether the response to a cancellation shows that it came too late."""
    return lifted(answer).payload.get("status") in _ENDED


def _stopped(answer: Response, word: str, interaction: dict[str, Any]) -> EaselError:
    match word:
        case "failed":
            return failed(answer, _reason(interaction))
        case "cancelled":
            return GenerationFailed("The video was cancelled.", code="cancelled")
        case "budget_exceeded":
            return AccountExhausted("The budget of the account at Gemini was used up before the video was done.")
    return GenerationFailed(f"Gemini stopped and waits for input that Easel cannot give: {word}.")


def _end(answer: Response, interaction: dict[str, Any], ref: Ref, places: Places) -> Status:
    video = _video(interaction)
    if uri := text_at(video, "uri"):
        return places.end(uri)
    return finished(inline_ref(ref)) if video else Failed(_without_video(answer, interaction))


def inline_video(answer: Response) -> memoryview | None:
    """Return the video's base64, or None if the response does not contain it."""
    content = lifted(answer)
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


def _without_video(answer: Response, interaction: dict[str, Any]) -> EaselError:
    """Return the error for a finished interaction without a video: its own error, text instead, or no output."""
    if reason := _reason(interaction):
        return failed(answer, reason)
    texts = [text_at(item, "text") for step in _outputs(interaction) for item in list_at(step, "content")]
    if said := answer.quote(" ".join(filter(None, texts))):
        return GenerationFailed(f"Gemini made no video, but said: {said}.", details={"upstream": said})
    if interaction.get("status") == "incomplete":
        return GenerationFailed("Gemini ended before the video was done.")
    if not as_dict(interaction.get("usage")).get("total_output_tokens"):
        message = "Gemini made nothing, as it does where an order is not allowed in the region it comes from."
        return GenerationFailed(message, code="region_restricted")
    return without_result("Gemini")


def _reason(interaction: dict[str, Any]) -> str:
    """Return the first error message found in the fields that may hold one, or an empty string."""
    faults = [interaction.get("error"), *list_at(interaction, "errors"), *_step_errors(interaction)]
    return next((said for fault in faults if (said := text_at(fault, "message"))), "")


def _step_errors(interaction: dict[str, Any]) -> list[Any]:
    return [step.get("error") for step in map(as_dict, list_at(interaction, "steps"))]
