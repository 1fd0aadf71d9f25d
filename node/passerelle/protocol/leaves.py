"""Leaves: what a feed's tree is made of (protocol, section 4).

Canonical JSON of at most 4 KiB, exactly one of these forms:

    public     {"commitment":hex,"id":...,"kind":"record","type":...,"version":n}
    bilateral  {"commitment":hex,"kind":"sealed"}
    either     {"index":n,"kind":"erased","reason":code}
    either     {"kind":"closed"}
    either     {"kind":"opened","previous":{"number":n,"root":hex,"size":n}}
    public     {"epoch":"YYYY-MM-DD","kind":"anchor","root":hex}

A leaf of another kind is kept, hashed and passed over, so that later versions can add
kinds. A known kind in another form, or in a feed where it does not belong, is a fault
of its author. What this module does not do: it looks at one leaf alone, not at its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, TypeAlias

from passerelle.errors import ProtocolError
from passerelle.protocol import profile
from passerelle.protocol.origins import MAX_NUMBER
from passerelle.protocol.tiles import MAX_TREE_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable

    from passerelle.protocol.origins import Origin
    from passerelle.protocol.profile import Json

MAX_LEAF_BYTES: Final = 4096

_HASH: Final = re.compile("[0-9a-f]{64}")
_CODE: Final = re.compile("[a-z0-9]+(?:-[a-z0-9]+)*")
_DATE: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MAX_CODE_CHARS: Final = 64

# The canonical bytes of the two frequent kinds. What does not match may be right all the same: it is parsed.
_COMMITMENT: Final = rb'\{"commitment":"(?P<commitment>[0-9a-f]{64})",'
_RECORD: Final = re.compile(
    _COMMITMENT + rb'"id":"(?P<id>[0-9a-z:-]{1,64})","kind":"record",'
    rb'"type":"(?P<type>[a-z0-9-]{1,64})","version":(?P<version>[1-9][0-9]{0,5})\}'
)
_SEALED: Final = re.compile(_COMMITMENT + rb'"kind":"sealed"\}')


@dataclass(frozen=True, slots=True)
class PublicRecordLeaf:
    """A record that everybody may read: ``{"commitment":...,"id":...,"kind":"record","type":...,"version":...}``.

    Args:
        commitment: 32 bytes.
        id: The record's own, as are type and version.
        type: The record's type.
        version: From 1.
    """

    commitment: bytes
    id: str
    type: str
    version: int


@dataclass(frozen=True, slots=True)
class SealedLeaf:
    """A record for one partner: ``{"commitment":...,"kind":"sealed"}``.

    Args:
        commitment: 32 bytes.
    """

    commitment: bytes


@dataclass(frozen=True, slots=True)
class ErasedLeaf:
    """The record of an earlier leaf is gone: ``{"index":...,"kind":"erased","reason":...}``.

    Args:
        index: Index of that leaf in this feed.
        reason: Code, lower-case words with hyphens.
    """

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class ClosedLeaf:
    """After this leaf only ``erased`` ones follow: ``{"kind":"closed"}``."""


@dataclass(frozen=True, slots=True)
class OpenedLeaf:
    """First leaf of a feed that continues another: ``{"kind":"opened","previous":{...}}``.

    Args:
        number: Number of the feed continued, one below this feed's.
        root: Its root hash, 32 bytes, just after its ``closed`` leaf or at its last common checkpoint.
        size: Its tree size there.
    """

    number: int
    root: bytes
    size: int


@dataclass(frozen=True, slots=True)
class AnchorLeaf:
    """Root over the day's bilateral checkpoints: ``{"epoch":...,"kind":"anchor","root":...}``.

    Args:
        epoch: The day.
        root: 32 bytes.
    """

    epoch: date
    root: bytes


@dataclass(frozen=True, slots=True)
class UnknownLeaf:
    """A kind that this version does not know.

    Args:
        kind: Its name.
        data: The leaf, as received.
    """

    kind: str
    data: bytes


Leaf: TypeAlias = (
    PublicRecordLeaf | SealedLeaf | ErasedLeaf | ClosedLeaf | OpenedLeaf | AnchorLeaf | UnknownLeaf
)


def parse_leaf(data: bytes, origin: Origin) -> Leaf:
    """Inverse of ``encode_leaf``.

    Args:
        data: The entry, as it is in the tree.
        origin: The feed that it stands in.

    Raises:
        ProtocolError: ``leaf.too-large``; ``json.*`` for what is not canonical JSON of the profile;
            ``leaf.malformed`` with the member at fault; ``leaf.misplaced`` for a known kind in the
            wrong sort of feed.
    """
    plain = _RECORD.fullmatch(data) if origin.is_public else _SEALED.fullmatch(data)
    if plain is not None:
        return _read(plain)
    if len(data) > MAX_LEAF_BYTES:
        raise ProtocolError("leaf.too-large", size=len(data), max=MAX_LEAF_BYTES)
    value = profile.parse_canonical(data, max_bytes=MAX_LEAF_BYTES)
    if not isinstance(value, dict):
        raise ProtocolError("leaf.malformed", member="")
    kind = _text(value, "kind")
    if kind not in _PARSERS:
        return UnknownLeaf(kind, data)
    members, parse = _PARSERS[kind]
    _check_members(value, members)
    leaf = parse(value)
    if not _belongs(leaf, origin):
        raise ProtocolError("leaf.misplaced", kind=kind)
    return leaf


def _read(match: re.Match[bytes]) -> Leaf:
    """What nearly every leaf is, without a parser: its canonical bytes have one form."""
    commitment = bytes.fromhex(match["commitment"].decode("ascii"))
    if match.lastgroup == "commitment":
        return SealedLeaf(commitment)
    return PublicRecordLeaf(
        commitment, match["id"].decode("ascii"), match["type"].decode("ascii"), int(match["version"])
    )


def encode_leaf(leaf: Leaf) -> bytes:
    """The leaf's bytes, at most MAX_LEAF_BYTES."""
    if isinstance(leaf, PublicRecordLeaf):
        plain = _write_record(leaf)
        if _RECORD.fullmatch(plain):
            return plain
    data = leaf.data if isinstance(leaf, UnknownLeaf) else profile.encode_plain(_members(leaf))
    if len(data) > MAX_LEAF_BYTES:
        raise ValueError(f"a leaf of {len(data)} bytes")
    return data


def _write_record(leaf: PublicRecordLeaf) -> bytes:
    """A record's leaf where nothing in it is to be escaped: nearly every one, and quicker than the encoder."""
    return (
        f'{{"commitment":"{leaf.commitment.hex()}","id":"{leaf.id}","kind":"record",'
        f'"type":"{leaf.type}","version":{leaf.version}}}'
    ).encode()


def leaf_commitment(leaf: Leaf) -> bytes | None:
    """The commitment of a leaf that has an object, None for the other kinds."""
    return leaf.commitment if isinstance(leaf, PublicRecordLeaf | SealedLeaf) else None


def _members(leaf: Leaf) -> dict[str, Json]:
    match leaf:
        case PublicRecordLeaf():
            members: dict[str, Json] = {"id": leaf.id, "type": leaf.type, "version": leaf.version}
            return {"commitment": leaf.commitment.hex(), "kind": "record"} | members
        case SealedLeaf():
            return {"commitment": leaf.commitment.hex(), "kind": "sealed"}
        case ErasedLeaf():
            return {"index": leaf.index, "kind": "erased", "reason": leaf.reason}
        case ClosedLeaf():
            return {"kind": "closed"}
        case OpenedLeaf():
            previous: dict[str, Json] = {"number": leaf.number, "root": leaf.root.hex(), "size": leaf.size}
            return {"kind": "opened", "previous": previous}
        case AnchorLeaf():
            return {"epoch": leaf.epoch.isoformat(), "kind": "anchor", "root": leaf.root.hex()}
        case UnknownLeaf():
            raise ValueError("a leaf of an unknown kind is its bytes")


def _belongs(leaf: Leaf, origin: Origin) -> bool:
    if isinstance(leaf, PublicRecordLeaf | AnchorLeaf):
        return origin.is_public
    if isinstance(leaf, SealedLeaf):
        return not origin.is_public
    return not isinstance(leaf, OpenedLeaf) or leaf.number == origin.number - 1


def _parse_record(value: dict[str, Json]) -> Leaf:
    return PublicRecordLeaf(
        _hash(value, "commitment"),
        _text(value, "id"),
        _text(value, "type"),
        _integer(value, "version", 1, MAX_NUMBER),
    )


def _parse_sealed(value: dict[str, Json]) -> Leaf:
    return SealedLeaf(_hash(value, "commitment"))


def _parse_erased(value: dict[str, Json]) -> Leaf:
    reason = _text(value, "reason")
    if len(reason) > _MAX_CODE_CHARS or not _CODE.fullmatch(reason):
        raise ProtocolError("leaf.malformed", member="reason")
    return ErasedLeaf(_integer(value, "index", 0, MAX_TREE_SIZE - 1), reason)


def _parse_closed(_value: dict[str, Json]) -> Leaf:
    return ClosedLeaf()


def _parse_opened(value: dict[str, Json]) -> Leaf:
    previous = value["previous"]
    if not isinstance(previous, dict):
        raise ProtocolError("leaf.malformed", member="previous")
    _check_members(previous, {"number", "root", "size"})
    number = _integer(previous, "number", 1, MAX_NUMBER)
    return OpenedLeaf(number, _hash(previous, "root"), _integer(previous, "size", 0, MAX_TREE_SIZE))


def _parse_anchor(value: dict[str, Json]) -> Leaf:
    text = _text(value, "epoch")
    try:
        epoch = date.fromisoformat(text)
    except ValueError as exc:
        raise ProtocolError("leaf.malformed", member="epoch") from exc
    if not _DATE.fullmatch(text):  # newer Pythons read 20261121 and 2026-W47-6 too
        raise ProtocolError("leaf.malformed", member="epoch")
    return AnchorLeaf(epoch, _hash(value, "root"))


_PARSERS: Final[dict[str, tuple[set[str], Callable[[dict[str, Json]], Leaf]]]] = {
    "record": ({"commitment", "id", "kind", "type", "version"}, _parse_record),
    "sealed": ({"commitment", "kind"}, _parse_sealed),
    "erased": ({"index", "kind", "reason"}, _parse_erased),
    "closed": ({"kind"}, _parse_closed),
    "opened": ({"kind", "previous"}, _parse_opened),
    "anchor": ({"epoch", "kind", "root"}, _parse_anchor),
}


def _check_members(value: dict[str, Json], expected: set[str]) -> None:
    for member in sorted(value.keys() ^ expected):
        raise ProtocolError("leaf.malformed", member=member[:_MAX_CODE_CHARS])


def _text(value: dict[str, Json], member: str) -> str:
    text = value.get(member)
    if not isinstance(text, str) or not text:
        raise ProtocolError("leaf.malformed", member=member)
    return text


def _integer(value: dict[str, Json], member: str, least: int, most: int) -> int:
    number = value[member]
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
        raise ProtocolError("leaf.malformed", member=member)
    return number


def _hash(value: dict[str, Json], member: str) -> bytes:
    text = value[member]
    if not isinstance(text, str) or not _HASH.fullmatch(text):
        raise ProtocolError("leaf.malformed", member=member)
    return bytes.fromhex(text)
