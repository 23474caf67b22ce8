"""Parse AkashGen's submit responses, which contain a tag with the job, and its status responses."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Any, NamedTuple

from shared.errors import BadRequest, EaselError, NotFound, Unavailable, Uncertain
from shared.http import Response
from shared.providers.akashchat.data_stream import deltas
from shared.providers.akashchat.errors import image_failure
from shared.results import Submitted

# The site concatenates the tag: quoted values may contain quotes and line breaks.
_JOB = re.compile(r"<image_generation>\s*jobId='([^']*)'")
_PROMPT = re.compile(r"\s*prompt='(.*?)'\s*negative='", re.DOTALL)
_JOB_ID = re.compile(r"[\w-]{1,100}", re.ASCII)
_INVALID_IDS = ("undefined", "null")

# An image inside the JSON, as a data URL or bare base64: too large to be parsed with the rest.
_INLINE = re.compile(rb'"result"\s*:\s*"(?:data:[\w/+.-]{1,60};base64,)?([A-Za-z0-9+/]{40,}={0,2})"')


class JobStatus(NamedTuple):
    """A job's status. `image` is its base64, if the response contains it."""

    status: str
    result: str
    position: int | None
    image: memoryview | None


async def submitted(response: Response) -> Submitted:
    """Return the job in a submit response; raise an error if it has none."""
    text = response.body.decode(errors="replace")
    tag = _JOB.search(text)
    if not tag:
        raise await _without_job(response)
    if not _JOB_ID.fullmatch(tag[1]) or tag[1] in _INVALID_IDS:
        message = "AkashGen returned no job id; the job may have started, so the request was not retried."
        raise Uncertain(message, details={"upstream": response.quote(text)})
    prompt = _PROMPT.match(text, tag.end())
    return Submitted((tag[1],), response.redaction.redact(prompt[1].replace("\\'", "'")) if prompt else "")


async def _without_job(response: Response) -> EaselError:
    """Return the error of a response without a job: an error line, text, or an incomplete response."""
    text, ended = "", False
    try:
        async for delta in deltas(_lines(response.body), response.redaction):
            text += delta.text
            ended = bool(delta.finish_reason)
    except (NotFound, Unavailable) as error:
        # Older versions of the site name an unknown model for every failure of the image back end.
        return image_failure(str(error.details.get("upstream", "")), error.details)
    except EaselError as error:
        return error
    if not ended or not text:
        return Uncertain("AkashGen's response ended early; the job may have started, so the request was not retried.")
    details = {"upstream": response.quote(text)}
    message = f"AkashGen did not recognize an image prompt; rephrase it. Its response: {details['upstream']}"
    return BadRequest(message, code="no_image_request", param="prompt", details=details)


async def _lines(body: bytes) -> AsyncGenerator[bytes, None]:
    for line in body.splitlines():
        yield line


def job_status(response: Response) -> JobStatus:
    """Return the status in a response; raise NotFound if the site has lost the job."""
    if response.status != 200:
        raise response.error()
    inline = _INLINE.search(response.body)
    rest = response.body if inline is None else response.body[: inline.start(1)] + response.body[inline.end(1) :]
    content = response._replace(body=rest).json()
    if isinstance(content, str) and "not found" in content.lower():
        raise NotFound("AkashGen no longer has this job; submit the request again.")
    entry: Any = content[0] if isinstance(content, list) and content else None
    if not isinstance(entry, dict) or not isinstance(entry.get("status"), str):
        raise response.error("it has no job status")
    position = entry.get("queue_position")
    return JobStatus(
        entry["status"],
        str(entry.get("result") or ""),
        position if isinstance(position, int) and position > 0 else None,
        None if inline is None else memoryview(response.body)[inline.start(1) : inline.end(1)],
    )
