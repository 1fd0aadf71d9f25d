"""spec "Following": the examination of a leaf. Each fault alone, then faults together, in order."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.errors import ProtocolError
from passerelle.protocol import identity as identities
from passerelle.protocol import leaves, objects, profile, proofs, recordsigning, seals
from passerelle.protocol.intake import Examined, examine
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import Leaf, PublicRecordLeaf, SealedLeaf
from passerelle.protocol.origins import Origin
from passerelle.protocol.records import FeedPosition, Record
from passerelle.protocol.schemas import Schemas
from passerelle.protocol.seals import SealingKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from passerelle.protocol.identity import Identity
    from passerelle.protocol.profile import Json

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
FOUNDED = NOW - timedelta(days=30)
SALT = bytes(range(32))
SEALING = SealingKey(bytes(range(50, 82)))


def signing_key(number: int) -> SigningKey:
    return SigningKey(bytes([number]) * 32)


@cache
def identity_of(number: int) -> Identity:
    """An agency whose keys are made from its number."""
    update, following, record = signing_key(number), signing_key(number + 100), signing_key(number + 50)
    log = identities.create_log(
        domain=f"agency{number}.example",
        update_key=update,
        next_update_multikeys=[following.multikey],
        record_key=record.public,
        request_key=signing_key(number + 51).public,
        log_keys=[signing_key(number + 52).public],
        witness_keys=[signing_key(number + 53).public],
        sealing=[(FOUNDED, SEALING.key_id)],
        now=FOUNDED,
    )
    return identities.parse_identity(log, now=NOW)


TOGO, MALI, FRANCE = identity_of(1), identity_of(2), identity_of(3)
PUBLIC = Origin(TOGO.scid, None, 1)
BILATERAL = Origin(TOGO.scid, MALI.scid, 1)


class AnySchemas(Schemas):
    """Stands for the packaged schemas, whose own tests are elsewhere: says what it is told to."""

    def __init__(self, answer: str = "known") -> None:
        super().__init__({}, {})
        self._answer = answer

    def check_incoming(self, record: Mapping[str, Json]) -> Any:
        if self._answer == "violation":
            raise ProtocolError("schema.violation", path="/body/places", rule="minimum")
        return self._answer


def drafted(**changed: Any) -> dict[str, Json]:
    fields: dict[str, Any] = {
        "id": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "type": "offer",
        "schema": "urn:passerelle:schema:offer:1.0",
        "nonce": bytes(16),
        "issuer": TOGO.did,
        "audience": "public",
        "issued": NOW,
        "body": {"places": 2},
    }
    return recordsigning.draft(**(fields | changed))


def bilateral(*addressees: str, **changed: Any) -> dict[str, Json]:
    seen = {scid: FeedPosition(1, 0) for scid in addressees}
    return drafted(audience=list(addressees), seen=seen, **changed)


def signed(value: dict[str, Json], key: SigningKey | None = None, did: str = TOGO.did) -> Record:
    key = key or signing_key(51)
    return recordsigning.sign_record(value, key, f"{did}#{key.multikey}")


def public_leaf(data: bytes, **changed: Any) -> bytes:
    value = profile.parse(data)
    assert isinstance(value, dict)
    fields: dict[str, Any] = {name: value[name] for name in ("id", "type", "version")}
    leaf: Leaf = PublicRecordLeaf(objects.commitment(SALT, data), **(fields | changed))
    return leaves.encode_leaf(leaf)


def examined(leaf: bytes, object_: bytes | None, origin: Origin = PUBLIC, schemas: str = "known") -> Examined:
    result = examine(
        leaf,
        object_,
        origin=origin,
        me=MALI.scid,
        identity=TOGO,
        sealing_keys={SEALING.key_id: SEALING},
        now=NOW,
        schemas=AnySchemas(schemas),
    )
    assert pickle.loads(pickle.dumps(result)) == result  # so that worker processes can give it back
    return result


def examined_public(record: Record, schemas: str = "known", **leaf: Any) -> Examined:
    return examined(public_leaf(record.data, **leaf), SALT + record.data, schemas=schemas)


def examined_sealed(record: Record, origin: Origin = BILATERAL) -> Examined:
    leaf = leaves.encode_leaf(SealedLeaf(objects.commitment(SALT, record.data)))
    object_ = seals.seal(SALT, record.data, recipient_public=SEALING.public, origin=origin)
    return examined(leaf, object_, origin)


def summary(result: Examined) -> tuple[str, str | None, bool]:
    return result.status, result.code, result.receipt_may_cover


def accepted(record: Record) -> Examined:
    commitment = objects.commitment(SALT, record.data)
    return Examined("accepted", record=record, salt=SALT, readable=True, commitment=commitment)


def test_public_record() -> None:
    """All checks passed: the record, its salt, and that it can be read."""
    record = signed(drafted())
    assert examined_public(record) == accepted(record)


def test_sealed_record() -> None:
    """A record sealed to us, and to another besides."""
    for record in (signed(bilateral(MALI.scid)), signed(bilateral(MALI.scid, FRANCE.scid))):
        assert examined_sealed(record) == accepted(record)


@pytest.mark.parametrize(
    ("answer", "readable"),
    [("known", True), ("newer-minor", True), ("unknown-type", False), ("unknown-major", False)],
)
def test_unknown_types_are_kept(answer: str, readable: bool) -> None:
    """spec: an unknown type or major is kept and verified, and shown as unreadable."""
    result = examined_public(signed(drafted()), schemas=answer)
    assert (result.status, result.readable) == ("accepted", readable)


@pytest.mark.parametrize(
    "leaf", [b'{"kind":"closed"}', b'{"index":0,"kind":"erased","reason":"request"}', b'{"kind":"merged"}']
)
def test_leaves_without_object(leaf: bytes) -> None:
    """Nothing is looked for beside such a leaf, and a receipt covers it."""
    assert summary(examined(leaf, None)) == ("passed-over", None, True)
    assert summary(examined(leaf, b"whatever")) == ("passed-over", None, True)


def test_missing_object() -> None:
    """Status empty: whether it was erased is not known here, so no receipt covers it yet."""
    assert summary(examined(public_leaf(signed(drafted()).data), None)) == ("empty", None, False)


@pytest.mark.parametrize(
    ("leaf", "code"),
    [
        (b'{"kind":"closed","x":1}', "leaf.malformed"),
        (b'{"commitment":"' + b"ab" * 32 + b'","kind":"sealed"}', "leaf.misplaced"),
        (b'{"kind": "closed"}', "json.not-canonical"),
        (b"{" + b" " * 5000, "leaf.too-large"),
    ],
)
def test_bad_leaf(leaf: bytes, code: str) -> None:
    """Quarantined with the leaf's own code; no object can stand beside it, so it blocks no receipt."""
    assert summary(examined(leaf, b"whatever")) == ("quarantined", code, True)


def test_object_that_is_none() -> None:
    """Codes object.malformed, object.too-large, object.commitment."""
    record = signed(drafted())
    leaf = public_leaf(record.data)
    assert summary(examined(leaf, SALT)) == ("quarantined", "object.malformed", False)
    assert summary(examined(leaf, bytes(300_000))) == ("quarantined", "object.too-large", False)
    assert summary(examined(leaf, bytes(32) + record.data)) == ("quarantined", "object.commitment", False)
    assert summary(examined(leaf, SALT + record.data + b" ")) == ("quarantined", "object.commitment", False)


def test_unopened() -> None:
    """O-10, code object.unopened: sealed for another feed; a receipt stops before it."""
    result = examined_sealed_for_another_feed(signed(bilateral(MALI.scid)))
    assert summary(result) == ("unopened", "object.unopened", False)


def examined_sealed_for_another_feed(record: Record) -> Examined:
    leaf = leaves.encode_leaf(SealedLeaf(objects.commitment(SALT, record.data)))
    other = Origin(TOGO.scid, MALI.scid, 2)
    return examined(
        leaf, seals.seal(SALT, record.data, recipient_public=SEALING.public, origin=other), BILATERAL
    )


def test_not_canonical_bytes() -> None:
    """Code json.not-canonical: the record opened and matched, so a receipt covers it."""
    spaced = signed(drafted()).data.replace(b'"version":1', b'"version": 1')
    result = examined(public_leaf(spaced), SALT + spaced)
    assert summary(result) == ("quarantined", "json.not-canonical", True)
    assert (result.salt, result.record) == (SALT, None)


def test_not_a_record() -> None:
    """Code record.malformed: canonical JSON, but no record."""
    data = profile.encode({"id": "a", "type": "b", "version": 1})
    assert summary(examined(public_leaf(data), SALT + data)) == ("quarantined", "record.malformed", True)


@pytest.mark.parametrize(
    "changed", [{"id": "urn:uuid:00000000-0000-4000-8000-000000000002"}, {"type": "event"}, {"version": 2}]
)
def test_leaf_and_record_disagree(changed: dict[str, Any]) -> None:
    """Code leaf.record-mismatch: a public index that says something else than its record."""
    result = examined_public(signed(drafted()), **changed)
    assert summary(result) == ("quarantined", "leaf.record-mismatch", True)
    assert result.params == {"member": next(iter(changed))}


def test_issuer_is_not_the_owner() -> None:
    """Code record.not-the-owner: a good record of another agency, passed on as if it stood here."""
    record = signed(drafted(issuer=FRANCE.did), signing_key(53), FRANCE.did)
    assert summary(examined_public(record)) == ("quarantined", "record.not-the-owner", True)


def test_not_addressed() -> None:
    """Code record.not-addressed: to another agency, public in a bilateral feed, bilateral in the public one."""
    for result in (
        examined_sealed(signed(bilateral(FRANCE.scid))),
        examined_sealed(signed(drafted())),
        examined_public(signed(bilateral(MALI.scid))),
    ):
        assert summary(result) == ("quarantined", "record.not-addressed", True)


def test_unknown_key_waits() -> None:
    """Code key.unknown: pending until a longer identity log comes."""
    result = examined_public(signed(drafted(), signing_key(99)))
    assert summary(result) == ("pending", "key.unknown", True)


def test_ahead_is_held() -> None:
    """Code record.ahead: more than 24 hours ahead is held, not refused."""
    result = examined_public(signed(drafted(issued=NOW + timedelta(hours=24, seconds=1))))
    assert summary(result) == ("held", "record.ahead", True)
    assert examined_public(signed(drafted(issued=NOW + timedelta(hours=24)))).status == "accepted"


def test_issued_before_the_identity() -> None:
    """A record from before the identity was founded: quarantined, no document was valid then."""
    result = examined_public(signed(drafted(issued=FOUNDED - timedelta(days=1))))
    assert (result.status, result.receipt_may_cover) == ("quarantined", True)
    assert (result.code or "").startswith("record.issuer")


def test_tampered_record() -> None:
    """Code proof.invalid: the body changed, and a commitment made to fit."""
    data = signed(drafted()).data.replace(b'"places":2', b'"places":3')
    assert summary(examined(public_leaf(data), SALT + data)) == ("quarantined", "proof.invalid", True)


def test_other_suites_are_refused() -> None:
    """A proof of another suite is quarantined whatever its code."""
    value = proofs.sign(
        drafted(),
        signing_key(51),
        verification_method=f"{TOGO.did}#{signing_key(51).multikey}",
        created=profile.format_time(NOW),
    )
    proof = value["proof"]
    assert isinstance(proof, dict)
    data = profile.encode({**value, "proof": {**proof, "cryptosuite": "eddsa-rdfc-2022"}})
    result = examined(public_leaf(data), SALT + data)
    assert result.status == "quarantined"
    assert (result.code or "").startswith("proof.")


def test_schema_violation() -> None:
    """Code schema.violation, with path and rule."""
    result = examined_public(signed(drafted()), schemas="violation")
    assert summary(result) == ("quarantined", "schema.violation", True)
    assert result.params == {"path": "/body/places", "rule": "minimum"}


def test_packaged_schemas_are_asked() -> None:
    """The real schemas refuse an offer of one member."""
    record = signed(drafted())
    result = examine(
        public_leaf(record.data),
        SALT + record.data,
        origin=PUBLIC,
        me=MALI.scid,
        identity=TOGO,
        sealing_keys={},
        now=NOW,
        schemas=Schemas.packaged(),
    )
    assert summary(result) == ("quarantined", "schema.violation", True)


def test_the_order_of_the_checks() -> None:
    """spec: the first check that fails names the code. A record with every fault, mended one by one."""
    foreign = {"issuer": FRANCE.did, "issued": NOW + timedelta(days=2)}
    stranger = signing_key(99)
    worst = signed(bilateral(MALI.scid, **foreign), stranger, FRANCE.did)
    wrong = {"version": 7}
    found = [
        examined(b"", b"").code,
        examined(public_leaf(worst.data, **wrong), bytes(32) + worst.data).code,
        examined_public(worst, "violation", **wrong).code,
        examined_public(worst, "violation").code,
        examined_public(
            signed(bilateral(MALI.scid, issued=NOW + timedelta(days=2)), stranger), "violation"
        ).code,
        examined_public(signed(drafted(issued=NOW + timedelta(days=2)), stranger), "violation").code,
        examined_public(signed(drafted(), stranger), "violation").code,
        examined_public(signed(drafted()), "violation").code,
    ]
    assert found[:5] == [
        "json.syntax",
        "object.commitment",
        "leaf.record-mismatch",
        "record.not-the-owner",
        "record.not-addressed",
    ]
    assert found[5] in {"record.ahead", "key.unknown"}
    assert found[6:] == ["key.unknown", "schema.violation"]


@given(st.binary(max_size=200), st.none() | st.binary(max_size=200), st.sampled_from([PUBLIC, BILATERAL]))
def test_any_bytes(leaf: bytes, object_: bytes | None, origin: Origin) -> None:
    """Whatever a partner sends, an answer comes back."""
    assert examined(leaf, object_, origin).status in {"quarantined", "passed-over"}


@given(st.binary(max_size=100).map(lambda tail: SALT + b"{" + tail))
def test_any_record_bytes(object_: bytes) -> None:
    """Whatever stands under a good commitment, an answer comes back."""
    leaf = PublicRecordLeaf(objects.commitment(object_[:32], object_[32:]), "a", "b", 1)
    assert examined(leaves.encode_leaf(leaf), object_).status == "quarantined"
