"""A small world of agencies for the tests of the fold: who published what, and who holds what.

Records are real :class:`~passerelle.protocol.records.Record` values without a signature, for
the fold never looks at one. ``sync`` moves what an author has cosigned, so ``seen`` is as a
node writes it; a test that lies passes ``seen`` itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from uuid import UUID

from passerelle.exchange.fold import fold
from passerelle.exchange.held import Held
from passerelle.exchange.state import State
from passerelle.exchange.verdicts import Verdict
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json, JsonObject, encode
from passerelle.protocol.records import FeedPosition, Record, Stub


def scid(name: str) -> str:
    """A SCID that shows its agency: ``QmTGTGTG…``."""
    return ("Qm" + name * 44)[:46]


TG, ML, FR, BF = (scid(name) for name in ("TG", "ML", "FR", "BF"))
COUNTRIES = {TG: "TG", ML: "ML", FR: "FR", BF: "BF"}
LATER = date(2030, 1, 1)


def party(agency: str) -> JsonObject:
    return {"agency": agency, "country": COUNTRIES[agency]}


def direction(sender: str, host: str) -> JsonObject:
    return {"from": party(sender), "to": party(host)}


def ref(record: Record) -> JsonObject:
    return {"id": record.id, "digest": record.digest}


@dataclass
class World:
    """Feeds by origin. ``number`` is the feed that each author writes now."""

    feeds: dict[Origin, list[Record]] = field(default_factory=dict)
    cosigned: dict[tuple[str, str], FeedPosition] = field(default_factory=dict)
    numbers: dict[tuple[str, str | None], int] = field(default_factory=dict)
    ids: int = 0

    # --- feeds -------------------------------------------------------------------------

    def origin(self, author: str, partner: str | None) -> Origin:
        return Origin(author, partner, self.numbers.get((author, partner), 1))

    def position(self, author: str, partner: str) -> FeedPosition:
        origin = self.origin(author, partner)
        return FeedPosition(origin.number, len(self.feeds.get(origin, ())))

    def sync(self, *agencies: str) -> None:
        """Everybody named cosigns everything of everybody named."""
        for reader in agencies:
            for author in agencies:
                if author != reader:
                    self.cosigned[reader, author] = self.position(author, reader)

    def publish(
        self,
        author: str,
        to: str | Sequence[str],
        record_type: str,
        body: Mapping[str, Json],
        *,
        after: Record | None = None,
        seen: Mapping[str, tuple[int, int]] | None = None,
        record_id: str | None = None,
        version: int | None = None,
        major: int = 1,
    ) -> Record:
        """Publishes a record in the feed to each addressee, or in the public feed (``to="public"``)."""
        audience = "public" if to == "public" else tuple(sorted((to,) if isinstance(to, str) else to))
        partners: tuple[str | None, ...] = (None,) if isinstance(audience, str) else audience
        record = self.record(
            author, audience, record_type, body,
            after=after, seen=seen, record_id=record_id, version=version, major=major,
        )  # fmt: skip
        for partner in partners:
            self.feeds.setdefault(self.origin(author, partner), []).append(record)
        return record

    def record(
        self,
        author: str,
        audience: str | tuple[str, ...],
        record_type: str,
        body: Mapping[str, Json],
        *,
        after: Record | None = None,
        seen: Mapping[str, tuple[int, int]] | None = None,
        record_id: str | None = None,
        version: int | None = None,
        major: int = 1,
    ) -> Record:
        """A record that is in no feed yet."""
        self.ids += 1
        claims = {} if audience == "public" else {
            partner: self.cosigned.get((author, partner), FeedPosition(1, 0)) for partner in audience
        }  # fmt: skip
        claims.update({partner: FeedPosition(*said) for partner, said in (seen or {}).items()})
        record_id = record_id or (after.id if after else f"urn:uuid:{UUID(int=self.ids, version=4)}")
        number = version or (after.version + 1 if after else 1)
        header: JsonObject = {
            "id": record_id, "issuer": author, "version": number, "nonce": self.ids, "type": record_type,
            "body": dict(body),
        }  # fmt: skip
        data = encode(header)
        return Record(
            data=data,
            digest=sha256(data).hexdigest(),
            value=header,
            id=record_id,
            type=record_type,
            schema=f"urn:passerelle:schema:{record_type}:{major}.0",
            version=number,
            previous=after.digest if after else None,
            nonce=f"{self.ids:032x}",
            issuer=f"did:webvh:{author}:example.org",
            issuer_scid=author,
            audience="public" if isinstance(audience, str) else audience,
            issued=datetime(2017, 1, 1, tzinfo=UTC),
            seen=claims,
            body=body,
            verification_method="",
            created="2017-01-01T00:00:00Z",
        )

    # --- records by type ---------------------------------------------------------------

    def agreement(
        self,
        author: str,
        others: Sequence[str],
        rows: Sequence[JsonObject],
        *,
        period: str = "2017/..",
        after: Record | None = None,
        schemes: Sequence[str] = ("vir",),
    ) -> Record:
        body: JsonObject = {
            "lang": "fr", "kind": "exchange-protocol", "names": {"fr": "Accord"}, "period": period,
            "parties": [party(agency) for agency in (author, *others)],
            "schemes": [*schemes], "directions": [*rows],
        }  # fmt: skip
        return self.publish(author, others, "agreement", body, after=after)

    def row(
        self, sender: str, host: str, persons: int | None, per_period: str = "total", **more: Json
    ) -> JsonObject:
        quota: JsonObject = {} if persons is None else {
            "quota": {"persons": persons, "perPeriod": per_period}
        }  # fmt: skip
        return {**direction(sender, host), **quota, **more}

    def decide(
        self,
        author: str,
        to: str | Sequence[str],
        about: Record,
        outcome: str,
        effective: str = "2017-02-01",
        *,
        scope: JsonObject | None = None,
        seen: Mapping[str, tuple[int, int]] | None = None,
        about_type: str | None = None,
    ) -> Record:
        body: JsonObject = {
            "about": ref(about), "aboutType": about_type or about.type, "outcome": outcome,
            "effective": effective, "actingFunction": "exchange-desk",
        }  # fmt: skip
        if scope is not None:
            body["scope"] = scope
        return self.publish(author, to, "decision", body, seen=seen)

    def endorse(self, author: str, to: str | Sequence[str], said: Record) -> Record:
        """Hands a third party's decision on to a pair (S-7)."""
        return self.decide(author, to, said, "endorse")

    def offer(self, host: str, *, places: int = 9, scheme: str = "vir", **more: Json) -> Record:
        body: JsonObject = {"scheme": scheme, "places": places, "host": party(host), **more}
        return self.publish(host, "public", "offer", body)

    def dossier(self, sender: str, host: str | Sequence[str]) -> Record:
        body: JsonObject = {"part": "card", "sendingAgency": sender, "pseudonym": "TG-1"}
        return self.publish(sender, host, "dossier", body)

    def nominate(
        self,
        sender: str,
        host: str,
        agreement: Record,
        offer: Record,
        dossier: Record,
        on: str = "2017-04-01",
        *,
        after: Record | None = None,
        seen: Mapping[str, tuple[int, int]] | None = None,
        to: Sequence[str] | None = None,
    ) -> Record:
        body = self.nomination(sender, host, agreement, offer, dossier, on)
        return self.publish(sender, to or host, "nomination", body, after=after, seen=seen)

    def nomination(
        self, sender: str, host: str, agreement: Record, offer: Record, dossier: Record, on: str
    ) -> JsonObject:
        return {
            "dossier": ref(dossier), "offer": ref(offer), "agreement": ref(agreement),
            "direction": direction(sender, host), "nominatedOn": on, "motivation": {"fr": "Envie."},
        }  # fmt: skip

    def place(
        self,
        host: str,
        sender: str,
        nomination: Record,
        agreement: Record,
        planned: str = "2017-09-04/2018-05-04",
        *,
        after: Record | None = None,
        scheme: str = "vir",
    ) -> Record:
        body: JsonObject = {
            "nomination": ref(nomination), "agreement": ref(agreement), "scheme": scheme,
            "direction": direction(sender, host), "volunteer": "TG-1", "planned": planned,
        }  # fmt: skip
        return self.publish(host, sender, "placement", body, after=after)

    def event(
        self,
        author: str,
        to: str | Sequence[str],
        placement: Record,
        kind: str = "arrival",
        actual: str = "2017-09-04",
        status: str = "done",
        *,
        after: Record | None = None,
    ) -> Record:
        body: JsonObject = {
            "kind": kind, "about": [{"id": placement.id, "type": "placement"}],
            "actual": actual, "status": status,
        }  # fmt: skip
        return self.publish(author, to, "event", body, after=after)

    # --- what is held ------------------------------------------------------------------

    def held_by(self, agency: str) -> list[Held]:
        """Everything that an agency holds when it has received all that is meant for it."""
        return [
            Held(record, origin, index)
            for origin, records in self.feeds.items()
            if origin.partner is None or agency in {origin.author, origin.partner}
            for index, record in enumerate(records)
        ]

    def sizes_of(self, agency: str) -> dict[Origin, int]:
        return {
            origin: len(records)
            for origin, records in self.feeds.items()
            if origin.partner is None or agency in {origin.author, origin.partner}
        }

    def state(self, agency: str, as_of: date = LATER) -> State:
        return fold(self.held_by(agency), as_of=as_of, sizes=self.sizes_of(agency))

    def verdict(self, record: Record, agency: str | None = None) -> Verdict:
        """At one agency, or at its issuer."""
        return self.state(agency or record.issuer_scid).verdicts[record.digest]

    def verdict_at_all(self, record: Record) -> Verdict:
        """At the issuer and at each addressee, who must agree."""
        verdicts = [self.verdict(record, agency) for agency in (record.issuer_scid, *record.addressees)]
        assert all(verdict == verdicts[0] for verdict in verdicts)
        return verdicts[0]


RESIDUE = {
    "dossier": ("part", "sendingAgency"),
    "nomination": (
        "dossier",
        "offer",
        "agreement",
        "direction",
        "nominatedOn",
        "rank",
        "replyBy",
        "replaces",
    ),
    "placement": (
        *("nomination", "offer", "agreement", "programme", "direction", "scheme", "planned", "actual"),
    ),
    "event": ("kind", "about", "planned", "actual", "status"),
}
"""Members that the schemas mark as residue; a test compares."""


def erase(held: Held) -> Held:
    """The same place after erasure."""
    record = held.record
    assert isinstance(record, Record)
    stub = Stub(
        issuer_scid=record.issuer_scid,
        id=record.id,
        type=record.type,
        version=record.version,
        digest=record.digest,
        residue={name: record.body[name] for name in RESIDUE[record.type] if name in record.body},
        schema=record.schema,
        previous=record.previous,
        audience=record.audience,
        seen=record.seen,
    )
    return replace(held, record=stub)


@dataclass
class Programme:
    """Two agencies with an agreement in force, and shorthands for a volunteer's way."""

    world: World
    agreement: Record
    offers: dict[str, Record]

    @classmethod
    def signed(cls, *rows: JsonObject, a: str = TG, b: str = ML, period: str = "2017/..") -> Programme:
        world = World()
        agreement = world.agreement(a, [b], rows, period=period)
        world.sync(a, b)
        world.decide(b, a, agreement, "accept", "2017-02-01")
        world.sync(a, b)
        return cls(world, agreement, {agency: world.offer(agency) for agency in (a, b)})

    def nominate(self, sender: str, host: str, on: str = "2017-04-01") -> Record:
        dossier = self.world.dossier(sender, host)
        return self.world.nominate(sender, host, self.agreement, self.offers[host], dossier, on)

    def accept(self, nomination: Record, effective: str = "2017-05-01", outcome: str = "accept") -> Record:
        host = nomination.addressees[0]
        return self.world.decide(host, nomination.issuer_scid, nomination, outcome, effective)

    def confirmed(
        self, sender: str, host: str, on: str = "2017-04-01", accepted: str = "2017-05-01"
    ) -> Record:
        """Nominated, accepted, confirmed; both have seen it."""
        nomination = self.nominate(sender, host, on)
        self.world.sync(sender, host)
        self.accept(nomination, accepted)
        self.world.sync(sender, host)
        self.world.decide(sender, host, nomination, "confirm", accepted)
        self.world.sync(sender, host)
        return nomination

    def placed(
        self,
        sender: str,
        host: str,
        planned: str = "2017-09-04/2018-05-04",
        on: str = "2017-04-01",
        accepted: str = "2017-05-01",
    ) -> Record:
        """Placed, and the placement accepted by the sender; both have seen it."""
        nomination = self.confirmed(sender, host, on, accepted)
        placement = self.world.place(host, sender, nomination, self.agreement, planned)
        self.world.sync(sender, host)
        self.world.decide(sender, host, placement, "accept", accepted)
        self.world.sync(sender, host)
        return placement

    def realised(
        self,
        sender: str,
        host: str,
        arrived: str = "2017-09-04",
        planned: str = "2017-09-04/2018-05-04",
        on: str = "2017-04-01",
        accepted: str = "2017-05-01",
    ) -> Record:
        """Arrived; both have seen it."""
        placement = self.placed(sender, host, planned, on, accepted)
        self.world.event(host, sender, placement, "arrival", arrived)
        self.world.sync(sender, host)
        return placement
