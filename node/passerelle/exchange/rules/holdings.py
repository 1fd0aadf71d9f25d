"""All that is held of one node's exchange, as the rules and the due dates read it: bodies beside the state.

The fold keeps small views; what the desk shows of a placement rests on whole bodies: its dossier, its events, what
was waived. Made for one look and forgotten.

Every record is filed by issuer and id, and is looked up by the agency that can have issued it: the host of an offer,
the sender of a dossier, or whose record the digest in a reference is of.

What has a day is no fact before it: as of a day, events, checks of papers and decisions of later days are left out.
Whatever is held is known, whenever it came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from passerelle.exchange import edtf
from passerelle.exchange.rules.record import attestations, country_of
from passerelle.exchange.rules.references import Body, Key, deadlines_of, key_of, ref_id, refs, terms_of
from passerelle.exchange.rules.waivers import Waiver, Waivers, counted, waivers_in
from passerelle.exchange.state import AgreementState, OfferState, PlacementState, State
from passerelle.protocol.profile import Json
from passerelle.protocol.records import Record


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
        record: The version that counts.
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
    record: Record
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
    def body(self) -> Body:
        """Of the version that counts."""
        return self.record.body

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
class Holdings:
    """What is held.

    Args:
        state: As of the day of the look.
        own: Our SCID.
        records: Newest version that counts of each record of the types that are read, by type, issuer and id.
        subjects: By digest of any version, whose record it is of and which.
        waivers: What was waived.
        versions: Of each event all versions that are held, by issuer and id, the first first.
        agreements: Their states by issuer and id.
        by_id: The same agreements by id.
        offers: Their states by issuer and id.
    """

    state: State
    own: str
    records: Mapping[str, Mapping[Key, Record]]
    subjects: Mapping[str, Key]
    waivers: Waivers
    versions: Mapping[Key, tuple[Record, ...]]
    agreements: Mapping[Key, AgreementState]
    by_id: Mapping[str, Sequence[AgreementState]]
    offers: Mapping[Key, OfferState]

    @classmethod
    def gather(cls, state: State, own: str, records: Iterable[Record]) -> Holdings:
        """From all records that are held of the types that are read, in all their versions."""
        every = list({record.digest: record for record in records}.values())
        found: dict[str, dict[Key, Record]] = {}
        versions: defaultdict[Key, list[Record]] = defaultdict(list)
        by_id: defaultdict[str, list[AgreementState]] = defaultdict(list)
        for item in state.agreements.values():
            by_id[item.id].append(item)
        counting = _counting(state)
        for record in every:
            verdict = state.verdicts.get(record.digest)
            if verdict is not None and not verdict.is_accepted:
                continue
            key = key_of(record)
            if record.type == "event":
                versions[key].append(record)
            same = found.setdefault(record.type, {})
            before = same.get(key)
            if before is None or _rank(record, counting) > _rank(before, counting):
                same[key] = record
        return cls(
            state=state,
            own=own,
            records=found,
            subjects={record.digest: key_of(record) for record in every},
            waivers=waivers_in(counted(state, every)),
            versions={
                key: tuple(sorted(items, key=lambda item: item.version)) for key, items in versions.items()
            },
            agreements={(item.issuer, item.id): item for item in state.agreements.values()},
            by_id=by_id,
            offers={(item.issuer, item.id): item for item in state.offers.values()},
        )

    def record(self, record_type: str, issuer: str, record_id: str | None) -> Record | None:
        """An agency's record; None where it is not held."""
        return self.records.get(record_type, {}).get((issuer, record_id or ""))

    def body(self, record_type: str, issuer: str, record_id: str | None) -> Body:
        """The body of an agency's record, empty where it is not held."""
        found = self.record(record_type, issuer, record_id)
        return {} if found is None else found.body

    def subject(self, body: Body, member: str) -> Key | None:
        """Issuer and id of what a reference with a digest names; None where that version is not held."""
        named = body.get(member)
        return self.subjects.get(str(named.get("digest"))) if isinstance(named, dict) else None

    def named(self, record_type: str, body: Body, member: str) -> Body:
        """The body of what a reference with a digest names, in its newest version; empty where it is not held."""
        key = self.subject(body, member)
        return {} if key is None else self.body(record_type, *key)

    def agreement(self, record: Record) -> Body:
        """The body of the agreement that a record names, empty where it is not held.

        An offer names it without a digest: then it is one that its issuer is a party to, and of two one that has
        been in force, as nobody brings that about alone.
        """
        key = self.subject(record.body, "agreement")
        if key is None:
            own = [
                item
                for item in self.by_id.get(ref_id(record.body, "agreement") or "", ())
                if record.issuer_scid in {party.agency for party in item.parties}
            ]
            found = min(own, key=lambda item: (item.since is None, item.issuer), default=None)
            key = ("", "") if found is None else (found.issuer, found.id)
        return self.body("agreement", *key)

    def waiver(self, rule: str, parties: Iterable[str], *about: str | None) -> Waiver | None:
        """The waiver of a rule for one of some versions, by digest, by one of those whom the record concerns."""
        found = (self.waivers.get((rule, digest, by)) for by in sorted(parties) for digest in about if digest)
        return next((waiver for waiver in found if waiver is not None), None)

    def journeys(self) -> Iterator[Journey]:
        """Every placement that counts and whose record is held: of an erased one only figures are left."""
        by_placement = self._events()
        parts = self._parts()
        for state in self.state.placements.values():
            record = self.record("placement", state.host, state.id)
            if record is None or state.state in {"blocked", "waiting"}:
                continue
            ends = {state.sender, state.host}
            events = [item for item in by_placement.get(state.id, []) if _is_of_pair(item.record, ends)]
            yield self._journey(state, record, events, parts)

    def _journey(
        self,
        state: PlacementState,
        record: Record,
        events: list[Happened],
        parts: Mapping[Key, list[Body]],
    ) -> Journey:
        body = record.body
        nomination = self.body("nomination", state.sender, state.nomination)
        card = self.body("dossier", state.sender, ref_id(nomination, "dossier"))
        agreement = self.named("agreement", body, "agreement")
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
            record=record,
            nomination=nomination,
            offer=self.body("offer", state.host, state.offer or ref_id(nomination, "offer")),
            agreement=self.agreements.get(self.subject(body, "agreement") or ("", "")),
            terms=terms_of(agreement, state.scheme),
            deadlines=deadlines_of(agreement, state.sender, state.host),
            card=card,
            papers=tuple(paper for paper in papers if self.has_come(paper.get("checkedOn"))),
            events=tuple(sorted(events, key=lambda item: (item.day or date.max, item.kind, item.record.id))),
            countries=(country_of(ends.get("from")), country_of(ends.get("to"))),
        )

    def has_come(self, day: Json) -> bool:
        """Whether the first day of an EDTF date is not after the day of the look; what has no day has come."""
        return not isinstance(day, str) or edtf.earliest_day(day) <= self.state.as_of

    def _events(self) -> Mapping[str, list[Happened]]:
        """By the id of a placement, what anybody says of it until the day of the look."""
        found: defaultdict[str, list[Happened]] = defaultdict(list)
        for record in self.records.get("event", {}).values():
            event = happened(record)
            if event.day is None or event.day <= self.state.as_of:
                for about in refs(record.body, "about", "placement"):
                    found[about].append(event)
        return found

    def _parts(self) -> Mapping[Key, list[Body]]:
        """Parts of dossiers by sender and pseudonym."""
        found: defaultdict[Key, list[Body]] = defaultdict(list)
        for record in self.records.get("dossier", {}).values():
            found[record.issuer_scid, str(record.body.get("pseudonym"))].append(record.body)
        return found


def _counting(state: State) -> frozenset[str]:
    """Digests of the versions that count of placements, nominations and agreements."""
    groups = (state.placements, state.nominations, state.agreements)
    return frozenset(item.digest for group in groups for item in group.values())


def _is_of_pair(record: Record, ends: set[str]) -> bool:
    """Whether a record is of one of two agencies and told to the other: it may name an id that others use too."""
    return record.issuer_scid in ends and ends <= {record.issuer_scid, *record.addressees}


def _rank(record: Record, counting: frozenset[str]) -> tuple[bool, int]:
    return record.digest in counting, record.version


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
