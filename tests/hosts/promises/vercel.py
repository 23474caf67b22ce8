"""Vercel: the built functions behind the built routes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.hosts.promises.host import Host
from tests.hosts.vercel.front import LARGEST_BODY, Front


class Vercel(Host):
    name = "Vercel"
    rig = "standing"
    page = "vercel.md"
    lacks = {"too_large": "Vercel answers with its own 413"}
    limits = ("4.5 MB", "any size", "5 minutes", "nothing")
    largest_body = LARGEST_BODY

    def __init__(self, rig: Front, settings: Mapping[str, str]) -> None:
        self._front = rig

    @property
    def url(self) -> str:
        return self._front.url

    def log(self) -> str:
        return self._front.log

    @contextmanager
    def ending_after(self, seconds: float) -> Iterator[None]:
        self._front.seconds = seconds
        try:
            yield
        finally:
            self._front.seconds = None
