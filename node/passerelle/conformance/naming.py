"""Which rule the author of bytes has broken, by the code that the protocol gives to them.

Codes are coarser than rules: where several rules share one, the values beside the code,
or the bytes themselves, tell them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import base58

from passerelle.errors import ProtocolError
from passerelle.protocol.profile import Json
from passerelle.protocol.recordheaders import PUBLIC

BY_CODE: Final[Mapping[str, str]] = {
    "json.not-utf8": "J-1",
    "json.syntax": "J-2",
    "json.duplicate-member": "J-3",
    "json.member-name": "J-4",
    "json.not-an-integer": "J-5",
    "json.integer-range": "J-6",
    "json.surrogate": "J-7",
    "json.nul": "J-8",
    "json.too-deep": "J-9",
    "json.too-large": "J-10",
    "json.not-canonical": "J-11",
    "time.malformed": "J-18",
    "record.issued-mismatch": "R-11",
    "record.context-mismatch": "R-10",
    "record.issuer-unknown": "R-14",
    "record.not-the-owner": "O-12",
    "record.not-addressed": "O-13",
    "record.ahead": "R-20",
    "key.unknown": "R-15",
    "key.not-valid-then": "R-15",
    "proof.invalid": "R-13",
    "leaf.too-large": "L-19",
    "leaf.malformed": "L-20",
    "leaf.misplaced": "L-21",
    "leaf.record-mismatch": "L-23",
    "object.commitment": "O-2",
    "object.malformed": "O-3",
    "object.too-large": "O-3",
    "note.malformed": "L-5",
    "note.too-large": "L-5",
    "note.unsigned": "L-13",
    "note.signature": "L-13",
    "checkpoint.empty-root": "L-12",
}
"""For what one record, leaf, object or note says; codes of several rules are told apart below."""

_IDENTITY: Final[Mapping[str, str]] = {
    "identity.too-large": "I-6",
    "identity.malformed": "I-7",
    "identity.scid": "I-9",
    "identity.version": "I-10",
    "identity.time": "I-11",
    "identity.ahead": "I-12",
    "identity.pre-rotation": "I-15",
    "identity.proof": "I-16",
}
_DOCUMENT: Final[Mapping[str, str]] = {
    "@context": "I-24",
    "verificationMethod": "I-25",
    "assertionMethod": "I-26",
    "authentication": "I-26",
    "log": "I-27",
    "witness": "I-27",
    "alsoKnownAs": "I-19",
}
_EVERY_ENTRY: Final = frozenset({"updateKeys", "nextKeyHashes"})
_FIRST_ENTRY: Final = frozenset({"method", "portable", "scid"})
_TOO_MANY: Final[Mapping[str, str]] = {"entries": "I-44", "keys": "I-46"}
"""What is too many by ``what``; all else is a list of one entry."""
_SCHEMA: Final = re.compile(
    r"urn:passerelle:schema:[a-z][a-z0-9-]{0,63}:(?:0|[1-9][0-9]{0,3})\.(?:0|[1-9][0-9]{0,3})"
)
_DOMAIN: Final = re.compile(r"did:webvh:(Qm[1-9A-HJ-NP-Za-km-z]{44}):")


def rule_of_record(error: ProtocolError, value: Mapping[str, Json] | None) -> str:
    """The rule that a record breaks.

    Args:
        error: What the protocol says of it.
        value: The record, where it could be parsed at all.
    """
    member = error.params.get("member")
    if error.code == "record.malformed":
        return _of_header(str(member), value or {})
    if error.code == "proof.malformed":
        if member == "proofValue":
            return "R-12"
        return "R-9" if member in {"type", "cryptosuite", "proofPurpose"} else "R-8"
    if error.code == "schema.violation":
        unknown = error.params.get("rule") in {"additionalProperties", "unevaluatedProperties"}
        return "R-30" if unknown else "R-29"
    return BY_CODE.get(error.code, "R-2")


def _of_header(member: str, value: Mapping[str, Json]) -> str:
    audience = value.get("audience", [])
    if member == "record":  # which members there must be follows from the audience, which may be none
        return "R-1" if audience == PUBLIC or isinstance(audience, list) else "R-2"
    if member == "schema":
        return "R-3" if _SCHEMA.fullmatch(str(value.get("schema"))) else "R-2"
    if member == "seen":
        return "R-26"
    if member == "audience":
        return "R-4" if isinstance(audience, list) else "R-2"
    if member == "issued":
        return "J-18"
    return "R-2"


def rule_of_leaf(error: ProtocolError, data: bytes) -> str:
    """The rule that a leaf breaks."""
    if error.code == "leaf.malformed" and error.params.get("member") == "commitment":
        found = re.search(rb'"commitment":"([0-9A-Fa-f]{64})"', data)
        return "J-17" if found else "L-20"
    return "L-19" if error.code.startswith("json.") else BY_CODE.get(error.code, "L-20")


def rule_of_note(error: ProtocolError, text: str) -> str:
    """The rule that a checkpoint breaks.

    Args:
        error: What the protocol says of it.
        text: Its text, empty where the note could not be parsed.
    """
    if error.code != "checkpoint.malformed":
        return BY_CODE.get(error.code, "L-13")
    return "L-11" if text.count("\n") == 3 else "L-10"


def rule_of_identity(error: ProtocolError, document: Mapping[str, Json]) -> str:
    """The rule that an identity log breaks.

    Args:
        error: What the protocol says of it.
        document: ``state`` of the entry at fault, empty where it could not be parsed.
    """
    if error.code == "identity.unsupported":
        parameter = str(error.params.get("parameter"))
        if parameter in _EVERY_ENTRY:
            return "I-14"
        return "I-13" if parameter in _FIRST_ENTRY else "I-17"
    if error.code == "identity.too-many":
        return _TOO_MANY.get(str(error.params.get("what")), "I-45")
    if error.code == "identity.key-refused":
        return _of_key(str(error.params.get("fault")), document)
    if error.code == "identity.document":
        member = str(error.params.get("member"))
        if member == "id":
            return _of_did(document)
        return _DOCUMENT.get(member, "I-48")
    return _IDENTITY.get(error.code, "I-7")


def _of_did(document: Mapping[str, Json]) -> str:
    """The identifier is of this log and its domain is none, or it is of another log."""
    return "I-3" if _DOMAIN.match(str(document.get("id"))) else "I-18"


def _of_key(fault: str, document: Mapping[str, Json]) -> str:
    if fault == "key.small-order":
        return "I-30"
    if fault == "key.non-canonical":
        return "I-31"
    return "I-31" if any(_is_well_spelt(key) for key in multikeys(document)) else "I-29"


def multikeys(document: Mapping[str, Json]) -> list[str]:
    """Every multikey of a key document, with those that it repeats."""
    methods, own = document.get("verificationMethod"), document.get("passerelle")
    found: list[Json] = []
    if isinstance(methods, list):
        found += [item.get("publicKeyMultibase") for item in methods if isinstance(item, dict)]
    if isinstance(own, dict):
        for use in ("log", "witness"):
            listed = own.get(use)
            found += listed if isinstance(listed, list) else []
    return [key for key in found if isinstance(key, str)]


def uses(document: Mapping[str, Json], update_keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What each key of an entry may be used for, by the lists that name it (chapter 03, keys)."""
    yield from (("update", key) for key in update_keys)
    for use, member in (("record", "assertionMethod"), ("request", "authentication")):
        named = document.get(member)
        yield from ((use, str(one).rpartition("#")[2]) for one in (named if isinstance(named, list) else []))
    own = document.get("passerelle")
    for use in ("log", "witness"):
        listed = own.get(use) if isinstance(own, dict) else None
        yield from ((use, str(key)) for key in (listed if isinstance(listed, list) else []))


def _is_well_spelt(key: str) -> bool:
    """Whether a multikey is the one spelling of 32 bytes that are no point."""
    try:
        raw = base58.b58decode(key[1:])
    except ValueError:
        return False
    if len(raw) != 34 or raw[:2] != b"\xed\x01" or "z" + base58.b58encode(raw).decode() != key:
        return False
    from passerelle.protocol.keys import parse_multikey  # noqa: PLC0415  only here is it asked what it refuses

    try:
        parse_multikey(key)
    except ProtocolError:
        return True
    return False
