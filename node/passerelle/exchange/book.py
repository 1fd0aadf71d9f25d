"""What has been judged so far, filed by what it is about.

A **case** is everything on one subject: its accepted versions, the decisions that count, the
placements of a nomination, the events of a placement. Nothing in a case says what its state
is; the state is derived for a view (:class:`~passerelle.exchange.causality.Cut`) and a day,
which is why one book serves the judging of every record and the state at the end.

The book is the only mutable thing of the fold. It grows by :meth:`Book.add` alone, in causal
order, so a later version can keep it and add what is new.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from passerelle.exchange.causality import At, Cut, is_within
from passerelle.exchange.held import Entry
from passerelle.exchange.reading import View
from passerelle.exchange.tables import ENDING
from passerelle.exchange.verdicts import Verdict
from passerelle.exchange.views import (
    EventView,
    Ref,
    Scope,
)

EVERYTHING: Cut = (2**62, 2**62, 2**62)
"""The view that holds all."""

FOR_EVER = date.max


@dataclass(frozen=True, slots=True)
class Act:
    """A decision that counts, with the effect that it had in its author's view.

    Args:
        author: SCID.
        outcome: As decided.
        effect: ``bind`` (accept, confirm), ``hold`` (shortlist, waitlist), ``end``, ``refuse``
            (one version of what goes on in another), ``terminate`` (an agreement in all its
            versions), ``suspend``, ``resume``.
        digest: The version decided on.
        effective: EDTF date as written.
        day: Its earliest day.
        scope: Of ``suspend`` and ``resume``.
        at: Where it counts from. A third party's counts from where one of the two endorses it.
        turn: Order among the acts of one author.
        cut: The view in which it was signed.
    """

    author: str
    outcome: str
    effect: str
    digest: str
    effective: str
    day: date
    scope: Scope
    at: At
    turn: int
    cut: Cut

    def had_seen(self, other: Act) -> bool:
        """Whether the other stood in this one's view."""
        return is_within(other.at, self.cut) or (self.author == other.author and other.turn < self.turn)


@dataclass(frozen=True, slots=True)
class End:
    """Something ended.

    Args:
        day: From when.
        outcome: ``reject``, ``withdraw``, ``decline``, ``terminate``, or ``cancel`` for a
            nomination whose placement was cancelled.
    """

    day: date
    outcome: str


def end_of(acts: Sequence[Act]) -> End | None:
    """What several ends make together: from the earliest day, named after what binds least."""
    if not acts:
        return None
    return End(min(act.day for act in acts), min((act.outcome for act in acts), key=ENDING.index))


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A record that was judged.

    Args:
        at: Where it stands among the views.
        view: What was read of its body; None where it could not be, or nothing is read of its type.
        case: What it belongs to, for the types that have cases.
    """

    entry: Entry
    at: At
    verdict: Verdict
    view: View | None
    case: Case | None


@dataclass(slots=True, eq=False)
class Case:
    """One subject.

    Args:
        id: Record id.
        type: Record type.
        issuer: SCID.
        versions: Accepted versions, in causal order.
        acts: Decisions that count, in causal order; order between authors means nothing.
        nomination: Of a placement: what it places.
        placements: Of a nomination: what placed it.
    """

    id: str
    type: str
    issuer: str
    versions: list[Known] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    nomination: Case | None = None
    placements: list[Case] = field(default_factory=list)

    def versions_in(self, cut: Cut) -> Iterator[Known]:
        """Accepted versions of a view."""
        return (known for known in self.versions if is_within(known.at, cut))

    def is_in(self, cut: Cut) -> bool:
        """Whether the view holds any accepted version."""
        return any(True for _ in self.versions_in(cut))

    def acts_in(self, cut: Cut, effect: str, until: date = FOR_EVER) -> Iterator[Act]:
        """Acts of a view with one effect, effective by a day."""
        return (
            act for act in self.acts if act.effect == effect and act.day <= until and is_within(act.at, cut)
        )


@dataclass(frozen=True, slots=True)
class Happening:
    """One version of an event, as far as it is about one placement."""

    event_id: str
    version: int
    issuer: str
    at: At
    view: EventView


@dataclass(slots=True)
class Book:
    """Everything judged in one scope: a pair with what is beside it, or the public feeds.

    Args:
        base: The public book, for a pair; None for the public book itself.
        lines: Digests of all that the two of a pair addressed to each other, judged yet or not.
        headers: By id, all that has been met, whatever became of it.
        asked: Digests that were looked for outside the lines, with the verdict found there, None where
            nothing was. What was judged stands as long as the same would be found.
        cases: By issuer, id and type.
    """

    base: Book | None = None
    lines: set[str] = field(default_factory=set)
    by_digest: dict[str, Known] = field(default_factory=dict)
    by_id: defaultdict[str, list[Known]] = field(default_factory=lambda: defaultdict(list))
    asked: dict[str, Verdict | None] = field(default_factory=dict)
    headers: defaultdict[str, list[tuple[Entry, At]]] = field(default_factory=lambda: defaultdict(list))
    cases: dict[tuple[str, str, str], Case] = field(default_factory=dict)
    happenings: defaultdict[str, list[Happening]] = field(default_factory=lambda: defaultdict(list))

    def find(self, digest: str) -> Known | None:
        """A judged record of this scope or of the public feeds."""
        known = self.by_digest.get(digest)
        if known is not None or self.base is None:
            return known
        known = self.base.by_digest.get(digest)
        self.asked[digest] = None if known is None else known.verdict
        return known

    def would_find_the_same(self, digests: Iterable[str]) -> bool:
        """Whether what was looked for outside the lines would be found as it was.

        Args:
            digests: Of all that is about to join the lines, so would then be found there.
        """
        base = {} if self.base is None else self.base.by_digest
        return not any(digest in self.asked for digest in digests) and all(
            verdict == (base[digest].verdict if digest in base else None)
            for digest, verdict in self.asked.items()
        )

    def case_named(self, ref: Ref) -> Case:
        """The subject of a record that an accepted record names, so that it is there."""
        known = self.find(ref.digest)
        if known is None or known.case is None:
            raise RuntimeError("an accepted record names what has no case")
        return known.case

    def case_of(self, entry: Entry) -> Case:
        """The subject that a record is a version of.

        Another issuer's record with its id is another subject, and so is one of another type:
        what the rules block must not lend its type to what follows under its id.
        """
        key = (entry.issuer, entry.id, entry.type)
        if key not in self.cases:
            self.cases[key] = Case(entry.id, entry.type, entry.issuer)
        return self.cases[key]

    def meet(self, entry: Entry, at: At) -> None:
        """Notes the header of a record, once judged by it: of one author's records in their order."""
        self.headers[entry.id].append((entry, at))

    def add(self, known: Known) -> None:
        """Files a judged record. Its case, if it has one, is the caller's to fill."""
        self.by_digest[known.entry.digest] = known
        self.by_id[known.entry.id].append(known)
        if known.verdict.is_accepted and isinstance(known.view, EventView):
            for placement_id in known.view.placements:
                self.happenings[placement_id].append(
                    Happening(known.entry.id, known.entry.version, known.entry.issuer, known.at, known.view)
                )

    def happenings_of(self, placement_id: str, cut: Cut) -> list[Happening]:
        """The newest version in view of each event about a placement; public events are about none."""
        newest: dict[tuple[str, str], Happening] = {}
        for happening in self.happenings.get(placement_id, ()):
            key = (happening.issuer, happening.event_id)
            if is_within(happening.at, cut) and (
                key not in newest or happening.version > newest[key].version
            ):
                newest[key] = happening
        return list(newest.values())
