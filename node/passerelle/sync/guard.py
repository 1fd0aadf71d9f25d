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


def is_public(address: str) -> bool:
    """Whether an IP address lies on the open internet."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_global and not parsed.is_multicast


def refuse_private_literal(host: str) -> None:
    """Refuse an address written as a number: literals never pass the resolver.

    Raises:
        TransportError: ``road.private-address``.
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    if not is_public(host):
        raise TransportError("road.private-address", host=host)
