"""From a draft to a signed record and what lies beside it in the public feed: processor time alone.

Nothing here waits or looks anything up, so all of it may be done in a thread, or in a
process of its own (:mod:`passerelle.desk.scribe`), which loads this module and little else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache, cached_property
from hashlib import sha256
from typing import Literal, NamedTuple

from passerelle.errors import InputError
from passerelle.exchange.rules.book import Rulebook
from passerelle.exchange.rules.record import Asked as AskedOfRules
from passerelle.exchange.rules.record import judge_record
from passerelle.protocol.keydocuments import scid_of
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import PublicRecordLeaf, encode_leaf
from passerelle.protocol.objects import commitment
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json, JsonObject
from passerelle.protocol.records import FeedPosition, Heading, Record
from passerelle.protocol.recordsigning import draft, sign_drafts, sign_record
from passerelle.protocol.schemas import Schemas

Audience = Literal["public"] | tuple[str, ...]

SALT_BYTES = 32
NONCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be published, before it has an id, a version, a time or a signature.

    Args:
        type: Record type.
        audience: ``public`` or the SCIDs addressed.
        body: The body, by the type's schema.
        revises: Id of our own record of which this is the next version, or None.
        unchecked: True to skip our own rules (never the schema); fictitious homes only.
        key: Idempotency key of this one record: under it the record is published once.
        request: Digest of what was asked under that key; another one is refused.
        waived: Rules of the field that a named function waives for it.
        terms: What the agreement that it names changes of its scheme's pack.
        about: Of a decision on what its own group publishes: the draft of that, which stands before it. Its body
            gets ``about``, and ``effective`` where it lacks one, once that is signed.
    """

    type: str
    audience: Audience
    body: Mapping[str, Json]
    revises: str | None = None
    unchecked: bool = False
    key: str | None = None
    request: str = ""
    waived: frozenset[str] = frozenset()
    terms: Mapping[str, int] = field(default_factory=dict)
    about: Draft | None = None


class Asked(NamedTuple):
    """Under which idempotency key a record is to be published, if any, and the digest of what was asked under it."""

    key: str | None
    request: str


class Stand(NamedTuple):
    """A record on its way into one feed: what is committed, and what travels beside it."""

    origin: Origin
    salt: bytes
    commitment: bytes
    leaf: bytes
    sealed: bytes | None


@dataclass(frozen=True)
class Signed:
    """A signed record, and what goes into each of its feeds.

    Args:
        heading: What look-ups need of it.
        data: Its canonical bytes.
        stands: One for each feed.
    """

    heading: Heading
    data: bytes
    stands: tuple[Stand, ...]

    @cached_property
    def record(self) -> Record:
        """The record itself; few ask for it once it is signed."""
        return Record.parse(self.data)


@dataclass(frozen=True, slots=True)
class Pen:
    """What signs, and in whose name.

    Args:
        key: A record key of ours.
        did: Our DID as it stands now.
        schemas: What this version writes.
        random: So many fresh random bytes.
        new_id: A fresh record id.
        rules: The rules of the field, asked of each record by itself.
    """

    key: SigningKey
    did: str
    schemas: Schemas
    random: Callable[[int], bytes]
    new_id: Callable[[], str]
    rules: Rulebook

    def sign(
        self,
        item: Draft,
        issued: datetime,
        previous: Record | None = None,
        seen: Mapping[str, FeedPosition] | None = None,
    ) -> Record:
        """Sign one record and hold it to its schema, and to the rules on a record by itself.

        Args:
            item: What it says.
            issued: From :func:`passerelle.sync.signing.earliest`.
            previous: The version before it.
            seen: One position for each addressee; None if public.

        Raises:
            ValueError: The body is no JSON of the profile.
            InputError: ``record.too-large``, ``rule.*``.
            ProtocolError: ``schema.*``.
        """
        header = self._header(item, issued, previous, seen)
        record = sign_record(header, self.key, self._method)
        self._check(record.value, item, issued)
        return record

    @property
    def _method(self) -> str:
        return f"{self.did}#{self.key.multikey}"

    def _header(
        self,
        item: Draft,
        issued: datetime,
        previous: Record | None = None,
        seen: Mapping[str, FeedPosition] | None = None,
    ) -> JsonObject:
        return draft(
            id=self.new_id() if previous is None else previous.id,
            type=item.type,
            schema=self.schemas.newest(item.type),
            version=1 if previous is None else previous.version + 1,
            previous=None if previous is None else previous.digest,
            nonce=self.random(NONCE_BYTES),
            issuer=self.did,
            audience=item.audience,
            issued=issued,
            seen=seen,
            body=item.body,
        )

    def _check(self, record: Mapping[str, Json], item: Draft, issued: datetime) -> None:
        self.schemas.check_outgoing(record)
        if not item.unchecked:
            refuse_by_rule(self.rules, item, issued.date())

    def salt(self) -> bytes:
        """What a record in one feed is committed with, 32 bytes."""
        return self.random(SALT_BYTES)

    def sign_public(self, drafts: Sequence[Draft], issued: datetime) -> list[Signed]:
        """Sign a group of public first versions, wherever they will stand.

        Raises:
            InputError: ``publish.not-in-profile``, ``record.too-large``, ``rule.*``.
            ProtocolError: ``schema.*``, a record breaks its schema.
        """
        headers = [self._header(item, issued) for item in drafts]
        try:
            signed = sign_drafts(headers, self.key, self._method)
        except ValueError:
            self._name_fault(headers)
            raise
        for item, (value, _) in zip(drafts, signed, strict=True):
            self._check(value, item, issued)
        own, seconds = scid_of(self.did), int(issued.timestamp())
        return [
            _in_public(
                Heading(sha256(data).hexdigest(), str(value["id"]), 1, item.type, own, True, seconds),
                data,
                self.salt(),
            )
            for item, (value, data) in zip(drafts, signed, strict=True)
        ]

    def _name_fault(self, headers: Sequence[JsonObject]) -> None:
        """Sign again one by one, to learn which cannot be."""
        for number, header in enumerate(headers, start=1):
            try:
                sign_record(header, self.key, self._method)
            except ValueError as exc:
                raise not_in_profile(number, exc) from exc


def decided_on(item: Draft, subject: Record) -> Draft:
    """A decision on what its own group publishes, once that is signed: it takes effect when that is there."""
    day = subject.body.get("nominatedOn") if subject.type == "nomination" else None
    effective = max(subject.issued.date().isoformat(), day if isinstance(day, str) else "")
    about: Json = {"id": subject.id, "digest": subject.digest}
    return replace(item, body={"effective": effective, **item.body, "about": about})


def refuse_by_rule(rules: Rulebook, item: Draft, today: date) -> None:
    """Refuse a draft that breaks a rule of the field by itself, and for which nobody has waived it.

    Raises:
        InputError: ``rule.*``, with the rule and the place.
    """
    is_public = item.audience == "public"
    audience = () if isinstance(item.audience, str) else item.audience
    for found in judge_record(
        rules, AskedOfRules(item.type, item.body, is_public, today, audience, item.terms)
    ):
        if found.severity == "error" and found.rule not in item.waived:
            raise InputError(found.code, rule=found.rule, path=found.path, **found.params)


def public_stand(told: Heading, data: bytes, salt: bytes) -> Stand:
    """A record in its author's public feed."""
    committed = commitment(salt, data)
    leaf = PublicRecordLeaf(committed, told.id, told.type, told.version)
    return Stand(origin_of(told.issuer, None), salt, committed, encode_leaf(leaf), None)


def _in_public(told: Heading, data: bytes, salt: bytes) -> Signed:
    return Signed(told, data, (public_stand(told, data, salt),))


def not_in_profile(number: int, fault: ValueError) -> InputError:
    """Of which record of a group the body is no JSON of the profile."""
    return InputError("publish.not-in-profile", number=number, detail=str(fault)[:200])


@cache
def origin_of(author: str, partner: str | None) -> Origin:
    """The feed of an author to a partner, or to everybody."""
    return Origin(author, partner, 1)


def stands_alone(item: Draft, unjudged: frozenset[str]) -> bool:
    """Whether nothing has to be looked up to sign it, nor any rule asked about other records.

    Args:
        item: The draft.
        unjudged: Record types that no rule about other records concerns.
    """
    return item.audience == "public" and item.revises is None and (item.unchecked or item.type in unjudged)
