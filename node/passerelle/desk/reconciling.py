"""Where a partner's records and ours, or those of two partners, speak of one fact and differ."""

from __future__ import annotations

import asyncio
from datetime import date

from passerelle.desk import shelf
from passerelle.desk.board import agencies_known
from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.exchange.reconciling import Divergence, Side, divergences
from passerelle.protocol.profile import format_time

Answer = dict[str, object]


async def reconcile(context: Context, ledger: Ledger, partner: str | None, as_of: date) -> Answer:
    """Every fact on which agencies differ, both sides with their sources; nothing is decided.

    Args:
        context: The node.
        ledger: The records held.
        partner: Code or SCID: only what it has a part in. Everything where None.
        as_of: The day of the states by which a version of a placement counts.
    """
    wanted = None if partner is None else context.directory.find(partner).scid
    state = await ledger.state(as_of)
    verdicts = state.verdicts
    said = [
        *await shelf.every(context, ledger, "event"),
        *await shelf.newest(context, ledger, "event"),
        *await shelf.newest(context, ledger, "statistic"),
    ]
    records = [item for item in said if item.digest not in verdicts or verdicts[item.digest].is_accepted]
    placements = {item.digest for item in state.placements.values() if item.code is None}
    records += (await ledger.records_of(placements)).values()
    found = await asyncio.to_thread(divergences, records)
    return {
        "asOf": as_of.isoformat(),
        "agency": context.own,
        "agencies": agencies_known(context),
        "divergences": [_told(item) for item in found if wanted is None or _concerns(item, wanted)],
        "people": {
            record.id: record.body.get("volunteer") for record in records if record.type == "placement"
        },
    }


def _concerns(item: Divergence, scid: str) -> bool:
    return any(side.source.issuer_scid == scid for side in item.sides)


def _told(item: Divergence) -> Answer:
    return {
        "kind": item.kind,
        "about": item.about,
        "detail": item.detail,
        "field": item.field,
        "sides": [_side(side) for side in item.sides],
    }


def _side(side: Side) -> Answer:
    record = side.source
    return {
        "agency": record.issuer_scid,
        "value": side.value,
        "member": side.member,
        "id": record.id,
        "digest": record.digest,
        "type": record.type,
        "version": record.version,
        "issued": format_time(record.issued),
        "sources": record.body.get("sources"),
    }
