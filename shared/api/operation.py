"""What a verb of an endpoint takes and gives, said beside its route: /openapi.json is made of nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from shared import errors
from shared.api.call import Handler
from shared.errors import EaselError

Failures: TypeAlias = tuple[type[EaselError], ...]

LOOKS: Failures = (errors.AccountLimited, errors.NoAccount, errors.Unavailable)
"""What goes wrong where an upstream is asked something."""

CANCELS: Failures = (*LOOKS, errors.BadRequest)
"""What goes wrong where it is asked to let go of something: not every upstream does."""

FETCHES: Failures = (*LOOKS, errors.ResultLost, errors.RangeInvalid)
"""What goes wrong where a file is fetched from it."""

WAITS: Failures = (*LOOKS, errors.GenerationFailed, errors.GenerationPending)
"""What goes wrong where a job's end is waited for."""

STARTS: Failures = (
    *(*WAITS, errors.ContentRefused, errors.AccountExhausted, errors.AccountRejected),
    *(errors.Overloaded, errors.Uncertain, errors.ResultLost, errors.KeyReused),
)
"""What goes wrong where work is started."""

STARTED = ("easel-ignored", "easel-job", "easel-idempotency")
PENDING = ("openai-poll-after-ms", "retry-after")

STREAM = "text/event-stream"
PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif")
VIDEOS = ("video/mp4", "video/webm")


class Operation(NamedTuple):
    """A handler, which its docstring describes, and what goes in and out.

    Types are written as texts, `module.Type` for one of this package: only who asks for the description imports them.
    `gives` has, for each status, what is in the answer: a type where it is JSON, a media type where it is not, or
    several. `takes` is the type of a JSON body, `form` that of multipart/form-data where that will do as well; in its
    place, `files` are those fields of the JSON that a form has as files. `query` and `headers` are the types of the
    parameters. `fails` are the errors beside those that follow from the route, and `sends` the headers of good answers
    beside those of their status.
    """

    handler: Handler
    gives: Mapping[int, str | tuple[str, ...]]
    takes: str = ""
    form: str = ""
    files: tuple[str, ...] = ()
    query: str = ""
    headers: str = ""
    fails: Failures = ()
    sends: tuple[str, ...] = ()


def fetching(handler: Handler, *media_types: str) -> Operation:
    """What hands out a file of one of these types, or a part of it."""
    gives: Mapping[int, tuple[str, ...]] = {200: media_types, 206: media_types, 304: ()}
    return Operation(
        handler, gives, headers="parameters.Ranged", fails=FETCHES, sends=("etag", "accept-ranges", "cache-control")
    )
