"""Types of headers, queries and small bodies, used only for /openapi.json."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypeAlias

from pydantic import Field
from typing_extensions import TypedDict

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
"""Headers of routes that submit a request."""


class Preferring(Repeatable):
    """Headers of routes that submit a request and can return the pending job."""

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
"""Headers of routes that serve a file."""


class JobFile(TypedDict):
    """An image of a job."""

    id: Annotated[str, Field(min_length=1)]
    index: NotRequired[int]


class Variant(TypedDict):
    """Which asset of a video to return, as in OpenAI's API."""

    variant: NotRequired[Literal["video"]]


class Export(TypedDict):
    """An account's cookies as JSON: the export of a browser extension, or cookies.txt as a string."""

    cookies: str | list[Any] | dict[str, Any]
    account_id: NotRequired[str | None]


class ExportForm(TypedDict):
    """An account's cookies as an uploaded file."""

    file: bytes
    account_id: NotRequired[str]


Token: TypeAlias = Annotated[str, Field(pattern=r"^\s*[!-~]{0,4096}\s*$")]


class TokenQuery(TypedDict):
    """The caller's own PicLumen token."""

    authorization_token: NotRequired[Token]


TokenHeader = TypedDict("TokenHeader", {"authorization-token": NotRequired[Token]})


class MarkQuery(TokenQuery):
    """The mark that /generate-image returned."""

    mark_id: Annotated[str, Field(min_length=1)]
