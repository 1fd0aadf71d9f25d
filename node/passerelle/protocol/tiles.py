"""Tiles, entry bundles and object bundles: a feed as static files (C2SP tlog-tiles, tile height 8).

    tile/<L>/<N>[.p/<W>]         W hashes of 32 bytes
    tile/entries/<N>[.p/<W>]     W times: u16 length || entry
    objects/<N>[.p/<W>]          W times: u32 length || object; length 0 where there is none
    checkpoints/<S>              S a tree size

``<N>`` and ``<S>`` are written in groups of three digits, all but the last after an
``x``: 1234067 is ``x001/x234/067``. A full tile holds 256 items and has no ``.p`` part;
item ``i`` of tile ``(L, N)`` is the root of leaves ``[(256 N + i) 256^L, (256 N + i + 1) 256^L)``.
A partial tile is a byte prefix of every wider one, so a reader fetches only what is new.

What this module does not do: it hashes nothing (see ``merkle``) and reads no leaf.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from passerelle.errors import ProtocolError
from passerelle.protocol.merkle import HASH_BYTES, Frontier, Node

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TILE_WIDTH: Final = 256
MAX_TREE_SIZE: Final = 2**53 - 1
"""Sizes stand in records (``seen``), so they keep to the range of the JSON profile."""
MAX_LEVEL: Final = 6
"""256^7 leaves are more than MAX_TREE_SIZE: higher levels are always empty."""
MAX_ENTRY_BYTES: Final = 65_535
MAX_OBJECT_BYTES: Final = 526_336
"""No object is larger: 512 KiB of padded plaintext, sealed, with 2 KiB to spare."""

_TILE_HEIGHT: Final = 8
_ENTRY_LENGTH_BYTES: Final = 2
_OBJECT_LENGTH_BYTES: Final = 4

_GROUPS: Final = "(?:x[0-9]{3}/){0,5}[0-9]{3}"
_TILE_PATH: Final = re.compile(
    f"(tile/(?P<level>[0-6])|tile/entries|objects)/(?P<index>{_GROUPS})(?:[.]p/(?P<width>[1-9][0-9]{{0,2}}))?"
)
_CHECKPOINT_PATH: Final = re.compile(f"checkpoints/({_GROUPS})")

TileKind: TypeAlias = Literal["hashes", "entries", "objects"]


@dataclass(frozen=True, slots=True)
class Tile:
    """Address of one tile of hashes, bundle of entries or bundle of objects.

    Args:
        kind: What lies in the file.
        level: Level of hashes, 0 (leaf hashes) to 6; 0 for entries and objects.
        index: Position in its level, from the left.
        width: Number of items, 1 to 256.
    """

    kind: TileKind
    level: int
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        """Raises ValueError on what is no tile of any tree."""
        if not 0 <= self.level <= MAX_LEVEL or (self.level and self.kind != "hashes"):
            raise ValueError("no such level")
        if self.index < 0 or not 1 <= self.width <= TILE_WIDTH:
            raise ValueError("no such tile")

    @property
    def path(self) -> str:
        """Path below the folder of the feed."""
        folder = {"hashes": f"tile/{self.level}", "entries": "tile/entries", "objects": "objects"}[self.kind]
        partial = f".p/{self.width}" if self.width < TILE_WIDTH else ""
        return f"{folder}/{size_groups(self.index)}{partial}"

    @property
    def first(self) -> int:
        """Index of the tile's first item among the items of its level."""
        return self.index * TILE_WIDTH

    @property
    def end(self) -> int:
        """Index just after the tile's last item."""
        return self.first + self.width

    @classmethod
    def parse_path(cls, path: str) -> Tile:
        """Inverse of ``path``.

        Raises:
            ProtocolError: ``tile.path`` unless ``path`` is exactly what ``path`` writes.
        """
        match = _TILE_PATH.fullmatch(path)
        if match is None:
            raise ProtocolError("tile.path", path=path[:200])
        kind: TileKind = (
            "hashes" if match["level"] else "objects" if path.startswith("objects") else "entries"
        )
        try:
            width = int(match["width"] or TILE_WIDTH)
            tile = cls(kind, int(match["level"] or 0), _parse_groups(match["index"]), width)
        except ValueError as exc:
            raise ProtocolError("tile.path", path=path[:200]) from exc
        if tile.path != path or tile.index * TILE_WIDTH ** (tile.level + 1) > MAX_TREE_SIZE:
            raise ProtocolError("tile.path", path=path[:200])
        return tile


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Path of a tile of hashes: ``tile/0/x001/234.p/7``."""
    return Tile("hashes", level, index, width).path


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """Path of an entry bundle: ``tile/entries/x001/234.p/7``."""
    return Tile("entries", 0, index, width).path


def objects_path(index: int, width: int = TILE_WIDTH) -> str:
    """Path of an object bundle: ``objects/x001/234.p/7``."""
    return Tile("objects", 0, index, width).path


def checkpoint_path(size: int) -> str:
    """Path of a checkpoint that is kept: ``checkpoints/x001/234``."""
    return f"checkpoints/{size_groups(size)}"


def parse_checkpoint_path(path: str) -> int:
    """Tree size of a kept checkpoint.

    Raises:
        ProtocolError: ``tile.path`` unless ``path`` is exactly what ``checkpoint_path`` writes.
    """
    match = _CHECKPOINT_PATH.fullmatch(path)
    size = _parse_groups(match[1]) if match else MAX_TREE_SIZE + 1
    if size > MAX_TREE_SIZE or checkpoint_path(size) != path:
        raise ProtocolError("tile.path", path=path[:200])
    return size


def size_groups(number: int) -> str:
    """A number in groups of three digits, all but the last after an ``x``: ``x001/x234/067``."""
    if number < 0:
        raise ValueError("negative number in a path")
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03}")
    return "/".join(reversed(groups))


def _parse_groups(text: str) -> int:
    return int(text.replace("/", "").replace("x", ""))


def tile_widths(size: int) -> tuple[tuple[int, int], ...]:
    """For each level from 0 up that has any tile: number of full tiles, width of the partial one or 0."""
    widths: list[tuple[int, int]] = []
    items = size
    while items:
        widths.append(divmod(items, TILE_WIDTH))
        items //= TILE_WIDTH
    return tuple(widths)


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of hashes that a tree of this size has, level by level from the leaves."""
    for level in range(len(tile_widths(size))):
        yield from _row("hashes", level, 0, size >> _TILE_HEIGHT * level)


def new_tiles(old_size: int, new_size: int) -> Iterator[Tile]:
    """The tiles of hashes that growth adds or widens, level by level from the leaves."""
    for level in range(len(tile_widths(new_size))):
        shift = _TILE_HEIGHT * level
        yield from _row("hashes", level, old_size >> shift, new_size >> shift)


def bundles_of(kind: Literal["entries", "objects"], start: int, size: int) -> Iterator[Tile]:
    """The bundles that hold leaves ``[start, size)``, the last as wide as the tree is then."""
    return _row(kind, 0, start, size)


def _row(kind: TileKind, level: int, start: int, end: int) -> Iterator[Tile]:
    if start >= end:
        return
    for index in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
        yield Tile(kind, level, index, min(TILE_WIDTH, end - index * TILE_WIDTH))


def encode_tile(hashes: Sequence[bytes]) -> bytes:
    """Bytes of a tile of hashes."""
    if not 1 <= len(hashes) <= TILE_WIDTH or any(len(hash_) != HASH_BYTES for hash_ in hashes):
        raise ValueError("a tile holds 1 to 256 hashes of 32 bytes")
    return b"".join(hashes)


def parse_tile(data: bytes, width: int | None = None) -> tuple[bytes, ...]:
    """The hashes in a tile, or in its tail as fetched with ``Range``.

    Args:
        data: The file.
        width: Number of hashes that must be there; None takes what is there, 1 to 256.

    Raises:
        ProtocolError: ``tile.malformed`` on another length.
    """
    count, rest = divmod(len(data), HASH_BYTES)
    _check_width(count, width, whole=rest == 0)
    return tuple(data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES))


def encode_entry_bundle(entries: Sequence[bytes]) -> bytes:
    """Bytes of an entry bundle, or of a stretch of one."""
    return b"".join(_framed(entry, _ENTRY_LENGTH_BYTES, MAX_ENTRY_BYTES) for entry in entries)


def parse_entry_bundle(data: bytes, width: int | None = None) -> tuple[bytes, ...]:
    """The entries in a bundle, or in its tail as fetched with ``Range``.

    Args:
        data: The file.
        width: Number of entries that must be there; None takes what is there, 1 to 256.

    Raises:
        ProtocolError: ``tile.malformed`` where lengths and bytes do not end together, or on another number.
    """
    entries = _unframed(data, _ENTRY_LENGTH_BYTES, MAX_ENTRY_BYTES)
    _check_width(len(entries), width)
    return entries


def encode_objects(objects: Sequence[bytes | None]) -> bytes:
    """Bytes of an object bundle; None where a leaf has no object, or it was erased."""
    if any(object_ == b"" for object_ in objects):
        raise ValueError("an object is never empty")
    return b"".join(_framed(object_ or b"", _OBJECT_LENGTH_BYTES, MAX_OBJECT_BYTES) for object_ in objects)


def parse_objects(data: bytes, width: int | None = None) -> tuple[bytes | None, ...]:
    """The objects in a bundle, or in its tail as fetched with ``Range``; None where there is none.

    Raises:
        ProtocolError: ``tile.malformed`` as for entries, and where one is longer than MAX_OBJECT_BYTES.
    """
    objects = _unframed(data, _OBJECT_LENGTH_BYTES, MAX_OBJECT_BYTES)
    _check_width(len(objects), width)
    return tuple(object_ or None for object_ in objects)


def _check_width(found: int, expected: int | None, *, whole: bool = True) -> None:
    if not whole or not 1 <= found <= TILE_WIDTH or expected not in {None, found}:
        raise ProtocolError("tile.malformed", found=found, expected=expected)


def _framed(item: bytes, length_bytes: int, max_bytes: int) -> bytes:
    if len(item) > max_bytes:
        raise ValueError(f"an item of {len(item)} bytes in a bundle")
    return len(item).to_bytes(length_bytes, "big") + item


def _unframed(data: bytes, length_bytes: int, max_bytes: int) -> tuple[bytes, ...]:
    items: list[bytes] = []
    position, end = 0, len(data)
    while position < end:
        start = position + length_bytes
        length = int.from_bytes(data[position:start], "big")
        position = start + length
        if position > end or length > max_bytes:  # of half a length, all that follows is missing
            raise ProtocolError("tile.malformed", found=len(items), expected=None)
        items.append(data[start:position])
    return tuple(items)


def node_tile(node: Node, size: int) -> Tile:
    """The tile, as wide as it is in a tree of this size, from whose items the hash of ``node`` is made.

    The middle step of a proof: name nodes with ``merkle.*_indexes``, fetch their tiles, take
    each hash with ``node_hash_in``.
    """
    level, height = divmod(node.level, _TILE_HEIGHT)
    first = node.index << height
    index = first // TILE_WIDTH
    items = size >> _TILE_HEIGHT * level
    if first + (1 << height) > items:
        raise ValueError(f"{node} is no subtree of a tree of {size}")
    return Tile("hashes", level, index, min(TILE_WIDTH, items - index * TILE_WIDTH))


def node_hash_in(hashes: Sequence[bytes], node: Node) -> bytes:
    """Hash of ``node``, made from the items of its tile."""
    height = node.level % _TILE_HEIGHT
    first = (node.index << height) % TILE_WIDTH
    return Frontier().extend(hashes[first : first + (1 << height)]).root()


def node_hashes(nodes: Sequence[Node], size: int, tiles: Mapping[Tile, Sequence[bytes]]) -> dict[Node, bytes]:
    """Hashes of the nodes of a proof, from the tiles that ``node_tile`` names."""
    return {node: node_hash_in(tiles[node_tile(node, size)], node) for node in nodes}
