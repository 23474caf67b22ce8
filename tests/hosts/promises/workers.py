"""Cloudflare Workers: the staged Worker in Pyodide."""

from __future__ import annotations

from collections.abc import Mapping

from tests.hosts.promises.host import Host
from tests.hosts.workers.front import Front


class Workers(Host):
    name = "Workers"
    rig = "worker"
    section = "Cloudflare Workers"
    lacks = {"deadline": "it ends none"}
    limits = ("20 MB", "any size", "no end, but 100 seconds of silence", "each isolate its own")
    largest_body = 20 << 20

    def __init__(self, rig: Front, settings: Mapping[str, str]) -> None:
        self._front = rig
        rig.configure(settings, forgetful=True)

    @property
    def url(self) -> str:
        return self._front.url

    def log(self) -> str:
        return self._front.output
