"""State = fold(records held, as of a day). The one entry to the fold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Protocol, TypeVar

from passerelle.exchange.book import Book
from passerelle.exchange.causality import Line, Sizes
from passerelle.exchange.deriving import derive_offers, derive_pair
from passerelle.exchange.held import Entry, Held, in_order
from passerelle.exchange.pairs import Pair, fold_pair
from passerelle.exchange.publics import fold_public
from passerelle.exchange.state import AgreementState, PairKey, PairState, State
from passerelle.exchange.verdicts import Verdict, worst
from passerelle.protocol.origins import Origin
from passerelle.protocol.records import Record

_LEAST_FIRST: Final = (
    *("blocked", "waiting", "rejected", "withdrawn", "proposed"),
    *("terminated", "expired", "accepted", "suspended", "in-force"),
)


class _Stated(Protocol):
    @property
    def state(self) -> str: ...


_T = TypeVar("_T", bound=_Stated)


@dataclass(slots=True)
class Judged:
    """Every record with its verdict, before a day is named."""

    public: Book
    pairs: dict[tuple[str, str], Pair]
    verdicts: dict[str, Verdict] = field(default_factory=dict)


def fold(held: Iterable[Held], *, as_of: date, sizes: Sizes) -> State:
    """The state that the records held give, the same in whatever order they are given.

    Args:
        held: Every accepted record and stub, once for each place. One that was quarantined,
            is pending or held back does not belong here.
        as_of: What is effective, or happened, later does not count yet. ``issued`` is never looked at.
        sizes: How many leaves of each feed are held, ours included. An origin without
            records makes its pair known.
    """
    return derive(judge_all(held, sizes), as_of)


def judge(candidate: Record, held: Iterable[Held], *, sizes: Sizes) -> Verdict:
    """The verdict that a record would get, were it published now: the sender's own check.

    Args:
        candidate: A record of ours with its ``seen``, signed or about to be.
        held: As for :func:`fold`.
        sizes: As for :func:`fold`: the candidate is put at the end of our feeds.
    """
    partners: tuple[str | None, ...] = candidate.addressees or (None,)
    before = list(held)
    placed = [_at_the_end(candidate, partner, before, sizes) for partner in partners]
    return judge_all([*before, *placed], sizes).verdicts[candidate.digest]


def _at_the_end(candidate: Record, partner: str | None, held: Iterable[Held], sizes: Sizes) -> Held:
    feed = (candidate.issuer_scid, partner)
    places = [
        (item.origin.number, item.index + 1)
        for item in held
        if (item.origin.author, item.origin.partner) == feed
    ]
    places += [
        (origin.number, size) for origin, size in sizes.items() if (origin.author, origin.partner) == feed
    ]
    number, index = max(places, default=(1, 0))
    return Held(candidate, Origin(*feed, number), index)


def judge_all(held: Iterable[Held], sizes: Sizes) -> Judged:
    """Judges every record: first what is public, then each pair by itself."""
    feeds: defaultdict[tuple[str, str | None], list[Held]] = defaultdict(list)
    for item in held:
        feeds[item.origin.author, item.origin.partner].append(item)
    public = fold_public({author: in_order(items) for (author, to), items in feeds.items() if to is None})
    known = {*feeds, *((origin.author, origin.partner) for origin in sizes)}
    keys = sorted({(min(author, to), max(author, to)) for author, to in known if to is not None})
    judged = Judged(public, {key: _fold_pair(key, feeds, sizes, public) for key in keys})
    judged.verdicts.update((digest, item.verdict) for digest, item in public.by_digest.items())
    judged.verdicts.update(_verdicts(judged.pairs.values()))
    return judged


def _fold_pair(
    key: tuple[str, str],
    feeds: Mapping[tuple[str, str | None], Sequence[Held]],
    sizes: Sizes,
    public: Book,
) -> Pair:
    one, other = key
    lines = (
        Line.of(one, other, feeds.get((one, other), ()), sizes),
        Line.of(other, one, feeds.get((other, one), ()), sizes),
    )
    # What a third party addressed to both stands in its feed to each. A party holds one of them.
    beside = {
        item.record.digest: entry
        for (author, to), items in feeds.items()
        if to in key and author not in key
        for item in items
        if (entry := Entry.of(item)).reaches >= set(key)
    }
    return fold_pair(lines, beside.values(), public)


def _verdicts(pairs: Iterable[Pair]) -> Mapping[str, Verdict]:
    """One verdict for each record: its home pair's, else the worst of those that pairs give."""
    given: defaultdict[str, list[Verdict]] = defaultdict(list)
    at_home: dict[str, Verdict] = {}
    for pair in pairs:
        for digest, verdict in pair.verdicts.items():
            given[digest].append(verdict)
            if digest in pair.home:
                at_home[digest] = verdict
    return {digest: at_home.get(digest) or worst(verdicts) for digest, verdicts in given.items()}


def derive(judged: Judged, as_of: date) -> State:
    """The state as of a day. Cheap beside the judging, so one judging serves many days."""
    pairs: dict[PairKey, PairState] = {
        frozenset(key): derive_pair(pair, as_of) for key, pair in judged.pairs.items()
    }
    nominations = _merge([pair.nominations for pair in pairs.values()])
    accepted = Counter(item.offer for item in nominations.values() if item.is_accepted)
    return State(
        as_of=as_of,
        verdicts=judged.verdicts,
        pairs=pairs,
        agreements=_merge_agreements(list(pairs.values())),
        offers=derive_offers(judged.public, accepted, as_of),
        dossiers=_merge([pair.dossiers for pair in pairs.values()]),
        nominations=nominations,
        placements=_merge([pair.placements for pair in pairs.values()]),
    )


def _merge(parts: Sequence[Mapping[str, _T]]) -> Mapping[str, _T]:
    """Over all pairs; a pair that cannot tell gives way to one that can."""
    merged: dict[str, _T] = {}
    for part in parts:
        for record_id, item in part.items():
            if record_id not in merged or merged[record_id].state == "waiting":
                merged[record_id] = item
    return merged


def _merge_agreements(parts: Sequence[PairState]) -> Mapping[str, AgreementState]:
    merged: dict[str, AgreementState] = {}
    for part in parts:
        for record_id, item in part.agreements.items():
            other = merged.get(record_id, item)
            merged[record_id] = min(other, item, key=lambda found: _LEAST_FIRST.index(found.state))
    return merged
