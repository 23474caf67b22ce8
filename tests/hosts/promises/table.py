"""All hosts, and the promises in columns of text, one for each of them."""

from __future__ import annotations

from collections.abc import Callable

from tests.hosts.promises.aws import BufferedLambda, Lambda
from tests.hosts.promises.host import PROMISES, Host, Promise
from tests.hosts.promises.laptop import Laptop
from tests.hosts.promises.vercel import Vercel
from tests.hosts.promises.workers import Workers

HOSTS: tuple[type[Host], ...] = (Laptop, Lambda, BufferedLambda, Vercel, Workers)


def columns(cell: Callable[[Promise, type[Host]], str]) -> list[str]:
    """The promises as lines of text, one column for each host."""
    rows = [["", *(host.name for host in HOSTS)]]
    rows += [[text, *(cell(promise, host) for host in HOSTS)] for promise, text in PROMISES.items()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
