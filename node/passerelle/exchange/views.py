"""What the fold reads of each record type: a few members, frozen.

A record is not mirrored in a class per type; its schema has judged it. Each view takes the
members that the fold's rules speak of and no others, so a stub, which keeps exactly the
members marked as residue, reads like the record that it stands for.

A body that cannot be read raises ``ValueError``; the fold blocks that record with
``body.unreadable`` instead of failing. It happens only where schema and fold disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from passerelle.exchange import edtf, members
from passerelle.exchange.members import Body


@dataclass(frozen=True, slots=True)
class Ref:
    """One exact version of a record: ``{"id":"urn:uuid:…","digest":"<64 hex>"}``."""

    id: str
    digest: str

    @classmethod
    def from_body(cls, body: Body) -> Ref:
        """Reads a RecordRef."""
        return cls(members.text(body, "id"), members.text(body, "digest"))


@dataclass(frozen=True, slots=True)
class Party:
    """An agency and the country that it stands for.

    Args:
        agency: SCID.
        country: ISO 3166-1 alpha-2.
    """

    agency: str
    country: str

    @classmethod
    def from_body(cls, body: Body) -> Party:
        """Reads a Party."""
        return cls(members.text(body, "agency"), members.text(body, "country"))


@dataclass(frozen=True, slots=True)
class Direction:
    """From the sending agency to the host agency. Agencies alone make a direction, not countries.

    Args:
        sender: SCID of ``from``.
        host: SCID of ``to``.
    """

    sender: str
    host: str

    @classmethod
    def from_body(cls, body: Body) -> Direction:
        """Reads a Direction."""
        return cls(
            Party.from_body(members.mapping(body, "from")).agency,
            Party.from_body(members.mapping(body, "to")).agency,
        )

    @property
    def ends(self) -> frozenset[str]:
        """Both agencies."""
        return frozenset((self.sender, self.host))

    @property
    def params(self) -> dict[str, str]:
        """For a verdict: ``from`` and ``to``."""
        return {"from": self.sender, "to": self.host}


@dataclass(frozen=True, slots=True)
class AgreedDirection:
    """One row of an agreement's ``directions``.

    Args:
        sender: Sending agency.
        host: Host agency.
        quota: Persons, None where none is agreed (then nothing is ever too many).
        per_period: ``total``, or ``year`` and ``edition``, which count by calendar year.
        candidates_per_place: How many may be nominated for one place, 1 or more.
        status: ``open``, ``suspended`` or ``closed``.
        since: Where the status is not ``open``: the EDTF date since when, None for ever.
    """

    sender: Party
    host: Party
    quota: int | None
    per_period: str
    candidates_per_place: int
    status: str
    since: str | None

    @classmethod
    def from_body(cls, body: Body) -> AgreedDirection:
        """Reads a row."""
        quota = members.optional(body, "quota", members.mapping)
        status = members.optional(body, "status", members.text) or "open"
        return cls(
            sender=Party.from_body(members.mapping(body, "from")),
            host=Party.from_body(members.mapping(body, "to")),
            quota=None if quota is None else members.integer(quota, "persons"),
            per_period="total" if quota is None else members.text(quota, "perPeriod"),
            candidates_per_place=members.optional(body, "candidatesPerPlace", members.integer) or 1,
            status=status,
            since=None if status == "open" else members.optional(body, "statusSince", members.span),
        )

    @property
    def direction(self) -> Direction:
        """Its ends."""
        return Direction(self.sender.agency, self.host.agency)

    @property
    def limit(self) -> int | None:
        """How many nominations may stand at a time."""
        return None if self.quota is None else self.quota * self.candidates_per_place

    def status_on(self, day: date) -> str:
        """The agreed status: ``open`` until ``since``."""
        if self.since is not None and edtf.earliest_day(self.since) > day:
            return "open"
        return self.status


@dataclass(frozen=True, slots=True)
class AgreementView:
    """What the fold reads of an agreement."""

    parties: tuple[Party, ...]
    period: str
    schemes: frozenset[str]
    directions: tuple[AgreedDirection, ...]

    @classmethod
    def from_body(cls, body: Body) -> AgreementView:
        """Reads the body of an agreement."""
        return cls(
            parties=tuple(Party.from_body(party) for party in members.mappings(body, "parties")),
            period=members.span(body, "period"),
            schemes=frozenset(members.texts(body, "schemes")),
            directions=tuple(AgreedDirection.from_body(row) for row in members.mappings(body, "directions")),
        )

    @property
    def agencies(self) -> frozenset[str]:
        """SCIDs of the parties."""
        return frozenset(party.agency for party in self.parties)

    def row(self, direction: Direction) -> AgreedDirection | None:
        """The first row of that direction."""
        return next((row for row in self.directions if row.direction == direction), None)


@dataclass(frozen=True, slots=True)
class OfferView:
    """What the fold reads of an offer."""

    scheme: str
    programme: str | None
    places: int
    closes_on: str | None

    @classmethod
    def from_body(cls, body: Body) -> OfferView:
        """Reads the body of an offer."""
        return cls(
            scheme=members.text(body, "scheme"),
            programme=_programme(body),
            places=members.integer(body, "places"),
            closes_on=members.optional(body, "closesOn", members.span),
        )


@dataclass(frozen=True, slots=True)
class DossierView:
    """What the fold reads of a dossier: which part it is."""

    part: str
    sending_agency: str

    @classmethod
    def from_body(cls, body: Body) -> DossierView:
        """Reads the body of a dossier."""
        return cls(members.text(body, "part"), members.text(body, "sendingAgency"))


@dataclass(frozen=True, slots=True)
class NominationView:
    """What the fold reads of a nomination."""

    dossier: Ref
    offer: Ref
    agreement: Ref
    direction: Direction
    day: date

    @classmethod
    def from_body(cls, body: Body) -> NominationView:
        """Reads the body of a nomination; ``day`` is the earliest of ``nominatedOn``."""
        return cls(
            dossier=Ref.from_body(members.mapping(body, "dossier")),
            offer=Ref.from_body(members.mapping(body, "offer")),
            agreement=Ref.from_body(members.mapping(body, "agreement")),
            direction=Direction.from_body(members.mapping(body, "direction")),
            day=members.day(body, "nominatedOn"),
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """What a suspension bears on: a direction, a scheme or a programme; the whole subject where all are None."""

    direction: Direction | None = None
    scheme: str | None = None
    programme: str | None = None

    @classmethod
    def from_body(cls, body: Body) -> Scope:
        """Reads ``scope``."""
        direction = members.optional(body, "direction", members.mapping)
        return cls(
            direction=None if direction is None else Direction.from_body(direction),
            scheme=members.optional(body, "scheme", members.text),
            programme=_programme(body),
        )


WHOLE = Scope()
"""The whole subject."""


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What the fold reads of a decision.

    Args:
        about: The exact version decided on.
        about_type: Its type, as the author believes.
        outcome: Code.
        effective: EDTF date as written.
        day: Its earliest day.
        scope: What a suspension bears on.
    """

    about: Ref
    about_type: str
    outcome: str
    effective: str
    day: date
    scope: Scope

    @classmethod
    def from_body(cls, body: Body) -> DecisionView:
        """Reads the body of a decision."""
        scope = members.optional(body, "scope", members.mapping)
        return cls(
            about=Ref.from_body(members.mapping(body, "about")),
            about_type=members.text(body, "aboutType"),
            outcome=members.text(body, "outcome"),
            effective=members.text(body, "effective"),
            day=members.day(body, "effective"),
            scope=WHOLE if scope is None else Scope.from_body(scope),
        )


@dataclass(frozen=True, slots=True)
class PlacementView:
    """What the fold reads of a placement.

    Args:
        start: Earliest day of ``planned``; None where its start is open or unknown.
    """

    nomination: Ref | None
    offer: Ref | None
    agreement: Ref
    programme: str | None
    direction: Direction
    scheme: str
    planned: str
    actual: str | None
    start: date | None

    @classmethod
    def from_body(cls, body: Body) -> PlacementView:
        """Reads the body of a placement."""
        nomination = members.optional(body, "nomination", members.mapping)
        offer = members.optional(body, "offer", members.mapping)
        planned = members.span(body, "planned")
        return cls(
            nomination=None if nomination is None else Ref.from_body(nomination),
            offer=None if offer is None else Ref.from_body(offer),
            agreement=Ref.from_body(members.mapping(body, "agreement")),
            programme=_programme(body),
            direction=Direction.from_body(members.mapping(body, "direction")),
            scheme=members.text(body, "scheme"),
            planned=planned,
            actual=members.optional(body, "actual", members.span),
            start=edtf.parse(planned).earliest,
        )


@dataclass(frozen=True, slots=True)
class EventView:
    """What the fold reads of an event.

    Args:
        kind: Code.
        placements: Ids of the placements that it is about.
        about_types: Types of all that it is about.
        status: Code; ``done`` is a fact.
        day: Earliest day of ``actual``; None where it is missing or its start is open or unknown.
    """

    kind: str
    placements: tuple[str, ...]
    about_types: frozenset[str]
    status: str
    day: date | None

    @classmethod
    def from_body(cls, body: Body) -> EventView:
        """Reads the body of an event."""
        actual = members.optional(body, "actual", members.span)
        about = [
            (members.text(item, "type"), members.text(item, "id")) for item in members.mappings(body, "about")
        ]
        return cls(
            kind=members.text(body, "kind"),
            placements=tuple(record_id for kind, record_id in about if kind == "placement"),
            about_types=frozenset(kind for kind, _ in about),
            status=members.optional(body, "status", members.text) or "planned",
            day=None if actual is None else edtf.parse(actual).earliest,
        )


def _programme(body: Body) -> str | None:
    """Id of the programme that a body names."""
    programme = members.optional(body, "programme", members.mapping)
    return None if programme is None else members.text(programme, "id")
