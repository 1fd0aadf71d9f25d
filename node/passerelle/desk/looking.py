"""Reading all that is held of our exchange, for one look: findings, due dates, what was waived.

What is read is much, so it is parsed and reckoned with in a thread, and only what came of it is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import date

from passerelle.desk import shelf
from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.exchange.rules.holdings import Holdings
from passerelle.exchange.rules.references import hosts_in
from passerelle.exchange.rules.waivers import Waivers, counted, waivers_in
from passerelle.exchange.state import State
from passerelle.protocol.records import Record
from passerelle.storage import records as record_rows

READ_TYPES = ("agreement", "decision", "dossier", "erasure", "evaluation", "event", "nomination", "placement")
"""Types of which every record is read."""

SOME_TYPES = ("offer", "programme", "statistic")
"""Public types of which all of ours are read, and the newest of each other agency."""


async def holdings(context: Context, ledger: Ledger, as_of: date) -> Holdings:
    """What is held as of a day."""
    return await holdings_of(context, ledger, await ledger.state(as_of))


async def holdings_of(context: Context, ledger: Ledger, state: State) -> Holdings:
    """What is held beside a state."""
    found = await _read(context, ledger, READ_TYPES)
    for record_type in SOME_TYPES:
        found += await shelf.newest(context, ledger, record_type)
    offers = await ledger.records_of(offer.digest for offer in state.offers.values())
    found += offers.values()
    keys = await asyncio.to_thread(hosts_in, found)
    found += (await shelf.named(context, ledger, "organisation", keys)).values()
    return await asyncio.to_thread(Holdings.gather, state, context.own, found)


async def waivers(context: Context, ledger: Ledger) -> Waivers:
    """What was waived, by rule, version and who waived it."""
    records = await _read(context, ledger, ("decision", "nomination"))
    state = await ledger.state(context.clock().date())
    return await asyncio.to_thread(_waived, state, records)


def _waived(state: State, records: Iterable[Record]) -> Waivers:
    return waivers_in(counted(state, records))


async def _read(context: Context, ledger: Ledger, types: Iterable[str]) -> list[Record]:
    """Every version of every record of some types."""
    digests: list[str] = []
    for record_type in types:
        async with context.database.reading() as connection:
            rows = await record_rows.find(connection, type=record_type, limit=shelf.MOST)
        digests += [row.digest for row in rows if row.readable]
    found = await ledger.records_of(digests)
    return [found[digest] for digest in digests if digest in found]
