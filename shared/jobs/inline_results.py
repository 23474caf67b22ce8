"""Check inline results; their media types are detected from their bytes, as for all other files."""

from __future__ import annotations

import binascii
import logging
from collections.abc import Sequence

from shared.errors import ResultLost
from shared.http import HEAD_BYTES, detect_media_type
from shared.results import InlineResult

_log = logging.getLogger(__name__)

_HEAD = 4 * -(-HEAD_BYTES // 3)
_PIECE = 1 << 20
"""Base64 digits checked per step: a multiple of four."""


def checked(results: Sequence[InlineResult]) -> tuple[InlineResult, ...]:
    """Return the results of a supported type, with their detected type; ResultLost if there are none."""
    known = tuple(InlineResult(media_type, made.base64) for made in results if (media_type := _media_type(made.base64)))
    if len(known) < len(results):
        _log.warning("%d of %d results in an answer are no pictures", len(results) - len(known), len(results))
        if not known:
            raise ResultLost("The upstream did the work, but what it answered with is no picture.")
    return known


def _media_type(base64: bytes) -> str | None:
    """Return the media type; None if it is unsupported, or if the base64 is not strict enough to copy into JSON."""
    try:
        media_type = detect_media_type(binascii.a2b_base64(base64[:_HEAD]))
        for start in range(0, len(base64) if media_type else 0, _PIECE):
            binascii.a2b_base64(base64[start : start + _PIECE], strict_mode=True)
    except binascii.Error:
        return None
    return media_type
