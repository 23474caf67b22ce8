"""Veo videos through long-running operations: request bodies and poll responses.

A ref is `<model>~<operation>`, from Google's `models/<model>/operations/<operation>`.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from shared.errors import BadRequest
from shared.http import Response
from shared.json_stream import Base64
from shared.providers._inputs import media_type_of
from shared.providers._json import as_dict, at, list_at, text_at
from shared.providers._links import without_result
from shared.providers.gemini.errors import content_refused, failure
from shared.providers.gemini.results import FileLinks
from shared.requests import InputImage, VideoRequest
from shared.results import Failed, Ref, Running, Status

_LONGEST = 8
"""Seconds of the longest video; Google's documentation of Veo 3.1."""

_NAME = re.compile(r"models/([\w.-]{1,100})/operations/([\w-]{1,200})", re.ASCII)


async def request_body(request: VideoRequest) -> dict[str, Any]:
    """Return the body of a submit. Raises BadRequest for a length that Veo does not combine with the other fields."""
    if request.seconds != _LONGEST and (reason := _requires_longest(request)):
        message = f"'seconds' must be {_LONGEST} for Veo videos with {reason}; shorter ones are 720p only."
        raise BadRequest(message, param="seconds")
    instance: dict[str, Any] = {"prompt": request.prompt}
    if request.first_frame:
        instance["image"] = await _image(request.first_frame)
    if request.last_frame:
        instance["lastFrame"] = await _image(request.last_frame)
    if request.references:
        instance["referenceImages"] = [
            {"image": await _image(reference), "referenceType": "asset"} for reference in request.references
        ]
    parameters = {"sampleCount": 1, "durationSeconds": request.seconds, "resolution": request.resolution}
    ratio = {"aspectRatio": request.ratio} if request.ratio else {}
    return {"instances": [instance], "parameters": parameters | ratio}


def _requires_longest(request: VideoRequest) -> str:
    """Return what limits the request to the longest videos, or an empty string."""
    if request.references:
        return "reference images"
    return "" if request.resolution == "720p" else request.resolution


async def _image(image: InputImage) -> dict[str, Any]:
    return {"bytesBase64Encoded": Base64(image), "mimeType": await media_type_of(image)}


def ref_of(name: object) -> Ref | None:
    match = _NAME.fullmatch(name) if isinstance(name, str) else None
    return f"{match[1]}~{match[2]}" if match else None


def name_of(ref: Ref) -> str | None:
    """Return the operation's name, or None if the ref is not an operation's."""
    model, tilde, operation = ref.partition("~")
    return f"models/{quote(model)}/operations/{quote(operation)}" if tilde else None


def status_of(response: Response, links: FileLinks) -> Status:
    """Return the status in a poll response."""
    operation = as_dict(response.json())
    if not isinstance(operation.get("name"), str):
        raise response.error("the operation's name is missing")
    if operation.get("done") is not True:
        return Running()
    if error := as_dict(operation.get("error")):
        return Failed(failure(response, text_at(error, "message")))
    generated = as_dict(at(operation, "response", "generateVideoResponse"))
    if uri := text_at(generated, "generatedSamples", 0, "video", "uri"):
        return links.status(uri)
    if reasons := [str(reason) for reason in list_at(generated, "raiMediaFilteredReasons")]:
        return Failed(content_refused(response, " ".join(reasons)))
    return Failed(without_result("Gemini"))
