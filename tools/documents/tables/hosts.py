"""Which promises each host keeps, as declared by the suite in tests/hosts/promises that checks them."""

from __future__ import annotations

from tests.hosts.promises.host import LIMITS, PROMISES
from tests.hosts.promises.table import HOSTS
from tools.documents.page import Row


def table() -> list[Row]:
    header = ("promise", *(f"[{host.name}]({host.page})" for host in HOSTS))
    promises = [(text, *(_kept(host.lacks.get(promise)) for host in HOSTS)) for promise, text in PROMISES.items()]
    limits = [(f"**{limit}**", *(host.limits[index] for host in HOSTS)) for index, limit in enumerate(LIMITS)]
    return [header, *promises, *limits]


def _kept(reason: str | None) -> str:
    return "yes" if reason is None else f"no: {reason}"
