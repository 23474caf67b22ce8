"""The tables by the names that they have in the READMEs."""

from __future__ import annotations

from collections.abc import Mapping

from tests.documents.page import Table
from tests.documents.tables import deploying, endpoints, errors, fields, hosts, models, providers, variables

TABLES: Mapping[str, Table] = {
    "providers": providers.table,
    "models": models.table,
    "endpoints": endpoints.table,
    "picture-fields": fields.pictures,
    "video-fields": fields.videos,
    "errors": errors.table,
    **{f"settings-{group}": table for group, table in variables.tables()},
    "hosts": hosts.table,
    "deploying": deploying.table,
    "sent": providers.sent,
}
