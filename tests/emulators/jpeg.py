"""Real small JPEG files, of one shade of grey."""

from __future__ import annotations

import struct


def jpeg(width: int, height: int, shade: int = 0, comment: str = "") -> bytes:
    """`shade` goes from 0, black, to 255; the comment tells apart what looks alike."""
    # With a quantiser of 8, the one coefficient of a block is its shade less 128. Only the first block has to say it:
    # the others tell the difference from the one before, in one bit, and end, in one bit more.
    level = shade - 128
    bits = abs(level).bit_length()
    value = level if level > 0 else level + (1 << bits) - 1
    first = f"10{value:0{bits}b}0" if level else "00"
    blocks = -(-width // 8) * -(-height // 8)
    data = first + "00" * (blocks - 1)
    data += "1" * (-len(data) % 8)
    scan = int(data, 2).to_bytes(len(data) // 8).replace(b"\xff", b"\xff\x00")
    segments = [
        (0xFE, comment.encode()),
        (0xDB, bytes([0]) + bytes([8] * 64)),
        (0xC0, struct.pack(">BHHBBBB", 8, height, width, 1, 1, 0x11, 0)),
        (0xC4, bytes([0x00, 1, 1, *[0] * 14, 0, bits])),
        (0xC4, bytes([0x10, 1, *[0] * 15, 0])),
        (0xDA, bytes([1, 1, 0x00, 0, 63, 0])),
    ]
    return b"\xff\xd8" + b"".join(_segment(kind, body) for kind, body in segments) + scan + b"\xff\xd9"


def _segment(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, kind, len(body) + 2) + body
