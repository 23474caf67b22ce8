"""HTTP to the upstreams, and the only importer of httpx: retried reads, single sends, checked downloads."""

from __future__ import annotations

from shared.http.client import Http
from shared.http.decoding import GZIP, LARGEST_BODY, ZLIB, inflated
from shared.http.image_download import LARGEST_IMAGE, ImageDownloader
from shared.http.json_text import encodable, parse_json
from shared.http.media_types import HEAD_BYTES, MEDIA_TYPES, detect_media_type
from shared.http.origin import origin_of
from shared.http.redaction import Redaction
from shared.http.request_body import RequestBody, json_body
from shared.http.response import Response
from shared.http.retry import RetryPolicy
from shared.http.spool import Spool
from shared.http.streaming_response import StreamingResponse

__all__ = [
    "HEAD_BYTES",
    "LARGEST_BODY",
    "LARGEST_IMAGE",
    "MEDIA_TYPES",
    "Response",
    "RequestBody",
    "ImageDownloader",
    "Http",
    "StreamingResponse",
    "RetryPolicy",
    "Redaction",
    "Spool",
    "json_body",
    "origin_of",
    "parse_json",
    "detect_media_type",
    "encodable",
    "inflated",
    "GZIP",
    "ZLIB",
]
