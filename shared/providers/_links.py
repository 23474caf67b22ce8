"""Result links, written short: most results of an upstream lie on one or two hosts, and their names fill up our ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeGuard

from shared.errors import GenerationFailed, Unavailable
from shared.http import origin_of
from shared.values import Account, Ref


def is_usable(link: object) -> TypeGuard[str]:
    """True for a plain http or https URL without a user or a password in it."""
    try:
        return isinstance(link, str) and bool(origin_of(link))
    except Unavailable:
        return False


def without_result(upstream: str) -> GenerationFailed:
    """The error of a finished job that has no result, or only links that are not usable."""
    return GenerationFailed(f"{upstream} finished the job without a usable result.")


class Links:
    """`hosts` has a tag for each origin where results lie, beside the API's own.

    `origins` are all that may be followed: these, and those that the account adds.
    """

    def __init__(self, account: Account, hosts: Mapping[str, str]) -> None:
        self._hosts = {**hosts, "": origin_of(account.base_url)}
        self.origins = {*self._hosts.values(), *account.origins}

    def usable(self, links: Iterable[object]) -> list[str]:
        """Those that are usable URLs, or paths at the API."""
        texts = (link for link in links if isinstance(link, str))
        return [link for link in texts if is_usable(self.whole(link) if link.startswith("/") else link)]

    def shortened(self, link: str) -> Ref:
        """A link as it goes into an id: a host that is known becomes its tag, and no host at all means the API's."""
        if link.startswith("/"):
            return link
        origin, path = origin_of(link), link.split("/", 3)[-1]
        return next((f"{tag}/{path}" for tag, host in self._hosts.items() if host == origin), link)

    def whole(self, ref: Ref) -> str:
        if "://" in ref:
            return ref
        tag, _, path = ref.partition("/")
        return f"{self._hosts.get(tag, self._hosts[''])}/{path}"
