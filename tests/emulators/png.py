"""Real small PNG files, and files of any size that open like one."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(width: int, height: int, colour: tuple[int, int, int] = (0, 0, 0), *, clear: bool = False) -> bytes:
    """A picture of one colour, or a clear one. One bit per pixel with a palette: big pictures stay quick to make."""
    header = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)
    row = b"\x00" * (1 + (width + 7) // 8)
    palette = [(b"PLTE", bytes(colour)), *([(b"tRNS", b"\0")] if clear else [])]
    chunks = [(b"IHDR", header), *palette, (b"IDAT", zlib.compress(row * height)), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(name, data) for name, data in chunks)


def colour_of(name: str) -> tuple[int, int, int]:
    """Another one for each picture, so that no two of them can be mistaken for each other."""
    red, green, blue, _ = zlib.crc32(name.encode()).to_bytes(4)
    return red, green, blue


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


class BigFile:
    """`size` bytes that open like a PNG, made slice by slice and never held whole."""

    _block = bytes(range(251)) * 261

    def __init__(self, size: int) -> None:
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._size)
        length = max(0, stop - start)
        # 251 is prime, so that no slice of a round length looks like the next one.
        offset = start % len(self._block)
        repeats = 1 + (offset + length) // len(self._block)
        body = (self._block * repeats)[offset : offset + length]
        return SIGNATURE[start:stop] + body[max(0, len(SIGNATURE) - start) :]
