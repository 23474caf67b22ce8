"""Job and file ids: signed, URL-safe text that encodes a whole job; every invalid id raises the same error.

An id is `<fields joined by ~>~<signature>` in the alphabet `A-Z a-z 0-9 - _ ~`. The signature is itsdangerous's
HMAC-SHA256 with a salt per kind of id; the creation time is one of the fields, so that a job encodes to one text only.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import logging
import re
import time
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from shared.errors import NotFound
from shared.job import Job, ResultFile
from shared.models import Kind
from shared.results import Ref

MAX_LENGTH = 4000
"""Maximum length of an id: accepted in a path by every host, and enough for a dozen signed links."""

PREFIXES = ("chatcmpl-", "vtask_", "video_")

_PREFIX = re.compile(f"^(?:{'|'.join(PREFIXES)})")
_SEPARATOR = "~"
_PLAIN = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9_-]*)?", re.ASCII)
_UUID = re.compile(r"([a-z]?)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII)
_KINDS: dict[str, Kind] = {"i": "image", "v": "video", "c": "chat"}
_OUTPUT = "o"
_CACHED = 512
_FILE_OVERHEAD = 20
"""Characters that a file id adds to its job's id."""

_log = logging.getLogger(__name__)

Decoded = TypeVar("Decoded")


class JobIds:
    """Signs and verifies ids with a list of keys, newest first; `ttl` is the life of an id in seconds."""

    def __init__(self, keys: Sequence[str], ttl: float, clock: Callable[[], float] = time.time) -> None:
        self.ttl = ttl
        self._keys = tuple(keys)
        self._clock = clock
        self._jobs, self._files = (self._signer(salt) for salt in ("easel.job", "easel.asset"))
        # Polling clients send the same id repeatedly.
        self._decoded_job = functools.lru_cache(maxsize=_CACHED)(self._decode_job)

    def now(self) -> int:
        return int(self._clock())

    def owners(self, token: str) -> tuple[str, ...]:
        """Return the marks of the caller with this API key: a keyed hash of 8 bytes, one for each signing key."""
        return tuple([_owner(key, token) for key in self._keys])

    def issue(self, job: Job) -> Job:
        """Return the job with its id, and with as many of its refs as an id can hold."""
        signed = self._sign_job(job)
        while len(signed) > MAX_LENGTH - _FILE_OVERHEAD and job.refs:
            _log.error("an id cannot hold all refs of a job of '%s': the last one is dropped", job.provider)
            job = job._replace(refs=job.refs[:-1])
            signed = self._sign_job(job)
        return job._replace(id=signed)

    def job(self, text: str) -> Job:
        """Return the job with this id; NotFound for anything that is not a valid id, expired ones included."""
        job = self._decoded_job(_PREFIX.sub("", text))
        self._require_valid(job)
        return job

    def file_id(self, file: ResultFile) -> str:
        return self._files.sign(_SEPARATOR.join(_file_fields(file))).decode()

    def file(self, text: str) -> ResultFile:
        """Return the file with this id; NotFound for anything that is not a valid id, expired ones included."""
        file = _parsed(_verified(self._files, _PREFIX.sub("", text)), _parse_file, _file_fields)
        self._require_valid(file.job)
        return file

    def _signer(self, salt: str) -> Signer:
        return Signer(self._keys[::-1], salt=salt, sep=_SEPARATOR, digest_method=hashlib.sha256)

    def _sign_job(self, job: Job) -> str:
        return self._jobs.sign(_SEPARATOR.join(_job_fields(job))).decode()

    def _decode_job(self, text: str) -> Job:
        return _parsed(_verified(self._jobs, text), _parse_job, _job_fields)._replace(id=text)

    def _require_valid(self, job: Job) -> None:
        if self._clock() - self.ttl >= job.created:
            raise unknown_id()


def unknown_id() -> NotFound:
    return NotFound("There is nothing under this id: it is wrong, has expired, or belongs to another key.", param="id")


def _verified(signer: Signer, text: str) -> list[str]:
    if len(text) > MAX_LENGTH or not text.isascii():
        raise unknown_id()
    try:
        payload = signer.unsign(text).decode()
        signature = text.rpartition(_SEPARATOR)[2].encode()
        # Base64 is malleable: several texts decode to one signature, and only one of them was issued.
        if base64_encode(base64_decode(signature)) != signature:
            raise unknown_id()
    except BadData:
        raise unknown_id() from None
    return payload.split(_SEPARATOR)


def _parsed(
    fields: list[str], parse: Callable[[list[str]], Decoded], unparse: Callable[[Decoded], list[str]]
) -> Decoded:
    try:
        decoded = parse(fields)
    except (ValueError, KeyError, BadData):  # signed by another version of Easel
        raise unknown_id() from None
    if unparse(decoded) != fields:  # another text for the same value, which was never issued
        raise unknown_id()
    return decoded


@functools.lru_cache(maxsize=256)
def _owner(key: str, token: str) -> str:
    return _text(hmac.digest(key.encode(), b"easel.owner:" + token.encode(), "sha256")[:8])


def _job_fields(job: Job) -> list[str]:
    head = [job.kind[0], _packed(job.provider), job.account, _packed(job.model), f"{job.created:x}", job.owner]
    return [*head, str(job.requested), _packed(job.summary), *(_packed(ref) for ref in job.refs)]


def _parse_job(fields: list[str]) -> Job:
    kind, provider, account, model, created, owner, requested, summary, *refs = fields
    return Job(
        provider=_unpacked(provider),
        account=account,
        model=_unpacked(model),
        kind=_KINDS[kind],
        created=int(created, 16),
        owner=owner,
        requested=int(requested),
        refs=tuple(_unpacked(ref) for ref in refs),
        summary=_unpacked(summary),
    )


def _file_fields(file: ResultFile) -> list[str]:
    if file.output is None:
        return [str(file.number), *_job_fields(file.job)]
    return [_OUTPUT, _packed(file.output), str(file.number), *_job_fields(file.job)]


def _parse_file(fields: list[str]) -> ResultFile:
    if fields[0] != _OUTPUT:
        return ResultFile(_parse_job(fields[1:]), int(fields[0]))
    return ResultFile(_parse_job(fields[3:]), int(fields[2]), _unpacked(fields[1]))


def _packed(text: Ref) -> str:
    """Encode a field: plain words unchanged, UUIDs (after an optional letter) in 22 characters, all else in base64."""
    if match := _UUID.fullmatch(text):
        return f"_{match[1]}{_text(bytes.fromhex(match[2].replace('-', '')))}"
    return text if _PLAIN.fullmatch(text) else f"-{_text(text.encode(errors='surrogatepass'))}"


def _unpacked(field: str) -> Ref:
    if field.startswith("_"):
        letter, packed = field[1:-22], field[-22:]
        return letter + str(UUID(bytes=base64_decode(packed)))
    return base64_decode(field[1:]).decode(errors="surrogatepass") if field.startswith("-") else field


def _text(data: bytes) -> str:
    return base64_encode(data).decode()
