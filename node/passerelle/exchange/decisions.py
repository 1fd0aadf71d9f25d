"""The verdict of a decision, and the effect that it has where it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from passerelle.exchange import agreements, lifecycles
from passerelle.exchange.book import FOR_EVER, Book, Case, End, Known
from passerelle.exchange.causality import Cut
from passerelle.exchange.held import Entry
from passerelle.exchange.judging import Bench, find_named, judge_limit
from passerelle.exchange.nominations import agreed_row
from passerelle.exchange.tables import ENDING, MAY_DECIDE, WITHOUT_EFFECT, Role
from passerelle.exchange.verdicts import ACCEPTED, Verdict, blocked, waiting
from passerelle.exchange.views import WHOLE, AgreementView, DecisionView, NominationView, PlacementView

EFFECTS: Final[Mapping[str, str]] = {
    "accept": "bind",
    "confirm": "bind",
    "shortlist": "hold",
    "waitlist": "hold",
    "reject": "end",
    "decline": "end",
    "withdraw": "end",
    "terminate": "end",
    "suspend": "suspend",
    "resume": "resume",
}


def find_subject(book: Book, view: DecisionView, cut: Cut) -> Known | Verdict:
    """What is decided on. A decision on a blocked record is blocked."""
    known = find_named(book, view.about, cut, member="about", record_type=view.about_type)
    if isinstance(known, Verdict) or known.verdict.is_accepted:
        return known
    return as_subject(known.verdict, view)


def as_subject(verdict: Verdict, view: DecisionView) -> Verdict:
    """What the verdict of a record that does not count makes of a decision on it."""
    because = {"about": view.about.id, "digest": view.about.digest, "because": verdict.code}
    if verdict.status == "waiting":
        return waiting("decision.subject-waiting", **because)
    return blocked("decision.subject-blocked", **because)


def judge_entitled(entry: Entry, view: DecisionView, subject: Known) -> Verdict:
    """Who may decide this on that (table), and that all whom it concerns are told."""
    said = {"outcome": view.outcome, "aboutType": view.about_type, "about": view.about.id}
    outcomes = MAY_DECIDE.get(view.about_type)
    if outcomes is None or view.outcome in WITHOUT_EFFECT:
        if subject.entry.is_public or entry.issuer in subject.entry.reaches:
            return ACCEPTED
        return blocked("decision.not-entitled", **said)
    if view.outcome not in outcomes:
        return blocked("decision.not-applicable", **said)
    if not outcomes[view.outcome] & _roles(entry.issuer, subject):
        return blocked("decision.not-entitled", **said)
    return ACCEPTED if _tells_all(entry, subject) else blocked("decision.audience", **said)


def _roles(agency: str, subject: Known) -> frozenset[Role]:
    view = subject.view
    if isinstance(view, NominationView | PlacementView):
        ends: dict[str, Role] = {view.direction.sender: "sender", view.direction.host: "host"}
        return frozenset({ends[agency]} if agency in ends else ())
    if agency == subject.entry.issuer:
        return frozenset({"issuer"})
    is_party = isinstance(view, AgreementView) and agency in view.agencies
    return frozenset({"party"} if is_party else ())


def _tells_all(entry: Entry, subject: Known) -> bool:
    """Public on what is public; all parties of an agreement.

    Both ends of a direction are told by themselves: what one does not address to the other
    stands in no line of their pair.
    """
    if subject.entry.is_public:
        return entry.is_public
    return not isinstance(subject.view, AgreementView) or subject.view.agencies <= entry.reaches


def has_effect(view: DecisionView) -> bool:
    """Whether it moves anything."""
    return view.about_type in MAY_DECIDE and view.outcome not in WITHOUT_EFFECT


def effect_of(view: DecisionView, case: Case, author: str, cut: Cut) -> str:
    """What a decision that counts does. Rejecting one version of what goes on in another refuses only that."""
    if view.about_type == "agreement" and view.outcome in {"reject", "terminate"}:
        return "refuse" if view.outcome == "reject" else "terminate"
    if view.outcome == "reject":
        accepted = {
            act.digest
            for act in case.acts_in(cut, "bind")
            if act.author == author and act.outcome == "accept"
        }
        if accepted and view.about.digest not in accepted:
            return "refuse"
    return EFFECTS[view.outcome]


# --- what the subject's state allows ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """May this author, who saw this much, decide this on that subject?"""

    bench: Bench
    author: str
    view: DecisionView
    case: Case
    cut: Cut


def judge_state(bench: Bench, entry: Entry, view: DecisionView, subject: Known, cut: Cut) -> Verdict:
    """Whether the subject, as its author saw it, can still be decided on like this."""
    direction = subject.view.direction if isinstance(subject.view, NominationView | PlacementView) else None
    if direction is not None and not bench.is_home(direction):
        return waiting("view.not-held", **direction.params)
    if subject.case is None:
        raise RuntimeError(f"an accepted {view.about_type} without a case")
    return _GATES[view.about_type](Question(bench, entry.issuer, view, subject.case, cut))


def _judge_not_ended(asked: Question, end: End | None) -> Verdict:
    """After an end in view nothing binds any more, nor is anything resumed; what binds less may still come from an earlier day."""
    if end is None or (asked.view.outcome in {*ENDING, "suspend"} and asked.view.day < end.day):
        return ACCEPTED
    since = end.day.isoformat()
    return blocked("decision.subject-ended", about=asked.case.id, since=since, outcome=end.outcome)


def _judge_resume(asked: Question) -> Verdict:
    """There is a suspension of one's own to lift."""
    if asked.view.outcome != "resume":
        return ACCEPTED
    standing = agreements.suspensions(asked.case, asked.cut, FOR_EVER)
    own = {scope for act, scope in standing if act.author == asked.author}
    if asked.view.scope in own or (own and asked.view.scope == WHOLE):
        return ACCEPTED
    return blocked("decision.nothing-to-resume", about=asked.case.id)


def _judge_on_agreement(asked: Question) -> Verdict:
    case, cut, view = asked.case, asked.cut, asked.view
    over = agreements.terminated_on(case, cut)
    if over is not None and over <= view.day:
        return _judge_not_ended(asked, End(over, "terminate"))
    version = next(item for item in agreements.versions(case, cut) if item.digest == view.about.digest)
    if view.outcome == "accept":
        verdict = _judge_one_of_a_number(asked, version)
        return (
            verdict
            if not verdict.is_accepted
            else _judge_not_ended(asked, agreements.refused(case, version, cut))
        )
    if view.outcome == "reject" and asked.author in agreements.acceptances(case, version, cut):
        return blocked("decision.already-accepted", about=case.id)
    if view.outcome == "withdraw" and not agreements.missing(case, version, cut):
        return blocked("decision.agreement-in-force", about=case.id)
    return _judge_resume(asked)


def _judge_one_of_a_number(asked: Question, version: agreements.Version) -> Verdict:
    """Of several records that a third party wrote under one number a party accepts one, the first it takes."""
    taken = {act.digest for act in asked.case.acts_in(asked.cut, "bind") if act.author == asked.author}
    for other in agreements.versions(asked.case, asked.cut):
        if other.number == version.number and other.digest != version.digest and other.digest in taken:
            return blocked(
                "record.version-conflict", id=asked.case.id, version=version.number, digest=other.digest
            )
    return ACCEPTED


def _judge_on_nomination(asked: Question) -> Verdict:
    verdict = _judge_not_ended(asked, lifecycles.nomination_end(asked.bench.book, asked.case, asked.cut))
    if not verdict.is_accepted:
        return verdict
    if lifecycles.is_placed(asked.case, asked.cut):
        return blocked("decision.subject-placed", about=asked.case.id)
    if asked.view.outcome == "accept":
        return _judge_acceptance(asked)
    return _judge_confirmation(asked) if asked.view.outcome == "confirm" else ACCEPTED


def _judge_acceptance(asked: Question) -> Verdict:
    """V01 on the effective day, and V02. A suspension stops new nominations, not their acceptance."""
    nomination = lifecycles.newest(asked.case, asked.cut)
    if nomination is None or not isinstance(nomination.view, NominationView):
        raise RuntimeError("a nomination decided on is not in view")
    agreement = asked.bench.book.case_named(nomination.view.agreement)
    direction, day = nomination.view.direction, asked.view.day
    row = agreed_row(agreement, None, direction, asked.cut, on=day)
    if isinstance(row, Verdict):
        return row
    if row.quota is None:
        return ACCEPTED
    ledger = asked.bench.accepted[asked.author]
    count = ledger.count((agreement, direction), asked.case, day, row.per_period)
    return judge_limit(row, count, row.quota, of="acceptances", year=day.year)


def _judge_confirmation(asked: Question) -> Verdict:
    """The host's last word in view is its acceptance, of this very version."""
    accepted = {act.digest for act in asked.case.acts_in(asked.cut, "bind") if act.outcome == "accept"}
    is_accepted = lifecycles.standing(asked.case, asked.cut) in {"accept", "confirm"}
    if is_accepted and asked.view.about.digest in accepted:
        return ACCEPTED
    return blocked("decision.not-accepted", about=asked.case.id)


def _judge_on_placement(asked: Question) -> Verdict:
    verdict = _judge_not_ended(asked, lifecycles.placement_end(asked.case, asked.cut))
    return verdict if not verdict.is_accepted else _judge_resume(asked)


def _judge_on_own(asked: Question) -> Verdict:
    """Of an offer or a dossier, which only its issuer decides on."""
    verdict = _judge_not_ended(asked, lifecycles.own_end(asked.case, asked.cut))
    return verdict if not verdict.is_accepted else _judge_resume(asked)


_GATES: Final[Mapping[str, Callable[[Question], Verdict]]] = {
    "agreement": _judge_on_agreement,
    "nomination": _judge_on_nomination,
    "placement": _judge_on_placement,
    "offer": _judge_on_own,
    "dossier": _judge_on_own,
}
