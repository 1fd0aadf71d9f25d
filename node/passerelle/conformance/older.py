"""Files of a size that the node has published before: they stay until the full file is there (L-16).

Which sizes an author has published nobody else knows; the kit knows the one that it saw first. So this
is seen where the node publishes something while it is examined, and nowhere else.
"""

from __future__ import annotations

from typing import Final

from passerelle.conformance import follower
from passerelle.conformance.asking import NoAnswer
from passerelle.conformance.follower import Seen
from passerelle.protocol.tiles import TILE_WIDTH, Tile, bundles_of, tiles_of

_BITS: Final = 8
"""Of the number of an item in its tile."""


async def look(seen: Seen) -> bool:
    """L-16 of the public feed at the size that was seen first; whether it has grown since."""
    first = seen.checkpoint
    later = None if first is None else await follower.fetch_checkpoint(seen, seen.folder, seen.origin)
    if first is None or later is None or later.tree_size <= first.tree_size:
        return False
    seen.progress("older-sizes")
    for tile in (*tiles_of(first.tree_size), *bundles_of("entries", 0, first.tree_size)):
        if tile.width < TILE_WIDTH and not _is_full(tile, later.tree_size):
            await _look_at(seen, tile, later.tree_size)
    return True


def _is_full(tile: Tile, size: int) -> bool:
    """Whether a follower can take the full file of that number in its place."""
    return size >> _BITS * tile.level >= (tile.index + 1) * TILE_WIDTH


async def _look_at(seen: Seen, tile: Tile, size: int) -> None:
    path = f"{seen.folder}/{tile.path}"
    try:
        answer = await seen.asker.get(path, most=TILE_WIDTH * 4_098)
    except NoAnswer:
        return
    sent = f"GET {path}, of a checkpoint that it showed before that of {size}"
    seen.notes.judge(answer.status == 200, "L-16", sent=sent, got=answer.brief())
