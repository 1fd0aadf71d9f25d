"""The reciprocity statement: figures that both parties compute alike, and what they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.exchange.state import State
from passerelle.exchange.statement import figures
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import format_time
from passerelle.storage import evidence, feeds
from passerelle.storage import setbacks as setback_rows
from passerelle.storage.setbacks import Setback

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


@dataclass(frozen=True, slots=True)
class _Rest:
    """How far one feed between the two, or one public feed of theirs, is held by the other.

    Args:
        size: Leaves, as far as this node knows.
        cosigned: How many of them its reader has cosigned.
        setbacks: What its reader could not take; of our own feeds only the partner knows.
        state: ``current`` where nothing is open; of our own feeds always.
    """

    origin: Origin
    size: int
    cosigned: int
    setbacks: tuple[Setback, ...]
    state: str
    is_fresh: bool

    @property
    def is_whole(self) -> bool:
        """Whether figures may rest on it."""
        return self.state == "current" and self.is_fresh and not self.setbacks and self.cosigned == self.size

    def told(self) -> Answer:
        return {"origin": self.origin.encode(), "size": self.size, "cosigned": self.cosigned}


async def basis(context: Context, scid: str, waiting: list[str]) -> Answer:
    """What a statement with a partner rests on, and why the partner's may differ.

    Four feeds: what each has told the other, and what each has told everybody (spec/18-states-and-figures.md, S-75).
    """
    own, partner = context.own, context.directory.peer(scid)
    async with context.database.reading() as connection:
        received = await _theirs(context, connection, Origin(scid, own, 1))
        followed = await _theirs(context, connection, Origin(scid, None, 1))
        sent = await _ours(context, connection, Origin(own, scid, 1), scid)
        shown = await _ours(context, connection, Origin(own, None, 1), scid)
    rests = (received, followed, sent, shown)
    last_heard = None if partner is None else partner.last_heard
    return {
        "received": received.told(),
        "sent": sent.told(),
        "public": {"received": followed.told(), "sent": shown.told()},
        "setbacks": [
            {"origin": rest.origin.encode(), "index": item.index, "status": item.status, "code": item.code}
            for rest in rests
            for item in rest.setbacks
        ],
        "waiting": waiting,
        "last_heard": None if last_heard is None else _time(last_heard),
        "feed_state": received.state if received.state != "current" else followed.state,
        "complete": not waiting and all(rest.is_whole for rest in rests),
        "made_at": format_time(context.clock()),
    }


async def _theirs(context: Context, connection: AsyncConnection, origin: Origin) -> _Rest:
    held = await feeds.get(connection, origin)
    if held is None:
        return _Rest(origin, 0, 0, (), "unknown", is_fresh=False)
    newest = await feeds.get_checkpoint(connection, held.id)
    cosigned = await evidence.get_receipt(connection, held.id, context.own)
    setbacks = await setback_rows.every(connection, held.id, objects=False)
    return _Rest(
        origin,
        0 if newest is None else newest.size,
        0 if cosigned is None else cosigned[0].size,
        tuple(setbacks),
        held.state,
        _is_fresh(context, held.checked),
    )


async def _ours(context: Context, connection: AsyncConnection, origin: Origin, reader: str) -> _Rest:
    held = await feeds.get(connection, origin)
    confirmed = None if held is None else await evidence.get_receipt(connection, held.id, reader)
    head = context.heads.get(origin.encode())
    size = 0 if head is None else head.size
    return _Rest(origin, size, 0 if confirmed is None else confirmed[0].size, (), "current", is_fresh=True)


def _is_fresh(context: Context, checked: int | None) -> bool:
    """Whether the author has answered lately; a node that was off itself has asked nobody."""
    limit = timedelta(days=context.config.sync.stale_after_days)
    return checked is not None and context.clock() - datetime.fromtimestamp(checked, UTC) <= limit


def _time(seconds: int) -> str:
    return format_time(datetime.fromtimestamp(seconds, UTC))
