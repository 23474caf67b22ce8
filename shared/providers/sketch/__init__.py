"""A provider without an upstream: it draws images from the prompt and simulates a queue in the ref."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from itsdangerous.encoding import base64_decode, base64_encode

from shared.account import Account
from shared.errors import NotFound
from shared.http import Http
from shared.media import ByteRange, Media
from shared.models import Model, Size
from shared.requests import ImageRequest
from shared.results import Output, Queued, Ref, Running, Status, Submitted, Succeeded

_MODEL = Model(
    id="sketch",
    upstream="sketch",
    min_side=1,
    max_side=2048,
    batch=10,
    typical_seconds=0.0,
    knobs=frozenset({"seed", "negative_prompt", "delay"}),
)
_QUEUED_SHARE = 0.2
_CHUNK = 64 * 1024
_HEX = "(0|[1-9a-f][0-9a-f]{0,11})"
_REF = re.compile(rf"([1-9]\d{{0,3}})x([1-9]\d{{0,3}})_([1-9]|10)_{_HEX}_{_HEX}_([\w-]{{21}}[AQgw])", re.ASCII)


class _Job(NamedTuple):
    """The content of a ref: image, count, and simulated queue (start in ms since the epoch, delay in ms)."""

    size: Size
    n: int
    start: int
    delay: int
    digest: bytes

    def ref(self) -> Ref:
        digest = base64_encode(self.digest).decode()
        return f"{self.size}_{self.n}_{self.start:x}_{self.delay:x}_{digest}"

    @classmethod
    def parse(cls, ref: Ref) -> _Job:
        match = _REF.fullmatch(ref)
        if match is None:
            raise NotFound("There is no such sketch.")
        width, height, n, start, delay, digest = match.groups()
        return cls(Size(int(width), int(height)), int(n), int(start, 16), int(delay, 16), base64_decode(digest))


def digest_of(prompt: str, negative_prompt: str = "", seed: int | None = None) -> bytes:
    """Return the 16 bytes that determine the image."""
    from shared.providers.sketch.image import steered  # imported on demand, as few deployments draw

    text = "\0".join((prompt, negative_prompt, str(seed)))
    return steered(hashlib.sha256(text.encode()).digest()[:16], prompt)


class Sketch:
    """Draw locally and store nothing: the ref holds what to draw and when the job is done."""

    def __init__(self, http: Http, account: Account) -> None:
        pass

    async def models(self) -> tuple[Model, ...]:
        return (_MODEL,)

    async def submit(self, request: ImageRequest) -> Submitted:
        job = _Job(
            size=request.size,
            n=request.n,
            start=int(time.time() * 1000),
            delay=int(request.delay * 1000),
            digest=digest_of(request.prompt, request.negative_prompt, request.seed),
        )
        return Submitted((job.ref(),))

    async def poll(self, ref: Ref) -> Status:
        job = _Job.parse(ref)
        done = (time.time() * 1000 - job.start) / job.delay if job.delay else 1.0
        if done >= 1:
            return Succeeded(tuple(_output(job, index) for index in range(job.n)))
        return Queued(position=1) if done < _QUEUED_SHARE else Running(progress=int(done * 100))

    @asynccontextmanager
    async def open(self, output: Ref, byte_range: ByteRange | None = None) -> AsyncIterator[Media]:
        from shared.providers.sketch.image import drawn

        job = _Job.parse(output)
        image = await asyncio.to_thread(drawn, job.digest, *job.size)
        start, end = (byte_range or ByteRange(0)).within(len(image))
        yield Media("image/png", _chunks(image[start:end]), start, end - start, len(image))


def _output(job: _Job, index: int) -> Output:
    """Return one output; the first uses the job's own digest, so a larger `n` does not change it."""
    digest = job.digest
    if index:
        digest = digest[:2] + hashlib.sha256(digest + bytes([index])).digest()[2:16]
    return Output(job._replace(n=1, start=0, delay=0, digest=digest).ref(), lasting=True)


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    for offset in range(0, len(data), _CHUNK):
        yield data[offset : offset + _CHUNK]
