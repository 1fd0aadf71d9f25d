"""How far a receipt may reach (spec/09-following.md, F-23).

A receipt of size N promises that every object below N was opened and matched, or is erased.
So it stops before a gap, unless the author has closed it with an `erased` leaf that names its
index; and that leaf must lie below N too, for what N does not hold it does not say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.errors import ProtocolError
from passerelle.protocol.leaves import ErasedLeaf, parse_leaf
from passerelle.storage import feeds, gaps
from passerelle.storage.feeds import Feed, SignedHead


@dataclass(frozen=True, slots=True)
class Covered:
    """What a receipt may promise.

    Args:
        head: The largest checkpoint that may be cosigned, or None.
        closed: Gaps below it, which the author has closed.
    """

    head: SignedHead | None
    closed: Sequence[int]


async def reach(connection: AsyncConnection, held: Feed) -> Covered:
    """How far a receipt of a feed may reach now; of a public feed as far as its tree."""
    open_ = [] if held.origin.is_public else await gaps.lowest(connection, held.id)
    closed_at = await _closed_at(connection, held, open_) if open_ else {}
    limit = held.size if len(open_) <= gaps.MAX_GAPS else open_[-1]
    while True:
        head = await feeds.get_checkpoint(connection, held.id, at_most=limit)
        if head is None:
            return Covered(None, ())
        below = [index for index in open_ if index < head.size]
        unclosed = [index for index in below if closed_at.get(index, head.size) >= head.size]
        if not unclosed:
            return Covered(head, below)
        limit = unclosed[0]


async def _closed_at(connection: AsyncConnection, held: Feed, open_: Sequence[int]) -> Mapping[int, int]:
    """Of each gap that an `erased` leaf names, the index of the first such leaf."""
    found: dict[int, int] = {}
    for index, data in await gaps.bare_leaves(connection, held.id, open_[0]):
        try:
            leaf = parse_leaf(data, held.origin)
        except ProtocolError:
            continue  # in the tree, and no more than that
        if isinstance(leaf, ErasedLeaf) and leaf.index < index:
            found.setdefault(leaf.index, index)
    return found
