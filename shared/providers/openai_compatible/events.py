"""The chunks in a response body, which is server-sent events or JSON whatever its content type says."""

from __future__ import annotations

import codecs

_JSON = (b"{", b"[")


class ChunkFinder:
    """Finds the chunks in the lines of a body. Comments, event names and empty events are dropped."""

    def __init__(self) -> None:
        self.is_json: bool | None = None
        """Whether the whole body is one JSON value; None before the first line with content."""
        self._data: list[bytes] = []

    def add(self, line: bytes) -> bytes:
        """Return the chunk that this line completes; empty if it completes none."""
        if self.is_json is None and (line := line.removeprefix(codecs.BOM_UTF8)).strip():
            self.is_json = line.lstrip().startswith(_JSON)
        if self.is_json:
            self._data.append(line)
        elif line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        elif not line:
            return self.end()
        return b""

    def end(self) -> bytes:
        """Return the chunk that the end of the body completes."""
        chunk = b"\n".join(self._data).strip()
        self._data.clear()
        return chunk
