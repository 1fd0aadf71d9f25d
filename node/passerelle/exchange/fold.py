"""State = fold(records held, as of a day). The one entry to the fold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final, Protocol, TypeVar

from passerelle.exchange.causality import Sizes
from passerelle.exchange.deriving import derive_offers, derive_pair
from passerelle.exchange.growing import Growing, Judged
from passerelle.exchange.held import Held
from passerelle.exchange.state import AgreementState, PairKey, PairState, State
from passerelle.exchange.verdicts import Verdict
from passerelle.protocol.records import Record

_LEAST_FIRST: Final = (
    *("blocked", "waiting", "rejected", "withdrawn", "proposed"),
    *("terminated", "expired", "accepted", "suspended", "in-force"),
)


_WEIGHT: Final = {"waiting": 0, "blocked": 1}
"""What a state that counts nothing gives way to: to what is above it."""


class _Stated(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def state(self) -> str: ...


_T = TypeVar("_T", bound=_Stated)


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
    growing = Growing()
    growing.grow(held, sizes)
    return growing.propose(candidate)


def judge_all(held: Iterable[Held], sizes: Sizes) -> Judged:
    """Judges every record: first what is public, then each pair by itself."""
    growing = Growing()
    growing.grow(held, sizes)
    return growing.judged()


def derive(judged: Judged, as_of: date) -> State:
    """The state as of a day. Cheap beside the judging, so one judging serves many days."""
    pairs = {frozenset(key): derive_pair(pair, as_of) for key, pair in judged.pairs.items()}
    return combine(judged, pairs, as_of)


def combine(judged: Judged, pairs: Mapping[PairKey, PairState], as_of: date) -> State:
    """The state of everything from that of the pairs."""
    nominations = _merge([pair.nominations for pair in pairs.values()], lambda item: item.sender)
    accepted = Counter((item.offer, item.host) for item in nominations.values() if item.is_accepted)
    return State(
        as_of=as_of,
        verdicts=dict(judged.verdicts),
        pairs=pairs,
        agreements=_merge_agreements(list(pairs.values())),
        offers=derive_offers(judged.public, accepted, as_of),
        dossiers=_merge([pair.dossiers for pair in pairs.values()], lambda item: item.issuer),
        nominations=nominations,
        placements=_merge([pair.placements for pair in pairs.values()], lambda item: item.host),
    )


def _merge(parts: Sequence[Mapping[str, _T]], issuer_of: Callable[[_T], str]) -> Mapping[str, _T]:
    """Over all pairs; a pair that cannot tell gives way to one that can, and a blocked record to what counts.

    Args:
        parts: One of each pair.
        issuer_of: Who can have issued it, for an id is told apart by its issuer: a record of one pair may
            bear an id of another.
    """
    merged: dict[tuple[str, str], _T] = {}
    for part in parts:
        for item in part.values():
            key = (item.id, issuer_of(item))
            before = merged.get(key)
            if before is None or _WEIGHT.get(before.state, 2) < _WEIGHT.get(item.state, 2):
                merged[key] = item
    return _by_id(merged)


def _merge_agreements(parts: Sequence[PairState]) -> Mapping[str, AgreementState]:
    merged: dict[tuple[str, str], AgreementState] = {}
    for part in parts:
        for item in part.agreements.values():
            key = (item.id, item.issuer)
            other = merged.get(key, item)
            merged[key] = min(other, item, key=lambda found: _LEAST_FIRST.index(found.state))
    return _by_id(merged)


def _alone(state: str) -> int:
    """How little a state needs the other party."""
    return 2 if state in _WEIGHT else 1 if state == "proposed" else 0


def _by_id(merged: Mapping[tuple[str, str], _T]) -> Mapping[str, _T]:
    """By record id; where several issuers wrote one id down, those after the first have their SCID added.

    What counts goes before what does not, and what was agreed before what is proposed, so that nobody takes the
    id away by a record of its own alone.
    """
    shared: defaultdict[str, list[str]] = defaultdict(list)
    for record_id, issuer in merged:
        shared[record_id].append(issuer)
    found: dict[str, _T] = {}
    for record_id, issuers in shared.items():
        ordered = sorted(issuers, key=lambda one: (_alone(merged[record_id, one].state), one))
        for rank, issuer in enumerate(ordered):
            found[record_id if rank == 0 else f"{record_id} {issuer}"] = merged[record_id, issuer]
    return found
