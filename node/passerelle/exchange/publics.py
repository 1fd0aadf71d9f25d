"""Public records, judged: offers, what their issuers decide on them, events, and the rest.

Public feeds know nothing of each other, so each author's records are judged in the order of
its feed. A decision with an effect is its author's on its own record, which stands before it;
others wait for what they name, in whatever feed it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from passerelle.exchange.book import EVERYTHING, Act, Book, Known
from passerelle.exchange.causality import ALWAYS
from passerelle.exchange.decisions import effect_of, find_subject, has_effect, judge_entitled, judge_state
from passerelle.exchange.held import Entry
from passerelle.exchange.judging import BILATERAL_ONLY, Bench, judge_event, judge_version
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
        self._pending: defaultdict[str, list[_Undecided]] = defaultdict(list)

    def run(self, feeds: Mapping[str, Sequence[Entry]]) -> Book:
        for author in sorted(feeds):
            for turn, entry in enumerate(feeds[author]):
                self._take(entry, turn)
        while self._pending:  # what they name is not held: they wait
            _, waiting = self._pending.popitem()
            for undecided in waiting:
                self._decide(undecided)
        return self._book

    def _take(self, entry: Entry, turn: int) -> None:
        view = entry.view
        header = judge_version(self._book, entry, EVERYTHING)
        self._book.meet(entry, ALWAYS)
        if isinstance(view, DecisionView):
            undecided = _Undecided(entry, header, view, turn)
            if self._book.find(view.about.digest) is None:
                self._pending[view.about.digest].append(undecided)
            else:
                self._decide(undecided)
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

    def _decide(self, undecided: _Undecided) -> None:
        entry, view, verdict = undecided.entry, undecided.view, undecided.header
        if verdict.is_accepted:
            verdict = self._judge(entry, view, undecided.turn)
        self._file(Known(entry, ALWAYS, verdict, view, None))

    def _judge(self, entry: Entry, view: DecisionView, turn: int) -> Verdict:
        if view.about_type in BILATERAL_ONLY:
            said = {"outcome": view.outcome, "aboutType": view.about_type, "about": view.about.id}
            return blocked("decision.audience", **said)
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
        for undecided in self._pending.pop(known.entry.digest, ()):
            self._decide(undecided)
