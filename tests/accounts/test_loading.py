"""Accounts from variables, cookie files and ACCOUNTS, and the error for each invalid one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.account import Account
from shared.accounts import AccountPool, fingerprint
from shared.accounts.loading import read_accounts
from shared.errors import (
    Misconfigured,
)
from shared.providers import PROVIDERS
from shared.state import MemoryState

SECRET = "s3cret-cookie-value"


def read(**environment: str) -> tuple[Account, ...]:
    return read_accounts(environment, PROVIDERS)


def listed(*entries: dict[str, Any], **environment: str) -> tuple[Account, ...]:
    return read(ACCOUNTS=json.dumps(entries), **environment)


def cookies(value: str = SECRET, domain: str = ".zimage.run") -> str:
    return json.dumps([{"domain": domain, "name": "session", "value": value}])


# ACCOUNTS


def test_nothing_configured_means_no_accounts() -> None:
    assert read() == read(ACCOUNTS="", ACCOUNTS_DIR=" ", COOKIES_PATH="", PROVIDERS=" , ", ZIMAGE_COOKIE=" ") == ()


def test_an_entry_with_everything() -> None:
    entry = {"id": "a", "provider": "zimage", "key": SECRET, "base_url": "https://mirror.example/", "max_concurrent": 2}
    [account] = listed(
        entry | {"user_agent": "Safari", "moderation": "true"}, ZIMAGE_RESULT_ORIGINS="https://cdn.example"
    )
    assert (account.id, account.provider, account.key, account.max_concurrent) == ("a", "zimage", SECRET, 2)
    assert account.base_url == "https://mirror.example"
    assert account.origins == {"https://cdn.example"}
    assert account.options == {"user_agent": "Safari", "moderation": "true"}


def test_an_entry_with_the_least() -> None:
    [account] = listed({"id": "a", "provider": "zimage"})
    options = {"moderation": "false"}
    assert account == Account("a", "zimage", "https://zimage.run", options=options, cookie_domain="zimage.run")


@pytest.mark.parametrize(
    ("entry", "environment", "url"),
    [
        ({}, {}, "https://zimage.run"),
        ({}, {"ZIMAGE_BASE_URL": " http://127.0.0.1:9/ "}, "http://127.0.0.1:9"),
        ({"base_url": "https://own.example/x"}, {"ZIMAGE_BASE_URL": "http://127.0.0.1:9"}, "https://own.example/x"),
    ],
)
def test_the_nearest_base_url_counts(entry: dict[str, Any], environment: dict[str, str], url: str) -> None:
    [account] = listed({"id": "a", "provider": "zimage"} | entry, **environment)
    assert account.base_url == url


def test_an_accounts_own_option_counts_before_the_variable() -> None:
    entries = [{"id": "a", "provider": "zimage", "user_agent": "own"}, {"id": "b", "provider": "zimage"}]
    own, shared = listed(*entries, ZIMAGE_USER_AGENT="shared")
    assert (own.options["user_agent"], shared.options["user_agent"]) == ("own", "shared")


def test_the_limit_of_all_accounts_can_be_another_for_one() -> None:
    unlimited = {"id": "b", "provider": "zimage", "max_concurrent": 0}
    accounts = listed({"id": "a", "provider": "zimage"}, unlimited, PER_ACCOUNT_CONCURRENT_TASKS="3", ZIMAGE_COOKIE="c")
    assert [account.max_concurrent for account in accounts] == [3, 0, 3]


GOOD = {"id": "a", "provider": "zimage", "key": SECRET}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SECRET, "JSON"),
        (f'[{{"key": "{SECRET}"', "JSON"),
        (f'"{SECRET}"', "array"),
        (json.dumps(GOOD), "array"),
        (json.dumps([SECRET]), "object|dictionary|_Entry"),
        (json.dumps([GOOD | {"provider": "banana"}]), "'banana'"),
        (json.dumps([{"id": "a", "key": SECRET}]), "provider"),
        (json.dumps([{"provider": "zimage", "key": SECRET}]), "id"),
        (json.dumps([GOOD | {"id": ""}]), "id"),
        (json.dumps([GOOD | {"id": None}]), "id"),
        (json.dumps([GOOD | {"key": [SECRET]}]), "key"),
        (json.dumps([GOOD | {"max_concurrent": -1}]), "max_concurrent"),
        (json.dumps([GOOD | {"max_concurrent": SECRET}]), "max_concurrent"),
        (json.dumps([GOOD | {"base_url": "banana"}]), "base_url"),
        (json.dumps([GOOD | {"colour": SECRET}]), "'colour'"),
        (json.dumps([GOOD, GOOD]), "'a'"),
    ],
)
def test_a_bad_entry_is_told_by_its_variable_and_never_shows_a_key(text: str, told: str) -> None:
    with pytest.raises(Misconfigured, match=told) as caught:
        read(ACCOUNTS=text)
    assert caught.value.message.startswith("ACCOUNTS")
    assert SECRET not in repr(caught.value) + str(caught.value.__cause__)
    assert caught.value.__context__ is None, "pydantic's error would stay in memory"


def test_two_providers_may_each_have_an_account_of_one_name() -> None:
    accounts = listed({"id": "a", "provider": "zimage"}, {"id": "a", "provider": "sketch"})
    assert len({fingerprint(account) for account in accounts}) == 2


# Cookie files


def test_every_cookie_file_of_a_folder_is_an_account(tmp_path: Path) -> None:
    (tmp_path / "ann.json").write_text(cookies("1"))
    (tmp_path / "bob.txt").write_text("#HttpOnly_.zimage.run\tTRUE\t/\tTRUE\t0\tsession\t2\r\n")
    (tmp_path / "elsewhere.json").write_text(cookies("3", domain="example.com"))
    (tmp_path / "notes.md").write_text("not a cookie file")
    accounts = read(ACCOUNTS_DIR=str(tmp_path))
    assert [(account.id, account.provider, account.key) for account in accounts] == [
        ("ann", "zimage", "session=1"),
        ("bob", "zimage", "session=2"),
    ]


def test_one_cookie_file_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    path.write_bytes(b"\xef\xbb\xbf" + cookies().encode())
    [account] = read(COOKIES_PATH=f" {path} ")
    assert (account.id, account.key) == ("default", f"session={SECRET}")


@pytest.mark.parametrize("there", ["accounts", "cookies.json"])
def test_of_both_places_one_is_enough(tmp_path: Path, there: str) -> None:
    """Settings from the Imagen API name both of them, where people have one."""
    folder, single = tmp_path / "accounts", tmp_path / "cookies.json"
    if there == "accounts":
        folder.mkdir()
        (folder / "ann.json").write_text(cookies())
    else:
        single.write_text(cookies())
    [account] = read(ACCOUNTS_DIR=str(folder), COOKIES_PATH=str(single))
    assert account.id == {"accounts": "ann", "cookies.json": "default"}[there]


def test_of_both_places_one_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="^COOKIES_PATH: "):
        read(ACCOUNTS_DIR=str(tmp_path / "accounts"), COOKIES_PATH=str(tmp_path / "cookies.json"))


def write_unreadable(folder: Path) -> None:
    (folder / "bad.json").mkdir()


def write_latin(folder: Path) -> None:
    (folder / "bad.json").write_bytes(b'[{"name": "caf\xe9"}]')


def write_garbage(folder: Path) -> None:
    (folder / "bad.json").write_text(f"session={SECRET}")


@pytest.mark.parametrize("write", [write_unreadable, write_latin, write_garbage])
def test_a_bad_file_is_told_by_its_variable_and_name(write: Callable[[Path], None], tmp_path: Path) -> None:
    write(tmp_path)
    for variable, path in {"ACCOUNTS_DIR": tmp_path, "COOKIES_PATH": tmp_path / "bad.json"}.items():
        with pytest.raises(Misconfigured, match=rf"^{variable}: .*'bad\.json'") as caught:
            read(**{variable: str(path)})
        assert SECRET not in caught.value.message


@pytest.mark.parametrize("variable", ["ACCOUNTS_DIR", "COOKIES_PATH"])
def test_a_path_that_leads_nowhere_is_told(variable: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=f"^{variable}: "):
        read(**{variable: str(tmp_path / "nothing.json")})


# Short forms and PROVIDERS


def test_the_short_form_of_a_single_account() -> None:
    [account] = read(ZIMAGE_COOKIE=f" session={SECRET} ")
    assert (account.id, account.provider, account.key) == ("default", "zimage", f"session={SECRET}")


@pytest.mark.parametrize("key", [f"{SECRET}\n", f"\ufeff{SECRET}", f" {SECRET}\r\n"])
def test_what_surrounds_a_key_is_stripped(key: str) -> None:
    for accounts in (read(GEMINI_API_KEY=key), listed({"id": "a", "provider": "gemini", "key": key})):
        assert [account.key for account in accounts] == [SECRET]


@pytest.mark.parametrize("key", ["s3c\nret", "s3cr\u00e9t", "s3cret\u200b", "s3c\tret"])
def test_a_key_that_no_header_can_hold(key: str, tmp_path: Path) -> None:
    (tmp_path / "work.json").write_text(cookies(key), encoding="utf-8")
    for name, environment in {
        "GEMINI_API_KEY": {"GEMINI_API_KEY": key},
        "ACCOUNTS": {"ACCOUNTS": json.dumps([{"id": "a", "provider": "gemini", "key": key}])},
        "ACCOUNTS_DIR": {"ACCOUNTS_DIR": str(tmp_path)},
    }.items():
        with pytest.raises(Misconfigured, match=f"^{name}: .* not ASCII") as caught:
            read(**environment)
        assert key not in caught.value.message


def test_a_provider_that_needs_no_account_is_switched_on_by_name() -> None:
    [account] = read(PROVIDERS=" zimage ,")
    assert (account.id, account.provider, account.key) == ("open", "zimage", "")
    assert read(PROVIDERS="zimage,zimage") == (account,)


def test_a_credential_stands_in_for_the_open_account() -> None:
    assert [account.id for account in read(PROVIDERS="zimage", ZIMAGE_COOKIE="c")] == ["default"]
    assert [account.id for account in read(PROVIDERS="zimage", ZIMAGE_COOKIE=" ")] == ["open"]


@pytest.mark.parametrize("name", ["banana", "Zimage", "zimage;sketch"])
def test_an_unknown_provider_is_told(name: str) -> None:
    with pytest.raises(Misconfigured, match=f"^PROVIDERS: '{name}'.*zimage"):
        read(PROVIDERS=name)


@pytest.mark.parametrize("value", ["-1", "1.5", "many", "∞", "9" * 5000])
def test_a_bad_limit_is_told(value: str) -> None:
    with pytest.raises(Misconfigured, match="^PER_ACCOUNT_CONCURRENT_TASKS: "):
        read(PER_ACCOUNT_CONCURRENT_TASKS=value, PROVIDERS="zimage")


@pytest.mark.parametrize("value", ["banana", "ftp://x.example", "https://", "https://x.example/?key=1", "http://[::1"])
@pytest.mark.parametrize("variable", ["ZIMAGE_BASE_URL", "ZIMAGE_RESULT_ORIGINS"])
def test_a_bad_address_is_told(variable: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=f"^{variable}: "):
        read(**{"PROVIDERS": "zimage", variable: value})


# Fingerprints and repr


def test_a_fingerprint_is_short_and_stays_when_the_credential_changes() -> None:
    account = Account("my name", "zimage", "https://zimage.run", key="old")
    mark = fingerprint(account)
    assert re.fullmatch(r"[\w-]{8}", mark)
    assert mark == fingerprint(account._replace(key="new", base_url="https://mirror.example", max_concurrent=5))
    assert mark == "5FsQtQNT", "ids that are out there have this in them"
    assert mark != fingerprint(account._replace(id="your name")) != fingerprint(account._replace(provider="sketch"))


def test_repr_shows_no_credential() -> None:
    account = Account("a", "zimage", "https://zimage.run", key=SECRET, options={"user_agent": SECRET})
    assert SECRET not in f"{account!r} {account} {[account]} {AccountPool([account], MemoryState()).of('zimage')}"
