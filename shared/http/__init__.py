"""The way to the upstreams, and the only importer of httpx: repeated reads, single sends, checked downloads."""

from __future__ import annotations

from shared.http.answer import Answer
from shared.http.body import Body, Inline, base64_of, json_body
from shared.http.client import Http
from shared.http.decoding import LARGEST_BODY
from shared.http.fetcher import LARGEST_PICTURE, Fetcher
from shared.http.json_text import parse_json
from shared.http.listening import Listening
from shared.http.origin import origin_of
from shared.http.redaction import Redaction
from shared.http.retry import Patience
from shared.http.sniff import HEAD_BYTES, MEDIA_TYPES, sniff
from shared.http.spool import Spool

__all__ = [
    "HEAD_BYTES",
    "LARGEST_BODY",
    "LARGEST_PICTURE",
    "MEDIA_TYPES",
    "Answer",
    "Body",
    "Fetcher",
    "Http",
    "Inline",
    "Listening",
    "Patience",
    "Redaction",
    "Spool",
    "base64_of",
    "json_body",
    "origin_of",
    "parse_json",
    "sniff",
]
