"""Real WebP files of one colour, lossless and in a few dozen bytes."""

import struct


def webp(width: int, height: int, colour: tuple[int, int, int] = (0, 0, 0)) -> bytes:
    """Each of the five prefix codes has a single symbol: the pixels themselves take no bits at all."""
    red, green, blue = colour
    bits = _Bits()
    bits.put(width - 1, 14)
    bits.put(height - 1, 14)
    bits.put(0, 1 + 3)  # no alpha, version 0
    bits.put(0, 3)  # no transform, no colour cache, one set of codes
    for symbol in (green, red, blue, 255, 0):
        bits.put(0b101, 3)  # a simple code, of one symbol, which has eight bits
        bits.put(symbol, 8)
    stream = b"\x2f" + bits.bytes()
    chunk = b"VP8L" + struct.pack("<I", len(stream)) + stream + b"\x00" * (len(stream) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def webp_size(data: bytes) -> tuple[int, int]:
    """Width and height, from such a file's header."""
    assert data[:4] == b"RIFF"
    assert data[8:16] == b"WEBPVP8L"
    packed = int.from_bytes(data[21:25], "little")
    return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1


class _Bits:
    """Numbers one after the other, the lowest bit first."""

    def __init__(self) -> None:
        self._value = 0
        self._length = 0

    def put(self, number: int, length: int) -> None:
        self._value |= number << self._length
        self._length += length

    def bytes(self) -> bytes:
        return self._value.to_bytes(-(-self._length // 8), "little")
