"""Descriptors of the kit that name an address which is not its own: what the node signs for, and where it connects.

The operator has said where the kit is, so a node that is well goes on as before. Each wrong
descriptor is followed by another one, and the last names the true address.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Self
from urllib.parse import urlsplit

from passerelle.conformance.calls import is_signed_for
from passerelle.conformance.partner import Partner
from passerelle.conformance.stand import Call

_OWN: Final = timedelta(minutes=3)
_NEXT: Final = timedelta(seconds=5)
_INWARDS: Final = timedelta(minutes=2)
_TRUE: Final = timedelta(seconds=90)
"""Ages of the descriptors: the first and what each of its others is younger by, the one of an inner address, and the
last. Each is newer than the one before, and than the one that expired."""
_PORTS: Final = {"https": 443, "http": 80}


async def examine(partner: Partner, *, seconds: float) -> None:
    """P-29 and P-16, and then the truth again."""
    for number, claimed in enumerate(spellings(partner.address)):
        await _of_the_node(partner, claimed, _OWN - number * _NEXT, seconds=seconds)
    await _of_its_own_network(partner, seconds=seconds)
    await _told(partner, partner.agency.address, _TRUE, seconds=seconds)


def spellings(own: str) -> list[str]:
    """An address, and others with its scheme, host and port: host in capitals, port told or left out, with a path."""
    parts = urlsplit(own)
    host = own.rstrip("/").removeprefix(f"{parts.scheme}://").removesuffix(parts.path.rstrip("/"))
    usual = f":{_PORTS.get(parts.scheme, 0)}"
    bare = host.removesuffix(usual)
    told = host if parts.port is not None else f"{host}{usual}"
    others = (host.upper(), bare if bare != host else told, f"{host}/conformance")
    found = [own, *(f"{parts.scheme}://{other}" for other in others)]
    return list(dict.fromkeys(found))


async def _of_the_node(partner: Partner, claimed: str, age: timedelta, *, seconds: float) -> None:
    """P-29: whoever signs for its own address, and sends that to a partner, can be played it."""
    calls = await _told(partner, claimed, age, seconds=seconds)
    signed = [call for call in calls if "signature-input" in call.headers]
    if not signed:
        partner.notes.unseen("P-29", why="no-answer")
        return
    for call in signed:
        its = [one for one in (claimed, partner.address) if is_signed_for(partner, call, one)]
        got = f"its {call.method} {call.path} is signed for {', '.join(its)}"
        partner.notes.judge(not its, "P-29", sent=f"a descriptor that names {claimed}", got=got)


async def _of_its_own_network(partner: Partner, *, seconds: float) -> None:
    """P-16: seen only where both ends lie in private networks, for elsewhere nothing private leads from the node to the kit."""
    if partner.private_allowed:
        partner.notes.unseen("P-16", why="allowed")
        return
    ends = next((call.ends for call in reversed(partner.stand.calls)), ())
    if not ends or not all(_is_private(end) for end in ends):
        partner.notes.unseen("P-16", why="no-occasion")
        return
    async with Trap(ends[0]) as trap:
        calls = await _told(partner, trap.address, _INWARDS, seconds=seconds)
        got = f"{trap.connections} connections to it, which its operator may have allowed: --private-allowed"
        if calls or trap.connections:
            sent = f"a descriptor that names {trap.address}"
            partner.notes.judge(not trap.connections, "P-16", sent=sent, got=got)


async def _told(partner: Partner, address: str, age: timedelta, *, seconds: float) -> Sequence[Call]:
    """Put a descriptor with an address into the public feed, let it be read, and give back what is asked of the other feed then."""
    agency = partner.agency
    body = agency.node_body(agency.now + timedelta(days=60))
    body["addresses"] = [address]
    agency.descriptor = agency.author.record_of(agency.author.value("node", body, agency.now - age))
    agency.public.add(agency.descriptor)
    if not await partner.moves(agency.public, len(agency.public.leaves), seconds):
        return ()
    agency.bilateral.append(b'{"kind":"later","n":%d}' % len(agency.bilateral.leaves))
    began = time.monotonic()
    if not await partner.visit(agency.bilateral, seconds):
        return ()
    return [call for call in partner.stand.since(began) if agency.bilateral.origin.path in call.path]


def _is_private(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return False


@dataclass
class Trap:
    """Counts connections, and hangs up.

    Args:
        host: The kit's own end of the node's connections.
    """

    host: str
    connections: int = field(default=0)

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._count, self.host, 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        self._server.close()

    @property
    def address(self) -> str:
        """As a descriptor would name it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self._server.sockets[0].getsockname()[1]}"

    async def _count(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.close()
