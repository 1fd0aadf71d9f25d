"""All that is held of one node's exchange, as the rules and the due dates read it: bodies beside the state.

The fold keeps small views; what the desk shows of a placement rests on whole bodies: its dossier, its events, what
was waived. Made for one look and forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from passerelle.exchange import edtf
from passerelle.exchange.rules.record import attestations, country_of
from passerelle.exchange.state import AgreementState, NominationState, PlacementState, State
from passerelle.protocol.profile import Json
from passerelle.protocol.records import Record

Body = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Happened:
    """The newest version of an event.

    Args:
        record: The record.
        kind: Code.
        status: Code; ``done`` is a fact.
        day: First day of ``actual``; None where it has none.
    """

    record: Record
    kind: str
    status: str
    day: date | None

    @property
    def is_done(self) -> bool:
        """Whether it took place."""
        return self.status == "done"


@dataclass(frozen=True, slots=True)
class Journey:
    """A placement with everything around it.

    Args:
        state: Where it stands.
        body: Of the version that counts.
        nomination: Body of what it places, or empty.
        offer: Body of the offer, or empty.
        agreement: State of its agreement; None where it is not held.
        terms: What its agreement changes for its scheme.
        deadlines: Days by step, of its direction.
        card: Body of the dossier that was nominated, or empty.
        papers: What is said of papers that were checked, in the dossier, the placement and the events.
        events: Newest version of each, by day, those without last.
        countries: Sending and host country.
    """

    state: PlacementState
    body: Body
    nomination: Body
    offer: Body
    agreement: AgreementState | None
    terms: Mapping[str, int]
    deadlines: Mapping[str, int]
    card: Body
    papers: tuple[Body, ...]
    events: tuple[Happened, ...]
    countries: tuple[str | None, str | None]

    @property
    def span(self) -> edtf.Span:
        """The planned interval."""
        return edtf.parse(self.state.planned)

    @property
    def start(self) -> date | None:
        """The first day: of arrival where it is known, else planned."""
        return self.state.arrived_on or self.span.earliest

    @property
    def end(self) -> date | None:
        """The last day: where it ended, else planned."""
        done = self.done("end-of-mission", "return", "early-return")
        return self.state.ended_on or (None if done is None else done.day) or self.span.latest

    def done(self, *kinds: str) -> Happened | None:
        """The first event of some kinds that took place."""
        return next((item for item in self.events if item.kind in kinds and item.is_done), None)

    def last(self, *kinds: str) -> date | None:
        """The last day on which such an event took place."""
        days = [item.day for item in self.events if item.kind in kinds and item.is_done and item.day]
        return max(days, default=None)

    def valid(self, kind: str, *, also: Iterable[str] = ()) -> list[Body]:
        """What is said of a paper that was found valid, or with another outcome that is as good."""
        good = {"valid", "with-adjustments", *also}
        return [item for item in self.papers if item.get("kind") == kind and item.get("outcome") in good]


@dataclass(frozen=True, slots=True)
class Waiver:
    """A rule that a named function waived for a record, with a reason.

    Args:
        rule: ``V06``.
        about: Id of the record.
        by: SCID of the agency.
        function: Code.
    """

    rule: str
    about: str
    by: str
    function: str


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is held.

    Args:
        state: As of the day of the look.
        own: Our SCID.
        records: Newest version that counts of each record of the types that are read, by type and id.
        waivers: By rule and record id.
        versions: Of each event all versions that are held, by id, the first first.
    """

    state: State
    own: str
    records: Mapping[str, Mapping[str, Record]]
    waivers: Mapping[tuple[str, str], Waiver]
    versions: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)

    @classmethod
    def gather(cls, state: State, own: str, records: Iterable[Record]) -> Holdings:
        """From all records that are held of the types that are read, in all their versions."""
        every = list({record.digest: record for record in records}.values())
        found: dict[str, dict[str, Record]] = {}
        versions: defaultdict[str, list[Record]] = defaultdict(list)
        counting = _counting(state)
        for record in every:
            verdict = state.verdicts.get(record.digest)
            if verdict is not None and not verdict.is_accepted:
                continue
            if record.type == "event":
                versions[record.id].append(record)
            same = found.setdefault(record.type, {})
            before = same.get(record.id)
            if before is None or _rank(record, counting) > _rank(before, counting):
                same[record.id] = record
        ordered = {
            name: tuple(sorted(items, key=lambda item: item.version)) for name, items in versions.items()
        }
        return cls(state, own, found, waivers_in(counted(state, every)), ordered)

    def body(self, record_type: str, record_id: str | None) -> Body:
        """The body of a record, empty where it is not held."""
        found = self.records.get(record_type, {}).get(record_id or "")
        return {} if found is None else found.body

    def waiver(self, rule: str, *about: str | None) -> Waiver | None:
        """The waiver of a rule for one of some records."""
        return next(
            (found for name in about if name and (found := self.waivers.get((rule, name))) is not None), None
        )

    def terms(self, agreement: str | None, scheme: str) -> Mapping[str, int]:
        """What an agreement changes for a scheme."""
        return terms_of(self.body("agreement", agreement), scheme)

    def journeys(self) -> Iterator[Journey]:
        """Every placement that counts."""
        by_placement = self._events()
        parts = self._parts()
        for state in self.state.placements.values():
            if state.state not in {"blocked", "waiting"}:
                ends = {state.sender, state.host}
                events = [item for item in by_placement.get(state.id, []) if item.record.issuer_scid in ends]
                yield self._journey(state, events, parts)

    def _journey(
        self, state: PlacementState, events: list[Happened], parts: Mapping[tuple[str, str], list[Body]]
    ) -> Journey:
        body = self.body("placement", state.id)
        nomination = self.body("nomination", state.nomination)
        card = self.body("dossier", ref_id(nomination, "dossier"))
        agreement = self.state.agreements.get(state.agreement)
        papers = [
            *attestations(body),
            *(item for event in events for item in attestations(event.record.body)),
        ]
        pseudonym = card.get("pseudonym") or body.get("volunteer")
        for part in parts.get((state.sender, str(pseudonym)), ()):
            papers += attestations(part)
        direction = body.get("direction")
        ends = direction if isinstance(direction, dict) else {}
        return Journey(
            state=state,
            body=body,
            nomination=nomination,
            offer=self.body("offer", state.offer or ref_id(nomination, "offer")),
            agreement=agreement,
            terms=self.terms(state.agreement, state.scheme),
            deadlines=deadlines_of(self.body("agreement", state.agreement), state.sender, state.host),
            card=card,
            papers=tuple(papers),
            events=tuple(sorted(events, key=lambda item: (item.day or date.max, item.kind, item.record.id))),
            countries=(country_of(ends.get("from")), country_of(ends.get("to"))),
        )

    def _events(self) -> Mapping[str, list[Happened]]:
        found: defaultdict[str, list[Happened]] = defaultdict(list)
        for record in self.records.get("event", {}).values():
            for about in refs(record.body, "about", "placement"):
                found[about].append(happened(record))
        return found

    def _parts(self) -> Mapping[tuple[str, str], list[Body]]:
        """Parts of dossiers by sender and pseudonym."""
        found: defaultdict[tuple[str, str], list[Body]] = defaultdict(list)
        for record in self.records.get("dossier", {}).values():
            found[record.issuer_scid, str(record.body.get("pseudonym"))].append(record.body)
        return found


def _counting(state: State) -> frozenset[str]:
    """Digests of the versions that count of placements, nominations and agreements."""
    groups = (state.placements, state.nominations, state.agreements)
    return frozenset(item.digest for group in groups for item in group.values())


def counted(state: State, records: Iterable[Record]) -> Iterator[Record]:
    """Those that the fold accepts: a decision by somebody who may not decide waives nothing."""
    for record in records:
        verdict = state.verdicts.get(record.digest)
        if verdict is not None and verdict.is_accepted:
            yield record


def _rank(record: Record, counting: frozenset[str]) -> tuple[bool, int]:
    return record.digest in counting, record.version


def hosts_in(records: Iterable[Record]) -> set[str]:
    """Ids of the organisations that offers and placements name by their record."""
    found: set[str] = set()
    for record in records:
        if record.type in {"offer", "placement"}:
            postings = record.body.get("postings")
            named = [
                record.body,
                *(
                    item
                    for item in (postings if isinstance(postings, list) else [])
                    if isinstance(item, dict)
                ),
            ]
            names = (
                ref_id(body, member) for body in named for member in ("hostOrganisation", "organisation")
            )
            found.update(name for name in names if name is not None)
    return found


def happened(record: Record) -> Happened:
    """An event as the rules read it."""
    body = record.body
    actual = body.get("actual")
    return Happened(
        record,
        str(body.get("kind")),
        str(body.get("status")),
        edtf.parse(actual).earliest if isinstance(actual, str) else None,
    )


def ref_id(body: Body, member: str) -> str | None:
    """The id that a reference of a body names."""
    named = body.get(member)
    found = named.get("id") if isinstance(named, dict) else None
    return found if isinstance(found, str) else None


def refs(body: Body, member: str, record_type: str) -> Iterator[str]:
    """Ids of one type in a list of typed references."""
    listed = body.get(member)
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, dict) and item.get("type") == record_type:
            yield str(item.get("id"))


def terms_of(agreement: Body, scheme: str) -> Mapping[str, int]:
    """What an agreement changes for a scheme."""
    terms = agreement.get("terms")
    values = terms.get(scheme) if isinstance(terms, dict) else None
    return (
        {name: value for name, value in values.items() if isinstance(value, int)}
        if isinstance(values, dict)
        else {}
    )


def deadlines_of(agreement: Body, sender: str, host: str) -> Mapping[str, int]:
    """Days by step that an agreement sets for a direction."""
    listed = agreement.get("directions")
    for row in listed if isinstance(listed, list) else []:
        if not isinstance(row, dict):
            continue
        ends = [
            party.get("agency") if isinstance(party, dict) else None
            for party in (row.get("from"), row.get("to"))
        ]
        days = row.get("deadlines")
        if ends == [sender, host] and isinstance(days, dict):
            return {name: value for name, value in days.items() if isinstance(value, int)}
    return {}


def waivers_in(records: Iterable[Record]) -> dict[tuple[str, str], Waiver]:
    """Waivers by rule and record: decisions, and what a nomination says of its own check.

    One without a function or a reason waives nothing.
    """
    found: dict[tuple[str, str], Waiver] = {}
    for record in records:
        body = record.body
        if (
            record.type == "decision"
            and body.get("outcome") == "waive"
            and (body.get("reason") or body.get("text"))
        ):
            about, rule = ref_id(body, "about"), body.get("rule")
            if about is not None and isinstance(rule, str):
                found[rule, about] = Waiver(rule, about, record.issuer_scid, str(body.get("actingFunction")))
        checks = body.get("checks") if record.type == "nomination" else None
        for rule, check in checks.items() if isinstance(checks, dict) else ():
            if isinstance(check, dict) and is_waived(check):
                found[rule, record.id] = Waiver(
                    rule, record.id, record.issuer_scid, str(check["actingFunction"])
                )
    return found


def is_waived(check: Body) -> bool:
    """Whether a check of a nomination names who waived its rule, and why."""
    return check.get("result") == "waived" and bool(check.get("reason")) and bool(check.get("actingFunction"))


def standing_nominations(state: State) -> Iterator[NominationState]:
    """Nominations that count and have not ended."""
    return (item for item in state.nominations.values() if item.is_standing)
