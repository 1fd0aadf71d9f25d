"""The rollback fence: a node never lets out two inconsistent checkpoints.

At start the rows and the head store are compared, feed by feed
(spec/08-publishing.md). What follows is a table:

    rows against head            then
    equal                        go on
    one signed checkpoint ahead  the crash fell between the two writes: move the head, go on
    behind                       an old database was restored: read-only
    head store missing           the home was restored or copied: read-only until a person confirms
    further ahead                the head store is an old copy: read-only
    another root at one size     the two are not of one history: read-only

Read-only means: the node serves, follows and answers, and signs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.errors import StorageError
from passerelle.storage import feeds
from passerelle.storage.database import Database
from passerelle.storage.feeds import Feed, SignedHead
from passerelle.storage.heads import Head, HeadStore, Swap


async def check(database: Database, heads: HeadStore) -> tuple[dict[str, Head], StorageError | None]:
    """Compare rows and heads; finish a publication that a crash cut in two.

    Returns:
        The heads in force, and why nothing may be signed, or None where all is well.
    """
    if not heads.exists:
        return {}, StorageError("fence.head-missing")
    current = dict(await heads.read())
    swaps: list[Swap] = []
    reason: StorageError | None = None
    async with database.reading() as connection:
        own = await feeds.every(connection, own=True)
        for held in own:
            newest = await feeds.get_checkpoint(connection, held.id)
            head = current.get(held.origin.encode())
            verdict = _compare(held, newest, head)
            if isinstance(verdict, Swap) and head is not None:
                verdict = await _one_step(connection, held, head, verdict)
            if isinstance(verdict, StorageError):
                reason = reason or verdict
            elif verdict is not None:
                swaps.append(verdict)
    reason = reason or _unknown_heads(own, current)
    if reason is None and swaps:
        await heads.replace(swaps)
        current.update({swap.origin: swap.new for swap in swaps})
    return current, reason


def _compare(held: Feed, newest: SignedHead | None, head: Head | None) -> StorageError | Swap | None:
    origin = held.origin.encode()
    if newest is None or newest.size != held.size or newest.root != held.frontier.root():
        return StorageError("fence.rows-damaged", origin=origin, rows=held.size)
    if head is None:
        # Only a feed that was just made may lack a head: its first checkpoint is empty.
        if newest.size == 0:
            return Swap(origin, None, Head(0, newest.root, newest.note))
        return StorageError("fence.head-missing", origin=origin)
    if newest.size < head.size:
        return StorageError("fence.rows-behind", origin=origin, rows=newest.size, head=head.size)
    if newest.size == head.size:
        return (
            None
            if newest.root == head.root
            else StorageError("fence.rows-differ", origin=origin, size=head.size)
        )
    return Swap(origin, head, Head(newest.size, newest.root, newest.note))


async def _one_step(connection: AsyncConnection, held: Feed, head: Head, swap: Swap) -> StorageError | Swap:
    """Only the very next checkpoint of the same history may be what a crash left behind."""
    below = await feeds.get_checkpoint(connection, held.id, at_most=swap.new.size - 1)
    if below is None or below.size != head.size:
        return StorageError("fence.head-behind", origin=swap.origin, rows=swap.new.size, head=head.size)
    if below.root != head.root:
        return StorageError("fence.rows-differ", origin=swap.origin, size=head.size)
    return swap


def _unknown_heads(own: Sequence[Feed], current: dict[str, Head]) -> StorageError | None:
    known = {held.origin.encode() for held in own}
    for origin in current:
        if origin not in known:
            return StorageError("fence.rows-behind", origin=origin, rows=0, head=current[origin].size)
    return None
