"""The rows of `headers` as probes; besides them proofs, bytes, bodies and leaves with one fault each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from passerelle.conformance import flawed, headers, leafprobes
from passerelle.conformance.author import URN
from passerelle.conformance.flawed import Bench, Item
from passerelle.conformance.headers import HEADERS, KNOWN, TO_SOMEBODY
from passerelle.conformance.probe import BAD_PROOF, BAD_RECORD, code, row, sealed_row
from passerelle.protocol.profile import Json, JsonObject

_BAD_TIME: Final = BAD_RECORD | code("time.malformed")


_VIOLATION: Final = code("schema.violation")
"""Of a known type: by which of its two faults such a record is refused is no other fault of the node."""


def _codes(header: headers.Header) -> frozenset[str]:
    return _BAD_TIME if header.rule == "J-18" else BAD_RECORD


HEADER_PROBES: Final = (
    *(
        row(one.rule, f"an offer with {one.what}", headers.in_public(one.change), _codes(one) | _VIOLATION)
        for one in HEADERS
        if one.what in KNOWN
    ),
    *(
        sealed_row(
            one.rule,
            f"a record of an unknown type with {one.what}",
            headers.of_unknown(one.change),
            _codes(one),
        )
        for one in (*HEADERS, *TO_SOMEBODY)
    ),
)


# --- proofs ------------------------------------------------------------------------------------------------


def _with(**members: Json) -> Callable[[JsonObject], Json]:
    return lambda proof: {**proof, **members}


def _of_another_agency(bench: Bench) -> Item:
    other = bench.other
    return headers.by_method(lambda _bench: other.method(), lambda _bench: other.record)(bench)


def _not_yet_listed(bench: Bench) -> Item:
    """By the key in force, at a time when the one before was."""
    early = replace(bench, issued=bench.author.began + timedelta(hours=1))
    return headers.of_unknown(lambda value, _bench: value)(early)


PROOF_PROBES: Final = tuple(
    sealed_row(rule, f"a record of an unknown type with {what}", make, codes)
    for rule, what, make, codes in (
        ("R-8", "a list of proofs", headers.proven(lambda proof: [proof]), BAD_PROOF),
        ("R-8", "a proof that is a text", headers.proven(lambda _proof: "z"), BAD_PROOF),
        ("R-8", "a proof without context", headers.proven(headers.without_member("@context")), BAD_PROOF),
        ("R-8", "a proof without its time", headers.proven(headers.without_member("created")), BAD_PROOF),
        ("R-8", "a proof for a domain", headers.resigned(domain="elsewhere.example"), BAD_PROOF),
        ("R-8", "a proof that expires", headers.resigned(expires="2030-01-01T00:00:00Z"), BAD_PROOF),
        ("R-8", "a proof whose key is a number", headers.proven(_with(verificationMethod=1)), BAD_PROOF),
        ("R-8", "a proof whose time is a number", headers.proven(_with(created=1)), BAD_PROOF),
        ("R-9", "a proof of another type", headers.resigned(type="Ed25519Signature2020"), BAD_PROOF),
        ("R-9", "a proof for another purpose", headers.resigned(proofPurpose="authentication"), BAD_PROOF),
        ("R-9", "a proof of another suite", headers.resigned(cryptosuite="eddsa-rdfc-2022"), BAD_PROOF),
        (
            "R-11",
            "a proof whose time is none",
            headers.resigned(created="yesterday"),
            code("record.issued-mismatch"),
        ),
        ("R-12", "a signature of 65 bytes", headers.spelling(lambda made: made + b"\0"), BAD_PROOF),
        (
            "R-12",
            "a signature with a zero byte before it",
            headers.spelling(lambda made: b"\0" + made),
            BAD_PROOF,
        ),
        ("R-12", "no bytes of signature", headers.spelling(lambda _made: b""), BAD_PROOF),
        ("R-13", "a signature of which one bit is another", headers.one_bit, code("proof.invalid")),
        (
            "R-13",
            "a signature by another key than it names",
            headers.by_method(lambda bench: bench.author.method(), headers.anybody),
            code("proof.invalid"),
        ),
        ("R-15", "the key of another agency", _of_another_agency, code("key.not-valid-then")),
        ("R-15", "a key that was not listed yet", _not_yet_listed, code("key.not-valid-then")),
    )
)


# --- bytes, bodies and leaves ------------------------------------------------------------------------------

_NOT_CANONICAL: Final = code("json.not-canonical")
_BAD_LEAF: Final = code("leaf.malformed")


def _newer(**members: Json) -> Callable[[Bench], Item]:
    """An offer under a newer minor version, with other members in its body."""
    return flawed.by_value(
        lambda value, bench: {
            **value,
            "schema": f"{URN}offer:1.99",
            "body": {**flawed.offer(bench.author), **members},
        }
    )


def _strange_place(value: JsonObject, bench: Bench) -> JsonObject:
    place: Json = {"country": "XX", "city": "Ville (fictive)", "surprise": 1}
    return {**value, "body": {**flawed.offer(bench.author), "place": place}}


def _untitled(value: JsonObject, bench: Bench) -> JsonObject:
    body = flawed.offer(bench.author)
    del body["title"]
    return {**value, "schema": f"{URN}offer:1.99", "body": body}


LEAF_PROBES: Final = (
    row(
        "J-12",
        "a record with a line feed after it",
        flawed.by_bytes(lambda data: data + b"\n"),
        _NOT_CANONICAL,
    ),
    row(
        "J-12",
        "a record with an escape too many",
        flawed.replaced(b"Exemple", b"\\u0045xemple"),
        _NOT_CANONICAL,
    ),
    row(
        "J-12", "a record whose members are out of order", flawed.by_bytes(leafprobes.turned), _NOT_CANONICAL
    ),
    row(
        "J-2",
        "a record after a byte order mark",
        flawed.by_bytes(lambda data: b"\xef\xbb\xbf" + data),
        code("json.syntax", "json.not-canonical"),
    ),
    row(
        "R-31",
        "an unknown member in a value of the common types",
        flawed.by_value(_strange_place),
        _VIOLATION,
    ),
    row("R-31", "a known member of another form under a newer minor version", _newer(places="1"), _VIOLATION),
    row(
        "R-31", "an offer without a title under a newer minor version", flawed.by_value(_untitled), _VIOLATION
    ),
    row(
        "R-33",
        "an offer under a major version that nobody knows",
        flawed.by_value(flawed.with_member("schema", f"{URN}offer:2.0")),
    ),
    *(
        row("L-20", f"a leaf {what}", leafprobes.changed(old, new), _BAD_LEAF)
        for what, old, new in leafprobes.CHANGES
    ),
    *(row("L-20", what, leafprobes.plain(data), _BAD_LEAF) for what, data in leafprobes.PLAIN),
    row(
        "L-19",
        "a leaf with a member twice",
        leafprobes.changed(b'"version":1', b'"version":1,"version":1'),
        code("json.duplicate-member"),
    ),
    row("L-19", "a leaf whose members are out of order", leafprobes.out_of_order, _NOT_CANONICAL),
    row("L-19", "an unknown leaf of 4,097 bytes", leafprobes.too_long, code("leaf.too-large")),
    sealed_row(
        "L-20",
        "a sealed leaf whose commitment is short",
        leafprobes.plain(b'{"commitment":"abab","kind":"sealed"}'),
        _BAD_LEAF,
    ),
    sealed_row("L-20", "a sealed leaf without commitment", leafprobes.plain(b'{"kind":"sealed"}'), _BAD_LEAF),
)
