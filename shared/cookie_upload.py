"""Replace an account's cookies at run time."""

from __future__ import annotations

from shared.account import Account
from shared.accounts import AccountPool
from shared.accounts.cookies import cookie_header, parse_cookies
from shared.errors import AccountRejected, BadRequest, Misconfigured, NotFound
from shared.provider_factory import ProviderFactory
from shared.providers import Checks


class CookieUpload:
    """Replaces the cookies of accounts, on all instances that share the state."""

    def __init__(self, adapters: ProviderFactory, pool: AccountPool) -> None:
        self._adapters = adapters
        self._pool = pool

    async def replace(self, name: str, export: str) -> dict[str, int]:
        """Replace the cookies of all accounts with this name from a browser export; each takes those of its domain.

        Returns the number of cookies used, by provider. The name is case-insensitive unless an exact match exists. If
        the provider can check credentials, the cookies are checked first.
        """
        alike = [each for each in self._pool.accounts if each.id.lower() == name.lower() and each.replaceable]
        accounts = [each for each in alike if each.id == name] or alike
        if not accounts:
            raise NotFound(f"No account called '{name[:64]}' works with cookies.", param="account_id")
        try:
            cookies = parse_cookies(export, "This")
        except Misconfigured as error:
            raise BadRequest(error.message, code="invalid_format", param="file") from None
        taken = {}
        for account in accounts:
            header = cookie_header(cookies, account.cookie_domain)
            if header:
                await self._check(account._replace(key=header))
                await self._pool.replace(account, header)
                taken[account.provider] = len(header.split("; "))
        if not taken:
            message = "None of these cookies is of the account's site, or all of them have expired."
            raise BadRequest(message, code="invalid_format", param="file")
        return taken

    async def _check(self, account: Account) -> None:
        adapter = self._adapters.for_account(account)
        try:
            if isinstance(adapter, Checks):
                await adapter.check()
        except AccountRejected as error:
            message = f"'{account.provider}' does not accept these cookies: {error.message}"
            raise BadRequest(message, code="cookies_rejected", param="file", details=error.details) from None
