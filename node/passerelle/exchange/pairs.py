"""The fold of one pair: every record of both judged in the view in which it was signed.

The two agencies compute the same, because nothing is read but what both hold: their records
to each other, what third parties addressed to both, and public records.

Each side has its own view, which grows as its records are taken up in causal order. What a
record changes in the counts of places is entered in the ledgers of its author at once, and in
the other side's when that side's view reaches it. So a record is judged by looking at its
subject and at two counters, not at the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import count

from passerelle.exchange import lifecycles
from passerelle.exchange.book import Act, Book, Case, Known
from passerelle.exchange.causality import ALWAYS, At, Cut, Examined, Line, causal_order, cut_of, examine
from passerelle.exchange.decisions import (
    as_subject,
    effect_of,
    find_subject,
    has_effect,
    judge_entitled,
    judge_state,
)
from passerelle.exchange.held import Entry
from passerelle.exchange.judging import Bench, as_reference, judge_agreement, judge_version
from passerelle.exchange.nominations import judge_nomination
from passerelle.exchange.placements import judge_placement
from passerelle.exchange.quotas import Ledger, Place
from passerelle.exchange.reading import View
from passerelle.exchange.verdicts import ACCEPTED, Verdict, blocked
from passerelle.exchange.views import (
    AgreementView,
    DecisionView,
    DossierView,
    EventView,
    NominationView,
    PlacementView,
)

_NO_VIEW: Cut = (0, 0, 0)
_OF_ITS_SUBJECT = frozenset({"reference.not-held", "reference.not-in-view"})
"""Findings on the agreement that an endorsed decision is about which are told as they are."""

_moves = count()


@dataclass(slots=True)
class Pair:
    """A pair that was folded.

    Args:
        parties: The two SCIDs, sorted.
        book: Everything judged.
        verdicts: By digest, of the records that the two addressed to each other.
        home: Digests of those whose verdict no other pair can give.
        moves: How much was judged; grows with each record, and never has one number for two pairs.
    """

    parties: tuple[str, str]
    book: Book
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    home: set[str] = field(default_factory=set)
    moves: int = field(default_factory=_moves.__next__)


class PairFold:
    """A pair that is folded, and that takes up what joins the ends of its lines.

    Args:
        lines: Both directions, the one of the smaller SCID first.
        beside: What third parties addressed to both, in any order.
        public: The public records, judged.

    Attributes:
        pair: What was made of it.
    """

    def __init__(self, lines: tuple[Line, Line], beside: Iterable[Entry], public: Book) -> None:
        authors = (lines[0].author, lines[1].author)
        self._lines = lines
        self._book = Book(base=public)
        self._bench = Bench(
            self._book,
            frozenset(authors),
            nominated={author: Ledger() for author in authors},
            accepted={author: Ledger() for author in authors},
        )
        self.pair = Pair(authors, self._book)
        self._claims = (Examined(), Examined())
        self._seen = [0, 0]
        """How far each side's ledgers have followed the other line."""
        self._touched: tuple[list[Sequence[Case]], list[Sequence[Case]]] = ([], [])
        """For each record of a line, the nominations whose places it may change."""
        self._words: dict[str, _Word] = {}
        """Third parties' decisions on agreements, by digest: they count once one of the two endorses them."""
        self._take_beside(beside)
        self._run(lines, _examine_both(lines, self._claims))

    def grow(self, lines: tuple[Line, Line]) -> bool:
        """Takes up what both lines have beyond what was judged.

        Args:
            lines: As judged, with more at their ends.

        Returns:
            False where what came changes what was judged: then nothing was taken up, and
            the pair must be folded anew.
        """
        taken = tuple(len(examined.claims) for examined in self._claims)
        new = [
            entry.digest for line, start in zip(lines, taken, strict=True) for entry in line.entries[start:]
        ]
        if not self._book.would_find_the_same(new):
            return False
        claims = self._claims
        if any(examined.is_open for examined in claims):
            claims = _examine_both(lines, (Examined(), Examined()))
            for before, after in zip(self._claims, claims, strict=True):
                if after.claims[: len(before.claims)] != before.claims:
                    return False
        elif new:
            _examine_both(lines, claims)
        self._run(lines, claims)
        return True

    def _run(self, lines: tuple[Line, Line], claims: tuple[Examined, Examined]) -> None:
        self._lines, self._claims = lines, claims
        start = (len(self._touched[0]), len(self._touched[1]))
        for line, first in zip(lines, start, strict=True):
            self._book.lines.update(entry.digest for entry in line.entries[first:])
        if start != (len(lines[0].entries), len(lines[1].entries)):
            self.pair.moves = next(_moves)
        for side, position in causal_order(claims[0].claims, claims[1].claims, start):
            self._take(side, position)

    def _take(self, side: int, position: int) -> None:
        """Judges one record of a line."""
        entry, claim = self._lines[side].entries[position], self._claims[side].claims[position]
        at = (side, position)
        if claim.fault is not None:
            view = entry.view
            self._book.meet(entry, at)
            self._file(entry, at, claim.fault, None if isinstance(view, Verdict) else view)
            self._touched[side].append(())
            return
        cut = cut_of(side, position, claim.seen)
        self._follow(side, claim.seen, cut)
        known = self._judge(entry, at, cut)
        touched = self._apply(known, at, cut) if known.verdict.is_accepted else ()
        self._touched[side].append(touched)
        for nomination in touched:
            self._enter(side, nomination, cut_of(side, position + 1, claim.seen))

    def _judge(self, entry: Entry, at: At, cut: Cut) -> Known:
        view = entry.view
        verdict = judge_version(self._book, entry, cut)
        self._book.meet(entry, at)
        if isinstance(view, Verdict):
            return self._file(entry, at, view, None)
        if verdict.is_accepted and view is not None:
            verdict = self._judge_view(entry, view, cut)
        return self._file(entry, at, verdict, view)

    def _judge_view(self, entry: Entry, view: View, cut: Cut) -> Verdict:
        match view:
            case AgreementView():
                return judge_agreement(entry, view)
            case NominationView():
                self._claim_home(entry, view)
                return judge_nomination(self._bench, entry, view, cut)
            case PlacementView():
                self._claim_home(entry, view)
                return judge_placement(self._bench, entry, view, cut)
            case DecisionView():
                return self._judge_decision(entry, view, cut)
            case _:
                return ACCEPTED

    def _judge_decision(self, entry: Entry, view: DecisionView, cut: Cut) -> Verdict:
        if view.about.digest in self._words:
            return self._judge_on_word(view, self._words[view.about.digest], cut)
        subject = find_subject(self._book, view, cut)
        if isinstance(subject, Verdict):
            return subject
        if isinstance(subject.view, NominationView | PlacementView):
            self._claim_home(entry, subject.view)
        verdict = judge_entitled(entry, view, subject)
        if not verdict.is_accepted or not has_effect(view):
            return verdict
        return judge_state(self._bench, entry, view, subject, cut)

    def _judge_on_word(self, view: DecisionView, word: _Word, cut: Cut) -> Verdict:
        """Of a third party's decision it is asked who decides on what, not in which state it found that.

        Of that party's own view a pair knows only part.
        """
        where = {"member": "about", "digest": view.about.digest}
        if word.entry.id != view.about.id:
            return blocked("reference.other-id", **where, id=word.entry.id)
        if view.about_type != "decision":
            return blocked("reference.other-type", **where, type="decision", expected=view.about_type)
        if view.outcome != "endorse":
            return as_subject(word.view, view) if isinstance(word.view, Verdict) else ACCEPTED
        verdict = self._judge_word(word, cut)
        if verdict.is_accepted or verdict.code in _OF_ITS_SUBJECT:
            return verdict
        return as_reference(verdict, "about", view.about)

    def _judge_word(self, word: _Word, cut: Cut) -> Verdict:
        if isinstance(word.view, Verdict):
            return word.view
        subject = find_subject(self._book, word.view, cut)
        return subject if isinstance(subject, Verdict) else judge_entitled(word.entry, word.view, subject)

    def _claim_home(self, entry: Entry, view: NominationView | PlacementView) -> None:
        if self._bench.is_home(view.direction):
            self.pair.home.add(entry.digest)

    def _file(self, entry: Entry, at: At, verdict: Verdict, view: View | None) -> Known:
        has_case = isinstance(view, AgreementView | DossierView | NominationView | PlacementView)
        case = self._book.case_of(entry) if has_case else None
        known = Known(entry, at, verdict, view, case)
        self._book.add(known)
        if at != ALWAYS:
            self.pair.verdicts[entry.digest] = verdict
        return known

    # --- what a record that counts changes ---------------------------------------------

    def _apply(self, known: Known, at: At, cut: Cut) -> Sequence[Case]:
        """Files it with its subject; the nominations whose places it may change."""
        match known.view, known.case:
            case NominationView(), Case() as case:
                case.versions.append(known)
                return (case,)
            case PlacementView() as view, Case() as case:
                return self._apply_placement(known, view, case)
            case _, Case() as case:
                case.versions.append(known)
            case DecisionView() as view, _:
                word = self._words.get(view.about.digest) if view.outcome == "endorse" else None
                if word is not None and isinstance(word.view, DecisionView):
                    return self._apply_decision(word.entry.issuer, word.view, at, _NO_VIEW, turn=word.turn)
                return self._apply_decision(known.entry.issuer, view, at, cut, turn=at[1])
            case EventView() as view, _:
                keys = ((known.entry.issuer, placement, "placement") for placement in view.placements)
                return _nominations(self._book.cases[key] for key in keys if key in self._book.cases)
        return ()

    def _apply_placement(self, known: Known, view: PlacementView, case: Case) -> Sequence[Case]:
        if view.nomination is None:
            raise RuntimeError("an accepted placement without a nomination")
        nomination = self._book.case_named(view.nomination)
        if not case.versions:
            case.nomination = nomination
            nomination.placements.append(case)
        case.versions.append(known)
        return (nomination,)

    def _apply_decision(
        self, author: str, view: DecisionView, at: At, cut: Cut, *, turn: int
    ) -> Sequence[Case]:
        subject = self._book.find(view.about.digest)
        if subject is None or subject.case is None or not has_effect(view):
            return ()
        effect = effect_of(view, subject.case, author, cut)
        subject.case.acts.append(
            Act(
                author=author,
                outcome=view.outcome,
                effect=effect,
                digest=view.about.digest,
                effective=view.effective,
                day=view.day,
                scope=view.scope,
                at=at,
                turn=turn,
                cut=cut,
            )
        )
        return _nominations((subject.case,))

    # --- places, as each side knows them -----------------------------------------------

    def _follow(self, side: int, seen: int, cut: Cut) -> None:
        """Brings a side's ledgers to the view of its next record."""
        touched = self._touched[1 - side]
        for position in range(self._seen[side], seen):
            for nomination in touched[position]:
                self._enter(side, nomination, cut)
        self._seen[side] = max(self._seen[side], seen)

    def _enter(self, side: int, nomination: Case, cut: Cut) -> None:
        """Enters anew what a nomination holds in the view of one side."""
        known = lifecycles.newest(nomination, cut)
        if known is None or not isinstance(known.view, NominationView):
            return
        direction, author = known.view.direction, self._lines[side].author
        key = (self._book.case_named(known.view.agreement), direction)
        released = lifecycles.release_day(self._book, nomination, cut)
        if direction.sender == author:
            self._bench.nominated[author].put(key, nomination, Place(known.view.day.year, released))
            return
        held = lifecycles.place_held(nomination, direction.host, cut)
        if held is not None:
            act, taken_back = held
            days = [day for day in (released, taken_back) if day is not None]
            self._bench.accepted[author].put(key, nomination, Place(act.day.year, min(days, default=None)))

    # --- third parties -----------------------------------------------------------------

    def _take_beside(self, beside: Iterable[Entry]) -> None:
        """Takes up third parties' agreements, which are in every view, and notes their decisions on agreements.

        Their order is theirs to show, another one to each reader. So nothing here may rest on it.
        """
        words: list[tuple[Entry, DecisionView | Verdict]] = []
        for entry in sorted(beside, key=lambda entry: entry.digest):
            view = entry.view
            if isinstance(view, AgreementView):
                verdict = judge_version(self._book, entry, _NO_VIEW)
                verdict = judge_agreement(entry, view) if verdict.is_accepted else verdict
                known = self._file(entry, ALWAYS, verdict, view)
                if known.verdict.is_accepted and known.case is not None:
                    known.case.versions.append(known)
            elif isinstance(view, DecisionView | Verdict) and _may_be_word(entry, view):
                words.append((entry, view))
        words.sort(key=_turn)
        self._words = {entry.digest: _Word(entry, view, turn) for turn, (entry, view) in enumerate(words)}


def _may_be_word(entry: Entry, view: DecisionView | Verdict) -> bool:
    """Whether it is a decision on an agreement, or one of which nobody can read what it is on."""
    return entry.type == "decision" if isinstance(view, Verdict) else view.about_type == "agreement"


def _turn(word: tuple[Entry, DecisionView | Verdict]) -> tuple[date, bool, str]:
    """By effective day; of one day a resumption comes after what it lifts, whatever the scopes."""
    entry, view = word
    if isinstance(view, Verdict):
        return date.min, False, entry.digest
    return view.day, view.outcome == "resume", entry.digest


@dataclass(frozen=True, slots=True)
class _Word:
    """A third party's decision on an agreement, or one that cannot be read.

    Args:
        turn: Its place among all such, by their effective day; of one day a resumption is the last.
    """

    entry: Entry
    view: DecisionView | Verdict
    turn: int


def _examine_both(lines: tuple[Line, Line], found: tuple[Examined, Examined]) -> tuple[Examined, Examined]:
    return examine(lines[0], lines[1], found[0]), examine(lines[1], lines[0], found[1])


def _nominations(cases: Iterable[Case]) -> Sequence[Case]:
    """The nominations that cases are, or place."""
    found = (case if case.type == "nomination" else case.nomination for case in cases)
    return tuple(case for case in found if case is not None)
