"""Cloudflare Workers: the staged Worker in Pyodide."""

from __future__ import annotations

from collections.abc import Mapping

from tests.hosts.promises.host import Host
from tests.hosts.workers.front import Front


class Workers(Host):
    name = "Workers"
    rig = "worker"
    page = "cloudflare.md"
    lacks = {
        "disconnect_waiting": "no: workerd reports it only once the response has begun",
        "deadline": "it has none",
    }
    limits = ("20 MB", "any size", "no limit, but at most 100 seconds of silence", "nothing")
    largest_body = 20 << 20

    def __init__(self, rig: Front, settings: Mapping[str, str]) -> None:
        self._front = rig
        rig.configure(settings, forgetful=True)

    @property
    def url(self) -> str:
        return self._front.url

    def log(self) -> str:
        return self._front.output
