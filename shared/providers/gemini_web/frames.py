"""What gemini.google.com streams: frames of JSON, each behind its length in UTF-16 code units.

After `)]}'` come a length, a newline, JSON and a newline: the length counts from the one newline through the other. A
frame is a list of envelopes like `["wrb.fr", <call>, "<JSON text>", ...]`. The frames of one answer repeat it while it
grows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from shared.http import parse_json
from shared.providers._reading import at, list_at, text_at

_LENGTH = re.compile(rb"(?:[\n\r ]\x00)*((?:[0-9]\x00){1,9})")
_PLACEHOLDER = re.compile(r"https?://googleusercontent\.com/(?:\w+/)+\d+\n*", re.ASCII)


class Drawn(NamedTuple):
    """A picture that was made: its preview's address, and its id, by which the full size is asked for."""

    url: str
    id: str


class Reply(NamedTuple):
    """What the frames tell together. `chat` are the ids of the conversation, of the turn and of the candidate."""

    chat: tuple[str, str, str] = ("", "", "")
    text: str = ""
    pictures: tuple[Drawn, ...] = ()
    error: int | None = None


def reply_of(body: bytes) -> Reply:
    """The last that was said, and all pictures. An answer that breaks off tells what came until then."""
    reply = Reply()
    pictures: dict[str, Drawn] = {}
    for envelope in envelopes(body):
        error = at(envelope, 5, 2, 0, 1, 0)
        if isinstance(error, int):
            reply = reply._replace(error=error)
        turn = _content(envelope)
        candidate = at(turn, 4, 0)
        if not isinstance(candidate, list):
            continue
        chat = (text_at(turn, 1, 0), text_at(turn, 1, 1), text_at(candidate, 0))
        text = _PLACEHOLDER.sub("", text_at(candidate, 1, 0)).strip()
        reply = reply._replace(chat=chat, text=text)
        for drawn in _drawn(candidate):
            pictures.setdefault(drawn.url, drawn)
    return reply._replace(pictures=tuple(pictures.values()))


def called(body: bytes, name: str) -> Any:
    """What a call of this name gave; None where it gave nothing."""
    return next((_content(envelope) for envelope in envelopes(body) if at(envelope, 1) == name), None)


def envelopes(body: bytes) -> Iterator[list[Any]]:
    """Those of all frames that arrived whole."""
    units = body.decode(errors="replace").removeprefix(")]}'").encode("utf-16-le")
    place = 0
    while length := _LENGTH.match(units, place):
        place = length.end() + 2 * int(length[1].decode("utf-16-le"))
        try:
            frame = parse_json(units[length.end() : place].decode("utf-16-le").encode())
        except (ValueError, RecursionError):
            return
        yield from (envelope for envelope in frame if isinstance(envelope, list) and at(envelope, 0) == "wrb.fr")


def _content(envelope: list[Any]) -> Any:
    text = at(envelope, 2)
    try:
        return parse_json(text.encode()) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def _drawn(candidate: list[Any]) -> Iterator[Drawn]:
    for picture in list_at(_field(_field(candidate, 12), 7), 0):
        url = at(picture, 0, 3, 3)
        if isinstance(url, str) and url:
            yield Drawn(url, text_at(picture, 1, 0))


def _field(message: Any, number: int) -> Any:
    """A field of a message: in its place, or, in a list with gaps, in an object at the end, counted from one."""
    found = at(message, number)
    if found is None and isinstance(message, list) and message and isinstance(message[-1], dict):
        return message[-1].get(str(number + 1))
    return found
