"""Google's hosts beside the site's own. An account with a base URL of its own uses that for all of them."""

from __future__ import annotations

from typing import NamedTuple

from shared.account import Account
from shared.http import origin_of

_IMAGES = "https://lh3.googleusercontent.com"
_FULL_SIZES = "https://work.fife.usercontent.google.com"


class Hosts(NamedTuple):
    """`origins` are those that images may be on; the ones in `for_cookies` receive the cookies, as in a browser."""

    accounts: str
    uploads: str
    files: str
    for_cookies: frozenset[str]
    origins: frozenset[str]


def hosts_of(account: Account) -> Hosts:
    if account.elsewhere:
        own = frozenset({origin_of(account.base_url)})
        return Hosts(account.base_url, account.base_url, origin_of(account.base_url), own, own | account.origins)
    google = frozenset({_IMAGES, _FULL_SIZES})
    uploads = "https://content-push.googleapis.com"
    return Hosts("https://accounts.google.com", uploads, _IMAGES, google, google | account.origins)
