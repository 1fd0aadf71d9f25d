"""Public records, judged: offers, what their issuers decide on them, events, and the rest.

Public feeds know nothing of each other, so each author's records are judged in the order of
its feed, and of its own records one sees only those before it. Of others' records all that
are held are in view, wherever they stand. A decision with an effect is its author's on its own
record; any other waits for what it names, in whatever feed that is.

Nothing here calls itself: how long a chain of decisions about decisions is, is for strangers to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from passerelle.exchange.book import EVERYTHING, Act, Book, Known
from passerelle.exchange.causality import ALWAYS
from passerelle.exchange.decisions import effect_of, find_subject, has_effect, judge_entitled, judge_state
from passerelle.exchange.held import Entry
from passerelle.exchange.judging import BILATERAL_ONLY, Bench, judge_event, judge_header
from passerelle.exchange.verdicts import Verdict, blocked
from passerelle.exchange.views import DecisionView, EventView, OfferView


def fold_public(feeds: Mapping[str, Sequence[Entry]]) -> Book:
    """Judges all public records.

    Args:
        feeds: By author, its public records in the order of their places.
    """
    return _PublicFold().run(feeds)


@dataclass(frozen=True, slots=True)
class _Undecided:
    """A decision until what it is about is judged.

    Args:
        header: What its header makes of it, in the order of its feed.
        turn: Its place among its author's.
    """

    entry: Entry
    header: Verdict
    view: DecisionView
    turn: int


class _PublicFold:
    def __init__(self) -> None:
        self._book = Book()
        self._feeds: dict[str, tuple[Entry, int]] = {}
        """By digest, every record and its place among its author's."""
        self._pending: defaultdict[str, list[_Undecided]] = defaultdict(list)
        self._ready: list[_Undecided] = []

    def run(self, feeds: Mapping[str, Sequence[Entry]]) -> Book:
        for entries in feeds.values():
            self._feeds.update((entry.digest, (entry, turn)) for turn, entry in enumerate(entries))
        for author in sorted(feeds):
            for turn, entry in enumerate(feeds[author]):
                self._take(entry, turn)
                self._settle()
        while self._pending:  # what they name is not held: they wait
            _, self._ready = self._pending.popitem()
            self._settle()
        return self._book

    def _settle(self) -> None:
        """Decides what has become ready, and what becomes ready by that."""
        while self._ready:
            self._decide(self._ready.pop())

    def _take(self, entry: Entry, turn: int) -> None:
        view = entry.view
        header = self._judge_header(entry, turn)
        self._book.meet(entry, ALWAYS)
        if isinstance(view, DecisionView):
            undecided = _Undecided(entry, header, view, turn)
            named = view.about.digest
            if self._book.find(named) is None and not self._is_own_later(entry, named, turn):
                self._pending[named].append(undecided)
            else:
                self._ready.append(undecided)
        elif isinstance(view, Verdict):
            self._file(Known(entry, ALWAYS, view, None, None))
        else:
            case = self._book.case_of(entry) if isinstance(view, OfferView) else None
            if header.is_accepted and isinstance(view, EventView):
                header = judge_event(entry, view)
            known = Known(entry, ALWAYS, header, view, case)
            if case is not None and known.verdict.is_accepted:
                case.versions.append(known)
            self._file(known)

    def _judge_header(self, entry: Entry, turn: int) -> Verdict:
        """As in a pair; but what it names as the version before may not be judged yet: a decision that waits."""
        before, place = self._feeds.get(entry.previous or "", (entry, turn))
        is_own_earlier = before.issuer == entry.issuer and place < turn
        return judge_header(self._book, entry, EVERYTHING, before if is_own_earlier else None)

    def _is_own_later(self, entry: Entry, named: str, turn: int) -> bool:
        """Whether a digest is that of a record that its author put after this one."""
        other, place = self._feeds.get(named, (entry, 0))
        return other.issuer == entry.issuer and place > turn

    def _decide(self, undecided: _Undecided) -> None:
        entry, view, verdict = undecided.entry, undecided.view, undecided.header
        if verdict.is_accepted:
            verdict = self._judge(entry, view, undecided.turn)
        self._file(Known(entry, ALWAYS, verdict, view, None))

    def _judge(self, entry: Entry, view: DecisionView, turn: int) -> Verdict:
        if view.about_type in BILATERAL_ONLY:
            said = {"outcome": view.outcome, "aboutType": view.about_type, "about": view.about.id}
            return blocked("decision.audience", **said)
        if self._is_own_later(entry, view.about.digest, turn):
            return blocked("reference.not-in-view", member="about", digest=view.about.digest)
        subject = find_subject(self._book, view, EVERYTHING)
        if isinstance(subject, Verdict):
            return subject
        verdict = judge_entitled(entry, view, subject)
        if not verdict.is_accepted or not has_effect(view):
            return verdict
        verdict = judge_state(Bench(self._book), entry, view, subject, EVERYTHING)
        if verdict.is_accepted and subject.case is not None:
            effect = effect_of(view, subject.case, entry.issuer, EVERYTHING)
            subject.case.acts.append(
                Act(
                    author=entry.issuer,
                    outcome=view.outcome,
                    effect=effect,
                    digest=view.about.digest,
                    effective=view.effective,
                    day=view.day,
                    scope=view.scope,
                    at=ALWAYS,
                    turn=turn,
                    cut=EVERYTHING,
                )
            )
        return verdict

    def _file(self, known: Known) -> None:
        self._book.add(known)
        self._ready.extend(self._pending.pop(known.entry.digest, ()))
