"""Where this node may connect to: never to its own network because a partner's document says so."""

from __future__ import annotations

import ipaddress
import socket

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from passerelle.errors import TransportError


class PrivateAddress(OSError):
    """A name that points into private networks alone."""


class PublicOnlyResolver(AbstractResolver):
    """Resolves names, and gives back only addresses of the open internet.

    The check stands behind the name look-up, so a name that points inwards is refused
    as an address that does; what is checked is what is connected to.
    """

    def __init__(self) -> None:
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Addresses of `host`; raises PrivateAddress where none of them is public."""
        found = await self._inner.resolve(host, port, family)
        public = [result for result in found if is_public(result["host"])]
        if not public:
            raise PrivateAddress(host)
        return public

    async def close(self) -> None:
        """Give back what the look-ups hold."""
        await self._inner.close()


_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""NAT64 (RFC 6052): the last 32 bits are the IPv4 address that answers."""

_INWARDS = (
    ipaddress.IPv6Network("64:ff9b:1::/48"),  # NAT64 of a local network (RFC 8215)
    ipaddress.IPv6Network("::/96"),  # once IPv4 within IPv6; today nobody's
)


def is_public(address: str) -> bool:
    """Whether an IP address lies on the open internet, with the IPv4 address that it may carry within."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        carried = _carried(parsed)
        if carried is not None:
            return is_public(str(carried))
        if any(parsed in network for network in _INWARDS):
            return False
    return parsed.is_global and not parsed.is_multicast


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address to which a mapped, tunnelled (6to4) or translated one leads."""
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def refuse_private_literal(host: str) -> None:
    """Refuse an address written as a number: literals never pass the resolver.

    Args:
        host: As it is dialled, normalised: ``①②⑦.0.0.1`` is a number only then.

    Raises:
        TransportError: ``road.private-address``.
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    if not is_public(host):
        raise TransportError("road.private-address", host=host)
