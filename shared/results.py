"""What providers return: submissions, job statuses, outputs, and the deltas of a chat."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias, TypeVar

from shared.errors import EaselError

Ref: TypeAlias = str
"""Opaque to all but its adapter; short, URL-safe, holds no secret."""

Value = TypeVar("Value", bound=tuple[Any, ...])


def distinct(cls: type[Value]) -> type[Value]:
    """Class decorator: values of a NamedTuple equal only values of the same type. The hash stays the tuple's."""
    for name, method in (("__eq__", _equal), ("__ne__", _unequal)):
        setattr(cls, name, method)
    return cls


def _equal(self: tuple[Any, ...], other: object) -> bool:
    return type(self) is type(other) and tuple.__eq__(self, other)


def _unequal(self: tuple[Any, ...], other: object) -> bool:
    return not _equal(self, other)


@distinct
class Submitted(NamedTuple):
    """The upstream took the work: one ref per upstream job, or per link where it answered with links at once.

    `revised_prompt` is what it made of the prompt, where it says so.
    """

    refs: tuple[Ref, ...]
    revised_prompt: str = ""


class InlineResult(NamedTuple):
    """A result that came inside of the answer and is nowhere else: `base64` as APIs send it, padded, on one line."""

    media_type: str
    base64: bytes


@distinct
class Finished(NamedTuple):
    """The upstream answered with the results themselves: there is no job to look at."""

    results: tuple[InlineResult, ...]
    revised_prompt: str = ""


class Output(NamedTuple):
    """One result. `lasting` says that `ref` alone opens it for as long as our ids live, without another look.

    `media_type` is what it should be; what it is shows when it is opened.
    """

    ref: Ref
    media_type: str = "image/png"
    lasting: bool = False


@distinct
class Queued(NamedTuple):
    """`position` counts from 1; `check_after` is the upstream's own wish in seconds."""

    position: int | None = None
    check_after: float | None = None


@distinct
class Running(NamedTuple):
    """`progress` is 0 to 100."""

    progress: int | None = None
    check_after: float | None = None


@distinct
class Succeeded(NamedTuple):
    outputs: tuple[Output, ...]


@distinct
class Failed(NamedTuple):
    """The job failed, which is news and not an exception; `error` is what a caller who waits for it gets."""

    error: EaselError


Status: TypeAlias = Queued | Running | Succeeded | Failed


class Usage(NamedTuple):
    """Tokens."""

    prompt: int
    completion: int


class ChatDelta(NamedTuple):
    """What came next of an answer. The last one alone has the `finish_reason`, in OpenAI's words, and the usage.

    `extra` are further members of OpenAI's delta as the upstream gave them, such as `tool_calls`.
    """

    text: str = ""
    reasoning: str = ""
    finish_reason: str | None = None
    usage: Usage | None = None
    extra: Mapping[str, Any] = MappingProxyType({})
