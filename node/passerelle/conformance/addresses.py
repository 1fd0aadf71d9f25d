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

from passerelle.conformance.calls import is_signed_for
from passerelle.conformance.partner import Partner
from passerelle.conformance.stand import Call

_AGES: Final = (timedelta(minutes=3), timedelta(minutes=2), timedelta(seconds=90))
"""Of the three descriptors: each is newer than the one before, and than the one that expired."""


async def examine(partner: Partner, *, seconds: float) -> None:
    """P-29 and P-16, and then the truth again."""
    await _of_the_node(partner, seconds=seconds)
    await _of_its_own_network(partner, seconds=seconds)
    await _told(partner, partner.agency.address, _AGES[2], seconds=seconds)


async def _of_the_node(partner: Partner, *, seconds: float) -> None:
    """P-29: whoever signs for its own address, and sends that to a partner, can be played it."""
    own = partner.address
    calls = await _told(partner, own, _AGES[0], seconds=seconds)
    signed = [call for call in calls if "signature-input" in call.headers]
    if not signed:
        partner.notes.unseen("P-29", why="no-answer")
        return
    for call in signed:
        got = f"its {call.method} {call.path} is signed for {own}"
        partner.notes.judge(
            not is_signed_for(partner, call, own), "P-29", sent=f"a descriptor that names {own}", got=got
        )


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
        calls = await _told(partner, trap.address, _AGES[1], seconds=seconds)
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
