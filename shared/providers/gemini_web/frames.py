"""Parse gemini.google.com's streams: JSON frames, each prefixed with its length in UTF-16 code units.

After `)]}'` each frame is a length, a newline, JSON and a newline; the length includes both newlines. A frame is a list
of envelopes like `["wrb.fr", <call>, "<JSON text>", ...]`. Each frame repeats the whole response so far.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from shared.http import parse_json
from shared.providers._json import at, list_at, text_at

_LENGTH = re.compile(rb"(?:[\n\r ]\x00)*((?:[0-9]\x00){1,9})")
_PLACEHOLDER = re.compile(r"https?://googleusercontent\.com/(?:\w+/)+\d+\n*", re.ASCII)


class GeneratedImage(NamedTuple):
    """A generated image: the URL of its preview, and the id that the full size is requested with."""

    url: str
    id: str


class Reply(NamedTuple):
    """The combined content of the frames. `chat` has the ids of the conversation, the turn and the candidate."""

    chat: tuple[str, str, str] = ("", "", "")
    text: str = ""
    images: tuple[GeneratedImage, ...] = ()
    error: int | None = None


def reply_of(body: bytes) -> Reply:
    """Return the latest text and all images. A truncated response yields what arrived before the cut."""
    reply = Reply()
    images: dict[str, GeneratedImage] = {}
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
        for image in _generated(candidate):
            images.setdefault(image.url, image)
    return reply._replace(images=tuple(images.values()))


def called(body: bytes, name: str) -> Any:
    """Return the result of the call with this name, or None."""
    return next((_content(envelope) for envelope in envelopes(body) if at(envelope, 1) == name), None)


def envelopes(body: bytes) -> Iterator[list[Any]]:
    """Yield the envelopes of all complete frames."""
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


def _generated(candidate: list[Any]) -> Iterator[GeneratedImage]:
    for image in list_at(_field(_field(candidate, 12), 7), 0):
        url = at(image, 0, 3, 3)
        if isinstance(url, str) and url:
            yield GeneratedImage(url, text_at(image, 1, 0))


def _field(message: Any, number: int) -> Any:
    """Return a field by index; sparse lists hold it in a trailing object, whose keys count from one."""
    found = at(message, number)
    if found is None and isinstance(message, list) and message and isinstance(message[-1], dict):
        return message[-1].get(str(number + 1))
    return found
