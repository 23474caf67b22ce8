"""Result links, written short: most results of an upstream lie on one or two hosts, and their names fill up our ids."""

from __future__ import annotations

from collections.abc import Mapping

from shared.account import Account
from shared.http import origin_of
from shared.results import Ref


class Links:
    """`hosts` has a tag for each origin where results lie, beside the API's own.

    `origins` are all that may be followed: these, and those that the account adds.
    """

    def __init__(self, account: Account, hosts: Mapping[str, str]) -> None:
        self._hosts = {**hosts, "": origin_of(account.base_url)}
        self.origins = {*self._hosts.values(), *account.origins}

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
