"""Where this node may connect to: never to its own network because a partner's document says so."""

from __future__ import annotations

import ipaddress
import re
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

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All of IPv6 that is given out to networks; the rest is local, retired, or nobody's yet."""

_NOBODYS = (
    # Anycast (RFC 7723, 8155, 7534, 7535, 7450): whoever runs the network at hand may answer, a NAT box, a resolver.
    ipaddress.ip_network("192.0.0.0/24"),
    ipaddress.ip_network("192.31.196.0/24"),
    ipaddress.ip_network("192.52.193.0/24"),
    ipaddress.ip_network("192.175.48.0/24"),
    ipaddress.ip_network("2001::/23"),
    ipaddress.ip_network("2620:4f:8000::/48"),
    ipaddress.ip_network("192.88.99.0/24"),  # relays of 6to4, retired (RFC 7526)
    ipaddress.ip_network("3fff::/20"),  # documentation (RFC 9637), newer than the tables of Python 3.11
)

_LAST_PRIVILEGED_PORT = 1_023
_WEB_PORTS = frozenset({80, 443})

_THIS_MACHINE = re.compile(r"(?:.*\.)?localhost\.?", re.IGNORECASE)
"""Names that mean this machine whatever a look-up says, or where none answers (RFC 6761, section 6.3)."""

_LAST_LABEL_IS_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)


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
        if parsed not in _GLOBAL_UNICAST:
            return False
    if any(parsed in network for network in _NOBODYS):
        return False
    return parsed.is_global and not parsed.is_multicast


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address to which a mapped, tunnelled (6to4) or translated one leads."""
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def is_odd_number(host: str) -> bool:
    """Whether a host is an IPv4 address in another spelling than four decimal numbers.

    ``127.1``, ``2130706433``, ``0x7f.1`` and ``127.0.0.1.`` all reach this machine, for the
    system's own reader of numbers takes them; nothing that is a name ends in a number.
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _LAST_LABEL_IS_A_NUMBER.fullmatch(host) is not None
    return False


def refuse_inward(host: str, port: int) -> None:
    """Refuse what can be told from an address alone, before any look-up: literals never pass the resolver.

    Args:
        host: As it is dialled, normalised: ``①②⑦.0.0.1`` is a number only then.
        port: 80, 443, or one that no privileged service has (P-24).

    Raises:
        TransportError: ``road.private-address`` or ``road.port-refused``.
    """
    if port <= _LAST_PRIVILEGED_PORT and port not in _WEB_PORTS:
        raise TransportError("road.port-refused", host=host, port=port)
    if is_odd_number(host) or _THIS_MACHINE.fullmatch(host):
        raise TransportError("road.private-address", host=host)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    if not is_public(host):
        raise TransportError("road.private-address", host=host)
