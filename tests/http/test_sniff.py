"""Six kinds of files are known by their first bytes, and no others."""

from __future__ import annotations

import pytest

from shared.http import HEAD_BYTES, MEDIA_TYPES, Http, detect_media_type
from shared.media import ByteRange
from tests.http.files import fetched, serve_file
from tests.http.upstream import Call, serving

HEADS = {
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR",
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "image/gif": b"GIF89a",
    "image/webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    "video/mp4": b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00",
    "video/webm": b"\x1a\x45\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1f\x42\x86\x81\x01\x42\x82\x84webm",
}
OTHERS = [
    b"",
    b"<!doctype html>",
    b"\x89PN",
    b"RIFF\x24\x00\x00\x00WAVEfmt ",
    b"\x00\x00\x00\x20ftypavif",
    b"\x00\x00\x00\x18ftypheic",
    b"\x00\x00\x00\x14ftypqt  ",
    b"\x1a\x45\xdf\xa3\x01\x00\x00\x00\x42\x82\x88matroska",
    b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    b"BM\x36\x00",
    b"%PDF-1.7",
]


def test_every_type_has_a_head() -> None:
    assert HEADS.keys() == MEDIA_TYPES


@pytest.mark.parametrize(("media_type", "head"), HEADS.items())
def test_a_head_tells_the_type(media_type: str, head: bytes) -> None:
    assert detect_media_type(head) == media_type
    assert detect_media_type(head + b"\x00" * HEAD_BYTES) == media_type


@pytest.mark.parametrize("head", OTHERS)
def test_all_else_is_unknown(head: bytes) -> None:
    assert detect_media_type(head + bytes(100) if head else head) is None


@pytest.mark.parametrize(("media_type", "head"), HEADS.items())
async def test_a_part_has_the_type_that_the_upstream_declares(http: Http, media_type: str, head: bytes) -> None:
    file = head + bytes(range(256)) * 10

    async def handler(call: Call) -> None:
        await serve_file(call, file, {"content-type": f"{media_type.upper()}; charset=binary"})

    async with serving(handler) as upstream:
        for asked in (ByteRange(100, 199), ByteRange(0, 1)):
            async with http.download(upstream.url(), origins={upstream.origin}, byte_range=asked) as media:
                assert media.media_type == media_type
        assert await fetched(http, upstream, byte_range=ByteRange(100, 199)) == file[100:200]
