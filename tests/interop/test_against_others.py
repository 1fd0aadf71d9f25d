"""What our code makes is read by programs of others, and what they make is read by ours."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerelle.errors import ProtocolError
from passerelle.protocol import profile, proofs
from passerelle.protocol.identity import create_log, parse_identity, update_log
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.objects import commitment
from passerelle.protocol.origins import Origin
from passerelle.protocol.records import FeedPosition, Record
from passerelle.protocol.recordsigning import draft, sign_record
from passerelle.protocol.requests import sign_request, verify_request
from passerelle.protocol.seals import SealingKey, open_sealed, seal

Outside = Callable[[str, object], Any]

# Others have clocks of their own that nobody sets: all times lie in the past.
BEGUN = datetime(2026, 3, 1, 9, tzinfo=UTC)
ROTATED = datetime(2026, 6, 1, 9, tzinfo=UTC)
BEFORE, AFTER = BEGUN + timedelta(days=30), ROTATED + timedelta(days=30)
TEXT = "Échange Togo–Mali: 4 volontaires, 2 € par jour, \U0001f30d"


def _key() -> SigningKey:
    return SigningKey.generate(secrets.token_bytes)


class Agency:
    """An agency with fresh keys, whose record key was replaced once."""

    def __init__(self, domain: str) -> None:
        self.records, self.request, self.log_key, self.witness = (_key(), _key()), _key(), _key(), _key()
        updates = [_key() for _ in range(3)]
        common: dict[str, Any] = {
            "log_keys": [self.log_key.public],
            "witness_keys": [self.witness.public],
            "sealing": [(BEGUN, secrets.token_hex(32))],
        }
        first = create_log(
            domain=domain,
            update_key=updates[0],
            next_update_multikeys=[updates[1].multikey],
            record_key=self.records[0].public,
            request_key=self.request.public,
            now=BEGUN,
            **common,
        )
        self.log = update_log(
            first,
            update_key=updates[1],
            next_update_multikeys=[updates[2].multikey],
            record_keys=[self.records[1].public],
            request_keys=[self.request.public],
            now=ROTATED,
            **common,
        )
        self.identity = parse_identity(self.log, now=None)

    def publish(self, when: datetime, key: SigningKey, *, to: str | None = None) -> Record:
        """A record, signed by ``key`` and dated ``when``."""
        value = draft(
            id="urn:uuid:3f0c5a0e-7b0c-4d59-9d3b-0c6f8f1b2a77",
            type="offer",
            schema="urn:passerelle:schema:offer:1.0",
            nonce=secrets.token_bytes(16),
            issuer=self.identity.did,
            audience=[to] if to else "public",
            issued=when,
            body={"title": {"fr": TEXT}, "places": 4, "synthetic": True, "nothing": None},
            seen={to: FeedPosition(1, 0)} if to else None,
        )
        return sign_record(value, key, f"{self.identity.did}#{key.multikey}")


@pytest.fixture(scope="module")
def togo() -> Agency:
    """An agency with a new identity."""
    return Agency("togo.example")


@pytest.fixture(scope="module")
def mali() -> Agency:
    """Another."""
    return Agency("mali.example")


def test_our_log_resolves_and_our_records_verify(togo: Agency, mali: Agency, outside: Outside) -> None:
    """I-9 to I-20, R-13, R-15: didwebvh-ts resolves our log at `issued`, Digital Bazaar verifies the record under it."""
    old, new = togo.records
    good = [
        togo.publish(BEFORE, old),
        togo.publish(AFTER, new),
        togo.publish(AFTER, new, to=mali.identity.scid),
    ]
    found = outside(
        "verify_records", {"logs": [togo.log.decode()], "records": [r.data.decode() for r in good]}
    )
    assert [answer["verified"] for answer in found] == [True, True, True], found
    assert [answer["version"].partition("-")[0] for answer in found] == ["1", "2", "2"]


def test_what_is_wrong_with_our_records_is_wrong_for_others(
    togo: Agency, mali: Agency, outside: Outside
) -> None:
    """R-13, R-15: tampered, retired key, key not yet listed, another agency's key, a request key."""
    old, new = togo.records
    tampered = togo.publish(AFTER, new).data.replace(b'"places":4', b'"places":40')
    wrong = [
        tampered,
        togo.publish(AFTER, old).data,
        togo.publish(BEFORE, new).data,
        togo.publish(AFTER, mali.records[1]).data,
        togo.publish(AFTER, togo.request).data,
    ]
    found = outside(
        "verify_records", {"logs": [togo.log.decode()], "records": [data.decode() for data in wrong]}
    )
    assert [answer["verified"] for answer in found] == [False] * 5, found


def test_a_changed_log_does_not_resolve(togo: Agency, mali: Agency, outside: Outside) -> None:
    """I-9, I-10, I-16: neither with another key inside nor with another agency's second entry."""
    log = togo.log.decode()
    lines, others = log.splitlines(), mali.log.decode().splitlines()
    logs = [
        log,
        log.replace(togo.records[1].multikey, mali.records[1].multikey),
        "\n".join([lines[0], others[1]]),
        log.replace("togo.example", "evil.example"),
    ]
    found = outside("resolve_logs", [{"log": text, "times": []} for text in logs])
    assert ["error" in answer for answer in found] == [False, True, True, True], found
    # A resolver adds the services that did:webvh implies; all that the log says is there.
    state = json.loads(lines[1])["state"]
    assert {member: found[0]["document"][member] for member in state} == state


def test_what_others_sign_verifies_here(togo: Agency, outside: Outside) -> None:
    """R-13: a proof by Digital Bazaar's signer holds, and a changed one does not."""
    key = togo.records[1]
    document = {
        "@context": ["urn:passerelle:v1", "https://w3id.org/security/data-integrity/v2"],
        "text": TEXT,
    }
    signed = outside(
        "sign_document",
        {
            "document": document,
            "seed": key.seed.hex(),
            "did": togo.identity.did,
            "multikey": key.multikey,
            "created": profile.format_time(AFTER),
        },
    )
    proofs.verify(signed, key.public)
    with pytest.raises(ProtocolError) as found:
        proofs.verify({**signed, "text": TEXT + "."}, key.public)
    assert found.value.code == "proof.invalid"


def test_what_we_seal_opens_elsewhere(togo: Agency, mali: Agency, outside: Outside) -> None:
    """O-4, O-5: hpke-js opens our object to our salt and record, and with another origin it does not."""
    key = SealingKey.generate(secrets.token_bytes)
    origin = Origin(togo.identity.scid, mali.identity.scid, 1)
    record = togo.publish(AFTER, togo.records[1], to=mali.identity.scid)
    salt = secrets.token_bytes(32)
    question = {
        "object": seal(salt, record.data, recipient_public=key.public, origin=origin).hex(),
        "seed": key.seed.hex(),
        "commitment": commitment(salt, record.data).hex(),
        "origin": origin.encode(),
    }
    answer = outside("open_sealed", question)
    assert answer["salt"] == salt.hex()
    assert answer["record"].encode() == record.data
    assert answer["plaintext_bytes"] == 1024
    elsewhere = Origin(origin.author, origin.partner, 2)
    assert "error" in outside("open_sealed", {**question, "origin": elsewhere.encode()})


def test_what_others_seal_opens_here(togo: Agency, mali: Agency, outside: Outside) -> None:
    """O-4, O-11: an object by hpke-js opens here, beside its own leaf only."""
    key = SealingKey.generate(secrets.token_bytes)
    origin = Origin(togo.identity.scid, mali.identity.scid, 1)
    record = togo.publish(AFTER, togo.records[1], to=mali.identity.scid)
    salt = secrets.token_bytes(32)
    made = outside(
        "seal",
        {
            "record": record.data.decode(),
            "salt": salt.hex(),
            "seed": key.seed.hex(),
            "origin": origin.encode(),
        },
    )
    assert made["commitment"] == commitment(salt, record.data).hex()
    keys, object_ = {key.key_id: key}, bytes.fromhex(made["object"])
    opened = open_sealed(object_, keys, origin=origin, commitment=bytes.fromhex(made["commitment"]))
    assert opened == (salt, record.data)
    with pytest.raises(ProtocolError) as found:
        open_sealed(object_, keys, origin=origin, commitment=bytes(32))
    assert found.value.code == "object.unopened"


_SURROGATES: tuple[Literal["Cs"]] = ("Cs",)
_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=_SURROGATES), max_size=12)
_NAMES = st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=6)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-profile.MAX_INTEGER, profile.MAX_INTEGER) | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)


def test_canonical_forms_agree(outside: Outside) -> None:
    """J-11: npm canonicalize and our encoder write the same bytes for generated values."""
    samples: list[bytes] = []

    @settings(max_examples=300)
    @given(_VALUES)
    def collect(value: object) -> None:
        samples.append(profile.encode(value))

    collect()
    assert len(set(samples)) > 100
    # Escaped and spread out, so that both sides have something to do.
    loose = [json.dumps(json.loads(sample), indent=2).encode().hex() for sample in samples]
    assert outside("canonicalize", loose) == [sample.hex() for sample in samples]


NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
URI = "https://mali.example/notices?x=1&y=%C3%A9"
BODY = '{"é":1}'.encode()


@pytest.mark.parametrize("body", [b"", BODY], ids=["GET", "POST"])
def test_our_requests_verify_elsewhere(togo: Agency, body: bytes, outside: Outside) -> None:
    """Q-3, Q-7: npm http-message-signatures accepts ours, and refuses it for another node, method or body."""
    method = "POST" if body else "GET"
    headers = sign_request(
        method,
        URI,
        key=togo.request,
        key_id=f"{togo.identity.did}#{togo.request.multikey}",
        now=NOW,
        nonce=secrets.token_bytes(16),
        body=body or None,
        content_type="application/json" if body else None,
    )
    good = {"method": method, "target_uri": URI, "headers": headers, "body": body.hex()}
    wrong = [{**good, "target_uri": URI.replace("mali", "france")}, {**good, "method": "PUT"}]
    if body:
        wrong.append({**good, "body": (BODY + b" ").hex()})
    found = outside("verify_requests", {"public": togo.request.public.hex(), "requests": [good, *wrong]})
    assert [answer["verified"] for answer in found] == [True] + [False] * len(wrong), found


@pytest.mark.parametrize("body", [b"", BODY], ids=["GET", "POST"])
def test_requests_of_others_verify_here(togo: Agency, body: bytes, outside: Outside) -> None:
    """Q-2 to Q-9: what npm http-message-signatures signs in our profile is accepted, and for another node refused."""
    method = "POST" if body else "GET"
    key_id = f"{togo.identity.did}#{togo.request.multikey}"
    headers = outside(
        "sign_requests",
        {
            "seed": togo.request.seed.hex(),
            "key_id": key_id,
            "method": method,
            "target_uri": URI,
            "body": body.hex(),
            "created": int(NOW.timestamp()),
            "nonce": "Kb1GuOAdEU_NES1C7DuKng",
        },
    )
    keys = {key_id: togo.request.public}
    request = verify_request(method, URI, headers, body or None, resolve_key=keys.get, now=NOW)
    assert request.scid == togo.identity.scid
    with pytest.raises(ProtocolError) as found:
        verify_request(
            method, URI.replace("mali", "france"), headers, body or None, resolve_key=keys.get, now=NOW
        )
    assert found.value.code == "request.signature"
