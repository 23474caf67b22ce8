"""The way to the upstreams, and the only importer of httpx: repeated reads, single sends, checked downloads."""

from __future__ import annotations

from shared.http.client import Http
from shared.http.image_download import LARGEST_PICTURE, Fetcher
from shared.http.media_types import HEAD_BYTES, MEDIA_TYPES, sniff
from shared.http.origin import origin_of
from shared.http.request_body import Body, Inline, base64_of, json_body
from shared.http.response import Answer, clean
from shared.http.retry import Patience
from shared.http.spool import Spool
from shared.http.streaming_response import Listening

__all__ = [
    "HEAD_BYTES",
    "LARGEST_PICTURE",
    "MEDIA_TYPES",
    "Answer",
    "Body",
    "Fetcher",
    "Http",
    "Inline",
    "Listening",
    "Patience",
    "Spool",
    "base64_of",
    "clean",
    "json_body",
    "origin_of",
    "sniff",
]
