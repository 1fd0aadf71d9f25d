"""spec/ "Records and proofs": the header, who signed, and when."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from passerelle.errors import InputError, ProtocolError
from passerelle.protocol import identity, profile, proofs
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.records import FeedPosition, Record, check_proof, claim_of
from passerelle.protocol.recordsigning import draft, sign_record

UPDATE = [SigningKey(bytes([n]) * 32) for n in range(5)]
RECORD, REQUEST, LOG, WITNESS, NEW_RECORD = (SigningKey(bytes([n]) * 32) for n in range(10, 15))
CREATED = datetime(2026, 1, 5, 9, 0, 0, tzinfo=UTC)
ISSUED = CREATED + timedelta(days=1)
ROTATED = CREATED + timedelta(days=30)
NOW = CREATED + timedelta(days=60)
PARTNERS = ["Qm" + "2" * 44, "Qm" + "3" * 44]
SEEN = {PARTNERS[0]: FeedPosition(1, 118), PARTNERS[1]: FeedPosition(1, 0)}
UNKNOWN = SigningKey(b"\x77" * 32)


def log_of(domain: str, seed: int) -> bytes:
    return identity.create_log(
        domain=domain,
        update_key=SigningKey(bytes([seed]) * 32),
        next_update_multikeys=[UPDATE[1].multikey],
        record_key=RECORD.public,
        request_key=REQUEST.public,
        log_keys=[LOG.public],
        witness_keys=[WITNESS.public],
        sealing=[],
        now=CREATED,
    )


def rotated(log: bytes, domain: str | None = None) -> bytes:
    """The same agency 30 days later, under a new record key."""
    return identity.update_log(
        log,
        update_key=UPDATE[1],
        next_update_multikeys=[UPDATE[2].multikey],
        record_keys=[NEW_RECORD.public],
        request_keys=[REQUEST.public],
        log_keys=[LOG.public],
        witness_keys=[WITNESS.public],
        sealing=[],
        domain=domain,
        now=ROTATED,
    )


FIRST_LOG = log_of("anvt.example", 0)
US = identity.parse_identity(FIRST_LOG, now=NOW)
OTHER = identity.parse_identity(log_of("cnpv.example", 9), now=NOW)


def drafted(**changes: Any) -> profile.JsonObject:
    arguments: dict[str, Any] = {
        "id": f"urn:uuid:{UUID(int=1, version=4)}",
        "type": "offer",
        "schema": "urn:passerelle:schema:offer:1.0",
        "nonce": b"\x05" * 16,
        "issuer": US.did,
        "audience": "public",
        "issued": ISSUED,
        "body": {"places": 2, "title": {"fr": "Été à Lomé"}},
    }
    return draft(**{**arguments, **changes})


def method(key: SigningKey = RECORD, did: str = US.did) -> str:
    return f"{did}#{key.multikey}"


def signed(**changes: Any) -> Record:
    return sign_record(drafted(**changes), RECORD, method())


def bytes_with(*path: str | int, value: Any, **changes: Any) -> bytes:
    """A draft with one member set (an Ellipsis removes it), then signed as if nothing were wrong."""
    tree: Any = drafted(**changes)
    inner = tree
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return profile.encode(
        proofs.sign(tree, RECORD, verification_method=method(), created="2026-01-06T09:00:00Z")
    )


def proof_changed(record: Record, **changes: profile.Json) -> bytes:
    """The record with members of its proof set, or removed where None; not signed again."""
    proof = {**record.value["proof"], **changes}  # type: ignore[dict-item]  # an object
    return profile.encode({**record.value, "proof": {n: v for n, v in proof.items() if v is not None}})


def refused(data: bytes, **expected: object) -> str:
    with pytest.raises(ProtocolError) as caught:
        Record.parse(data)
    for name, value in expected.items():
        assert caught.value.params[name] == value
    return caught.value.code


def proof_refused(record: Record, who: identity.Identity = US, now: datetime = NOW) -> str:
    with pytest.raises(ProtocolError) as caught:
        check_proof(record, who, now)
    return caught.value.code


# --- the header --------------------------------------------------------------------------


def test_a_public_record_reads_as_it_was_written() -> None:
    record = signed()
    assert record == Record.parse(record.data)
    assert record.digest == sha256(record.data).hexdigest()
    assert record.data == profile.encode(record.value)
    assert (record.id, record.type, record.version, record.previous) == (
        "urn:uuid:00000000-0000-4000-8000-000000000001",
        "offer",
        1,
        None,
    )
    assert record.schema == "urn:passerelle:schema:offer:1.0"
    assert (record.issuer, record.issuer_scid, record.issued) == (US.did, US.scid, ISSUED)
    assert (record.audience, record.addressees, record.is_public, record.seen) == ("public", (), True, {})
    assert record.body == {"places": 2, "title": {"fr": "Été à Lomé"}}
    assert (record.nonce, record.verification_method) == ("05" * 16, method())
    assert record.created == "2026-01-06T09:00:00Z"


def test_a_bilateral_record_has_seen() -> None:
    """Addressees are sorted by the writer; a position each."""
    record = signed(audience=PARTNERS[::-1], seen=SEEN, version=2, previous="ab" * 32)
    assert record.audience == record.addressees == tuple(PARTNERS)
    assert record.seen == SEEN
    assert not record.is_public
    assert (record.version, record.previous) == (2, "ab" * 32)
    assert FeedPosition(1, 9) < FeedPosition(1, 10) < FeedPosition(2, 0)


def test_records_show_no_content_and_compare_by_digest() -> None:
    """A record in a log line is its name only."""
    record = signed()
    assert "Lom" not in repr(record)
    assert record.digest in repr(record)
    assert len({record, Record.parse(record.data), signed(nonce=b"\x06" * 16)}) == 2
    assert record != record.digest
    assert pickle.loads(pickle.dumps(record)) == record


@pytest.mark.parametrize(
    ("member", "path", "value"),
    [
        ("record", ("more",), 1),
        ("record", ("nonce",), ...),
        ("record", ("previous",), "ab" * 32),
        ("record", ("version",), 2),
        ("version", ("version",), True),
        ("record", ("seen",), {}),
        ("record", ("audience",), PARTNERS),
        ("@context", ("@context",), ["urn:passerelle:v2"]),
        ("@context", ("@context",), ["urn:passerelle:v1", "urn:else"]),
        ("@context", ("@context",), "urn:passerelle:v1"),
        ("id", ("id",), "urn:uuid:00000000-0000-4000-8000-00000000000A"),
        ("id", ("id",), "urn:uuid:00000000-0000-1000-8000-000000000001"),
        ("id", ("id",), "00000000-0000-4000-8000-000000000001"),
        ("id", ("id",), 1),
        ("schema", ("type",), "dossier"),
        ("schema", ("schema",), "urn:passerelle:schema:offer:1"),
        ("schema", ("schema",), "urn:passerelle:schema:offer:1.00"),
        ("schema", ("schema",), "urn:passerelle:schema:offer:1.0\n"),
        ("schema", ("schema",), None),
        ("nonce", ("nonce",), "05" * 15),
        ("nonce", ("nonce",), "0F" * 16),
        ("issuer", ("issuer",), "did:web:anvt.example"),
        ("issuer", ("issuer",), None),
        ("issued", ("issued",), "2026-01-06"),
        ("issued", ("issued",), 5),
        ("body", ("body",), []),
    ],
)
def test_the_header_of_a_public_record(member: str, path: tuple[str], value: object) -> None:
    """Exactly the members of the table, each in its one form; the error names the member."""
    assert refused(bytes_with(*path, value=value), member=member) == "record.malformed"


@pytest.mark.parametrize(
    ("member", "path", "value"),
    [
        ("record", ("seen",), ...),
        ("record", ("previous",), ...),
        ("version", ("version",), 0),
        ("version", ("version",), -1),
        ("version", ("version",), "2"),
        ("previous", ("previous",), "AB" * 32),
        ("previous", ("previous",), None),
        ("audience", ("audience",), []),
        ("audience", ("audience",), PARTNERS[::-1]),
        ("audience", ("audience",), [PARTNERS[0], PARTNERS[0]]),
        ("audience", ("audience",), [*PARTNERS, US.scid]),
        ("audience", ("audience",), ["Qm"]),
        ("audience", ("audience",), [1]),
        ("audience", ("audience",), "network"),
        ("seen", ("audience",), PARTNERS[:1]),
        ("seen", ("seen", PARTNERS[0]), ...),
        ("seen", ("seen", "Qm" + "4" * 44), {"feed": 1, "size": 0}),
        ("seen", ("seen", PARTNERS[0]), 5),
        ("seen", ("seen", PARTNERS[0], "feed"), 0),
        ("seen", ("seen", PARTNERS[0], "size"), -1),
        ("seen", ("seen", PARTNERS[0], "size"), True),
        ("seen", ("seen", PARTNERS[0], "size"), "118"),
        ("seen", ("seen", PARTNERS[0], "more"), 1),
        ("seen", ("seen",), []),
    ],
)
def test_the_header_of_a_bilateral_second_version(member: str, path: tuple[str], value: object) -> None:
    data = bytes_with(*path, value=value, audience=PARTNERS, seen=SEEN, version=2, previous="ab" * 32)
    assert refused(data, member=member) == "record.malformed"


@pytest.mark.parametrize(
    "changes",
    [
        {"more": 1},
        {"created": 1},
        {"verificationMethod": 1},
        {"created": None},
        {"@context": None},
        {"proofValue": None},
    ],
)
def test_the_form_of_a_proof(changes: dict[str, profile.Json]) -> None:
    assert refused(proof_changed(signed(), **changes)) == "proof.malformed"


@pytest.mark.parametrize("proof", [[], None, "z"])
def test_one_proof_object(proof: profile.Json) -> None:
    """A set of proofs verifies elsewhere if any one of them does."""
    assert refused(profile.encode({**signed().value, "proof": proof})) == "proof.malformed"


def test_a_record_is_its_canonical_bytes() -> None:
    """Any other spelling would be a second digest for one record."""
    data = signed().data
    assert refused(data.replace(b'"body":', b'"body": ')) == "json.not-canonical"
    assert refused(data.replace(b'"places":2', b'"places":2,"places":20')) == "json.duplicate-member"
    assert refused(data + b" " * profile.MAX_RECORD_BYTES) == "json.too-large"
    assert refused(b"[]", member="record") == "record.malformed"


@given(st.binary(max_size=40), st.integers(0, 2000), st.integers(0, 30))
def test_foreign_bytes_raise_protocol_errors_only(noise: bytes, at: int, cut: int) -> None:
    data = signed().data
    at %= len(data)
    try:
        Record.parse(data[:at] + noise + data[at + cut :])
    except ProtocolError as exc:
        assert exc.code.partition(".")[0] in {"json", "record", "proof"}  # noqa: PT017  # or it is a record


# --- signing -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "1"},
        {"nonce": b"short"},
        {"audience": []},
        {"audience": PARTNERS},
        {"seen": SEEN},
        {"version": 2},
        {"previous": "ab" * 32},
        {"body": {"share": 0.5}},
        {"body": {"é": 1}},
        {"issuer": "did:x"},
    ],
)
def test_what_no_reader_would_accept_is_not_signed(changes: dict[str, Any]) -> None:
    """Our own mistakes are found before anything is published."""
    with pytest.raises(ValueError):
        signed(**changes)


def test_a_record_too_large_is_the_users_to_shorten() -> None:
    with pytest.raises(InputError, match=r"record\.too-large"):
        signed(body={"text": "é" * (profile.MAX_RECORD_BYTES // 2)})


def test_the_largest_record() -> None:
    """256 KiB are allowed, one byte more is not."""
    room = profile.MAX_RECORD_BYTES - len(signed(body={"text": ""}).data)
    assert len(signed(body={"text": "a" * room}).data) == profile.MAX_RECORD_BYTES
    with pytest.raises(InputError):
        signed(body={"text": "a" * (room + 1)})


# --- who signed --------------------------------------------------------------------------


def test_a_good_proof() -> None:
    check_proof(signed(), US, NOW)


def test_a_changed_record_does_not_verify() -> None:
    data = signed().data
    for old, new in ((b'"places":2', b'"places":9'), (b'"nonce":"05', b'"nonce":"06')):
        assert proof_refused(Record.parse(data.replace(old, new))) == "proof.invalid"
    other_value = signed(nonce=b"\x06" * 16).value["proof"]["proofValue"]  # type: ignore[index, call-overload]
    swapped = proof_changed(signed(), proofValue=other_value)
    assert proof_refused(Record.parse(swapped)) == "proof.invalid"


def test_issued_equals_created() -> None:
    """R-11: `issued` is the proof's `created`."""
    tree = drafted()
    data = profile.encode(
        proofs.sign(tree, RECORD, verification_method=method(), created="2026-01-06T09:00:01Z")
    )
    assert proof_refused(Record.parse(data)) == "record.issued-mismatch"


def test_the_contexts_are_equal() -> None:
    """R-10: the proof names the contexts of the record, no more and no fewer."""
    longer: profile.Json = ["urn:passerelle:v1", "urn:else"]
    data = proof_changed(signed(), **{"@context": longer})
    assert proof_refused(Record.parse(data)) == "record.context-mismatch"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("type", "X"),
        ("cryptosuite", "eddsa-rdfc-2022"),
        ("proofPurpose", "authentication"),
        ("proofValue", "z1"),
    ],
)
def test_another_suite(member: str, value: str) -> None:
    assert proof_refused(Record.parse(proof_changed(signed(), **{member: value}))) == "proof.malformed"


def test_a_key_in_no_entry_held_is_unknown() -> None:
    """The record waits: the log that brings the key may come by another road."""
    record = sign_record(drafted(), UNKNOWN, method(UNKNOWN))
    assert proof_refused(record) == "key.unknown"
    late = drafted(issued=ROTATED)
    record = sign_record(late, NEW_RECORD, method(NEW_RECORD))
    assert proof_refused(record) == "key.unknown"
    check_proof(record, identity.parse_identity(rotated(FIRST_LOG), now=NOW), NOW)


def test_a_key_is_valid_from_its_entry_to_the_one_that_drops_it() -> None:
    """At the very second of the entry the new document counts."""
    later = identity.parse_identity(rotated(FIRST_LOG), now=NOW)
    second = timedelta(seconds=1)
    check_proof(signed(issued=ROTATED - second), later, NOW)
    assert proof_refused(signed(issued=ROTATED), later) == "key.not-valid-then"
    early = sign_record(drafted(issued=ROTATED - second), NEW_RECORD, method(NEW_RECORD))
    assert proof_refused(early, later) == "key.not-valid-then"


def test_a_request_key_signs_no_records() -> None:
    """It stands in the document, but not in ``assertionMethod``."""
    assert proof_refused(sign_record(drafted(), REQUEST, method(REQUEST))) == "key.unknown"


def test_the_key_of_another_agency_signs_for_nobody_else() -> None:
    """Common libraries verify such a plain record: the DID of the key is not the issuer's."""
    record = sign_record(drafted(), RECORD, method(RECORD, OTHER.did))
    assert proof_refused(record) == "key.not-valid-then"
    assert proof_refused(record, OTHER) == "record.issuer-unknown"
    assert proof_refused(signed(), OTHER) == "record.issuer-unknown"


def test_a_record_from_before_its_author() -> None:
    assert proof_refused(signed(issued=CREATED - timedelta(seconds=1))) == "record.issuer-unknown"


def test_the_issuer_is_the_did_of_that_time() -> None:
    """R-14: after a move, the old DID signs nothing new, and the new one nothing old."""
    moved = identity.parse_identity(rotated(FIRST_LOG, "new.example"), now=NOW)
    check_proof(signed(), moved, NOW)
    assert proof_refused(signed(issued=ROTATED), moved) == "record.issuer-unknown"
    new = drafted(issuer=moved.did, issued=ROTATED - timedelta(seconds=1))
    record = sign_record(new, NEW_RECORD, method(NEW_RECORD, moved.did))
    assert proof_refused(record, moved) == "record.issuer-unknown"
    assert proof_refused(record, US) == "key.unknown"


def test_an_agency_that_moves_stays_who_it_is() -> None:
    """I-1: whatever its DID says, a record is kept and looked up under the SCID."""
    moved = identity.parse_identity(rotated(FIRST_LOG, "new.example"), now=NOW)
    after = sign_record(drafted(issuer=moved.did, issued=ROTATED), NEW_RECORD, method(NEW_RECORD, moved.did))
    check_proof(after, moved, NOW)
    assert moved.did != US.did
    assert after.heading.issuer == signed().heading.issuer == US.scid


def test_a_record_of_tomorrow_is_held() -> None:
    """24 hours are forgiven. A bad proof is named first: a forged record is not worth holding."""
    day = timedelta(hours=24)
    check_proof(signed(), US, ISSUED - day)
    early = ISSUED - day - timedelta(seconds=1)
    assert proof_refused(signed(), US, early) == "record.ahead"
    forged = Record.parse(signed().data.replace(b'"places":2', b'"places":9'))
    assert proof_refused(forged, US, early) == "proof.invalid"


TRICKY = st.recursive(
    st.integers(0, 9)
    | st.text()
    | st.sampled_from([',"proof":{', '"},"schema":"x', '{"proof":{"a":1},"schema":"b"}']),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["proof", "schema", "a", "z"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["proof", "schema", "p"]), TRICKY), st.booleans(), st.booleans())
def test_cutting_the_proof_out_gives_what_writing_without_it_gives(
    body: dict[str, Any], public: bool, first: bool
) -> None:
    """R-12: the hash that is checked is that of the suite, whatever in a body looks like a proof."""
    changes: dict[str, Any] = {} if public else {"audience": PARTNERS, "seen": SEEN}
    changes |= {} if first else {"version": 2, "previous": "0" * 64}
    try:
        record = Record.parse(signed(body=body, **changes).data)
    except ValueError:  # a text that no record may hold
        assume(False)
        raise
    claim = claim_of(record, US)
    assert claim.message == proofs.hash_data(record.value, record.value["proof"])  # type: ignore[arg-type]  # an object
    claim.check()
