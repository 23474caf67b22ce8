"""The site's model. It takes only text, so the prompt holds the aspect ratio."""

from __future__ import annotations

from shared.models import Model, Size
from shared.requests import ImageRequest

MODEL = Model(
    "gemini-web",
    sizes=(Size(1024, 1024), Size(1536, 1024), Size(1024, 1536), Size(1792, 1024), Size(1024, 1792)),
    max_inputs=10,
    asynchronous=False,
    typical_seconds=30.0,
)
_RATIOS = {(3, 2): "3:2", (2, 3): "2:3", (7, 4): "16:9", (4, 7): "9:16"}


def prompt_of(request: ImageRequest) -> str:
    """Return the prompt with an instruction, and with the aspect ratio unless it is square."""
    instruction = "Edit the attached picture" if request.inputs else "Generate an image"
    prompt = f"{instruction}: {request.prompt}"
    if request.size.width == request.size.height:
        return prompt
    ratio = min(_RATIOS, key=lambda sides: abs(sides[0] / sides[1] - request.size.width / request.size.height))
    return f"{prompt}\n\nAspect ratio: {_RATIOS[ratio]}"
