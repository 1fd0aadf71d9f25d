"""What this node holds, as the fold reads it, kept in memory until something changes.

Offers, organisations, agencies and nodes are many and speak of no joint fact, so of
them only those are read and kept that a nomination, a placement or a decision names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from passerelle.desk.context import Context
from passerelle.errors import InputError
from passerelle.exchange.causality import safe_seen
from passerelle.exchange.fold import fold, judge
from passerelle.exchange.held import Held
from passerelle.exchange.state import OfferState, State
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json
from passerelle.protocol.records import FeedPosition, Record
from passerelle.storage import feeds, vault
from passerelle.storage import records as record_rows
from passerelle.storage.records import Placed

BULK = ("agency", "node", "offer", "organisation")
"""Types that the fold reads only where another record names them."""

UNJUDGED = frozenset({*BULK, "rejection"})
"""Types that no rule about other records concerns."""

STATES_KEPT = 8

Bodies = Mapping[str, Mapping[str, Json]]
"""Bodies by digest."""


class Ledger:
    """Records and the state folded from them.

    Args:
        context: The node.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._stale = True
        self._turn = asyncio.Lock()
        self._records: dict[str, Record] = {}
        self._held: list[Held] = []
        self._sizes: dict[Origin, int] = {}
        self._states: dict[date, State] = {}

    @property
    def sizes(self) -> Mapping[Origin, int]:
        """How many leaves of each feed are held, as of the last look."""
        return self._sizes

    def records(self) -> list[Record]:
        """Every record that the fold reads, each once."""
        found = {item.record.digest: item.record for item in self._held if isinstance(item.record, Record)}
        return list(found.values())

    def bodies(self) -> Bodies:
        """Bodies of the records that the fold reads, by digest."""
        return {digest: record.body for digest, record in self._records.items()}

    async def offers(self, ids: Sequence[str], as_of: date) -> tuple[Mapping[str, OfferState], Bodies]:
        """The state of some offers, and the bodies of all their versions by digest; nothing of it is kept.

        What no record names is moved by public records alone, so only those are folded anew.
        """
        known = (await self.state(as_of)).offers
        asked = await self.held_of(ids)
        places = {(item.origin, item.index) for item in asked}
        beside = [item for item in self._held if item.origin.is_public]
        held = [*asked, *(item for item in beside if (item.origin, item.index) not in places)]
        sizes = {origin: size for origin, size in self._sizes.items() if origin.is_public}
        folded = fold(held, as_of=as_of, sizes=sizes).offers
        states = {name: known.get(name) or folded[name] for name in ids if name in known or name in folded}
        bodies = {item.record.digest: item.record.body for item in asked if isinstance(item.record, Record)}
        return states, bodies

    def changed(self) -> None:
        """Something was published or arrived."""
        self._stale = True

    async def state(self, as_of: date) -> State:
        """The state of everything as of a day, inclusive."""
        await self._refresh()
        if as_of not in self._states:
            if len(self._states) >= STATES_KEPT:
                self._states.pop(next(iter(self._states)))
            self._states[as_of] = fold(self._held, as_of=as_of, sizes=self._sizes)
        return self._states[as_of]

    async def safe_seen(self, partner: str, cosigned: FeedPosition) -> FeedPosition:
        """What our next record to a partner may say that it saw: short of a record that lies about ours.

        Args:
            partner: The addressee's SCID.
            cosigned: How far we have cosigned its feed to us.
        """
        await self._refresh()
        return safe_seen(
            self._held, author=self._context.own, partner=partner, cosigned=cosigned, sizes=self._sizes
        )

    async def check(self, record: Record, ahead: Sequence[Held]) -> None:
        """Refuse what our own rules, and so every partner's, would block.

        Args:
            record: Signed, not yet published.
            ahead: What is published just before it, in the same batch.

        Raises:
            InputError: The verdict's code and values.
        """
        if record.type in UNJUDGED:
            return
        await self._refresh()
        held = [*self._held, *ahead, *await self._named_by([record])]
        verdict = judge(record, held, sizes=self._sizes)
        if not verdict.is_accepted:
            raise InputError(verdict.code or "rule.blocked", **verdict.params)

    async def _refresh(self) -> None:
        """Read again what has changed; nobody goes on with the old while another reads the new."""
        async with self._turn:
            if not self._stale:
                return
            self._stale = False
            try:
                await self._read()
            except BaseException:
                self._stale = True
                raise
            self._states.clear()

    async def _read(self) -> None:
        async with self._context.database.reading() as connection:
            places = await record_rows.placed(connection, leaving_out=BULK)
            sizes = {held.origin: held.size for held in await feeds.every(connection)}
            missing = {item.digest for item in places} - self._records.keys()
            found = await vault.get_records(connection, missing)
        records = self._records | {digest: Record.parse(data) for digest, data in found.items()}
        held = list(_as_held(places, records))
        self._held = [*held, *await self._named_by(item.record for item in held)]
        self._records = {
            item.record.digest: item.record for item in self._held if isinstance(item.record, Record)
        }
        self._sizes = sizes

    async def _named_by(self, records: Iterable[object]) -> list[Held]:
        """The offers that these records speak of, every version held."""
        ids = sorted({name for record in records if isinstance(record, Record) for name in _names(record)})
        return await self.held_of(ids)

    async def held_of(self, ids: Sequence[str]) -> list[Held]:
        """Every version held of the records with these ids."""
        async with self._context.database.reading() as connection:
            places: list[Placed] = []
            for start in range(0, len(ids), 500):
                places += await record_rows.placed(connection, ids=ids[start : start + 500])
            missing = {item.digest for item in places} - self._records.keys()
            found = await vault.get_records(connection, missing)
        records = self._records | {digest: Record.parse(data) for digest, data in found.items()}
        return list(_as_held(places, records))


def _as_held(places: Iterable[Placed], records: Mapping[str, Record]) -> Iterable[Held]:
    for item in places:
        if item.digest in records:  # an erased one is not
            yield Held(records[item.digest], Origin.parse(item.origin), item.index)


def _names(record: Record) -> Iterable[str]:
    for member in ("offer", "about"):
        named: object = record.body.get(member)
        if isinstance(named, Mapping) and isinstance(named.get("id"), str):
            yield str(named["id"])
