"""Shorten result URLs: most of an upstream's results are on one or two hosts, and host names make our ids long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TypeGuard
from urllib.parse import urljoin

from shared.account import Account
from shared.errors import GenerationFailed, Unavailable
from shared.http import origin_of, parse_json
from shared.results import Ref

_LINK_FIELDS = ("url", "image_url", "imageUrl")


def is_usable(link: object) -> TypeGuard[str]:
    """Return True for an http or https URL without user info."""
    try:
        return isinstance(link, str) and bool(origin_of(link))
    except Unavailable:
        return False


def links_in(result: object) -> Iterator[str]:
    """Yield the links in a result field: a text, a list, JSON in a text, or objects with the link in a known field."""
    match result:
        case list():
            for entry in result:
                yield from links_in(entry)
        case dict():
            yield from links_in(next((result[name] for name in _LINK_FIELDS if name in result), None))
        case str() if result.startswith(("[", "{")):
            with suppress(ValueError, RecursionError):
                yield from links_in(parse_json(result.encode()))
        case str() if result:
            yield result


def without_result(upstream: str) -> GenerationFailed:
    """Return the error for a finished job that has no result or only unusable URLs."""
    return GenerationFailed(f"{upstream} finished the job without a usable result.")


class Links:
    """Map result URLs to refs and back. `hosts` maps a tag to each result origin other than the API's own.

    `origins` are all allowed origins: these and the ones configured for the account.
    """

    def __init__(self, account: Account, hosts: Mapping[str, str]) -> None:
        self._base = f"{account.base_url}/"
        self._hosts = {**hosts, "": origin_of(account.base_url)}
        self.origins = {*self._hosts.values(), *account.origins}

    def usable(self, links: Iterable[object]) -> list[str]:
        """Return the usable URLs; relative ones belong to the base URL."""
        texts = (link.strip() for link in links if isinstance(link, str))
        return [url for link in texts if is_usable(url := self._absolute(link))]

    def shortened(self, link: str) -> Ref:
        """Return the ref of an absolute link: a known origin becomes its tag."""
        origin, path = origin_of(link), link.split("/", 3)[-1]
        return next((f"{tag}/{path}" for tag, host in self._hosts.items() if host == origin), link)

    def whole(self, ref: Ref) -> str:
        if "://" in ref:
            return ref
        tag, _, path = ref.partition("/")
        return f"{self._hosts.get(tag, self._hosts[''])}/{path}"

    def _absolute(self, link: str) -> str:
        """Return the absolute URL of a link, or the text itself if it is not one."""
        if not link or " " in link or "://" in link:
            return link
        with suppress(ValueError):
            return urljoin(self._base, link)
        return link
