"""What is due: every step that nobody has done yet, with its day, who must act, and how late it is.

The steps are data, ``schemas/rules/deadlines.json``: days before or after an anchor, which an agreement may set
otherwise for a direction (``deadlines``), and a scheme's pack for its placements. Nothing is stored: a step is done
when a record says so, and is asked of a placement while that still makes sense: of one that has arrived nobody asks
for the visa.

As of a day means: what is held now, whenever it came, read on that day. What has a day of its own counts from it: an
event that took place later, a later check, acceptance, evaluation or proof leaves its step due.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, TypeAlias

from passerelle.exchange import edtf
from passerelle.exchange.rules.across import proofs, recommendations
from passerelle.exchange.rules.book import Rulebook
from passerelle.exchange.rules.holdings import Holdings, Journey
from passerelle.exchange.rules.journeys import SEVERE
from passerelle.exchange.rules.limits import Limits, limits_of
from passerelle.exchange.rules.references import Body, Key, deadlines_of, key_of, refs
from passerelle.exchange.rules.steps import Step
from passerelle.protocol.records import Record

_TUTORED: Final = ("tutor-meeting", "monitoring", "mid-term", "induction", "welcome", "arrival")
_LATE_HALF: Final = 0.575
"""Of the duration: half of it, and 15 % of that half."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is to be done.

    Args:
        step: Name of the step.
        day: By when.
        who: SCIDs of the agencies that must act.
        days_late: Whole days past the day; negative while there is time.
        type: Type of the record that it is about; empty where it is about none.
        id: Its id.
        issuer: Its issuer's SCID; empty where it is about none.
        direction: SCIDs of sender and host, where it is about one.
    """

    step: str
    day: date
    who: tuple[str, ...]
    days_late: int
    type: str
    id: str
    issuer: str
    direction: tuple[str, str] | None = None


About: TypeAlias = tuple[str, str, str]
"""Type, id and issuer of a record."""

_NOTHING: Final[About] = ("", "", "")


def due(book: Rulebook, held: Holdings, today: date) -> list[Due]:
    """Everything that is due or will be, by day."""
    lister = _Lister(book.steps, book, held, today)
    return sorted(lister.all(), key=lambda item: (item.day, item.step, item.id))


@dataclass(frozen=True, slots=True)
class _Lister:
    steps: Mapping[str, Step]
    book: Rulebook
    held: Holdings
    today: date

    def all(self) -> Iterator[Due]:
        found = list(self.held.journeys())
        yield from self._nominations()
        for journey in found:
            yield from self._placement(journey)
        yield from self._agreements(found)
        yield from self._orders()
        yield from self._statistics()

    def _due(
        self,
        step: str,
        anchor: date,
        days: Mapping[str, int],
        about: About,
        direction: tuple[str, str] | None = None,
        who: tuple[str, ...] = (),
    ) -> Due:
        """One step, after its anchor by as many days as the agreement, the pack or the table says."""
        row = self.steps[step]
        given = days.get(row.key)
        shift = row.days if given is None else given if row.days >= 0 else -given
        day = shifted(anchor, shift)
        ends = dict(zip(("sender", "host"), direction or ("", ""), strict=True))
        acting = who or tuple(ends[role] for role in row.who if ends.get(role))
        return Due(step, day, acting, (self.today - day).days, *about, direction)

    # --- before a placement --------------------------------------------------------------

    def _nominations(self) -> Iterator[Due]:
        placed = {(item.sender, item.nomination) for item in self.held.state.placements.values()}
        accepted = self._accepted_on()
        for item in self.held.state.nominations.values():
            key, direction = (item.sender, item.id), (item.sender, item.host)
            about = ("nomination", item.id, item.sender)
            body = self.held.body("nomination", *key)
            days = deadlines_of(self.held.named("agreement", body, "agreement"), *direction)
            if item.state in {"submitted", "shortlisted"}:
                reply_by = body.get("replyBy")
                asked = self._due("nomination-reply", item.nominated_on, days, about, direction)
                if isinstance(reply_by, str):
                    day = date.fromisoformat(reply_by)
                    asked = replace(asked, day=day, days_late=(self.today - day).days)
                yield asked
            elif item.state == "accepted":
                anchor = accepted.get((*key, item.host), item.nominated_on)
                yield self._due("nomination-confirm", anchor, days, about, direction)
            elif item.state == "confirmed" and key not in placed:
                period = self.held.body("offer", item.host, item.offer).get("period")
                start = edtf.parse(period).earliest if isinstance(period, str) else None
                if start is not None:
                    yield self._due("placement-open", start, days, about, direction)

    def _accepted_on(self) -> Mapping[tuple[str, str, str], date]:
        """By sender and id of a nomination and by author, from when it was accepted last."""
        found: dict[tuple[str, str, str], date] = {}
        for record in self.held.records.get("decision", {}).values():
            body, about = record.body, self.held.subject(record.body, "about")
            is_acceptance = body.get("aboutType") == "nomination" and body.get("outcome") == "accept"
            if is_acceptance and about is not None and self.held.has_come(body.get("effective")):
                key = (*about, record.issuer_scid)
                day = edtf.earliest_day(str(body.get("effective")))
                found[key] = max(day, found.get(key, day))
        return found

    # --- placements ----------------------------------------------------------------------

    def _placement(self, journey: Journey) -> Iterator[Due]:
        state = journey.state
        direction, about = (state.sender, state.host), ("placement", state.id, state.host)
        if state.state == "proposed":
            issued = journey.record.issued.date()
            yield self._due("placement-answer", issued, journey.deadlines, about, direction)
            return
        phase = _phase(journey)
        if phase is None:
            return
        limits = _limits(self.book, journey)
        edition = None if limits is None else limits.edition
        days = {**({} if edition is None else edition.deadlines), **journey.deadlines}
        for step in self.steps.values():
            if step.phase != phase or (step.duty and (edition is None or step.duty not in edition.duties)):
                continue
            anchor = self._anchor(step, journey)
            if anchor is not None and not self._is_done(step, journey):
                yield self._due(step.name, anchor, days, about, direction)
        for event in journey.events:
            said = event.record.body.get("confidential")
            severity = said.get("severity") if isinstance(said, dict) else None
            is_open = isinstance(said, dict) and not said.get("measures")
            if (
                event.kind == "incident"
                and event.day
                and isinstance(severity, int)
                and severity >= SEVERE
                and is_open
            ):
                yield self._due("incident-measure", event.day, days, _about(event.record), direction)

    def _anchor(self, step: Step, journey: Journey) -> date | None:
        """The day that a step of a placement is counted from; None where there is none yet."""
        start, end = journey.start, journey.span.latest
        if step.anchor == "start":
            return start
        if step.anchor == "end":
            return journey.end
        if step.anchor == "last-contact":
            return journey.last(*_TUTORED) or start
        if step.anchor == "last-call":
            return journey.last("monitoring")
        if step.anchor == "paper-end":
            return _expiry(journey)
        if start is None or end is None:
            return None
        return start + (end - start) * (_LATE_HALF if step.anchor == "half-late" else 0.5)

    def _is_done(self, step: Step, journey: Journey) -> bool:
        if step.name in {"alumni", "alumni-year"}:
            asked = [item for item in journey.events if item.kind == "alumni" and item.is_done]
            return len(asked) >= (1 if step.name == "alumni" else 2)
        if step.events and journey.done(*step.events) is not None:
            return True
        has_contract = step.name == "contract" and isinstance(journey.body.get("contract"), dict)
        return has_contract or any(journey.valid(kind, also=("not-required",)) for kind in step.papers)

    # --- agreements, orders, figures -----------------------------------------------------

    def _agreements(self, found: list[Journey]) -> Iterator[Due]:
        evaluated = self._evaluated()
        by_agreement: defaultdict[Key, list[Journey]] = defaultdict(list)
        for journey in found:
            if journey.agreement is not None:
                by_agreement[journey.agreement.issuer, journey.agreement.id].append(journey)
        for key, state in self.held.agreements.items():
            about, parties = ("agreement", state.id, state.issuer), tuple(one.agency for one in state.parties)
            days = _own_days(self.held.body("agreement", *key), parties)
            last = edtf.parse(state.period).latest
            # Anybody may evaluate anything; the two who agreed are asked for what one of them has written.
            seen = max((evaluated.get((party, state.id), date.min) for party in parties), default=date.min)
            if state.state in {"in-force", "suspended"} and last is not None:
                review = self._due("agreement-review", last, days, about, who=parties)
                if seen < review.day:
                    yield review
            journeys = by_agreement[key]
            ends = [journey.end for journey in journeys if journey.state.is_realised]
            running = any(_phase(journey) in {"before", "there"} for journey in journeys)
            returned = [day for day in ends if day is not None]
            if returned and not running and seen < max(returned):
                yield self._due("joint-evaluation", max(returned), days, about, who=parties)

    def _evaluated(self) -> Mapping[Key, date]:
        """By author and agreement, when it last evaluated it for both."""
        found: dict[Key, date] = {}
        for record in self.held.records.get("evaluation", {}).values():
            day = _day_of(record)
            if record.body.get("kind") == "joint-agreement" and day <= self.today:
                for about in refs(record.body, "about", "agreement"):
                    key = (record.issuer_scid, about)
                    found[key] = max(day, found.get(key, day))
        return found

    def _orders(self) -> Iterator[Due]:
        """Recommendations and erasures, which set their own days."""
        for record in self.held.records.get("evaluation", {}).values():
            owners = _owners(record)
            for number, day, status in recommendations(record):
                if status not in {"done", "dropped"}:
                    who = (owners.get(number) or record.issuer_scid,)
                    yield self._due("recommendation", day, {}, _about(record), who=who)
        proved = proofs(self.held)
        for record in self.held.records.get("erasure", {}).values():
            missing = tuple(sorted(set(record.addressees) - proved[key_of(record)]))
            if missing:
                day = date.fromisoformat(str(record.body.get("due")))
                yield self._due("erasure", day, {}, _about(record), who=missing)

    def _statistics(self) -> Iterator[Due]:
        """Ours of the year before, where anything of ours was realised in it."""
        year = self.today.year - 1
        had = any(
            item.is_realised and item.arrived_on is not None and item.arrived_on.year == year
            for item in self.held.state.placements.values()
        )
        told = any(
            record.issuer_scid == self.held.own and str(record.body.get("period")).startswith(str(year))
            for record in self.held.records.get("statistic", {}).values()
        )
        if had and not told:
            yield self._due("statistics", date(self.today.year, 1, 1), {}, _NOTHING, who=(self.held.own,))


def _about(record: Record) -> About:
    return record.type, record.id, record.issuer_scid


def _own_days(agreement: Body, parties: tuple[str, ...]) -> Mapping[str, int]:
    """What the first direction of an agreement that sets days says."""
    pairs = ((one, other) for one in parties for other in parties if one != other)
    return next((days for pair in pairs if (days := deadlines_of(agreement, *pair))), {})


def _phase(journey: Journey) -> str | None:
    """Where a placement is on its way; None for one that will not take place."""
    state = journey.state
    if not state.is_planned:
        return None
    if state.state in {"completed", "ended-early"}:
        return "after"
    return "there" if state.arrived_on is not None else "before"


def _limits(book: Rulebook, journey: Journey) -> Limits | None:
    start = journey.span.earliest
    if start is None:
        return None
    return limits_of(book.packs, journey.state.scheme, *journey.countries, start, journey.terms)


def _expiry(journey: Journey) -> date | None:
    """The first day on which a paper expires before the end of the placement, unless a later one is there."""
    last: dict[str, date] = {}
    for paper in journey.papers:
        until = paper.get("validUntil")
        if isinstance(until, str) and paper.get("outcome") in {"valid", "with-adjustments"}:
            kind = str(paper.get("kind"))
            last[kind] = max(last.get(kind, date.min), date.fromisoformat(until))
    end = journey.span.latest
    return min((day for day in last.values() if end is not None and day < end), default=None)


def _owners(record: Record) -> Mapping[int, str]:
    listed = record.body.get("recommendations")
    found: dict[int, str] = {}
    for number, item in enumerate(listed if isinstance(listed, list) else []):
        owner = item.get("owner") if isinstance(item, dict) else None
        agency = owner.get("agency") if isinstance(owner, dict) else None
        if isinstance(agency, str):
            found[number] = agency
    return found


def _day_of(record: Record) -> date:
    told = record.body.get("restitutedOn") or record.body.get("period")
    day = edtf.parse(told).latest if isinstance(told, str) else None
    return day or record.issued.date()


def shifted(anchor: date, days: int) -> date:
    """A day so many days later, within the calendar."""
    try:
        return anchor + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min
