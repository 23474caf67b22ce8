"""The way to the upstreams, and the only importer of httpx: repeated reads, single sends, checked downloads."""

from __future__ import annotations

from shared.http.answer import Answer, clean
from shared.http.client import Http
from shared.http.listening import Listening
from shared.http.origin import origin_of
from shared.http.retry import Patience
from shared.http.sniff import HEAD_BYTES, MEDIA_TYPES, sniff

__all__ = ["HEAD_BYTES", "MEDIA_TYPES", "Answer", "Http", "Listening", "Patience", "clean", "origin_of", "sniff"]
