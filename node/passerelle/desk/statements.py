"""The reciprocity statement: figures that both parties compute alike, and what they rest on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.exchange.state import State
from passerelle.exchange.statement import figures
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import format_time
from passerelle.storage import feeds
from passerelle.storage import setbacks as setback_rows

Answer = dict[str, object]


async def statement(
    context: Context, ledger: Ledger, partner: str, as_of: date, scheme: str | None
) -> Answer:
    """Figures of one pair as of a day, and apart from them their basis.

    ``figures`` is byte for byte the same at both parties once ``basis.complete`` is true at both.

    Args:
        context: The node.
        ledger: The records held.
        partner: Code or SCID.
        as_of: Inclusive.
        scheme: Only placements of this scheme, or all.
    """
    found = context.directory.find(partner)
    state = await ledger.state(as_of)
    return {
        "figures": figures(state, context.own, found.scid, scheme=scheme),
        "basis": await basis(context, found.scid, waiting_codes(state, context.own, found.scid)),
    }


def waiting_codes(state: State, a: str, b: str) -> list[str]:
    """Why something between two agencies waits, by code; empty where nothing does."""
    return list(state.pairs[frozenset((a, b))].waiting)


async def basis(context: Context, scid: str, waiting: list[str]) -> Answer:
    """What a statement with a partner rests on, and why the partner's may differ."""
    received, sent = Origin(scid, context.own, 1), Origin(context.own, scid, 1)
    partner = context.directory.peer(scid)
    head = context.heads.get(sent.encode())
    async with context.database.reading() as connection:
        theirs = await feeds.get(connection, received)
        cosigned = None if theirs is None else await feeds.get_receipt(connection, theirs.id, context.own)
        newest = None if theirs is None else await feeds.get_checkpoint(connection, theirs.id)
        setbacks = [] if theirs is None else await setback_rows.every(connection, theirs.id, objects=False)
        ours = await feeds.get(connection, sent)
        confirmed = None if ours is None else await feeds.get_receipt(connection, ours.id, scid)
    sent_size = 0 if head is None else head.size
    received_size = 0 if newest is None else newest.size
    seen_by_partner = 0 if confirmed is None else confirmed[0].size
    seen_by_us = 0 if cosigned is None else cosigned[0].size
    last_heard = None if partner is None else partner.last_heard
    return {
        "received": {"origin": received.encode(), "size": received_size, "cosigned": seen_by_us},
        "sent": {"origin": sent.encode(), "size": sent_size, "cosigned": seen_by_partner},
        "setbacks": [{"index": item.index, "status": item.status, "code": item.code} for item in setbacks],
        "waiting": waiting,
        "last_heard": None if last_heard is None else _time(last_heard),
        "feed_state": "unknown" if theirs is None else theirs.state,
        "complete": not setbacks
        and not waiting
        and seen_by_us == received_size
        and seen_by_partner == sent_size
        and theirs is not None
        and theirs.state == "current"
        and _is_fresh(context, theirs.checked),
        "made_at": format_time(context.clock()),
    }


def _is_fresh(context: Context, checked: int | None) -> bool:
    """Whether the author has answered lately; a node that was off itself has asked nobody."""
    limit = timedelta(days=context.config.sync.stale_after_days)
    return checked is not None and context.clock() - datetime.fromtimestamp(checked, UTC) <= limit


def _time(seconds: int) -> str:
    return format_time(datetime.fromtimestamp(seconds, UTC))
