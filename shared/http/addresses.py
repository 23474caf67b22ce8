"""Which addresses a caller may send us to: those on the public internet, by whatever name or spelling."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_DOCUMENTATION = IPv6Network("3fff::/20")
_NAT64 = IPv6Network("64:ff9b::/96")


async def addresses_of(host: str, port: int) -> list[str]:
    """What the system makes of a name, or of an address in one of its many spellings; nothing, perhaps."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, NotImplementedError):  # a name that means nothing, or a host without names to look up
        return []
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def is_public(text: str) -> bool:
    """Whether anybody may be sent to this address, as `addresses_of` spells it."""
    return _is_public(ip_address(text))


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
