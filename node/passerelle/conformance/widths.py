"""Files of other widths than that of the newest checkpoint: each holds what its path says, or is not there.

An author serves the files of every size that it has published (L-16), and nobody else knows
which sizes these were; so a width that is not there is no fault, and one that is there is held
against the leaves. A follower must not ask so (P-11); an examination must.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from passerelle.conformance import naming
from passerelle.conformance.asking import Answer, NoAnswer
from passerelle.conformance.report import Notes
from passerelle.errors import ProtocolError
from passerelle.protocol.intake import open_public
from passerelle.protocol.leaves import PublicRecordLeaf, parse_leaf
from passerelle.protocol.merkle import leaf_hash
from passerelle.protocol.origins import Origin
from passerelle.protocol.tiles import (
    TILE_WIDTH,
    Tile,
    TileKind,
    parse_entry_bundle,
    parse_objects,
    parse_tile,
)

MOST_WIDTHS: Final = 16
"""About so many are asked for of one file."""
MAX_BYTES: Final = 2**26
"""Of all files of one look; beyond them nothing more is asked for, and the report says so."""

KINDS: Final[tuple[TileKind, ...]] = ("hashes", "entries", "objects")

_PARSERS: Final[dict[TileKind, Callable[[bytes, int], Sequence[bytes | None]]]] = {
    "hashes": parse_tile,
    "entries": parse_entry_bundle,
    "objects": parse_objects,
}
_COUNT: Final[dict[TileKind, str]] = {"hashes": "L-17", "entries": "L-17", "objects": "O-16"}
"""What is broken where the number of items is not that of the path."""


class Get(Protocol):
    """Asks for a path; NoAnswer where there is none."""

    def __call__(self, path: str, *, most: int) -> Awaitable[Answer]:
        """The answer, of so many bytes at most."""


def widths_of(width: int) -> list[int]:
    """Some widths of a file beside its own: all of a small one, the edges, and some that are not there yet."""
    step = -(-width // MOST_WIDTHS)
    narrow = {1, 2, width - 2, width - 1, *range(1, width, step)}
    wide = {width + 1, TILE_WIDTH - 1, TILE_WIDTH} if width < TILE_WIDTH else set()
    return sorted({one for one in narrow if 0 < one < width} | {one for one in wide if one > width})


@dataclass(frozen=True, slots=True)
class Folder:
    """A feed as it is served.

    Args:
        notes: Takes what is found.
        get: Asks for a path.
        origin: Which feed.
        leaves: Its leaves, which were held against its checkpoint.
    """

    notes: Notes
    get: Get
    origin: Origin
    leaves: Sequence[bytes]

    async def look(self) -> None:
        """L-16, L-17 and O-16 on the first and the last tile, bundle and object file."""
        numbers = sorted({0, (len(self.leaves) - 1) // TILE_WIDTH}) if self.leaves else []
        left = MAX_BYTES
        for kind in KINDS:
            for number in numbers:
                left = await self._look_at(kind, number, left)
                if left <= 0:
                    self.notes.in_part(*{"L-16", _COUNT[kind], _COUNT[KINDS[-1]]})
                    return

    async def _look_at(self, kind: TileKind, number: int, left: int) -> int:
        """How many bytes are left of those that may be read; none where the next file would be too long for them."""
        part = self.leaves[number * TILE_WIDTH : (number + 1) * TILE_WIDTH]
        for width in sorted({*widths_of(len(part)), len(part)}):
            path = f"/{self.origin.path}/{Tile(kind, 0, number, width).path}"
            try:
                answer = await self.get(path, most=left)
            except NoAnswer as fault:
                return 0 if fault.code == "road.too-long" else left
            left -= len(answer.body)
            if answer.status == 200:
                self._judge(kind, answer, width, part, f"GET {path}, of a feed of {len(self.leaves)}")
            if left <= 0:
                break
        return left

    def _judge(self, kind: TileKind, answer: Answer, width: int, part: Sequence[bytes], sent: str) -> None:
        try:
            items = _PARSERS[kind](answer.body, width)
        except ProtocolError as error:
            self.notes.broken(_COUNT[kind], sent=sent, got=error)
            return
        self.notes.held(_COUNT[kind])
        # The feed may have grown meanwhile: what is beyond the leaves that are known is not compared.
        for leaf, item in zip(part, items, strict=False):
            if kind == "objects":
                self._judge_object(leaf, item, sent)
            else:
                true = leaf_hash(leaf) if kind == "hashes" else leaf
                self.notes.judge(item == true, "L-16", sent=sent, got="another leaf")

    def _judge_object(self, data: bytes, item: bytes | None, sent: str) -> None:
        try:
            leaf = parse_leaf(data, self.origin)
            if item is not None and isinstance(leaf, PublicRecordLeaf):
                open_public(leaf, item)
        except ProtocolError as error:
            if error.code.startswith("object."):
                self.notes.broken(naming.BY_CODE[error.code], sent=sent, got=error)
