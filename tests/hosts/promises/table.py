"""The table of promises by host in the README: `python -m tests.hosts.promises.table` writes it, `--check` compares."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tests.hosts.promises.aws import BufferedLambda, Lambda
from tests.hosts.promises.host import LIMITS, PROMISES, Host, Promise
from tests.hosts.promises.laptop import Laptop
from tests.hosts.promises.vercel import Vercel
from tests.hosts.promises.workers import Workers

HOSTS: tuple[type[Host], ...] = (Laptop, Lambda, BufferedLambda, Vercel, Workers)

README = Path(__file__).resolve().parents[3] / "README.md"
_BEGIN = "<!-- Written by python -m tests.hosts.promises.table -->\n\n"
_END = "\n<!-- Until here -->\n"


def declared(promise: Promise, host: type[Host]) -> str:
    """What the README says about a promise on a host."""
    reason = host.lacks.get(promise)
    return f"no: {reason}" if reason else "yes"


def markdown() -> str:
    """All of it: promises, then limits."""
    header = ["promise", *(f"[{host.name}](#{host.section.lower().replace(' ', '-')})" for host in HOSTS)]
    promises = [[text, *(declared(promise, host) for host in HOSTS)] for promise, text in PROMISES.items()]
    limits = [[f"**{limit}**", *(host.limits[index] for host in HOSTS)] for index, limit in enumerate(LIMITS)]
    first, *rows = (f"| {' | '.join(row)} |\n" for row in (header, *promises, *limits))
    return "".join([first, "|---" * len(header), "|\n", *rows])


def columns(cell: Callable[[Promise, type[Host]], str]) -> list[str]:
    """The promises as lines of text, one column for each host."""
    rows = [["", *(host.name for host in HOSTS)]]
    rows += [[text, *(cell(promise, host) for host in HOSTS)] for promise, text in PROMISES.items()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def written() -> str:
    """What stands in the README now."""
    return _parts()[1]


def write() -> None:
    before, _, after = _parts()
    README.write_text(f"{before}{_BEGIN}{markdown()}{_END}{after}", encoding="utf-8")


def _parts() -> tuple[str, str, str]:
    before, begin, rest = README.read_text(encoding="utf-8").partition(_BEGIN)
    table, end, after = rest.partition(_END)
    assert begin, f"README.md has no line {_BEGIN}"
    assert end, f"README.md has no line {_END}"
    return before, table, after


if __name__ == "__main__":
    if sys.argv[1:] != ["--check"]:
        write()
    elif written() != markdown():
        sys.exit("README.md: the table of hosts is not what the tests declare. python -m tests.hosts.promises.table")
