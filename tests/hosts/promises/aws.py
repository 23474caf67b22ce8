"""AWS Lambda, deployed in its two manners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

from tests.hosts.aws.rig import Deployed
from tests.hosts.promises.host import Host, Promise

_NOT_REPORTED = "the gateway does not report it"
_WHOLE = "each response is sent as a whole"


class Lambda(Host):
    name = "Lambda"
    rig = "streaming"
    page = "aws.md"
    lacks: ClassVar[Mapping[Promise, str]] = {
        "disconnect": _NOT_REPORTED,
        "disconnect_waiting": _NOT_REPORTED,
    }
    limits = ("4.4 MB", "200 MB", "5 minutes", "with a DynamoDB table in `STATE`")
    largest_body = 4_400_000

    def __init__(self, rig: Deployed, settings: Mapping[str, str]) -> None:
        self._deployed = rig

    @property
    def url(self) -> str:
        return self._deployed.url

    def log(self) -> str:
        return self._deployed.environments.log

    @contextmanager
    def ending_after(self, seconds: float) -> Iterator[None]:
        environments = self._deployed.environments
        environments.seconds = seconds
        try:
            yield
        finally:
            environments.seconds = None


class BufferedLambda(Lambda):
    name = "Lambda, buffered"
    rig = "buffered"
    lacks = {
        **Lambda.lacks,
        "large": "424 `response_too_large`; use `Range`",
        "streams": _WHOLE,
        "events": _WHOLE,
    }
    limits = ("4.4 MB", "4.4 MB", "28 seconds", "with a DynamoDB table in `STATE`")
