"""What providers return: submissions, job statuses, outputs, and the deltas of a chat."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias, TypeVar

from shared.errors import EaselError

Ref: TypeAlias = str
"""An upstream's reference, opaque to all but its provider: short, URL-safe, without secrets."""

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
    """The upstream accepted the request: one ref per upstream job, or per link if it responded with links at once.

    `revised_prompt` is the upstream's revision of the prompt, if it returned one.
    """

    refs: tuple[Ref, ...]
    revised_prompt: str = ""


class InlineResult(NamedTuple):
    """A result inside the upstream's response, with no other copy: `base64` is padded and on one line."""

    media_type: str
    base64: bytes


@distinct
class Finished(NamedTuple):
    """The upstream responded with the results themselves: there is no job to poll."""

    results: tuple[InlineResult, ...]
    revised_prompt: str = ""


class Output(NamedTuple):
    """One result. If `lasting`, `ref` alone opens it for as long as our ids are valid, without another poll.

    `media_type` is the expected type; the actual one is known when the output is opened.
    """

    ref: Ref
    media_type: str = "image/png"
    lasting: bool = False


@distinct
class Queued(NamedTuple):
    """`position` counts from 1; `check_after` is the seconds to the next poll, if the upstream suggests it."""

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
    """The job failed, which is a status and not raised; `error` is what a waiting caller gets."""

    error: EaselError


Status: TypeAlias = Queued | Running | Succeeded | Failed


Usage: TypeAlias = Mapping[str, Any]
"""Usage as the upstream sent it, under OpenAI's names: tokens, their details, and anything else such as `cost`."""


class ChatDelta(NamedTuple):
    """The next delta of one choice of a response.

    The last delta of each choice has its `finish_reason`, as OpenAI names it, and the last of the response the usage.
    `choice` counts from 0. Further fields are as the upstream sent them: `extra` has those of the delta, such as
    `tool_calls`, `choice_fields` such as `logprobs`, and `response_fields` such as `citations`.
    """

    text: str = ""
    reasoning: str = ""
    finish_reason: str | None = None
    usage: Usage | None = None
    extra: Mapping[str, Any] = MappingProxyType({})
    choice: int = 0
    choice_fields: Mapping[str, Any] = MappingProxyType({})
    response_fields: Mapping[str, Any] = MappingProxyType({})
