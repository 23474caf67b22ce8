"""Which addresses a caller may send us to: those on the public internet, by whatever name or spelling."""

from __future__ import annotations

import asyncio
import re
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_DOCUMENTATION = IPv6Network("3fff::/20")
_NAT64 = IPv6Network("64:ff9b::/96")

# Its last label has a letter first: what has a digit there is read as an address by some, in one spelling or another.
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])", re.ASCII | re.IGNORECASE)
_INSIDE = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".onion")


async def resolve_public_addresses(host: str, port: int) -> list[str]:
    """What the system makes of a name, or of an address in one of its many spellings; nothing, perhaps."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:  # a name that means nothing
        return []
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


async def names_alone(host: str, port: int) -> list[str]:
    """The name itself, for a host that looks up none and reaches the public internet alone; nothing for an address."""
    return [host] if _is_name(host) else []


def is_public(text: str) -> bool:
    """Whether anybody may be sent to this, as `resolve_public_addresses` or `names_alone` spells it."""
    return _is_name(text) or _is_public(ip_address(text))


def _is_name(text: str) -> bool:
    return bool(_NAME.fullmatch(text)) and not text.lower().endswith(_INSIDE)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if inner := _inner(address):
            return _is_public(inner)
        if address not in _GLOBAL_UNICAST or address in _DOCUMENTATION:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that this one leads to: mapped, by NAT64 or by 6to4."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
