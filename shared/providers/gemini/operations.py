"""Videos by operations that run long, as Veo makes them: what is ordered, and what a look at it means.

A ref is `<model>~<operation>`, of Google's `models/<model>/operations/<operation>`.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from shared.http import Answer, Inline
from shared.providers._inputs import media_type_of
from shared.providers._links import without_result
from shared.providers._reading import as_dict, at, list_at, text_at
from shared.providers.gemini.errors import failed, refused
from shared.providers.gemini.results import Places
from shared.values import Failed, Input, Ref, Running, Status, VideoRequest

_NAME = re.compile(r"models/([\w.-]{1,100})/operations/([\w-]{1,200})", re.ASCII)


async def order(request: VideoRequest) -> dict[str, Any]:
    instance: dict[str, Any] = {"prompt": request.prompt}
    if request.first_frame:
        instance["image"] = await _picture(request.first_frame)
    if request.last_frame:
        instance["lastFrame"] = await _picture(request.last_frame)
    if request.references:
        instance["referenceImages"] = [
            {"image": await _picture(reference), "referenceType": "asset"} for reference in request.references
        ]
    parameters = {"sampleCount": 1, "durationSeconds": request.seconds, "resolution": request.resolution}
    ratio = {"aspectRatio": request.ratio} if request.ratio else {}
    return {"instances": [instance], "parameters": parameters | ratio}


async def _picture(picture: Input) -> dict[str, Any]:
    return {"bytesBase64Encoded": Inline(picture), "mimeType": await media_type_of(picture)}


def ref_of(name: object) -> Ref | None:
    match = _NAME.fullmatch(name) if isinstance(name, str) else None
    return f"{match[1]}~{match[2]}" if match else None


def name_of(ref: Ref) -> str | None:
    """The operation's name; None where the ref is none of an operation."""
    model, tilde, operation = ref.partition("~")
    return f"models/{quote(model)}/operations/{quote(operation)}" if tilde else None


def state(answer: Answer, places: Places) -> Status:
    """What a look shows."""
    operation = as_dict(answer.json())
    if not isinstance(operation.get("name"), str):
        raise answer.error("it tells nothing of the operation")
    if operation.get("done") is not True:
        return Running()
    if error := as_dict(operation.get("error")):
        return Failed(failed(answer, text_at(error, "message")))
    made = as_dict(at(operation, "response", "generateVideoResponse"))
    if uri := text_at(made, "generatedSamples", 0, "video", "uri"):
        return places.end(uri)
    if reasons := [str(reason) for reason in list_at(made, "raiMediaFilteredReasons")]:
        return Failed(refused(answer, " ".join(reasons)))
    return Failed(without_result("Gemini"))
