"""SSRF protection: callers' URLs may lead only to addresses on the public internet."""

from __future__ import annotations

import asyncio
import re
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_DOCUMENTATION = IPv6Network("3fff::/20")
_NAT64 = IPv6Network("64:ff9b::/96")

# The last label must begin with a letter: some resolvers read one that begins with a digit as an IP address.
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])", re.ASCII | re.IGNORECASE)
_INSIDE = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".onion")


async def resolve_public_addresses(host: str, port: int) -> list[str]:
    """Return the IP addresses that the system resolves a name or address (in any spelling) to; possibly none.

    They are not filtered: see `is_public`.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:  # the name does not resolve
        return []
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


async def names_alone(host: str, port: int) -> list[str]:
    """Return the name itself, for platforms without DNS that reach only the public internet; empty for an address."""
    return [host] if is_public_name(host) else []


def is_public(text: str) -> bool:
    """Return whether a value from `resolve_public_addresses` or `names_alone` is on the public internet."""
    return is_public_name(text) or _is_public(ip_address(text))


def is_public_name(text: str) -> bool:
    """Return whether the text is a host name, and not one of a private network."""
    return bool(_NAME.fullmatch(text)) and not text.lower().endswith(_INSIDE)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if inner := _inner(address):
            return _is_public(inner)
        if address not in _GLOBAL_UNICAST or address in _DOCUMENTATION:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Return the embedded IPv4 address (mapped, NAT64 or 6to4); None if there is none."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
