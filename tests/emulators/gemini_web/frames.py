"""The frames that gemini.google.com answers in, with their length in UTF-16 code units."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Drawing:
    """An image in a response."""

    url: str
    id: str


def body(*frames: Sequence[Any]) -> bytes:
    return (")]}'\n\n" + "".join(map(_frame, frames))).encode()


def turn(
    chat: tuple[str, str, str], text: str, drawings: Sequence[Drawing], *, sparse: bool = False, final: bool = False
) -> list[Any]:
    """Return one frame of a growing response; `sparse` writes the images as a sparse list does."""
    conversation, reply, candidate_id = chat
    pictures = [[[None, None, None, [None, 1, "alt text", each.url]], [each.id]] for each in drawings]
    rich: list[Any] = [{"8": [pictures]}] if sparse else [*[None] * 7, [pictures]]
    candidate: list[Any] = [candidate_id, [text], *[None] * 6, [2 if final else 1], None, None, None, rich]
    inner = [None, [conversation, reply], None, None, [candidate]]
    return [["wrb.fr", None, json.dumps(inner, ensure_ascii=False), None, None, None]]


def opening(chat: tuple[str, str, str]) -> list[Any]:
    return [["wrb.fr", None, json.dumps([None, list(chat[:2])]), None, None, None]]


def failure(code: int) -> list[Any]:
    info = ["type.googleapis.com/assistant.boq.bard.application.BardErrorInfo", [code]]
    return [["wrb.fr", None, None, None, None, [3, None, [info]]]]


def result(call: str, content: Any) -> list[Any]:
    return [["wrb.fr", call, json.dumps(content), None, None, None, "generic"]]


CLOSING: list[Any] = [["di", 100], ["e", 4, None, None, 131]]


def _frame(content: Sequence[Any]) -> str:
    text = f"\n{json.dumps(content, ensure_ascii=False)}\n"
    return f"{len(text.encode('utf-16-le')) // 2}{text}"
