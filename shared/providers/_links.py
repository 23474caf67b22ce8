"""Shorten result URLs: most of an upstream's results are on one or two hosts, and host names make our ids long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeGuard

from shared.account import Account
from shared.errors import GenerationFailed, Unavailable
from shared.http import origin_of
from shared.results import Ref


def is_usable(link: object) -> TypeGuard[str]:
    """Return True for an http or https URL without user info."""
    try:
        return isinstance(link, str) and bool(origin_of(link))
    except Unavailable:
        return False


def without_result(upstream: str) -> GenerationFailed:
    """Return the error for a finished job that has no result or only unusable URLs."""
    return GenerationFailed(f"{upstream} finished the job without a usable result.")


class Links:
    """Map result URLs to refs and back. `hosts` maps a tag to each result origin other than the API's own.

    `origins` are all allowed origins: these and the ones configured for the account.
    """

    def __init__(self, account: Account, hosts: Mapping[str, str]) -> None:
        self._hosts = {**hosts, "": origin_of(account.base_url)}
        self.origins = {*self._hosts.values(), *account.origins}

    def usable(self, links: Iterable[object]) -> list[str]:
        """Return the links that are usable URLs or paths on the API's origin."""
        texts = (link for link in links if isinstance(link, str))
        return [link for link in texts if is_usable(self.whole(link) if link.startswith("/") else link)]

    def shortened(self, link: str) -> Ref:
        """Return the ref of a link: a known origin becomes its tag; a link without a host is on the API's origin."""
        if link.startswith("/"):
            return link
        origin, path = origin_of(link), link.split("/", 3)[-1]
        return next((f"{tag}/{path}" for tag, host in self._hosts.items() if host == origin), link)

    def whole(self, ref: Ref) -> str:
        if "://" in ref:
            return ref
        tag, _, path = ref.partition("/")
        return f"{self._hosts.get(tag, self._hosts[''])}/{path}"
