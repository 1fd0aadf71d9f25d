"""Makes records, leaves and objects that are wrong in one way, signed and sealed as good ones are."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import base58
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite

from passerelle.conformance.author import URN, Author
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import PublicRecordLeaf, SealedLeaf, encode_leaf
from passerelle.protocol.objects import commitment
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json, JsonObject, encode, format_time
from passerelle.protocol.proofs import hash_data
from passerelle.protocol.seals import key_id_of

Item = tuple[bytes, bytes | None]
"""A leaf, and the object beside it."""

_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_WEAKER: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)


@dataclass(frozen=True, slots=True)
class Bench:
    """With what the faults are made.

    Args:
        author: Writes the feed.
        origin: The feed.
        reader: SCID of who reads a bilateral feed.
        recipient: Its sealing key; empty where only public faults are made.
        other: Somebody else.
        issued: When the records say that they were issued.
        now: The present.
    """

    author: Author
    origin: Origin
    reader: str
    recipient: bytes
    other: Author
    issued: datetime
    now: datetime


def offer(author: Author) -> dict[str, Json]:
    """The body of a good offer."""
    return {
        "lang": "fr",
        "title": {"fr": "Exemple fictif"},
        "description": {"fr": "Examen de conformité."},
        "scheme": "vir",
        "hostOrganisation": {"name": "Organisation (fictive)"},
        "host": {"agency": author.scid, "country": "XX"},
        "place": {"country": "XX", "city": "Ville (fictive)"},
        "places": 1,
        "period": "2027-01/2027-06",
        "synthetic": True,
    }


def agreement(author: Author, reader: str) -> dict[str, Json]:
    """The body of a good agreement."""
    ends: list[Json] = [{"agency": author.scid, "country": "XX"}, {"agency": reader, "country": "XX"}]
    return {
        "lang": "fr",
        "kind": "exchange-protocol",
        "names": {"fr": "Examen de conformité (fictif)"},
        "parties": ends,
        "period": "2027/..",
        "schemes": ["vir"],
        "directions": [{"from": ends[0], "to": ends[1], "quota": {"persons": 1, "perPeriod": "total"}}],
        "synthetic": True,
    }


def public_value(bench: Bench) -> JsonObject:
    """A good offer without its proof."""
    return bench.author.value("offer", offer(bench.author), bench.issued)


def bilateral_value(bench: Bench) -> JsonObject:
    """A good agreement without its proof."""
    body = agreement(bench.author, bench.reader)
    return bench.author.value("agreement", body, bench.issued, to=[bench.reader])


def in_public(data: bytes, value: Mapping[str, Json], **leaf: object) -> Item:
    """Any bytes as a public object, with a leaf that says what the value says."""
    salt = secrets.token_bytes(32)
    said = {"id": value["id"], "type": value["type"], "version": value["version"], **leaf}
    made = PublicRecordLeaf(
        commitment(salt, data), str(said["id"]), str(said["type"]), int(str(said["version"]))
    )
    return encode_leaf(made), salt + data


def sealed(bench: Bench, plaintext: bytes, committed: bytes) -> Item:
    """Any plaintext, sealed to the reader beside a leaf with any commitment."""
    key = key_id_of(bench.recipient)
    use = "passerelle/seal/v1"
    info = encode({"commitment": committed.hex(), "key": key, "origin": bench.origin.encode(), "use": use})
    lattice = MLKEM768PublicKey.from_public_bytes(bench.recipient[:1184])
    curve = X25519PublicKey.from_public_bytes(bench.recipient[1184:])
    box = _SUITE.encrypt(plaintext, MLKEM768X25519PublicKey(lattice, curve), info)
    return encode_leaf(SealedLeaf(committed)), b"\x01\x20" + bytes.fromhex(key) + box


def padded(salt: bytes, stream: bytes, *, stated: int | None = None, size: int = 0) -> bytes:
    """A plaintext, padded to a power of two or to a size."""
    text = salt + (len(stream) if stated is None else stated).to_bytes(4, "big") + stream
    return text.ljust(size or max(1024, 1 << (len(text) - 1).bit_length()), b"\0")


def deflated(data: bytes) -> bytes:
    """The raw DEFLATE of bytes."""
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return engine.compress(data) + engine.flush()


def in_bilateral(bench: Bench, data: bytes) -> Item:
    """Any bytes, sealed as a record is."""
    salt = secrets.token_bytes(32)
    return sealed(bench, padded(salt, deflated(data)), commitment(salt, data))


def by_bytes(change: Callable[[bytes], bytes]) -> Callable[[Bench], Item]:
    """A good offer of which the bytes were changed."""

    def make(bench: Bench) -> Item:
        value = public_value(bench)
        return in_public(change(encode(bench.author.signed(value))), value)

    return make


def by_value(change: Callable[[JsonObject, Bench], JsonObject]) -> Callable[[Bench], Item]:
    """A good offer that was changed before it was signed."""

    def make(bench: Bench) -> Item:
        value = public_value(bench)
        return in_public(encode(bench.author.signed(change(value, bench))), value)

    return make


def by_proof(change: Callable[[JsonObject], JsonObject]) -> Callable[[Bench], Item]:
    """A good offer of which the proof was changed."""

    def make(bench: Bench) -> Item:
        value = public_value(bench)
        signed = bench.author.signed(value)
        proof = signed["proof"]
        return in_public(
            encode({**signed, "proof": change(dict(proof) if isinstance(proof, dict) else {})}), value
        )

    return make


def to_us(change: Callable[[JsonObject, Bench], JsonObject]) -> Callable[[Bench], Item]:
    """A good agreement that was changed before it was signed."""

    def make(bench: Bench) -> Item:
        return in_bilateral(bench, encode(bench.author.signed(change(bilateral_value(bench), bench))))

    return make


def with_member(member: str, value: Json) -> Callable[[JsonObject, Bench], JsonObject]:
    """Puts one member of the record in the place of another."""
    return lambda record, _bench: {**record, member: value}


def replaced(old: bytes, new: bytes) -> Callable[[Bench], Item]:
    """A good offer in which some bytes are others."""
    return by_bytes(lambda data: data.replace(old, new, 1))


def by_key(key: Callable[[Bench], SigningKey], when: Callable[[Bench], datetime]) -> Callable[[Bench], Item]:
    """A good offer by any key, issued at any time."""

    def make(bench: Bench) -> Item:
        value = {**public_value(bench), "issued": format_time(when(bench))}
        return in_public(encode(bench.author.signed(value, key(bench))), value)

    return make


def retired(bench: Bench) -> SigningKey:
    """The author's retired key."""
    if bench.author.retired is None:
        raise ValueError("this author has no retired key")
    return bench.author.retired


def of_another(bench: Bench) -> Item:
    """A good offer of somebody else."""
    value = bench.other.value("offer", offer(bench.other), bench.issued)
    return in_public(encode(bench.other.signed(value)), value)


def not_spelt(bench: Bench) -> Item:
    """A signature under another prefix of base."""
    value = public_value(bench)
    data = encode(bench.author.signed(value)).replace(b'"proofValue":"z', b'"proofValue":"m', 1)
    return in_public(data, value)


def by_signature(make: Callable[[SigningKey, bytes], bytes]) -> Callable[[Bench], Item]:
    """A good offer of which the signature was made otherwise."""

    def item(bench: Bench) -> Item:
        value = public_value(bench)
        signed = bench.author.signed(value)
        proof = signed["proof"]
        told = dict(proof) if isinstance(proof, dict) else {}
        made = make(bench.author.record, hash_data(value, told))
        proven: JsonObject = {**told, "proofValue": spelt(made)}
        return in_public(encode({**signed, "proof": proven}), value)

    return item


def spoilt(bench: Bench) -> Item:
    """A record changed after it was signed."""
    value = public_value(bench)
    signed = bench.author.signed(value)
    return in_public(encode({**signed, "nonce": secrets.token_bytes(16).hex()}), value)


def large(bench: Bench) -> Item:
    """A record one byte beyond the limit."""
    value = public_value(bench)
    return in_public(encode(bench.author.signed(value)).ljust(262_145), value)


def uncommitted(bench: Bench) -> Item:
    """An object with another salt than its leaf commits to."""
    leaf, item = in_public(encode(bench.author.signed(public_value(bench))), public_value(bench))
    return leaf, secrets.token_bytes(32) + (item or b"")[32:]


def stub_object(bench: Bench) -> Item:
    """An object without room for salt and record."""
    leaf, item = in_public(encode(bench.author.signed(public_value(bench))), public_value(bench))
    return leaf, (item or b"")[:20]


def relabelled(bench: Bench) -> Item:
    """A leaf that names another type."""
    value = public_value(bench)
    return in_public(encode(bench.author.signed(value)), value, type="event")


def renumbered(bench: Bench) -> Item:
    """A leaf that names another version."""
    value = public_value(bench)
    return in_public(encode(bench.author.signed(value)), value, version=2)


def renamed(bench: Bench) -> Item:
    """A leaf that names another record."""
    value = public_value(bench)
    return in_public(encode(bench.author.signed(value)), value, id=str(public_value(bench)["id"]))


def long_leaf(bench: Bench) -> Item:
    """A leaf beyond its limit."""
    leaf, item = in_public(encode(bench.author.signed(public_value(bench))), public_value(bench))
    return leaf.replace(b'"urn:uuid:', b'"urn:uuid:' + b"0" * 4_096, 1), item


def short_leaf(bench: Bench) -> Item:
    """A leaf without a member."""
    leaf, item = in_public(encode(bench.author.signed(public_value(bench))), public_value(bench))
    return leaf.replace(b',"version":1', b"", 1), item


def spelt(signature: bytes) -> str:
    """A signature as it stands in a proof."""
    return "z" + base58.b58encode(signature).decode()


def short_signature(key: SigningKey, message: bytes) -> bytes:
    """A signature without its last byte."""
    return key.sign(message)[:-1]


def without(member: str) -> Callable[[JsonObject, Bench], JsonObject]:
    """Takes one member out of the record."""
    return lambda record, _bench: {name: value for name, value in record.items() if name != member}


def loose_leaf(bench: Bench) -> Item:
    """A leaf with a space in it."""
    leaf, item = in_public(encode(bench.author.signed(public_value(bench))), public_value(bench))
    return leaf.replace(b":", b": ", 1), item


def wide_leaf(bench: Bench) -> Item:
    """A leaf with a member too many."""
    leaf, item = in_public(encode(bench.author.signed(public_value(bench))), public_value(bench))
    return leaf[:-1] + b',"wide":1}', item


def talking_seal(bench: Bench) -> Item:
    """A sealed leaf that says what it seals."""
    leaf, item = in_bilateral(bench, encode(bench.author.signed(bilateral_value(bench))))
    return leaf[:-1] + b',"type":"dossier"}', item


def plaintext(make: Callable[[bytes, bytes], bytes]) -> Callable[[Bench], Item]:
    """A sealed record of which the plaintext was made otherwise, from its salt and its bytes."""

    def item(bench: Bench) -> Item:
        data = encode(bench.author.signed(bilateral_value(bench)))
        salt = secrets.token_bytes(32)
        return sealed(bench, make(salt, data), commitment(salt, data))

    return item


def first_byte(bench: Bench) -> Item:
    """A sealed object of another form."""
    leaf, item = in_bilateral(bench, encode(bench.author.signed(bilateral_value(bench))))
    return leaf, b"\x02" + (item or b"")[1:]


def weaker_seal(bench: Bench) -> Item:
    """A record sealed by X25519 alone, the weaker half of the recipient's key, under a form of its own."""
    data, salt = encode(bench.author.signed(bilateral_value(bench))), secrets.token_bytes(32)
    committed, key = commitment(salt, data), key_id_of(bench.recipient)
    info = encode({"commitment": committed.hex(), "key": key, "origin": bench.origin.encode()})
    half = X25519PublicKey.from_public_bytes(bench.recipient[1184:])
    box = _WEAKER.encrypt(padded(salt, deflated(data)), half, info)
    return encode_leaf(SealedLeaf(committed)), b"\x03\x20" + bytes.fromhex(key) + box


def another_text(salt: bytes, data: bytes) -> bytes:
    """The plaintext of another record than was committed to."""
    return padded(salt, deflated(data.replace(b"2027/..", b"2028/..")))


def public_to_us(bench: Bench) -> Item:
    """A public record, sealed."""
    return in_bilateral(bench, encode(bench.author.signed(public_value(bench))))


def rejection(bench: Bench) -> Item:
    """A rejection that its schema refuses."""
    body: dict[str, Json] = {"items": [], "synthetic": True}
    value = bench.author.value("rejection", body, bench.issued, to=[bench.reader])
    return in_bilateral(bench, encode(bench.author.signed(value)))


def second_version(bench: Bench) -> Item:
    """A second version of what nobody has."""
    value: JsonObject = {**public_value(bench), "version": 2, "previous": secrets.token_bytes(32).hex()}
    return in_public(encode(bench.author.signed(value)), value)


def unknown_type(bench: Bench) -> Item:
    """A record of a type that nobody knows."""
    value = bench.author.value("conformance-note", {"text": "?"}, bench.issued)
    return in_public(encode(bench.author.signed(value)), value)


def newer_minor(bench: Bench) -> Item:
    """An unknown member under a newer minor version."""
    body = {**offer(bench.author), "surprise": 1}
    value = bench.author.value("offer", body, bench.issued, schema=f"{URN}offer:1.99")
    return in_public(encode(bench.author.signed(value)), value)


def surprise(bench: Bench) -> Item:
    """An unknown member under a known version."""
    value = bench.author.value("offer", {**offer(bench.author), "surprise": 1}, bench.issued)
    return in_public(encode(bench.author.signed(value)), value)


def incomplete(bench: Bench) -> Item:
    """An offer that its schema refuses."""
    body = offer(bench.author)
    del body["title"]
    value = bench.author.value("offer", body, bench.issued)
    return in_public(encode(bench.author.signed(value)), value)


def decomposed(bench: Bench) -> Item:
    """A text in Normalization Form D."""
    value = bench.author.value(
        "offer", {**offer(bench.author), "title": {"fr": "E\u0301te\u0301"}}, bench.issued
    )
    return in_public(encode(bench.author.signed(value)), value)


def having_seen(feed: int, size: int) -> Callable[[Bench], Item]:
    """A good agreement whose author claims to have seen so many leaves of a feed of its reader."""
    return to_us(lambda record, bench: {**record, "seen": {bench.reader: {"feed": feed, "size": size}}})


def misdated(bench: Bench) -> Item:
    """A record issued a second later than its proof says."""
    value = public_value(bench)
    before = format_time(bench.issued - timedelta(seconds=1))
    return in_public(encode(bench.author.signed(value, created=before)), value)
