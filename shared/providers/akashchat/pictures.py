"""AkashGen's pictures: the tag that an order is answered with, what a look shows, and pictures inside of a look."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Any, NamedTuple

from shared.errors import BadRequest, EaselError, NotFound, Unavailable, Uncertain
from shared.http import Answer
from shared.providers.akashchat.parts import deltas
from shared.values import Submitted

# Glued together by hand: what is in the quotes may hold quotes and line breaks, and is no JSON.
_JOB = re.compile(r"<image_generation>\s*jobId='([^']*)'")
_PROMPT = re.compile(r"\s*prompt='(.*?)'\s*negative='", re.DOTALL)
_NAME = re.compile(r"[\w-]{1,100}", re.ASCII)
_NO_NAMES = ("undefined", "null")

# A picture inside of the JSON, as a data URI or without its head: too large to be parsed with the rest.
_INLINE = re.compile(rb'"result"\s*:\s*"(?:data:[\w/+.-]{1,60};base64,)?([A-Za-z0-9+/]{40,}={0,2})"')


class Look(NamedTuple):
    """What the site says of one job. `picture` is its base64 where it came along."""

    status: str
    result: str
    position: int | None
    picture: memoryview | None


async def submitted(answer: Answer) -> Submitted:
    """The job that an order was answered with. Raises what it means that there is none."""
    text = answer.body.decode(errors="replace")
    tag = _JOB.search(text)
    if not tag:
        raise await _no_order(answer)
    if not _NAME.fullmatch(tag[1]) or tag[1] in _NO_NAMES:
        raise Unavailable("AkashGen took the order, and no job came of it.", details={"upstream": answer.quote(text)})
    prompt = _PROMPT.match(text, tag.end())
    return Submitted((tag[1],), answer.redaction.redact(prompt[1].replace("\\'", "'")) if prompt else "")


async def _no_order(answer: Answer) -> EaselError:
    """An error line, or a text in a picture's place; neither where the answer was cut off."""
    said, ended = "", False
    try:
        async for delta in deltas(_lines(answer.body), answer.redaction):
            said += delta.text
            ended = bool(delta.finish_reason)
    except NotFound as error:  # this is how it puts that no picture will come of it
        return Unavailable("AkashGen is not at work, or sees no order for a picture in this.", details=error.details)
    except EaselError as error:
        return error
    if not ended or not said:
        return Uncertain("AkashGen's answer was cut off; it may have taken the order, which was not repeated.")
    details = {"upstream": answer.quote(said)}
    message = f"AkashGen sees no order for a picture in this, and answered: {details['upstream']}"
    return BadRequest(message, code="no_image_request", param="prompt", details=details)


async def _lines(body: bytes) -> AsyncGenerator[bytes, None]:
    for line in body.splitlines():
        yield line


def look(answer: Answer) -> Look:
    """NotFound where the site has lost the job."""
    if answer.status != 200:
        raise answer.error()
    inline = _INLINE.search(answer.body)
    rest = answer.body if inline is None else answer.body[: inline.start(1)] + answer.body[inline.end(1) :]
    content = answer._replace(body=rest).json()
    if isinstance(content, str) and "not found" in content.lower():
        raise NotFound("AkashGen does not have this job any more.")
    entry: Any = content[0] if isinstance(content, list) and content else None
    if not isinstance(entry, dict) or not isinstance(entry.get("status"), str):
        raise answer.error("it says nothing of the job")
    position = entry.get("queue_position")
    return Look(
        entry["status"],
        str(entry.get("result") or ""),
        position if isinstance(position, int) and position > 0 else None,
        None if inline is None else memoryview(answer.body)[inline.start(1) : inline.end(1)],
    )
