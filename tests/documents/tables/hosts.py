"""What each host keeps of our promises, as the suite in tests/hosts/promises declares it and holds it to."""

from __future__ import annotations

from collections.abc import Iterator

from tests.documents.page import Row, anchor
from tests.documents.texts import Language, Texts
from tests.hosts.promises.host import LIMITS, PROMISES, Host
from tests.hosts.promises.table import HOSTS


def table(language: Language) -> list[Row]:
    texts = Texts("hosts", _phrases(), languages=("zh",))

    def said(phrase: str) -> str:
        return phrase if language == "en" else texts.of(phrase, language)

    def kept(host: type[Host], reason: str | None) -> str:
        return said("yes") if reason is None else f"{said('no')}{': ' if language == 'en' else '：'}{said(reason)}"

    header = (said("promise"), *(f"[{said(host.name)}](#{anchor(said(host.section))})" for host in HOSTS))
    promises = [
        (said(text), *(kept(host, host.lacks.get(promise)) for host in HOSTS)) for promise, text in PROMISES.items()
    ]
    limits = [(f"**{said(limit)}**", *(said(host.limits[at]) for host in HOSTS)) for at, limit in enumerate(LIMITS)]
    return [header, *promises, *limits]


def _phrases() -> Iterator[str]:
    """All that is said, which the suite says in English."""
    yield from ("promise", "yes", "no", *PROMISES.values(), *LIMITS)
    for host in HOSTS:
        yield from (host.name, host.section, *host.limits, *host.lacks.values())
