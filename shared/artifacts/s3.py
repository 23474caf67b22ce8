"""Artifacts in an S3 bucket."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from shared.artifacts.base import Decoded
from shared.aws import AwsService, Refused
from shared.errors import Misconfigured, NotFound, RangeInvalid
from shared.media import ByteRange, Media
from shared.results import InlineResult

_log = logging.getLogger(__name__)

_PLACE = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/[\w.=-]+)*)/?", re.ASCII)
_TOTAL = re.compile(r"bytes \d+-\d+/(\d+)", re.ASCII)
_SECONDS = 10.0


class S3Artifacts:
    """Objects whose keys begin with `prefix`."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._s3 = AwsService("s3", "ARTIFACTS", _SECONDS)

    async def put(self, key: str, made: InlineResult) -> None:
        file = Decoded(made.base64)
        await self._call("put_object", key, Body=file, ContentLength=file.size, ContentType=made.media_type)

    @asynccontextmanager
    async def open(self, key: str, byte_range: ByteRange | None = None) -> AsyncIterator[Media]:
        answer = await self._opened(key, byte_range)
        part = _TOTAL.fullmatch(answer.get("ContentRange", ""))
        length = answer["ContentLength"]
        start = int(answer["ContentRange"].partition("-")[0].removeprefix("bytes ")) if part else 0
        async with self._s3.reading(answer["Body"]) as chunks:
            yield Media(answer["ContentType"], chunks, start, length, int(part[1]) if part else length)

    async def _opened(self, key: str, byte_range: ByteRange | None) -> dict[str, Any]:
        try:
            return await self._call("get_object", key, **({"Range": str(byte_range)} if byte_range else {}))
        except Refused as error:
            match error.reason:
                case "InvalidRange":
                    total = str(error.said.get("ActualObjectSize", ""))
                    raise RangeInvalid(int(total) if total.isdecimal() else None) from error
                case "AccessDenied":
                    # S3 also returns this for a missing object if the role may read but not list.
                    _log.warning("ARTIFACTS: a file is gone, or may not be read")
                case "NoSuchKey":
                    pass
                case _:
                    raise
            raise NotFound("This file is not there any more.", param="id") from error

    async def _call(self, operation: str, key: str, **arguments: Any) -> dict[str, Any]:
        return await self._s3.call(operation, Bucket=self._bucket, Key=f"{self._prefix}{key}", **arguments)


def s3_artifacts(setting: str) -> S3Artifacts:
    """Return the store that ARTIFACTS names. Raises Misconfigured if it is malformed."""
    place = _PLACE.fullmatch(setting)
    if not place:
        raise Misconfigured("ARTIFACTS: it has to be like s3://bucket/prefix.")
    return S3Artifacts(place[1], f"{place[2].removeprefix('/')}/".removeprefix("/"))
