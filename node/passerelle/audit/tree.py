"""The tree of a feed, rebuilt from its entries and compared with all that claims to be of it.

Stored hashes prove nothing about stored entries: an entry changed under an old tile goes
unnoticed by whoever reads tiles alone. So every hash here starts from an entry. Leaf
hashes are compared with the tiles of level 0, the hashes made of these with the next
level, and so up; the frontier, grown leaf by leaf, gives the root that each signed
checkpoint must have. Memory: one bundle, and at most 256 hashes a level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from passerelle.audit.report import Finding
from passerelle.audit.shelf import FileFault, read
from passerelle.errors import ProtocolError
from passerelle.protocol.leaves import MAX_LEAF_BYTES
from passerelle.protocol.merkle import HASH_BYTES, Frontier, leaf_hash, root_of
from passerelle.protocol.objects import SALT_BYTES
from passerelle.protocol.profile import MAX_RECORD_BYTES
from passerelle.protocol.tiles import TILE_WIDTH, Tile, parse_entry_bundle, parse_objects, parse_tile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from typing import TypeVar

    from passerelle.audit.report import Findings

    Item = TypeVar("Item")

_MOST_BYTES: Final = {
    "hashes": TILE_WIDTH * HASH_BYTES,
    "entries": TILE_WIDTH * (2 + MAX_LEAF_BYTES),
    "objects": TILE_WIDTH * (4 + SALT_BYTES + MAX_RECORD_BYTES),
}


class FeedFiles:
    """The files of one feed in one folder; each fault of theirs becomes a finding.

    Args:
        folder: Of the feed.
        shown: The same, as reports show it.
        findings: Takes the faults.
    """

    def __init__(self, folder: Path, shown: str, findings: Findings) -> None:
        self._folder: Final = folder
        self._shown: Final = shown
        self._findings: Final = findings

    def entries(self, bundle: Tile) -> tuple[bytes, ...] | None:
        """The leaves of a bundle, None with a finding where they cannot be had."""
        return self._items(bundle, parse_entry_bundle)

    def objects(self, bundle: Tile) -> tuple[bytes | None, ...] | None:
        """The objects of a bundle, None with a finding where they cannot be had."""
        return self._items(bundle, parse_objects)

    def hashes(self, tile: Tile) -> tuple[bytes, ...] | None:
        """The hashes of a tile, None with a finding where they cannot be had."""
        return self._items(tile, parse_tile)

    def has(self, tile: Tile) -> bool:
        """Whether there is such a file, or a wider one, whatever stands in it."""
        return (self._folder / Tile(tile.kind, tile.level, tile.index, self._width(tile)).path).is_file()

    def shown(self, name: str) -> str:
        """A path below the feed as reports show it."""
        return name if self._shown == "." else f"{self._shown}/{name}"

    def _items(self, tile: Tile, parse: Callable[[bytes, int], tuple[Item, ...]]) -> tuple[Item, ...] | None:
        width = self._width(tile)
        name = Tile(tile.kind, tile.level, tile.index, width).path
        try:
            items = parse(read(self._folder / name, _MOST_BYTES[tile.kind]), width)
        except FileFault as fault:
            self._findings.add(Finding(fault.code, {}, self.shown(name)))
            return None
        except ProtocolError as error:
            self._findings.add(Finding(error.code, error.params, self.shown(name)))
            return None
        return items[: tile.width]

    def _width(self, tile: Tile) -> int:
        """Of the file itself, or of a wider one of which it is a prefix: the feed grew while it was copied."""
        for width in range(tile.width, TILE_WIDTH + 1):
            if (self._folder / Tile(tile.kind, tile.level, tile.index, width).path).is_file():
                return width
        return tile.width


@dataclass(frozen=True, slots=True)
class Claim:
    """A signed checkpoint of the feed, with which the tree must agree at its size.

    Args:
        size: Its tree size.
        root: Its root hash.
        path: Its file, as reports show it.
    """

    size: int
    root: bytes
    path: str


class TreeCheck:
    """Grows the tree and compares it at every level.

    Args:
        files: The feed's files.
        claims: Signed checkpoints, none larger than the tree will grow.
        has_tiles: Whether tiles of hashes must be there; a partner's copy has entries alone.
        findings: Takes the faults.

    Attributes:
        contradicted: The claims whose root the tree does not have at their size.
        met: The largest size at which the tree has the root of a claim, -1 where there is none.
    """

    def __init__(
        self, files: FeedFiles, claims: Iterable[Claim], findings: Findings, *, has_tiles: bool
    ) -> None:
        self._files: Final = files
        self._findings: Final = findings
        self._has_tiles: Final = has_tiles
        self._claims: Final = sorted(claims, key=lambda claim: claim.size, reverse=True)
        self._frontier = Frontier()
        self._rows: Final[list[list[bytes | None]]] = []
        self._counts: Final[list[int]] = []
        self.contradicted: Final[list[Claim]] = []
        self.met = -1
        self.broken = False
        self._compare_claims()

    def grow(self, bundle: Tile, entries: Sequence[bytes] | None) -> None:
        """Adds one bundle; without its entries the tree goes on from the tile of their hashes, if any.

        Args:
            bundle: Address of the bundle; bundles come in order.
            entries: Its leaves, None where they cannot be had (which is a finding already).
        """
        stored = self._stored(0, bundle.index, bundle.width)
        hashes = stored if entries is None else tuple(map(leaf_hash, entries))
        if hashes is None:
            self.broken = True
        else:
            self._compare(0, bundle.index, hashes, stored)
            if not self.broken:
                self._extend(hashes)
        if bundle.width == TILE_WIDTH:
            self._push(1, None if hashes is None else root_of(hashes))

    def finish(self, size: int) -> bool:
        """Compares the right edge of the higher levels; whether a tree of ``size`` leaves could be rebuilt."""
        for level, row in enumerate(self._rows, start=1):
            whole = size >> 8 * level
            # After bundles that were not looked for, the last row is not the right edge.
            if row and self._counts[level - 1] * TILE_WIDTH + len(row) == whole:
                self._compare_row(level)
        return not self.broken and self._frontier.size == size

    def _extend(self, hashes: Sequence[bytes]) -> None:
        done = 0
        while self._claims and self._claims[-1].size <= self._frontier.size + len(hashes) - done:
            step = self._claims[-1].size - self._frontier.size
            self._frontier = self._frontier.extend(hashes[done : done + step])
            done += step
            self._compare_claims()
        self._frontier = self._frontier.extend(hashes[done:])

    def _compare_claims(self) -> None:
        while self._claims and self._claims[-1].size == self._frontier.size:
            claim = self._claims.pop()
            if claim.root == self._frontier.root():
                self.met = claim.size
            else:
                self.contradicted.append(claim)

    def _push(self, level: int, hash_: bytes | None) -> None:
        if len(self._rows) < level:
            self._rows.append([])
            self._counts.append(0)
        row = self._rows[level - 1]
        row.append(hash_)
        if len(row) == TILE_WIDTH:
            self._compare_row(level)
            known = _known(row)
            self._push(level + 1, None if known is None else root_of(known))
            row.clear()
            self._counts[level - 1] += 1

    def _compare_row(self, level: int) -> None:
        row, index = _known(self._rows[level - 1]), self._counts[level - 1]
        if (
            row is not None
        ):  # else there is nothing to compare with, and a size of 2^53 would name endless tiles
            self._compare(level, index, row, self._stored(level, index, len(row)))

    def _stored(self, level: int, index: int, width: int) -> tuple[bytes, ...] | None:
        return self._files.hashes(Tile("hashes", level, index, width)) if self._has_tiles else None

    def _compare(self, level: int, index: int, made: Sequence[bytes], stored: Sequence[bytes] | None) -> None:
        if stored is None or tuple(made) == tuple(stored):
            return
        first = next(at for at, pair in enumerate(zip(made, stored, strict=True)) if pair[0] != pair[1])
        tile = Tile("hashes", level, index, len(made))
        leaf = tile.first + first if level == 0 else None
        finding = Finding("audit.tile-mismatch", {"level": level}, self._files.shown(tile.path), leaf)
        self._findings.add(finding)


def _known(row: Sequence[bytes | None]) -> list[bytes] | None:
    """The hashes of a tile, None where one of them could not be made."""
    known = [hash_ for hash_ in row if hash_ is not None]
    return known if len(known) == len(row) else None
