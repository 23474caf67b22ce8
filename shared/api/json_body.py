"""A JSON body whose values are counted while it arrives, so that one with too many is never parsed.

A parser thread would not help: parsing holds the interpreter lock from the first byte to the last.
"""

from __future__ import annotations

from shared.api.bounds import DEPTH, WIDE_STRINGS, Bounds
from shared.errors import BadRequest, TooLarge

_SLICE = 64 << 10


class JsonBody:
    """Collects chunks. Drops all of them once the body exceeds its bounds."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._content = bytearray()
        self._scan = _Scan()
        self._scanned = 0
        self._most_values = 1

    def add(self, chunk: bytes) -> None:
        if not self._fits():
            return
        self._content += chunk
        if self._scanned or self._may_exceed(chunk):
            self._scan_rest()

    def whole(self) -> bytes:
        """Return the body. Raises BadRequest or TooLarge if it exceeds its bounds."""
        if self._scan.depth > DEPTH:
            message = f"The body is not valid JSON: it is nested more than {DEPTH} levels deep."
            raise BadRequest(message, code="invalid_json")
        if self._scan.values > (most := self._bounds.values):
            raise TooLarge(f"The body has more than {most} JSON values, the limit for this URL. Send fewer.")
        if self._scan.wide > WIDE_STRINGS:
            message = f"The body has more than {WIDE_STRINGS} bytes of non-ASCII strings and escape sequences."
            raise TooLarge(f"{message} Send less text.")
        return bytes(self._content)  # pydantic copies a bytearray

    def _may_exceed(self, chunk: bytes) -> bool:
        """Count inside strings as well, which is cheap: most bodies are never scanned."""
        self._most_values += len(chunk) - len(chunk.translate(None, b",[{"))
        return self._most_values > self._bounds.values or len(self._content) > WIDE_STRINGS

    def _scan_rest(self) -> None:
        for start in range(self._scanned, len(self._content), _SLICE):
            self._scan.read(self._content[start : start + _SLICE])
            if not self._fits():
                self._content.clear()
                return
        self._scanned = len(self._content)

    def _fits(self) -> bool:
        scan = self._scan
        return scan.depth <= DEPTH and scan.values <= self._bounds.values and scan.wide <= WIDE_STRINGS


class _Scan:
    """Counts without parsing: outside strings, every value but the first follows a comma or an opening bracket.

    Counts of invalid JSON may be wrong after its first error, but the parser stops there.
    """

    def __init__(self) -> None:
        self.depth = 0
        self.values = 1
        self.wide = 0
        self._in_string = False
        self._string_size = 0
        self._string_is_wide = False
        self._backslash = bytearray()

    def read(self, data: bytearray) -> None:
        """Count the next bytes, wherever the body is cut."""
        data = self._backslash + data
        # The backslash of an escape sequence that is cut in two waits for the next call.
        cut = len(data) - (len(data) - len(data.rstrip(b"\\"))) % 2
        self._backslash, data = data[cut:], data[:cut]
        self.wide += data.count(b"\\")
        parts = _split_at_quotes(data)
        structure, strings = b"".join(parts[self._in_string :: 2]), parts[not self._in_string :: 2]
        self._in_string ^= len(parts) % 2 == 0
        opened = structure.count(b"[") + structure.count(b"{")
        self.depth += opened - structure.count(b"]") - structure.count(b"}")
        self.values += opened + structure.count(b",")
        if len(strings) > 1 and not (self._string_is_wide or _is_wide(data)):
            self._string_size, strings = 0, strings[-1:]  # all others have ended, and none is wide
        self._measure(strings)

    def _measure(self, strings: list[bytearray]) -> None:
        """Add up wide strings. The first may have begun in an earlier slice, and the last may continue in the next."""
        for number, string in enumerate(strings, 1):
            self._string_size += len(string)
            self._string_is_wide = self._string_is_wide or _is_wide(string)
            if self._string_is_wide:
                self.wide += self._string_size
                self._string_size = 0
            if number < len(strings) or not self._in_string:
                self._string_size, self._string_is_wide = 0, False


# Most of a large body is base64, and searching for one byte is many times faster than splitting or searching for two.


def _split_at_quotes(data: bytearray) -> list[bytearray]:
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return data.split(b'"') if b'"' in data else [data]


def _is_wide(string: bytearray) -> bool:
    return not string.isascii() or (b"\\" in string and b"\\u" in string)
