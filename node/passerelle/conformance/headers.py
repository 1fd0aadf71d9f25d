"""Every member of a record's header in a form that it must not have, in records of a known type and of an unknown one.

Of a known type the schema refuses most of them besides, so a node that has no forms of its own is
found out by the unknown type alone. That one is sealed: its leaf says nothing that could be compared.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from passerelle.conformance import flawed
from passerelle.conformance.author import URN
from passerelle.conformance.flawed import Bench, Item
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.profile import Json, JsonObject, encode, format_time
from passerelle.protocol.proofs import hash_data, sign

Change: TypeAlias = Callable[[JsonObject, Bench], JsonObject]

TYPE: Final = "conformance-note"
"""Of which nobody knows a schema."""


def _public(bench: Bench) -> JsonObject:
    return flawed.public_value(bench)


def _unknown(bench: Bench) -> JsonObject:
    return bench.author.value(TYPE, {"text": "?"}, bench.issued, to=[bench.reader])


def _signed(bench: Bench, value: JsonObject) -> JsonObject:
    """Made when the record says that it was issued, whatever it says, so that R-11 is kept."""
    told = value.get("issued")
    return bench.author.signed(value, created=told if isinstance(told, str) else format_time(bench.issued))


def in_public(change: Change) -> Callable[[Bench], Item]:
    """A good offer but for one change; its leaf says what the record says, as far as it can."""

    def make(bench: Bench) -> Item:
        value = _public(bench)
        changed = change(value, bench)
        said: dict[str, Json] = {}
        for name in ("id", "type"):
            told = changed.get(name)
            said[name] = told if isinstance(told, str) else value[name]
        version = changed.get("version")
        fits = isinstance(version, int) and not isinstance(version, bool) and version > 0
        said["version"] = version if fits else 1
        return flawed.in_public(encode(_signed(bench, changed)), said)

    return make


def of_unknown(change: Change) -> Callable[[Bench], Item]:
    """A good record of an unknown type to the reader but for one change."""
    return lambda bench: flawed.in_bilateral(bench, encode(_signed(bench, change(_unknown(bench), bench))))


def _set(**members: Json) -> Change:
    return lambda value, _bench: {**value, **members}


def _context(*context: Json) -> Change:
    return lambda value, _bench: {**value, "@context": [*context]}


def _by_id(change: Callable[[str], str]) -> Change:
    return lambda value, _bench: {**value, "id": change(str(value["id"]))}


def _by_issuer(change: Callable[[str], str]) -> Change:
    return lambda value, _bench: {**value, "issuer": change(str(value["issuer"]))}


def _by_schema(change: Callable[[str], str]) -> Change:
    return lambda value, _bench: {**value, "schema": change(str(value["schema"]))}


def _by_issued(change: Callable[[str], str]) -> Change:
    return lambda value, _bench: {**value, "issued": change(str(value["issued"]))}


def _of_uuid(version: int) -> Change:
    def change(text: str) -> str:
        number = uuid.UUID(text).int
        return f"urn:uuid:{uuid.UUID(int=number & ~(0xF << 76) | version << 76)}"

    return _by_id(change)


def _of_variant(text: str) -> str:
    number = uuid.UUID(text).int
    return f"urn:uuid:{uuid.UUID(int=number | 3 << 62)}"


def _typed(kind: str) -> Change:
    return lambda value, _bench: {**value, "type": kind, "schema": f"{URN}{kind}:1.0"}


def _later(previous: Json) -> Change:
    return _set(version=2, previous=previous)


@dataclass(frozen=True, slots=True)
class Header:
    """One member in one wrong form.

    Args:
        rule: What a reader breaks that takes it.
        what: What it is.
        change: Makes it of a good record.
    """

    rule: str
    what: str
    change: Change


_DIGEST: Final = "ab" * 32
HEADERS: Final = (
    Header("R-2", "an id that tells the time (version 7)", _of_uuid(7)),
    Header("R-2", "an id made of a time and an address (version 1)", _of_uuid(1)),
    Header("R-2", "an id of another variant", _by_id(_of_variant)),
    Header("R-2", "an id in capitals", _by_id(lambda text: "urn:uuid:" + text[9:].upper())),
    Header("R-2", "an id without its hyphens", _by_id(lambda text: "urn:uuid:" + text[9:].replace("-", ""))),
    Header("R-2", "an id that is a UUID and no URN", _by_id(lambda text: text[9:])),
    Header("R-2", "an id that is no UUID", _by_id(lambda _text: "urn:uuid:somebody")),
    Header("R-2", "another context", _context("urn:passerelle:v2")),
    Header("R-2", "a context more", _context("urn:passerelle:v1", "urn:x")),
    Header("R-2", "version 0", lambda v, _b: {**v, "version": 0, "previous": _DIGEST}),
    Header("R-2", "a version that is a text", lambda v, _b: {**v, "version": "1", "previous": _DIGEST}),
    Header("R-2", "version true", lambda v, _b: {**v, "version": True}),
    Header("R-2", "a digest in capitals", _later("AB" * 32)),
    Header("R-2", "a digest that is a number", _later(1)),
    Header("R-2", "a nonce of 15 bytes", _set(nonce="ab" * 15)),
    Header("R-2", "a nonce in capitals", _set(nonce="AB" * 16)),
    Header("R-2", "a nonce that is a number", _set(nonce=1)),
    Header("R-2", "an issuer of another method", _by_issuer(lambda did: did.replace(":webvh:", ":web:", 1))),
    Header("R-2", "an issuer with a path", _by_issuer(lambda did: did + ":people")),
    Header("R-2", "an issuer in capitals", _by_issuer(str.upper)),
    Header("J-18", "a time with an offset", _by_issued(lambda text: text[:-1] + "+00:00")),
    Header("J-18", "a time with a fraction of a second", _by_issued(lambda text: text[:-1] + ".0Z")),
    Header("J-18", "a time with a space in it", _by_issued(lambda text: text.replace("T", " "))),
    Header("J-18", "a time without its zone", _by_issued(lambda text: text[:-1])),
    Header("J-18", "a day that there is not", _set(issued="2026-02-30T10:00:00Z")),
    Header("J-18", "a leap second", _set(issued="2016-12-31T23:59:60Z")),
    Header("J-18", "a time that is a number", _set(issued=1_772_000_000)),
    Header("R-2", "a body that is a list", _set(body=[])),
    Header("R-2", "a body that is null", _set(body=None)),
    Header("R-2", "a type in capitals", _typed("Conformance-Note")),
    Header("R-2", "a type of 65 letters", _typed("x" * 65)),
    Header("R-2", "a type with an underscore", _typed("conformance_note")),
    Header("R-2", "a schema without a minor version", _by_schema(lambda text: text.rpartition(".")[0])),
    Header("R-2", "a schema whose minor version begins with a zero", _by_schema(lambda text: text + "0")),
    Header("R-2", "a schema with a version of five digits", _by_schema(lambda text: text + "12345")),
    Header("R-2", "an audience of another word", _set(audience="everybody")),
    Header("R-2", "an audience that is null", _set(audience=None)),
    Header("R-1", "a previous in version 1", _set(previous=_DIGEST)),
    Header("R-1", "no previous in version 2", _set(version=2)),
    Header("R-1", "a member too many", _set(surprise=1)),
    *(Header("R-1", f"no {name}", flawed.without(name)) for name in ("@context", "schema", "issued", "body")),
    Header("R-3", "a schema of another type", _set(schema=f"{URN}event:1.0")),
)
"""Of any record, public or not."""
KNOWN: Final = frozenset(
    {
        *("an id that tells the time (version 7)", "an id in capitals", "another context", "version 0"),
        *("a version that is a text", "a digest in capitals", "a nonce in capitals", "an issuer with a path"),
        *("a time without its zone", "a body that is null", "a type in capitals"),
        *("a schema without a minor version", "a previous in version 1", "no previous in version 2"),
        *("an audience that is null", "no issued"),
    }
)
"""Those that are shown of a known type too: one of each member, for a node reports so many at a time and no more."""


def _audience(*scids: Callable[[Bench], str]) -> Change:
    """Addressed to these, in this order, with what was seen of each."""

    def change(value: JsonObject, bench: Bench) -> JsonObject:
        told = [scid(bench) for scid in scids]
        seen: dict[str, Json] = {scid: {"feed": 1, "size": 0} for scid in told}
        return {**value, "audience": [*told], "seen": seen}

    return change


def _reader(bench: Bench) -> str:
    return bench.reader


def _first(bench: Bench) -> str:
    return min(bench.reader, bench.other.scid)


def _last(bench: Bench) -> str:
    return max(bench.reader, bench.other.scid)


def _issuer_between(value: JsonObject, bench: Bench) -> JsonObject:
    """In order, so that nothing is wrong but that its author addresses itself."""
    told = sorted([bench.reader, bench.author.scid])
    seen: dict[str, Json] = {scid: {"feed": 1, "size": 0} for scid in told}
    return {**value, "audience": [*told], "seen": seen}


def _seen(position: JsonObject) -> Change:
    return lambda value, bench: {**value, "seen": {bench.reader: position}}


def _seen_of_another(value: JsonObject, bench: Bench) -> JsonObject:
    return {**value, "seen": {bench.other.scid: {"feed": 1, "size": 0}}}


TO_SOMEBODY: Final = (
    Header("R-1", "no seen in a record to somebody", flawed.without("seen")),
    Header("R-1", "a seen in a public record", _set(audience="public")),
    Header("R-4", "an audience out of order", _audience(_last, _first)),
    Header("R-4", "an audience with its author in it", _issuer_between),
    Header("R-4", "an audience that repeats a SCID", _audience(_reader, _reader)),
    Header("R-4", "an empty audience", _audience()),
    Header("R-2", "an audience of what is no SCID", _audience(lambda _bench: "somebody")),
    Header("R-26", "what was seen of a feed 0", _seen({"feed": 0, "size": 0})),
    Header("R-26", "a negative size that was seen", _seen({"feed": 1, "size": -1})),
    Header("R-26", "a size that was seen, as a text", _seen({"feed": 1, "size": "0"})),
    Header("R-26", "a size true that was seen", _seen({"feed": 1, "size": True})),
    Header("R-26", "what was seen, with a member too many", _seen({"feed": 1, "size": 0, "root": _DIGEST})),
    Header("R-26", "what was seen, without its feed", _seen({"size": 0})),
    Header("R-26", "what was seen of somebody else alone", _seen_of_another),
)
"""Of a record that addresses somebody."""


# --- proofs ------------------------------------------------------------------------------------------------


def proven(change: Callable[[JsonObject], Json]) -> Callable[[Bench], Item]:
    """A good record of an unknown type of which the proof was changed."""

    def make(bench: Bench) -> Item:
        signed = _signed(bench, _unknown(bench))
        proof = signed["proof"]
        return flawed.in_bilateral(
            bench, encode({**signed, "proof": change(dict(proof) if isinstance(proof, dict) else {})})
        )

    return make


def resigned(**members: Json) -> Callable[[Bench], Item]:
    """A good record of an unknown type whose proof says something else, and covers that."""

    def make(bench: Bench) -> Item:
        value = _unknown(bench)
        proof = _signed(bench, value)["proof"]
        told = {**(proof if isinstance(proof, dict) else {}), **members}
        del told["proofValue"]
        signature = bench.author.record.sign(hash_data(value, told))
        told["proofValue"] = flawed.spelt(signature)
        return flawed.in_bilateral(bench, encode({**value, "proof": told}))

    return make


def by_method(
    method: Callable[[Bench], str], key: Callable[[Bench], SigningKey] = lambda bench: bench.author.record
) -> Callable[[Bench], Item]:
    """A good record of an unknown type in the name of another key, signed by one."""

    def make(bench: Bench) -> Item:
        value = _unknown(bench)
        signed = sign(value, key(bench), verification_method=method(bench), created=format_time(bench.issued))
        return flawed.in_bilateral(bench, encode(signed))

    return make


def anybody(_bench: Bench) -> SigningKey:
    """A key that nobody names."""
    return SigningKey.generate(secrets.token_bytes)


def without_member(member: str) -> Callable[[JsonObject], Json]:
    """Takes one member out of a proof."""
    return lambda proof: {name: value for name, value in proof.items() if name != member}


def spelling(change: Callable[[bytes], bytes]) -> Callable[[Bench], Item]:
    """A good record of an unknown type of which the bytes of the signature are others."""

    def make(bench: Bench) -> Item:
        signed = _signed(bench, _unknown(bench))
        proof = signed["proof"]
        told = dict(proof) if isinstance(proof, dict) else {}
        signature = bench.author.record.sign(hash_data(signed, told))
        return flawed.in_bilateral(
            bench, encode({**signed, "proof": {**told, "proofValue": flawed.spelt(change(signature))}})
        )

    return make


def one_bit(bench: Bench) -> Item:
    """A signature of which one bit is another."""
    return spelling(lambda made: bytes([made[0] ^ 1]) + made[1:])(bench)
