"""What a verb of an endpoint takes and gives, said beside its route: /openapi.json is made of nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, NotRequired, TypeAlias

from pydantic import Field
from typing_extensions import TypedDict

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

IGNORED = ("easel-ignored",)
PENDING = ("openai-poll-after-ms", "retry-after")

STREAM = "text/event-stream"
PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif")
VIDEOS = ("video/mp4", "video/webm")

Repeatable = TypedDict(
    "Repeatable",
    {
        "Idempotency-Key": NotRequired[
            Annotated[
                str,
                Field(
                    max_length=255,
                    description="The same key and body join the same job for ten minutes; another body is 422.",
                    json_schema_extra={"format": "idempotency-key"},
                ),
            ]
        ]
    },
)
"""Headers of what starts work."""


class Preferring(Repeatable):
    """Headers of what starts work that one can come back to."""

    Prefer: NotRequired[
        Annotated[
            str,
            Field(
                description="RFC 7240: `respond-async` answers 202 at once, `wait=20` after so many seconds.",
                examples=["respond-async", "wait=20"],
            ),
        ]
    ]


Ranged = TypedDict(
    "Ranged",
    {
        "Range": NotRequired[Annotated[str, Field(description="A part of the file.", examples=["bytes=0-1023"])]],
        "If-Range": NotRequired[Annotated[str, Field(description="The part alone if the file has this `etag` still.")]],
        "If-None-Match": NotRequired[Annotated[str, Field(description="304 if the file has this `etag`.")]],
    },
)
"""Headers of a file."""


class Operation(NamedTuple):
    """A handler, which its docstring describes, and what goes in and out.

    `gives` has, for each status, what is in the answer: a type where it is JSON, a media type where it is not, or
    several. `takes` is the type of a JSON body, `form` that of multipart/form-data where that will do as well; in its
    place, `files` are those fields of the JSON that a form has as files. `query` and `headers` are the types of the
    parameters. `fails` are the errors beside those that follow from the route, and `sends` the headers of good answers
    beside those of their status.
    """

    handler: Handler
    gives: Mapping[int, Any]
    takes: Any = None
    form: Any = None
    files: tuple[str, ...] = ()
    query: Any = None
    headers: Any = None
    fails: Failures = ()
    sends: tuple[str, ...] = ()


def fetching(handler: Handler, *media_types: str) -> Operation:
    """What hands out a file of one of these types, or a part of it."""
    gives = {200: media_types, 206: media_types, 304: ()}
    return Operation(handler, gives, headers=Ranged, fails=FETCHES, sends=("etag", "accept-ranges", "cache-control"))
