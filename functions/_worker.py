"""Cloudflare's entry: one Worker over the endpoints of all other files."""

from __future__ import annotations

from typing import Any

from workers import WorkerEntrypoint

from shared.hosts.bundle import import_all, whole_app
from shared.hosts.workers import respond

app = whole_app()
import_all()


class Default(WorkerEntrypoint):  # type: ignore[misc]  # only the platform has its type
    async def fetch(self, request: Any) -> Any:
        return await respond(app, request.js_object)
