"""Load accounts from ACCOUNTS, ACCOUNTS_SECRET, ACCOUNTS_DIR, COOKIES_PATH, PROVIDERS and per-provider variables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from shared.account import Account, ProviderInfo
from shared.accounts.cookies import cookie_header, parse_cookies
from shared.environment import Variable, list_items, require_header_text, stripped
from shared.errors import Misconfigured


def credential_of(upstream: ProviderInfo) -> Variable | None:
    """Return the variable that holds the credential of a single account."""
    return _own(upstream.credential) if upstream.credential else None


def base_url_of(upstream: ProviderInfo) -> Variable:
    return _own(f"{upstream.name.upper()}_BASE_URL", upstream.base_url)


def origins_of(upstream: ProviderInfo) -> Variable:
    return _own(f"{upstream.name.upper()}_RESULT_ORIGINS")


def option_of(upstream: ProviderInfo, name: str) -> Variable:
    return _own(f"{upstream.name}_{name}".upper(), upstream.options[name])


def _own(name: str, default: str = "") -> Variable:
    return Variable(name, default, _OLD_NAMES.get(name, ()))


class Entry(NamedTuple):
    """The configuration of one account; `options` are provider-specific."""

    id: str
    provider: str
    key: str = ""
    base_url: str | None = None
    max_concurrent: int | None = None
    options: Mapping[str, Any] = MappingProxyType({})


ACCOUNTS = Variable("ACCOUNTS")
ACCOUNTS_DIR = Variable("ACCOUNTS_DIR")
COOKIES_PATH = Variable("COOKIES_PATH")
PROVIDERS = Variable("PROVIDERS")
PER_ACCOUNT_CONCURRENT = Variable("PER_ACCOUNT_CONCURRENT_TASKS", "0")

_OLD_NAMES = {"AKASHCHAT_SESSION_TOKEN": ("SESSION_TOKEN",), "AKASHCHAT_BASE_URL": ("AKASH_BASE_URL",)}
"""Names that other proxies of the same upstreams use for a variable."""

_DEFAULT = "default"
"""Id of the account configured by a provider's own variable or by COOKIES_PATH."""

_COOKIE_FILES = ("cookies.txt", "cookies.json")
"""Cookie file names in an account's own folder; each may have either format."""


def read_accounts(
    environment: Mapping[str, str], upstreams: Iterable[ProviderInfo], secret: str = ""
) -> tuple[Account, ...]:
    """Return all configured accounts; Misconfigured, naming the variable, if one cannot be read.

    `secret` is the text of the secret that ACCOUNTS_SECRET names.
    """
    table = {upstream.name: upstream for upstream in upstreams}
    reader = _Reader(environment)
    listed = {ACCOUNTS.name: ACCOUNTS.of(environment), "ACCOUNTS_SECRET": secret.strip()}
    entries = [account for name, text in listed.items() for account in reader.listed(table, name, text)]
    accounts = [*entries, *reader.from_files(table), *reader.short_forms(table), *reader.keyless(table)]
    seen: set[tuple[str, str]] = set()
    for account in accounts:
        if (account.provider, account.id) in seen:
            raise Misconfigured(
                "ACCOUNTS (or ACCOUNTS_SECRET, ACCOUNTS_DIR): "
                f"two accounts of '{account.provider}' are called '{account.id}'."
            )
        seen.add((account.provider, account.id))
    return tuple(accounts)


def read_guests(environment: Mapping[str, str], upstreams: Iterable[ProviderInfo]) -> tuple[Account, ...]:
    """Return one placeholder account, with an empty id, per provider that accepts callers' credentials."""
    reader = _Reader(environment)
    return tuple(reader.guest(upstream) for upstream in upstreams if upstream.for_guests)


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._limit = PER_ACCOUNT_CONCURRENT.number(environment)

    def listed(self, table: Mapping[str, ProviderInfo], variable: str, text: str) -> Iterator[Account]:
        if not text:
            return
        from shared.accounts.accounts_json import parse_entries

        for entry in parse_entries(variable, text):
            if entry.provider not in table:
                raise Misconfigured(f"{variable}: there is no provider called '{entry.provider}'.")
            yield self._account(table[entry.provider], entry, variable)

    def from_files(self, table: Mapping[str, ProviderInfo]) -> Iterator[Account]:
        for variable, name, path in self._cookie_files():
            source = f"{variable}: the file '{path.name}'"
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeError):
                raise Misconfigured(f"{source} cannot be read.") from None
            cookies = parse_cookies(text, source)
            for upstream in table.values():
                header = cookie_header(cookies, upstream.cookie_domain) if upstream.cookie_domain else ""
                if header:
                    yield self._account(upstream, Entry(id=name, provider=upstream.name, key=header), source)

    def short_forms(self, table: Mapping[str, ProviderInfo]) -> Iterator[Account]:
        for upstream in table.values():
            name, key = self._credential(upstream)
            if key:
                yield self._account(upstream, Entry(id=_DEFAULT, provider=upstream.name, key=key), name)

    def keyless(self, table: Mapping[str, ProviderInfo]) -> Iterator[Account]:
        for name in dict.fromkeys(list_items(PROVIDERS.of(self._environment))):
            if name not in table or not table[name].keyless:
                known = ", ".join(sorted(upstream.name for upstream in table.values() if upstream.keyless))
                raise Misconfigured(f"PROVIDERS: '{name}' is not one of those that need no account: {known}.")
            if not self._credential(table[name])[1]:
                yield self._account(table[name], Entry(id="open", provider=name))

    def _credential(self, upstream: ProviderInfo) -> tuple[str, str]:
        """Return the name and the value of the provider's own variable; both are empty if it has none."""
        variable = credential_of(upstream)
        return variable.found(self._environment) if variable else ("", "")

    def guest(self, upstream: ProviderInfo) -> Account:
        return self._account(upstream, Entry(id="", provider=upstream.name))

    def _cookie_files(self) -> Iterator[tuple[str, str, Path]]:
        """Yield each file as (variable, account name, path); the name is that of the file or of its folder."""
        single = COOKIES_PATH.of(self._environment)
        folder = ACCOUNTS_DIR.of(self._environment)
        if single and folder:  # some deployments set both: use whichever exists
            folder = folder if Path(folder).exists() else ""
            single = single if Path(single).exists() or not folder else ""
        if single:
            yield COOKIES_PATH.name, _DEFAULT, Path(single)
        if folder:
            if not Path(folder).is_dir():
                raise Misconfigured(f"{ACCOUNTS_DIR.name}: there is no such folder.")
            for path in sorted(Path(folder).iterdir()):
                if path.suffix in (".json", ".txt"):
                    yield ACCOUNTS_DIR.name, path.stem, path
                elif own := [path / name for name in _COOKIE_FILES if (path / name).is_file()]:
                    yield ACCOUNTS_DIR.name, path.name, own[0]

    def _account(self, upstream: ProviderInfo, entry: Entry, source: str = "") -> Account:
        """Return the account; `source` is the variable that errors in the entry name."""
        name, origins = origins_of(upstream).found(self._environment)
        base_url = self._base_url(upstream, entry, source)
        return Account(
            id=entry.id,
            provider=upstream.name,
            base_url=base_url,
            key=_key(source, entry),
            origins=frozenset(web_address(name, origin).lower() for origin in list_items(origins)),
            max_concurrent=self._limit if entry.max_concurrent is None else entry.max_concurrent,
            options=self._options(upstream, entry.options, source),
            cookie_domain=upstream.cookie_domain,
            elsewhere=base_url != upstream.base_url,
        )

    def _base_url(self, upstream: ProviderInfo, entry: Entry, source: str) -> str:
        if entry.base_url:
            return web_address(f"{source}: base_url", entry.base_url)
        name, url = base_url_of(upstream).found(self._environment)
        return upstream.base_url if url == upstream.base_url else web_address(name, url)

    def _options(self, upstream: ProviderInfo, own: Mapping[str, Any], source: str) -> dict[str, str]:
        if unknown := own.keys() - upstream.options:
            raise Misconfigured(f"{source}: '{upstream.name}' has no option called '{min(unknown)}'.")
        shared = {name: option_of(upstream, name).of(self._environment) for name in upstream.options}
        given = {name: _text(own[name]) for name in own}
        return {name: text for name in upstream.options if (text := given.get(name) or shared[name])}


def _key(source: str, entry: Entry) -> str:
    key = stripped(entry.key)
    require_header_text(f"{source}: account '{entry.id}'", key)
    return key


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def web_address(name: str, url: str) -> str:
    """Return the URL without a trailing slash; Misconfigured, naming the variable, if it is invalid."""
    try:
        parts = urlsplit(url)
        is_place = parts.hostname and parts.port != 0 and not (parts.query or parts.fragment or parts.username)
    except ValueError:
        is_place = False
    if not is_place or parts.scheme not in ("http", "https") or url.split() != [url]:
        raise Misconfigured(f"{name}: it has to look like https://example.com")
    return url.rstrip("/")
