"""Compress signed links into refs, so that ten of them fit into an id."""

from __future__ import annotations

import zlib

from itsdangerous import BadData
from itsdangerous.encoding import base64_decode, base64_encode

from shared.errors import NotFound
from shared.results import Ref

LONGEST_LINK = 2000

_PREFIX = "link-"
_REGIONS = ("ap-southeast-1", "cn-beijing")
_BUCKETS = ("ark-content-generation-batch", "ark-content-generation", "ark-content-generation-v2", "ark-acg")

RESULT_ORIGINS = frozenset(
    f"https://{bucket}-{region}.tos-{region}.volces.com" for region in _REGIONS for bucket in _BUCKETS
)

# The compression dictionary. Issued refs depend on it: never change it.
_COMMON = b"".join(
    [
        b"0123456789abcdef.png.mp4/doubao-seedance-1-5-pro/doubao-seedance-2-0-fast/doubao-seedance-2-0/",
        b"/doubao-seedream-4-5/doubao-seedream-4-0/doubao-seedream-5-0/02176_0.jpeg?X-Tos-Algorithm=TOS4-HMAC-SHA256",
        b"&X-Tos-Credential=AKLTYWJkZTExNjA1ZDUyNDc3YzhjNTM5OGIyNjBhNDcyOTQ",
        b"%2F2026%2Fap-southeast-1%2Ftos%2Frequest%2F2027%2Fcn-beijing%2Ftos%2Frequest&X-Tos-Date=2026T0Z",
        b"&X-Tos-Expires=86400&X-Tos-Signature=&X-Tos-SignedHeaders=host",
        *(f"https://{bucket}-{region}.tos-{region}.volces.com/".encode() for region in _REGIONS for bucket in _BUCKETS),
    ]
)


def packed(link: str) -> Ref:
    """Return the link as a URL-safe ref of about half its length."""
    compressor = zlib.compressobj(9, wbits=-15, zdict=_COMMON)
    return _PREFIX + base64_encode(compressor.compress(link.encode()) + compressor.flush()).decode()


def unpacked(ref: Ref) -> str:
    """Return the link of a ref; raise NotFound if the ref is invalid."""
    decompressor = zlib.decompressobj(wbits=-15, zdict=_COMMON)
    try:
        link = decompressor.decompress(base64_decode(ref.removeprefix(_PREFIX)), LONGEST_LINK).decode()
    except (zlib.error, BadData, UnicodeDecodeError):
        link = ""
    if not link or not decompressor.eof:
        raise NotFound("Unknown result; check the id.", param="id")
    return link


def is_packed(ref: Ref) -> bool:
    return ref.startswith(_PREFIX)
