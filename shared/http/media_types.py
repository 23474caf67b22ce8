"""Detection of media types from magic bytes; declared types are not trusted."""

from __future__ import annotations

HEAD_BYTES = 64
"""Bytes that `detect_media_type` needs; the marker that comes last is "webm"."""

MEDIA_TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif", "video/mp4", "video/webm"})

# Files that begin with the same box but are not mp4: avif, heic and their sequences, and QuickTime.
_OTHER_BRANDS = frozenset({b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"qt  "})


def detect_media_type(head: bytes) -> str | None:
    """Return the media type of a file that begins with `head`; None if it is not one of MEDIA_TYPES."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    return _video(head)


def _video(head: bytes) -> str | None:
    if head[4:8] == b"ftyp" and head[8:12] not in _OTHER_BRANDS:
        return "video/mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head[:HEAD_BYTES]:
        return "video/webm"
    return None
