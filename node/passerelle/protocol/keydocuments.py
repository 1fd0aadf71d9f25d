"""The key document of an identity: which keys an agency uses for what (spec/ "Identity and keys").

It is the ``state`` of each entry of an identity log, a DID document whose member
``passerelle`` names the keys that no DID vocabulary knows::

    {"@context":[…],"id":"did:webvh:…","verificationMethod":[Multikey…],
     "assertionMethod":[…records…],"authentication":[…requests…],
     "passerelle":{"log":[…],"sealing":[{"from":…,"sha256":…}…],"successors":[…],"witness":[…]}}

Unknown members are let through: the method leaves them to others, and later versions of
Passerelle may add some. Whether the document may be believed is the log's business
(:mod:`passerelle.protocol.identity`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from passerelle.errors import ProtocolError
from passerelle.protocol import profile
from passerelle.protocol.keys import encode_multikey, parse_multikey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from passerelle.protocol.profile import Json, JsonObject

CONTEXT: Final = (
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/multikey/v1",
    "urn:passerelle:v1",
)

MAX_LISTED: Final = 64
"""Items of any list that this node reads in an entry of an identity log."""

_SCID: Final = "Qm[1-9A-HJ-NP-Za-km-z]{44}"  # base58btc of 0x12 0x20 and 32 bytes
_PORT: Final = (
    "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6(?:[0-4][0-9]{3}|5(?:[0-4][0-9]{2}|5(?:[0-2][0-9]|3[0-5]))))"
)
_DOMAIN: Final = rf"[a-z0-9-]{{1,63}}(?:\.[a-z0-9-]{{1,63}})*\.[a-z][a-z0-9-]{{0,62}}(?:%3A{_PORT})?"
_IS_DOMAIN: Final = re.compile(_DOMAIN)
_DID: Final = re.compile(f"did:webvh:({_SCID}):({_DOMAIN})")
_HEX_SHA256: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class KeyDocument:
    """The keys that one version of an identity document names.

    Args:
        did: The agency's DID in this version.
        record_keys: Keys that sign records: verification method id to 32 public bytes.
        request_keys: Keys that sign requests, likewise.
        log_keys: Keys of the feeds' checkpoints; the first signs, all verify. Never empty.
        witness_keys: Keys of cosignatures; the first signs, all verify. Never empty.
        sealing: When each sealing key begins, and the SHA-256 of it as hex.
        successors: SHA-256, as hex, of checkpoints' texts that authorise a next feed.
    """

    did: str
    record_keys: Mapping[str, bytes]
    request_keys: Mapping[str, bytes]
    log_keys: tuple[bytes, ...]
    witness_keys: tuple[bytes, ...]
    sealing: tuple[tuple[datetime, str], ...]
    successors: tuple[str, ...]


@lru_cache(maxsize=64)  # every record of a feed names its issuer; a few, for it may be as long as a record
def scid_of(did: str) -> str:
    """The SCID of a DID without path or fragment.

    Raises:
        ProtocolError: ``identity.did-malformed`` unless ``did`` is
            ``did:webvh:<SCID>:<domain>``, the domain in lower case, a port after ``%3A``.
    """
    match = _DID.fullmatch(did)
    if match is None:
        raise ProtocolError("identity.did-malformed")
    return match[1]


def encode_domain(domain: str) -> str:
    """The domain as it stands in a DID: lower case, the port's colon as ``%3A``.

    Raises:
        ValueError: ``domain`` is no fully qualified domain name; addresses are none.
    """
    encoded = domain.lower().replace(":", "%3A")
    if not _IS_DOMAIN.fullmatch(encoded):
        raise ValueError(f"not a domain name: {domain!r}")
    return encoded


def build_document(
    *,
    did: str,
    record_keys: Sequence[bytes],
    request_keys: Sequence[bytes],
    log_keys: Sequence[bytes],
    witness_keys: Sequence[bytes],
    sealing: Sequence[tuple[datetime, str]],
    successors: Sequence[str],
) -> JsonObject:
    """The document that states these keys and nothing else.

    Raises:
        ValueError: A use has no key, a key has two uses, or a key does not have 32 bytes.
    """
    record, request = [[encode_multikey(key) for key in keys] for keys in (record_keys, request_keys)]
    log, witness = [[encode_multikey(key) for key in keys] for keys in (log_keys, witness_keys)]
    if not (record and request and log and witness):
        raise ValueError("a document names at least one key of each use")
    if len({*record, *request, *log, *witness}) < len(record + request + log + witness):
        raise ValueError("one key has one use")
    return {
        "@context": list(CONTEXT),
        "id": did,
        "verificationMethod": [
            {
                "id": f"{did}#{multikey}",
                "type": "Multikey",
                "controller": did,
                "publicKeyMultibase": multikey,
            }
            for multikey in (*record, *request)
        ],
        "assertionMethod": [f"{did}#{multikey}" for multikey in record],
        "authentication": [f"{did}#{multikey}" for multikey in request],
        "passerelle": {
            "log": [*log],
            "sealing": [{"from": profile.format_time(begins), "sha256": key} for begins, key in sealing],
            "successors": [*successors],
            "witness": [*witness],
        },
    }


def parse_document(state: Json, scid: str) -> KeyDocument:
    """What this node reads in a document.

    Args:
        state: The document, as parsed.
        scid: The identity that the document must be of.

    Raises:
        ProtocolError: ``identity.document`` with the ``member`` that is not as it must be,
            ``identity.too-many`` for a list that is too long, or ``key.*`` for a Multikey
            that :func:`parse_multikey` refuses.
    """
    state = _object(state, "state")
    did = state.get("id")
    match = _DID.fullmatch(did) if isinstance(did, str) else None
    if not isinstance(did, str) or match is None or match[1] != scid:
        raise ProtocolError("identity.document", member="id")
    if state.get("@context") != list(CONTEXT):
        raise ProtocolError("identity.document", member="@context")
    bounded(state.get("alsoKnownAs"), "alsoKnownAs")  # read only after a change of domain
    methods = _parse_methods(state.get("verificationMethod"), did)
    record_keys = _listed(state, "assertionMethod", methods)
    request_keys = _listed(state, "authentication", methods)
    own = _object(state.get("passerelle"), "passerelle")
    return KeyDocument(
        did=did,
        record_keys=record_keys,
        request_keys=request_keys,
        log_keys=_multikeys(own, "log"),
        witness_keys=_multikeys(own, "witness"),
        sealing=_parse_sealing(own.get("sealing")),
        successors=tuple(_hash(item, "successors") for item in _strings(own.get("successors"), "successors")),
    )


def multikeys_of(state: JsonObject) -> set[str]:
    """Every signing key that a document which :func:`parse_document` passed names, for whatever use."""
    own = _object(state.get("passerelle"), "passerelle")
    methods = bounded(state.get("verificationMethod"), "verificationMethod")
    named = {str(_object(item, "verificationMethod").get("publicKeyMultibase")) for item in methods}
    return named.union(*(_strings(own.get(member), member) for member in ("log", "witness")))


def _parse_methods(value: Json, did: str) -> dict[str, bytes]:
    """Multikeys by the id that follows from each: the DID, ``#`` and the key itself."""
    methods: dict[str, bytes] = {}
    for item in bounded(value, "verificationMethod"):
        method = _object(item, "verificationMethod")
        multikey = method.get("publicKeyMultibase")
        named = method.get("id") == f"{did}#{multikey}" and method.get("controller") == did
        if not isinstance(multikey, str) or not named or method.get("type") != "Multikey":
            raise ProtocolError("identity.document", member="verificationMethod")
        methods[f"{did}#{multikey}"] = parse_multikey(multikey)
    return methods


def _listed(state: JsonObject, relationship: str, methods: Mapping[str, bytes]) -> dict[str, bytes]:
    ids = _strings(state.get(relationship), relationship)
    if not ids or not methods.keys() >= set(ids):
        raise ProtocolError("identity.document", member=relationship)
    return {method: methods[method] for method in ids}


def _multikeys(own: JsonObject, member: str) -> tuple[bytes, ...]:
    multikeys = _strings(own.get(member), member)
    if not multikeys:
        raise ProtocolError("identity.document", member=member)
    return tuple(parse_multikey(multikey) for multikey in multikeys)


def _parse_sealing(value: Json) -> tuple[tuple[datetime, str], ...]:
    if not isinstance(value, list):
        raise ProtocolError("identity.document", member="sealing")
    return tuple(_parse_sealing_key(_object(item, "sealing")) for item in bounded(value, "sealing"))


def _parse_sealing_key(item: JsonObject) -> tuple[datetime, str]:
    begins = item.get("from")
    if not isinstance(begins, str):
        raise ProtocolError("identity.document", member="sealing")
    try:
        return profile.parse_time(begins), _hash(item.get("sha256"), "sealing")
    except ProtocolError as exc:
        raise ProtocolError("identity.document", member="sealing") from exc


def _hash(value: Json, member: str) -> str:
    if not isinstance(value, str) or not _HEX_SHA256.fullmatch(value):
        raise ProtocolError("identity.document", member=member)
    return value


def also_known_as(state: JsonObject) -> tuple[str, ...]:
    """The other names that our own document gives us; former DIDs are among them.

    Raises:
        ProtocolError: ``identity.document`` where the member is no list of strings.
    """
    return _strings(state.get("alsoKnownAs", []), "alsoKnownAs")


def _object(value: Json, member: str) -> JsonObject:
    if not isinstance(value, dict):
        raise ProtocolError("identity.document", member=member)
    return value


def _strings(value: Json, member: str) -> tuple[str, ...]:
    if isinstance(value, list):
        strings = tuple(item for item in bounded(value, member) if isinstance(item, str))
        if len(strings) == len(value):
            return strings
    raise ProtocolError("identity.document", member=member)


def bounded(value: Json, member: str) -> list[Json]:
    """The items of a list, before any of them is looked at; none where it is no list.

    Raises:
        ProtocolError: ``identity.too-many``: the list is longer than an entry may have one.
    """
    items = value if isinstance(value, list) else []
    if len(items) > MAX_LISTED:
        raise ProtocolError("identity.too-many", what=member, count=len(items), max=MAX_LISTED)
    return items
