"""Reading all that is held of our exchange, for one look: findings, due dates, what was waived."""

from __future__ import annotations

from datetime import date

from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.exchange.rules.holdings import Holdings, Waiver, counted, hosts_in, waivers_in
from passerelle.protocol.records import Record
from passerelle.storage import records as record_rows

READ_TYPES = ("agreement", "decision", "dossier", "erasure", "evaluation", "event", "nomination", "placement")
"""Types of which every record is read."""

SOME_TYPES = ("offer", "programme", "statistic")
"""Public types of which the newest are read."""

MOST = 1_000_000
"""Rows of one type; nothing is left out."""

NEWEST = 200
"""Records of a public type that are looked at; the network may hold many more."""


async def holdings(context: Context, ledger: Ledger, as_of: date) -> Holdings:
    """What is held as of a day."""
    state = await ledger.state(as_of)
    found: list[Record] = []
    for record_type in READ_TYPES:
        found += await _read(context, ledger, record_type, MOST)
    for record_type in SOME_TYPES:
        found += await _read(context, ledger, record_type, NEWEST)
    named = await ledger.records_of(offer.digest for offer in state.offers.values())
    found += named.values()
    held = await ledger.held_of(sorted(hosts_in(found)))
    found += (item.record for item in held if isinstance(item.record, Record))
    return Holdings.gather(state, context.own, found)


async def waivers(context: Context, ledger: Ledger) -> dict[tuple[str, str], Waiver]:
    """What was waived, by rule and record."""
    records = [
        record
        for record_type in ("decision", "nomination")
        for record in await _read(context, ledger, record_type, MOST)
    ]
    return waivers_in(counted(await ledger.state(context.clock().date()), records))


async def _read(context: Context, ledger: Ledger, record_type: str, limit: int) -> list[Record]:
    async with context.database.reading() as connection:
        rows = await record_rows.find(connection, type=record_type, limit=limit)
    found = await ledger.records_of(row.digest for row in rows if row.readable)
    return [found[row.digest] for row in rows if row.digest in found]
