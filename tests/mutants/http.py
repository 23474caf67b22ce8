"""Seeded bugs in shared/http."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "upstream read after the client disconnected",
        "shared/http/client.py",
        "            await download.aclose()",
        "            pass",
    ),
    Mutant(
        "connection kept after the stream was closed",
        "shared/http/client.py",
        "Redaction(request.headers))\n        finally:\n            await response.aclose()",
        "Redaction(request.headers))\n        finally:\n            pass",
        "tests/http/test_listen.py",
    ),
    Mutant(
        "upstream streams after the client disconnected",
        "shared/http/client.py",
        "Redaction(request.headers))\n        finally:\n            await response.aclose()",
        "Redaction(request.headers))\n        finally:\n            pass",
        "tests/http/test_listen.py",
    ),
    Mutant(
        "host name resolved twice",
        "shared/http/client.py",
        "url.copy_with(host=address)",
        "url.copy_with()",
        "tests/http/test_fetcher.py",
    ),
    Mutant(
        "several encodings decoded",
        "shared/http/decoding.py",
        'raise httpx.DecodingError("the body has an encoding that was not asked for")',
        "return _GZIP",
        "tests/http/test_decoding.py",
    ),
    Mutant(
        "decoded body not limited",
        "shared/http/decoding.py",
        "if len(body) > LARGEST_BODY:",
        "if False:",
        "tests/http/test_decoding.py",
    ),
    Mutant(
        "body decoded in one piece",
        "shared/http/decoding.py",
        "inflater.decompress(data, _PIECE)",
        "inflater.decompress(data)",
        "tests/http/test_decoding.py",
    ),
    Mutant(
        "truncated compressed body taken for a complete one",
        "shared/http/decoding.py",
        "if head and not (inflater and inflater.eof):",
        "if False:",
        "tests/http/test_decoding.py",
    ),
    Mutant("truncated result returned", "shared/http/downloads.py", "await self._resume(cause)", "return b''"),
    Mutant(
        "octet-stream refused on a resumed download",
        "shared/http/downloads.py",
        "else self._expected_type",
        'else ""',
        "tests/functions/test_videos.py",
    ),
    Mutant(
        "garbage after a submit taken for a refusal",
        "shared/http/error_mapping.py",
        "return Uncertain(",
        "return Unavailable(",
    ),
    Mutant(
        "network error not mapped",
        "shared/http/error_mapping.py",
        "BROKEN = (httpx.HTTPError,",
        "BROKEN = (httpx.TimeoutException,",
    ),
    Mutant(
        "one public address of several is enough",
        "shared/http/image_download.py",
        "all(map(is_public, addresses))",
        "any(map(is_public, addresses))",
        "tests/http/test_fetcher.py",
    ),
    Mutant(
        "redirects of an input image not checked",
        "shared/http/image_download.py",
        "known = origin_of(url) in self._origins",
        "known = bool(self._origins)",
        "tests/http/test_fetcher.py",
    ),
    Mutant(
        "input image of any size read",
        "shared/http/image_download.py",
        "if spool.size > LARGEST_IMAGE:",
        "if False:",
        "tests/http/test_fetcher.py",
    ),
    Mutant(
        "media type of an input image not checked",
        "shared/http/image_download.py",
        'if not (detect_media_type(spool.head) or "").startswith("image/"):',
        "if False:",
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "upstream JSON of any size parsed",
        "shared/http/json_text.py",
        "if values > _MOST_VALUES:",
        "if False:",
        "tests/http/test_answer.py",
    ),
    Mutant(
        "HTML served as an image",
        "shared/http/media_types.py",
        "    return _video(head)",
        '    return _video(head) or "image/png"',
    ),
    Mutant(
        "credential quoted in an error", "shared/http/redaction.py", "self._credential.sub(_REDACTED, said)", "said"
    ),
    Mutant(
        "credential quoted in a stream",
        "shared/http/redaction.py",
        "return cast(ValueT, self._redacted(value)) if self._distinctive else value",
        "return value",
    ),
    Mutant("cookie value quoted", "shared/http/redaction.py", 'in cookies.split(";")', "in ()"),
    Mutant("origin of a result not checked", "shared/http/redirects.py", "origin not in self._origins", "False"),
    Mutant(
        "server error after a submit taken for a refusal",
        "shared/http/response.py",
        "if self.sent and not refused:",
        "if False:",
    ),
    Mutant(
        "wrong credentials blamed on the caller",
        "shared/http/response.py",
        "return AccountRejected",
        "return BadRequest",
    ),
    Mutant(
        "rate limit without Retry-After",
        "shared/http/response.py",
        "details=details, retry_after=wait)\n        refused",
        "details=details)\n        refused",
    ),
    Mutant(
        "missing job taken for an unavailable upstream", "shared/http/response.py", "return NotFound", "return None"
    ),
    Mutant("polls not retried", "shared/http/retry.py", "attempts: int = 3", "attempts: int = 1"),
    Mutant(
        "certificate checked against the address",
        "shared/http/sockets.py",
        "server_hostname=name if tls else None",
        "server_hostname=None",
        "tests/http/test_ways.py",
    ),
    Mutant(
        "address inside an IPv6 address not recognized",
        "shared/http/ssrf.py",
        "return address.ipv4_mapped or address.sixtofour",
        "return None",
        "tests/http/test_addresses.py",
    ),
    Mutant(
        "internal host name fetched on Workers",
        "shared/http/ssrf.py",
        " and not text.lower().endswith(_INSIDE)",
        "",
        "tests/http/test_addresses.py",
    ),
    Mutant(
        "interrupted response taken for a complete one",
        "shared/http/streaming_response.py",
        'raise ResultLost("The upstream broke its answer off.") from error',
        "return",
        "tests/http/test_listen.py",
    ),
    Mutant(
        "events buffered",
        "shared/http/streaming_response.py",
        "for end in ended:",
        "for end in [b''.join(ended)] if ended else []:",
        "tests/http/test_listen.py",
    ),
    Mutant(
        "submit on an idle proxy connection",
        "shared/http/transport.py",
        "keepalive_expiry=IDLE_BEFORE_SEND",
        "keepalive_expiry=KEEP_ALIVE",
        "tests/http/test_ways.py",
    ),
)
