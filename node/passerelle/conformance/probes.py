"""Records, leaves and objects with one fault each, and good ones that a hasty reader would refuse.

Each row is put into a feed as it is. What the reader made of it is seen in its
``flawed.rejection`` record: a fault is reported by index and code (F-11, F-17), what is none is not.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from passerelle.conformance import curve, flawed, leafprobes
from passerelle.conformance.author import URN
from passerelle.conformance.flawed import Bench, Item
from passerelle.conformance.headerprobes import HEADER_PROBES, LEAF_PROBES, PROOF_PROBES
from passerelle.conformance.probe import BAD_PROOF, BAD_RECORD, code, row, sealed_row
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import SealedLeaf, encode_leaf


def _plain_leaf(data: bytes) -> Callable[[Bench], Item]:
    return lambda _bench: (data, None)


_DEEP: Final = b'{"a":' * 40 + b"1" + b"}" * 40
_TITLE: Final = b"Exemple fictif"
_PLACES: Final = b'"places":1'


_BYTES: Final = (
    row("J-1", "a record that is no UTF-8", flawed.replaced(_TITLE, b"Exemple \xff"), code("json.not-utf8")),
    row(
        "J-2",
        "a record with something after it",
        flawed.by_bytes(lambda data: data + b"x"),
        code("json.syntax"),
    ),
    row(
        "J-3",
        "a record with a member twice",
        flawed.replaced(_PLACES, _PLACES + b',"places":2'),
        code("json.duplicate-member"),
    ),
    row(
        "J-4",
        "a member's name with an accent",
        flawed.replaced(_PLACES, _PLACES + ',"pl\u00e0":2'.encode()),
        code("json.member-name"),
    ),
    row(
        "J-5",
        "a number with a fraction",
        flawed.replaced(_PLACES, b'"places":1.0'),
        code("json.not-an-integer"),
    ),
    row(
        "J-6",
        "a number beyond 2^53",
        flawed.replaced(_PLACES, b'"places":9007199254740993'),
        code("json.integer-range"),
    ),
    row(
        "J-5",
        "a number with an exponent",
        flawed.replaced(_PLACES, b'"places":1e0'),
        code("json.not-an-integer"),
    ),
    row(
        "J-6",
        "a number below -2^53",
        flawed.replaced(_PLACES, b'"places":-9007199254740993'),
        code("json.integer-range"),
    ),
    row("J-7", "half of a surrogate pair", flawed.replaced(_TITLE, b"\\ud800"), code("json.surrogate")),
    row("J-8", "a text with U+0000", flawed.replaced(_TITLE, b"\\u0000"), code("json.nul")),
    row(
        "J-9",
        "objects nested 40 deep",
        flawed.replaced(_PLACES, b'"places":' + _DEEP),
        code("json.too-deep"),
    ),
    row("J-10", "a record of 262,145 bytes", flawed.large, code("json.too-large", "object.too-large")),
    row("J-12", "a record with a space in it", flawed.replaced(b",", b", "), code("json.not-canonical")),
    row("J-16", "a text in decomposed form", flawed.decomposed),
    row(
        "J-18",
        "a time with an offset",
        flawed.by_value(flawed.with_member("issued", "2026-11-21T10:00:00+00:00")),
        BAD_RECORD | code("time.malformed"),
    ),
)
_RECORDS: Final = (
    row("R-1", "a record without a nonce", flawed.by_value(flawed.without("nonce")), BAD_RECORD),
    row(
        "R-2",
        "a record to everybody",
        flawed.by_value(flawed.with_member("audience", "everybody")),
        BAD_RECORD,
    ),
    row(
        "R-2",
        "an identifier that is no UUID",
        flawed.by_value(flawed.with_member("id", "urn:uuid:somebody")),
        BAD_RECORD,
    ),
    row(
        "J-18",
        "a day that there is not",
        flawed.by_value(flawed.with_member("issued", "2026-02-30T10:00:00Z")),
        BAD_RECORD | code("time.malformed"),
    ),
    row(
        "J-18",
        "a time with a fraction of a second",
        flawed.by_value(flawed.with_member("issued", "2026-11-21T10:00:00.5Z")),
        BAD_RECORD | code("time.malformed"),
    ),
    row("R-12", "a signature of 63 bytes", flawed.by_signature(flawed.short_signature), BAD_PROOF),
    row(
        "R-1",
        "a record with a member too many",
        flawed.by_value(flawed.with_member("surprise", 1)),
        BAD_RECORD,
    ),
    row(
        "R-2",
        "a nonce of one byte",
        flawed.by_value(flawed.with_member("nonce", "00")),
        BAD_RECORD,
    ),
    row(
        "R-3",
        "a schema of another type",
        flawed.by_value(flawed.with_member("schema", f"{URN}event:1.0")),
        BAD_RECORD,
    ),
    row(
        "R-8",
        "a proof with a member too many",
        flawed.by_proof(lambda proof: {**proof, "extra": 1}),
        BAD_PROOF,
    ),
    row(
        "R-9",
        "a proof of another suite",
        flawed.by_proof(lambda proof: {**proof, "cryptosuite": "eddsa-rdfc-2022"}),
        BAD_PROOF,
    ),
    row(
        "X-17",
        "a proof of a suite of another curve",
        flawed.by_proof(lambda proof: {**proof, "cryptosuite": "ecdsa-jcs-2019"}),
        BAD_PROOF,
    ),
    row(
        "R-10",
        "a context added to the proof",
        flawed.by_proof(lambda proof: {**proof, "@context": ["urn:passerelle:v1", "urn:x"]}),
        code("record.context-mismatch"),
    ),
    row("R-12", "a signature in another base", flawed.not_spelt, BAD_PROOF),
    row("R-13", "a record changed after it was signed", flawed.spoilt, code("proof.invalid")),
    row(
        "I-47",
        "a record whose signature has a number beyond the order",
        flawed.by_signature(curve.beyond_order),
        code("proof.invalid"),
    ),
    row(
        "I-47",
        "a record whose signature holds only with the cofactor",
        flawed.by_signature(curve.by_cofactor),
        code("proof.invalid"),
    ),
    row(
        "R-16",
        "a record by a key that no log names",
        flawed.by_key(lambda _b: SigningKey.generate(secrets.token_bytes), lambda b: b.issued),
    ),
    row(
        "R-20",
        "a record issued in three days",
        flawed.by_key(lambda b: b.author.record, lambda b: b.now + timedelta(days=3)),
    ),
    row("R-31", "an unknown member under a known schema", flawed.surprise, code("schema.violation")),
    row("R-31", "an unknown member under a newer minor version", flawed.newer_minor),
    row("R-33", "a record of an unknown type", flawed.unknown_type),
    row("F-11", "an offer without a title", flawed.incomplete, code("schema.violation")),
    row("F-14", "a version that rests on one that nobody has", flawed.second_version),
    row("O-12", "a record of somebody else", flawed.of_another, code("record.not-the-owner")),
)
_R11: Final = row(
    "R-11",
    "a record issued at another time than its proof",
    flawed.misdated,
    code("record.issued-mismatch"),
)
_KEYS: Final = (
    row(
        "R-14",
        "a record issued before its author's identity",
        flawed.by_key(lambda b: b.author.record, lambda b: b.author.began - timedelta(days=1)),
        code("record.issuer-unknown"),
    ),
    row(
        "R-15",
        "a record by a key after it was retired",
        flawed.by_key(flawed.retired, lambda b: b.issued),
        code("key.not-valid-then"),
    ),
    row(
        "I-20",
        "a record by a key that was retired later",
        flawed.by_key(flawed.retired, lambda b: b.author.began + timedelta(hours=1)),
    ),
)
_LEAVES: Final = (
    row("L-19", "a leaf with a space in it", flawed.loose_leaf, code("json.not-canonical")),
    row("L-20", "a leaf with a member too many", flawed.wide_leaf, code("leaf.malformed")),
    row(
        "L-21",
        "a sealed leaf in the public feed",
        lambda _b: (encode_leaf(SealedLeaf(secrets.token_bytes(32))), None),
        code("leaf.misplaced"),
    ),
    row("L-22", "a leaf of an unknown kind", _plain_leaf(b'{"kind":"later","n":1}')),
    row("L-22", "a leaf of an unknown kind of 4,096 bytes", leafprobes.longest),
    row("L-20", "a leaf whose version is a text", leafprobes.by_text, code("leaf.malformed")),
    row(
        "L-23",
        "a leaf that names another type than its record",
        flawed.relabelled,
        code("leaf.record-mismatch"),
    ),
    row("L-19", "a leaf beyond its limit", flawed.long_leaf, code("leaf.too-large")),
    row("L-20", "a leaf without its version", flawed.short_leaf, code("leaf.malformed")),
    row(
        "L-23",
        "a leaf that names another version than its record",
        flawed.renumbered,
        code("leaf.record-mismatch"),
    ),
    row(
        "L-23",
        "a leaf that names another record than its own",
        flawed.renamed,
        code("leaf.record-mismatch"),
    ),
    row("O-2", "an object under another salt", flawed.uncommitted, code("object.commitment")),
    row("O-3", "an object of 20 bytes", flawed.stub_object, code("object.malformed")),
)
CLAIMING: Final = ("S-15",)
CLAIMS: Final = (
    ("no leaf of a feed that was never opened, and so all of the one before it", 2, 0),
    ("a leaf of such a feed", 2, 1),
    ("two leaves of another", 3, 2),
    ("a million leaves", 1, 1_000_000),
)
"""What is claimed of the reader's feeds to the kit: in words, number, size.

A node reports once a day and says then how far it has seen. So the first is the one that tells, and it is the least that
nobody can have seen: it passes for a node that looks at the size alone, that compares with the feeds that it has, or that
lets one leaf too many go by. Those after it show how far such a node goes."""

_BILATERAL: Final = (
    sealed_row(
        "L-21",
        "a public leaf in the feed to the reader",
        leafprobes.public_in_sealed,
        code("leaf.misplaced"),
    ),
    sealed_row(
        "R-4",
        "a record that addresses an agency twice",
        flawed.to_us(lambda r, b: {**r, "audience": [b.reader, b.reader]}),
        BAD_RECORD,
    ),
    sealed_row(
        "R-4",
        "a record that addresses nobody",
        flawed.to_us(lambda r, _b: {**r, "audience": [], "seen": {}}),
        BAD_RECORD,
    ),
    sealed_row(
        "R-26",
        "a record that says what it had seen of an agency too many",
        flawed.to_us(
            lambda r, b: {
                **r,
                "seen": {b.reader: {"feed": 1, "size": 0}, b.other.scid: {"feed": 1, "size": 0}},
            }
        ),
        BAD_RECORD,
    ),
    sealed_row(
        "R-25",
        "a record that is addressed to somebody else",
        flawed.to_us(
            lambda r, b: {**r, "audience": [b.other.scid], "seen": {b.other.scid: {"feed": 1, "size": 0}}}
        ),
        code("record.not-addressed"),
    ),
    sealed_row(
        "R-26",
        "a record that does not say what it had seen of its reader",
        flawed.to_us(lambda r, _b: {**r, "seen": {}}),
        BAD_RECORD,
    ),
    sealed_row("O-13", "a public record, sealed", flawed.public_to_us, code("record.not-addressed")),
    sealed_row("F-18", "a rejection without items", flawed.rejection),
    *(
        sealed_row(*CLAIMING, f"a record that claims to have seen {what}", flawed.having_seen(feed, size))
        for what, feed, size in CLAIMS
    ),
    sealed_row("L-25", "a sealed leaf that says what it is", flawed.talking_seal, code("leaf.malformed")),
    sealed_row(
        "O-4", "a sealed object of another form", flawed.first_byte, code("object.malformed"), opens=False
    ),
    sealed_row(
        "X-17",
        "an object sealed by a weaker suite",
        flawed.weaker_seal,
        code("object.malformed", "object.unopened"),
        opens=False,
    ),
    sealed_row(
        "O-5",
        "a plaintext of 1,500 bytes",
        flawed.plaintext(lambda s, d: flawed.padded(s, flawed.deflated(d), size=1_500)),
        code("object.malformed"),
        opens=False,
    ),
    sealed_row(
        "O-7",
        "a stream that ends before its length",
        flawed.plaintext(lambda s, d: flawed.padded(s, flawed.deflated(d) + b"\0")),
        code("object.stream"),
        opens=False,
    ),
    sealed_row(
        "O-8",
        "a stream that inflates to a mebibyte",
        flawed.plaintext(lambda s, _d: flawed.padded(s, flawed.deflated(bytes(2**20)))),
        code("object.too-large"),
        opens=False,
    ),
    sealed_row(
        "O-9",
        "something after the stream",
        flawed.plaintext(lambda s, d: flawed.padded(s, flawed.deflated(d))[:-1] + b"\1"),
        code("object.padding"),
        opens=False,
    ),
    sealed_row(
        "O-11",
        "another record than its leaf commits to",
        flawed.plaintext(flawed.another_text),
        code("object.commitment"),
        opens=False,
    ),
)
PROBES: Final = (
    *(*_BYTES, *_RECORDS, _R11, *_KEYS, *_LEAVES),
    *(*HEADER_PROBES, *PROOF_PROBES, *LEAF_PROBES, *_BILATERAL),
)
"""In the order in which they are put into the feeds; L-24, leaves that come once more, is put beside them."""
