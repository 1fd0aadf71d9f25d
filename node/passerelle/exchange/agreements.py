"""Whether an agreement is in force, in which version, and which directions are open.

Everything is asked for a view and a day. An agreement is in force when every other party
accepted the same digest; the issuer's acceptance is its publishing. A version takes over
once it is accepted by all and its period has begun; until then the one before governs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from passerelle.exchange import edtf
from passerelle.exchange.book import FOR_EVER, Act, Case, End, Known, end_of
from passerelle.exchange.causality import Cut
from passerelle.exchange.verdicts import Verdict, blocked
from passerelle.exchange.views import AgreementView, Direction, Scope


@dataclass(frozen=True, slots=True)
class Version:
    """An accepted record of an agreement, with its view."""

    known: Known
    view: AgreementView

    @property
    def number(self) -> int:
        """1 for the first."""
        return self.known.entry.version

    @property
    def digest(self) -> str:
        """What parties accept."""
        return self.known.entry.digest


@dataclass(frozen=True, slots=True)
class Suspension:
    """A direction, scheme, programme or the whole agreement is suspended.

    Args:
        by: SCID of the party that decided it; None where the agreement itself says so.
        since: EDTF date as written; None where the agreement names none.
    """

    by: str | None
    since: str | None


def versions(case: Case, cut: Cut) -> list[Version]:
    """The versions in view, the newest first."""
    found = [
        Version(known, known.view) for known in case.versions_in(cut) if isinstance(known.view, AgreementView)
    ]
    return sorted(found, key=lambda version: version.number, reverse=True)


def acceptances(case: Case, version: Version, cut: Cut) -> dict[str, date]:
    """Since when each other party has accepted that version: of several dates, the earliest."""
    since: dict[str, date] = {}
    for act in case.acts_in(cut, "bind"):
        if act.digest == version.digest:
            since[act.author] = min(act.day, since.get(act.author, act.day))
    return since


def missing(case: Case, version: Version, cut: Cut, until: date = FOR_EVER) -> frozenset[str]:
    """Parties whose acceptance of that version is not there, or not effective by the day."""
    accepted = {party for party, day in acceptances(case, version, cut).items() if day <= until}
    return version.view.agencies - {case.issuer} - accepted


def begins_on(case: Case, version: Version, cut: Cut) -> date | None:
    """First day on which the version governs: all have accepted, and its period has begun."""
    if missing(case, version, cut):
        return None
    start = edtf.parse(version.view.period).earliest or date.min
    return max([start, *acceptances(case, version, cut).values()])


def withdrawn_on(case: Case, version: Version, cut: Cut) -> date | None:
    """Day from which the issuer has withdrawn that version."""
    return min((act.day for act in case.acts_in(cut, "end") if act.digest == version.digest), default=None)


def refused(case: Case, version: Version, cut: Cut, until: date = FOR_EVER) -> End | None:
    """How that version stopped being proposed: withdrawn by its issuer, or rejected by a party."""
    acts = [
        act
        for effect in ("end", "refuse")
        for act in case.acts_in(cut, effect, until)
        if act.digest == version.digest
    ]
    return end_of(acts)


def terminated_on(case: Case, cut: Cut) -> date | None:
    """Day from which the agreement is over, in all versions; of several, the earliest."""
    return min((act.day for act in case.acts_in(cut, "terminate")), default=None)


def governing(case: Case, cut: Cut, on: date) -> Version | None:
    """The newest version that had begun by that day and was not withdrawn, in force still or no longer."""
    over = terminated_on(case, cut)
    for version in versions(case, cut):
        begin = begins_on(case, version, cut)
        withdrawn = withdrawn_on(case, version, cut)
        if begin is None or begin > on or (over is not None and over <= begin):
            continue
        if withdrawn is None or withdrawn > on:
            return version
    return None


def in_force(case: Case, cut: Cut, on: date) -> Version | Verdict:
    """The version in force on a day, or the verdict of what needs one.

    The verdict's ``reason`` is ``ended``, ``not-accepted``, ``not-begun`` or ``expired``.
    """
    over = terminated_on(case, cut)
    if over is not None and over <= on:
        return _not_in_force(case, on, "ended")
    version = governing(case, cut, on)
    if version is None:
        return _not_in_force(case, on, _why_none(case, cut))
    latest = edtf.parse(version.view.period).latest
    if latest is not None and latest < on:
        return _not_in_force(case, on, "expired")
    return version


def _why_none(case: Case, cut: Cut) -> str:
    if any(begins_on(case, version, cut) is not None for version in versions(case, cut)):
        return "not-begun"
    return "not-accepted"


def _not_in_force(case: Case, on: date, reason: str) -> Verdict:
    return blocked("agreement.not-in-force", agreement=case.id, date=on.isoformat(), reason=reason)


# --- suspension ------------------------------------------------------------------------


def suspensions(case: Case, cut: Cut, on: date) -> Iterator[tuple[Act, Scope]]:
    """What stands suspended on a day: of each author and scope the last word, a resumption lifts one's own.

    A resumption without scope lifts everything that its author had suspended.
    """
    standing: dict[tuple[str, Scope], Act] = {}
    acts = [*case.acts_in(cut, "suspend", on), *case.acts_in(cut, "resume", on)]
    for act in sorted(acts, key=lambda act: (act.author, act.turn)):
        if act.effect == "suspend":
            standing[act.author, act.scope] = act
        elif act.scope == Scope():
            standing = {key: held for key, held in standing.items() if key[0] != act.author}
        else:
            standing.pop((act.author, act.scope), None)
    return ((act, scope) for (_, scope), act in standing.items())


def suspended(
    case: Case, cut: Cut, on: date, direction: Direction, *, schemes: frozenset[str], programme: str | None
) -> Suspension | None:
    """Whether a decision suspends a direction for all of the schemes given, or for the programme.

    Of several that do, the one effective first.
    """
    found: list[Act] = []
    frozen: dict[str, Act] = {}
    for act, scope in suspensions(case, cut, on):
        if scope == Scope() or scope.direction == direction:
            found.append(act)
        elif scope.scheme in schemes:
            frozen[scope.scheme] = min(act, frozen.get(scope.scheme, act), key=_since)
        elif programme is not None and scope.programme == programme:
            found.append(act)
    if schemes and frozen.keys() == schemes:
        found.append(max(frozen.values(), key=_since))  # the last of them closed it
    if not found:
        return None
    first = min(found, key=_since)
    return Suspension(first.author, first.effective)


def _since(act: Act) -> tuple[date, str, str, int]:
    """Order of suspensions: by day; the rest only so that two nodes name the same one."""
    return (act.day, act.effective, act.author, act.turn)
