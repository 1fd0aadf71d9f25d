"""What this node holds, as the fold reads it: the fold itself, kept in memory and grown by what comes.

Offers, organisations, agencies and nodes are many and speak of no joint fact, so of
them only those are read and kept that a nomination, a placement or a decision names.

Bodies are not kept: the fold needs a small view of each, and who shows one reads it again.
Folding runs in a thread of its own, one at a time, so that requests are answered meanwhile.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar, cast

from passerelle.desk.context import Context
from passerelle.errors import InputError
from passerelle.exchange.deriving import derive_offers, derive_pair
from passerelle.exchange.fold import combine
from passerelle.exchange.growing import Growing, Judged, PairOf
from passerelle.exchange.held import Entry, Held
from passerelle.exchange.publics import fold_public
from passerelle.exchange.state import OfferState, PairState, State
from passerelle.exchange.verdicts import Verdict
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json
from passerelle.protocol.records import FeedPosition, Record
from passerelle.storage import feeds, vault
from passerelle.storage import records as record_rows
from passerelle.storage.records import Placed

BULK = ("agency", "certificate-status", "node", "offer", "organisation", "programme", "statistic")
"""Types that the fold reads only where another record names them."""

UNJUDGED = frozenset({*BULK, "rejection"})
"""Types that no rule about other records concerns."""

STATES_KEPT = 8
READ_AT_ONCE = 500

FEW = 8
"""As many records are parsed where they are asked for; more would keep the node from answering."""

Bodies = Mapping[str, Mapping[str, Json]]
"""Bodies by digest."""

_T = TypeVar("_T")


class Ledger:
    """The fold of what is held.

    Args:
        context: The node.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._stale = True
        self._turn = asyncio.Lock()
        """Held by whoever reads, grows or asks the fold: a thread works on it meanwhile."""
        self._making = asyncio.Lock()
        self._made: dict[tuple[str, date], tuple[State, object]] = {}
        """By name and day, what was made of a state; it holds as long as that is the state."""
        self.deciding = asyncio.Lock()
        """Held by whoever judges what takes a place or a dossier, until it is published: the next must see it."""
        self._forget()

    def _forget(self) -> None:
        """Begin again from nothing."""
        self._growing = Growing()
        self._judged: Judged | None = None
        self._issued: dict[str, int] = {}
        self._named: set[str] = set()
        """Ids of records of the many that another record names."""
        self._read_to = (0, 0)
        """Places read, and the largest number of a record among them."""
        self._states: dict[date, State] = {}
        self._pairs: dict[tuple[PairOf, date], tuple[int, PairState]] = {}

    @property
    def size(self) -> int:
        """How many records the fold holds, each once."""
        return len(self._issued)

    def issued(self, digest: str) -> int:
        """When its author says that it was issued; POSIX seconds."""
        return self._issued.get(digest, 0)

    async def records_of(self, digests: Iterable[str]) -> dict[str, Record]:
        """Some records, read again; erased ones are left out."""
        wanted = sorted(set(digests))
        found: dict[str, Record] = {}
        async with self._context.database.reading() as connection:
            for start in range(0, len(wanted), READ_AT_ONCE):
                data = await vault.get_records(connection, wanted[start : start + READ_AT_ONCE])
                found.update(await _parsed(data))
        return found

    async def offers(self, ids: Sequence[str], as_of: date) -> tuple[list[OfferState], Bodies]:
        """The state of the offers with some ids, whoever wrote these down, and the bodies of all their versions by digest; nothing of it is kept.

        What no record names is moved by public records alone, so only those are folded anew.
        """
        known = await self.state(as_of)
        asked = await self.held_of(ids)
        async with self._turn:
            public = {author: list(entries) for author, entries in self._growing.public_entries().items()}
        states = await asyncio.to_thread(_offers_beside, public, asked, as_of)
        bodies = {item.record.digest: item.record.body for item in asked if isinstance(item.record, Record)}
        wanted = set(ids)
        return [
            known.offer(item.issuer, item.id) or item for item in states.values() if item.id in wanted
        ], bodies

    def changed(self) -> None:
        """Something was published or arrived."""
        self._stale = True

    async def state(self, as_of: date) -> State:
        """The state of everything as of a day, inclusive."""
        async with self._turn:
            await self._refresh()
            if self._growing.proposed:  # by a publication that came to nothing, or is not finished
                self._growing.retract()
                self._moved()
            if as_of not in self._states:
                if len(self._states) >= STATES_KEPT:
                    self._states.pop(next(iter(self._states)))
                self._states[as_of] = await _aside(lambda: self._derive(as_of))
            return self._states[as_of]

    async def once(self, name: str, as_of: date, make: Callable[[State], Awaitable[_T]]) -> _T:
        """What is made of the state as of a day, made once until something is published or arrives.

        Args:
            name: Of what is made; the same name always stands for the same thing.
            as_of: The day.
            make: Makes it of the state. It is to be small: it is kept.
        """
        async with self._making:
            state = await self.state(as_of)
            kept = self._made.get((name, as_of))
            if kept is None or kept[0] is not state:
                made = await make(state)
                self._made = {
                    key: one for key, one in self._made.items() if self._states.get(key[1]) is one[0]
                }
                self._made[name, as_of] = (state, made)
                return made
            return cast("_T", kept[1])

    async def safe_seen(self, partner: str, cosigned: FeedPosition) -> FeedPosition:
        """What our next record to a partner may say that it saw: short of a record that lies about ours.

        Args:
            partner: The addressee's SCID.
            cosigned: How far we have cosigned its feed to us.
        """
        own = self._context.own
        async with self._turn:
            if not self._growing.line(partner, own).holds(cosigned):
                self._stale = True  # a visit has kept and cosigned it, and has not ended yet
            await self._refresh()
            return await _aside(lambda: self._growing.safe_seen(own, partner, cosigned))

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
        async with self._turn:
            await self._refresh()
            await self._take_named(_names(record))
            verdict = await _aside(lambda: self._propose(record, ahead))
        if not verdict.is_accepted:
            raise InputError(verdict.code or "rule.blocked", **verdict.params)

    def _propose(self, record: Record, ahead: Sequence[Held]) -> Verdict:
        """Judge it behind what goes before it, which is there already where the batch went on."""
        before = list(
            {
                item.record.digest: item.record
                for item in ahead
                if item.record.type not in BULK or item.record.id in self._named
            }.values()
        )
        if self._growing.proposed != tuple(item.digest for item in before):
            self._growing.retract()
            for item in before:
                if isinstance(item, Record):
                    self._growing.propose(item)
        self._moved()
        verdict = self._growing.propose(record)
        if not verdict.is_accepted:
            self._growing.retract()
        return verdict

    def _moved(self) -> None:
        self._judged = None
        self._states.clear()

    def _derive(self, as_of: date) -> State:
        """The state, for which only the pairs that have grown are derived anew."""
        if self._judged is None:
            self._judged = self._growing.judged()
        found: dict[frozenset[str], PairState] = {}
        for key, pair in self._judged.pairs.items():
            moves, state = self._pairs.get((key, as_of), (-1, None))
            if state is None or moves != pair.moves:
                state = derive_pair(pair, as_of)
            found[frozenset(key)] = state
            self._pairs[key, as_of] = (pair.moves, state)
        days = {as_of, *self._states}
        self._pairs = {(key, day): kept for (key, day), kept in self._pairs.items() if day in days}
        return combine(self._judged, found, as_of)

    # --- reading -------------------------------------------------------------------------

    async def _refresh(self) -> None:
        """Read what has come; whoever holds the turn does, so nobody goes on with the old meanwhile."""
        if not self._stale:
            return
        self._stale = False
        try:
            await self._read()
        except BaseException:
            self._stale = True
            raise

    async def _read(self) -> None:
        places, largest = self._read_to
        async with self._context.database.reading() as connection:
            held = await record_rows.count_places(connection)
            # Of the many types all are read only where more of them are named than one query may name.
            few = len(self._named) <= READ_AT_ONCE
            new = await record_rows.placed(
                connection,
                above=largest,
                leaving_out=BULK if few else (),
                but_for=sorted(self._named) if few else (),
            )
            sizes = {item.origin: item.size for item in await feeds.every(connection)}
            came = await record_rows.count_places_above(connection, largest)
        if places and held[0] != places + came:  # an older record has another place, or one was taken away
            self._forget()
            await self._read()
            return
        await self._take([item for item in new if item.type not in BULK or item.id in self._named])
        self._read_to = held
        await _aside(lambda: self._growing.grow((), sizes))
        self._moved()

    async def _take(self, places: Sequence[Placed]) -> None:
        """Read records a few at a time, keep what the fold reads of them, then the offers that they name."""
        named: set[str] = set()
        for start in range(0, len(places), READ_AT_ONCE):
            part = places[start : start + READ_AT_ONCE]
            async with self._context.database.reading() as connection:
                found = await vault.get_records(connection, {item.digest for item in part})
            named |= await _aside(lambda part=part, found=found: self._keep(part, found))  # type: ignore[misc]
        await self._take_named(named)

    def _keep(self, places: Sequence[Placed], found: Mapping[str, bytes]) -> set[str]:
        records = {digest: Record.parse(data) for digest, data in found.items()}
        self._growing.grow(_as_held(places, records), {})
        self._issued.update((item.digest, item.issued) for item in places if item.digest in records)
        return {name for record in records.values() for name in _names(record)}

    async def _take_named(self, names: Iterable[str]) -> None:
        """Take up the records of the many that others speak of, every version held."""
        missing = sorted(set(names) - self._named)
        self._named.update(missing)
        held = await self.held_of(missing) if missing else []
        self._issued.update(
            (item.record.digest, int(item.record.issued.timestamp()))
            for item in held
            if isinstance(item.record, Record)
        )
        if held:
            await _aside(lambda: self._growing.grow(held, {}))

    async def held_of(self, ids: Sequence[str]) -> list[Held]:
        """Every version held of the records with these ids."""
        async with self._context.database.reading() as connection:
            places: list[Placed] = []
            for start in range(0, len(ids), READ_AT_ONCE):
                places += await record_rows.placed(connection, ids=ids[start : start + READ_AT_ONCE])
            found = await vault.get_records(connection, {item.digest for item in places})
        return list(_as_held(places, await _parsed(found)))


async def _parsed(found: Mapping[str, bytes]) -> Mapping[str, Record]:
    """Records by digest, parsed in a thread where they are more than a few."""
    if len(found) <= FEW:
        return _parse_all(found)
    return await asyncio.to_thread(_parse_all, found)


def _parse_all(found: Mapping[str, bytes]) -> Mapping[str, Record]:
    return {digest: Record.parse(data) for digest, data in found.items()}


async def _aside(work: Callable[[], _T]) -> _T:
    """Work in a thread, to its end even where nobody waits for it any more: it changes the fold."""
    task = asyncio.ensure_future(asyncio.to_thread(_uncollected, work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _uncollected(work: Callable[[], _T]) -> _T:
    """Work without cyclic garbage collection, which would hold every thread for as long as it looks at the fold."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return work()
    finally:
        if was_enabled:
            gc.enable()


def _offers_beside(
    public: Mapping[str, Sequence[Entry]], asked: Iterable[Held], as_of: date
) -> Mapping[str, OfferState]:
    """Offers beside the public records that the fold holds."""
    feeds_of: dict[str, dict[str, Entry]] = {
        author: {entry.digest: entry for entry in entries} for author, entries in public.items()
    }
    for item in sorted(asked, key=lambda held: (held.origin.number, held.index)):
        feeds_of.setdefault(item.origin.author, {}).setdefault(item.record.digest, Entry.of(item))
    book = fold_public(
        {author: sorted(found.values(), key=lambda entry: entry.place) for author, found in feeds_of.items()}
    )
    return derive_offers(book, {}, as_of)


def _as_held(places: Iterable[Placed], records: Mapping[str, Record]) -> Iterable[Held]:
    for item in places:
        if item.digest in records:  # an erased one is not
            yield Held(records[item.digest], Origin.parse(item.origin), item.index)


def _names(record: Record) -> Iterable[str]:
    for member in ("offer", "about"):
        named: object = record.body.get(member)
        if isinstance(named, Mapping) and isinstance(named.get("id"), str):
            yield str(named["id"])
