"""The header of a record, member by member: its forms, and the parsers that refuse others (spec/04-records.md).

Each parser takes the parsed value of one member and raises ``record.malformed`` with the
member's name. What a signature proves is no matter of this module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from passerelle.errors import ProtocolError
from passerelle.protocol import profile
from passerelle.protocol.keydocuments import scid_of

if TYPE_CHECKING:
    from datetime import datetime

    from passerelle.protocol.profile import Json, JsonObject

CONTEXT: Final = "urn:passerelle:v1"
PUBLIC: Final = "public"

Audience: TypeAlias = Literal["public"] | tuple[str, ...]
"""``"public"``, or the SCIDs addressed: sorted, each once, without the issuer's."""

_MEMBERS: Final = frozenset(
    {
        *("@context", "id", "type", "schema", "version", "nonce"),
        *("issuer", "audience", "issued", "body", "proof"),
    }
)
_MEMBERS_OF: Final = {
    (True, True): _MEMBERS,
    (True, False): _MEMBERS | {"seen"},
    (False, True): _MEMBERS | {"previous"},
    (False, False): _MEMBERS | {"previous", "seen"},
}
"""By whether it is the first version, and public."""
_PROOF_MEMBERS: Final = frozenset(
    {"@context", "type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"}
)
ID: Final = re.compile("urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_TYPE: Final = re.compile("[a-z][a-z0-9-]{0,63}")
_SCHEMA: Final = re.compile(
    r"urn:passerelle:schema:([a-z][a-z0-9-]{0,63}):(?:0|[1-9][0-9]{0,3})\.(?:0|[1-9][0-9]{0,3})"
)
DIGEST: Final = re.compile("[0-9a-f]{64}")
NONCE: Final = re.compile("[0-9a-f]{32}")
_SCID: Final = re.compile("Qm[1-9A-HJ-NP-Za-km-z]{44}")


@dataclass(frozen=True, slots=True, order=True)
class FeedPosition:
    """How much of a partner's feed to us its author's receipt covers.

    Args:
        feed: The feed's number, 1 or more.
        size: Number of leaves, 0 or more.
    """

    feed: int
    size: int


def _malformed(member: str) -> ProtocolError:
    return ProtocolError("record.malformed", member=member)


def check_members(value: JsonObject) -> None:
    """Refuses another set of members than the record's: the set of members follows from version and audience."""
    if value.keys() != _MEMBERS_OF[value.get("version") == 1, value.get("audience") == PUBLIC]:
        raise _malformed("record")
    if value["@context"] != [CONTEXT]:
        raise _malformed("@context")


def parse_issuer(value: Json) -> tuple[str, str]:
    """The author's DID as written, and its SCID."""
    issuer = parse_text(value, "issuer")
    try:
        return issuer, scid_of(issuer)
    except ProtocolError as exc:
        raise _malformed("issuer") from exc


def parse_schema(record_type: Json, schema: Json) -> tuple[str, str]:
    """The type and the schema, which names the same type."""
    if _type_named(parse_text(schema, "schema")) != record_type:
        raise _malformed("schema")
    return parse_matching(_TYPE, record_type, "type"), str(schema)


@lru_cache(maxsize=256)  # there are few, and each record names one
def _type_named(schema: str) -> str:
    """The type in a schema's name; what is no such name may be long, and is refused without being kept."""
    match = _SCHEMA.fullmatch(schema)
    if match is None:
        raise _malformed("schema")
    return match[1]


def parse_proof(value: Json) -> tuple[str, str]:
    """The proof's verification method and time; its other members are checked with the signature."""
    if not isinstance(value, dict) or value.keys() != _PROOF_MEMBERS:
        raise ProtocolError("proof.malformed", member="proof")
    method, created = value["verificationMethod"], value["created"]
    if not isinstance(method, str) or not isinstance(created, str):
        raise ProtocolError("proof.malformed", member="verificationMethod or created")
    return method, created


def parse_audience(value: Json, issuer_scid: str) -> Audience:
    """Who is addressed: in ascending order, each once, never the issuer."""
    if value == PUBLIC:
        return PUBLIC
    if not isinstance(value, list) or not value:
        raise _malformed("audience")
    scids = tuple(parse_matching(_SCID, item, "audience") for item in value)
    if list(scids) != sorted(set(scids)) or issuer_scid in scids:
        raise _malformed("audience")
    return scids


def parse_issued(value: Json) -> datetime:
    """The author's word for the time."""
    try:
        return profile.parse_time(parse_text(value, "issued"))
    except ProtocolError as exc:
        raise _malformed("issued") from exc


def parse_seen(value: Json, audience: Audience) -> dict[str, FeedPosition]:
    """One position for each addressee."""
    seen = parse_object(value, "seen")
    if seen.keys() != set(audience):
        raise _malformed("seen")
    return {scid: _parse_position(parse_object(position, "seen")) for scid, position in seen.items()}


def _parse_position(value: JsonObject) -> FeedPosition:
    if value.keys() != {"feed", "size"}:
        raise _malformed("seen")
    return FeedPosition(parse_natural(value["feed"], 1, "seen"), parse_natural(value["size"], 0, "seen"))


def parse_object(value: Json, member: str) -> JsonObject:
    """A member that is an object."""
    if not isinstance(value, dict):
        raise _malformed(member)
    return value


def parse_text(value: Json, member: str) -> str:
    """A member that is a string."""
    if not isinstance(value, str):
        raise _malformed(member)
    return value


def parse_matching(pattern: re.Pattern[str], value: Json, member: str) -> str:
    """A member that is a string of one form."""
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _malformed(member)
    return value


def parse_natural(value: Json, least: int, member: str) -> int:
    """A member that is a whole number, `least` or more."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise _malformed(member)
    return value
