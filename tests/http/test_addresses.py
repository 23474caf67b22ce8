"""Where a caller may send us: the public internet, and nothing that hides behind another spelling of it."""

from __future__ import annotations

import pytest

from shared.http.ssrf import is_public, names_alone, resolve_public_addresses

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
]
PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "224.0.1.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::8.8.8.8",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:a9fe:a9fe::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "3fff::1",
    "100::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "spelling", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "::1", "localhost"]
)
async def test_a_spelling_is_judged_by_what_the_system_makes_of_it(spelling: str) -> None:
    addresses = await resolve_public_addresses(spelling, 80)
    assert addresses
    assert not any(map(is_public, addresses))


async def test_a_name_that_means_nothing_leads_nowhere() -> None:
    assert await resolve_public_addresses("no.such.name.invalid", 80) == []


NAMES = ["example.com", "a.b-c.example.co", "xn--bcher-kva.example", "EXAMPLE.COM", "1.example.com"]
NO_NAMES = [
    *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "1.2.3.0x4", "example.1", "8.8.8.8", "::1", "[::1]"),
    *("localhost", "a.localhost", "printer.local", "metadata.google.internal", "router.lan", "x.home.arpa", "a.onion"),
    *("", ".", "example", "example.com.", "-a.example", "a..b", "a_b.example", "example.c", "exämple.com"),
]


@pytest.mark.parametrize("name", NAMES)
async def test_a_host_that_looks_nothing_up_visits_names(name: str) -> None:
    assert await names_alone(name, 443) == [name]
    assert is_public(name)


@pytest.mark.parametrize("text", NO_NAMES)
async def test_and_nothing_else(text: str) -> None:
    assert await names_alone(text, 443) == []
