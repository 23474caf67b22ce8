"""Job and asset ids: signed, URL-safe text that holds all we need to go on with, and that fails as one error.

An id is `<fields joined by ~>~<signature>` in the alphabet `A-Z a-z 0-9 - _ ~`. The signature is itsdangerous's
HMAC-SHA256 with a salt per kind of id; the creation time is one of the fields, so that a job encodes to one text only.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
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
"""Characters of an id: what every host takes in a path, and more than a dozen signed links need."""

PREFIXES = ("chatcmpl-", "vtask_", "video_")

_PREFIX = re.compile(f"^(?:{'|'.join(PREFIXES)})")
_SEPARATOR = "~"
_PLAIN = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9_-]*)?", re.ASCII)
_UUID = re.compile(r"([a-z]?)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII)
_KINDS: dict[str, Kind] = {"i": "image", "v": "video", "c": "chat"}
_OUTPUT = "o"
_REMEMBERED = 512
_OF_AN_ASSET = 20
"""Characters that a file's id has beside those of its job."""

Ticket = TypeVar("Ticket")


class JobIds:
    """Encodes and decodes ids under a list of keys, newest first; `ttl` is their life in seconds."""

    def __init__(self, keys: Sequence[str], ttl: float, clock: Callable[[], float] = time.time) -> None:
        self.ttl = ttl
        self._keys = tuple(keys)
        self._clock = clock
        self._jobs, self._assets = (self._signer(salt) for salt in ("easel.job", "easel.asset"))
        # Whoever polls sends one id again and again, and is told it each time.
        self._written_job = functools.lru_cache(maxsize=_REMEMBERED)(self._write_job)
        self._read_job = functools.lru_cache(maxsize=_REMEMBERED)(self._decode_job)

    def _signer(self, salt: str) -> Signer:
        return Signer(self._keys[::-1], salt=salt, sep=_SEPARATOR, digest_method=hashlib.sha256)

    def now(self) -> int:
        return int(self._clock())

    def owners(self, token: str) -> tuple[str, ...]:
        """What stands in a job for the caller with this key: a keyed hash of 8 bytes, under each signing key."""
        return tuple(_owner(key, token) for key in self._keys)

    def job_id(self, job: Job) -> str:
        return self._written_job(job)

    def held(self, job: Job) -> Job:
        """The job with as many of its refs as an id holds: one that cannot be read again would be worth nothing."""
        while len(self.job_id(job)) > MAX_LENGTH - _OF_AN_ASSET and job.refs:
            job = job._replace(refs=job.refs[:-1])
        return job

    def job(self, text: str) -> Job:
        """The job behind an id of ours; NotFound for everything else, expired ids included."""
        job = self._read_job(text)
        return self._living(job, job)

    def file_id(self, asset: ResultFile) -> str:
        return self._assets.sign(_SEPARATOR.join(_asset_fields(asset))).decode()

    def file(self, text: str) -> ResultFile:
        """The file behind an id of ours; NotFound for everything else, expired ids included."""
        asset = _parsed(self._verified(self._assets, text), _asset_of, _asset_fields)
        return self._living(asset, asset.job)

    def _write_job(self, job: Job) -> str:
        return self._jobs.sign(_SEPARATOR.join(_job_fields(job))).decode()

    def _decode_job(self, text: str) -> Job:
        return _parsed(self._verified(self._jobs, text), _job_of, _job_fields)

    def _verified(self, signer: Signer, text: str) -> list[str]:
        text = _PREFIX.sub("", text)
        if len(text) > MAX_LENGTH or not text.isascii():
            raise unknown_id()
        try:
            payload = signer.unsign(text).decode()
            signature = text.rpartition(_SEPARATOR)[2].encode()
            # Base64 is malleable: several texts decode to one signature, and only one of them is the id we gave.
            if base64_encode(base64_decode(signature)) != signature:
                raise unknown_id()
        except BadData:
            raise unknown_id() from None
        return payload.split(_SEPARATOR)

    def _living(self, ticket: Ticket, job: Job) -> Ticket:
        if self._clock() - self.ttl >= job.created:
            raise unknown_id()
        return ticket


def unknown_id() -> NotFound:
    return NotFound("There is nothing under this id: it is wrong, has expired, or belongs to another key.", param="id")


def _parsed(fields: list[str], parse: Callable[[list[str]], Ticket], unparse: Callable[[Ticket], list[str]]) -> Ticket:
    try:
        ticket = parse(fields)
    except (ValueError, KeyError, BadData):  # signed by us, but by another version of us
        raise unknown_id() from None
    if unparse(ticket) != fields:  # two texts for one thing, and we gave only one of them
        raise unknown_id()
    return ticket


@functools.lru_cache(maxsize=256)
def _owner(key: str, token: str) -> str:
    return _text(hmac.digest(key.encode(), b"easel.owner:" + token.encode(), "sha256")[:8])


def _job_fields(job: Job) -> list[str]:
    head = [job.kind[0], _packed(job.provider), job.account, _packed(job.model), f"{job.created:x}", job.owner]
    return [*head, str(job.requested), _packed(job.summary), *(_packed(ref) for ref in job.refs)]


def _job_of(fields: list[str]) -> Job:
    kind, provider, account, model, created, owner, asked, note, *refs = fields
    return Job(
        provider=_unpacked(provider),
        account=account,
        model=_unpacked(model),
        kind=_KINDS[kind],
        created=int(created, 16),
        owner=owner,
        requested=int(asked),
        refs=tuple(_unpacked(ref) for ref in refs),
        summary=_unpacked(note),
    )


def _asset_fields(asset: ResultFile) -> list[str]:
    if asset.output is None:
        return [str(asset.number), *_job_fields(asset.job)]
    return [_OUTPUT, _packed(asset.output), str(asset.number), *_job_fields(asset.job)]


def _asset_of(fields: list[str]) -> ResultFile:
    if fields[0] != _OUTPUT:
        return ResultFile(_job_of(fields[1:]), int(fields[0]))
    return ResultFile(_job_of(fields[3:]), int(fields[2]), _unpacked(fields[1]))


def _packed(text: Ref) -> str:
    """Plain words as they are, uuids (which may carry a letter in front) in 22 characters, all else as base64."""
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
