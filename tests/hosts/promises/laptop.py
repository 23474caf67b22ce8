"""The laptop: `make serve`, and what a container runs."""

from __future__ import annotations

from collections.abc import Mapping

from tests.hosts.promises.host import Host
from tests.local_server import LocalServer


class Laptop(Host):
    name = "local, container"
    rig = "laptop"
    page = "container.md"
    lacks = {"deadline": "it has none"}
    limits = ("20 MB", "any size", "no limit", "one process serves everything")
    largest_body = 20 << 20

    def __init__(self, rig: LocalServer, settings: Mapping[str, str]) -> None:
        self._server = rig

    @property
    def url(self) -> str:
        return self._server.url

    def log(self) -> str:
        return self._server.log
