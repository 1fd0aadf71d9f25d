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

A home restored whole, head store and all, looks well from inside. Only the partners
know better: at the first contact with each after a start they are asked how far they
hold our own feeds. What counts is our own signature alone, so that no partner can halt
us with an invention; and what was learnt so moves the head store, for the next start.
Two roots at one size cannot be told by a head, nor can anything where the head store is
missing: such facts are kept in the rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.errors import ProtocolError, StorageError
from passerelle.protocol.checkpoints import Checkpoint, verify_checkpoint
from passerelle.protocol.notes import MAX_NOTE_BYTES
from passerelle.protocol.origins import Origin
from passerelle.storage import feeds
from passerelle.storage import records as record_rows
from passerelle.storage.crash import NOWHERE, CrashPoints
from passerelle.storage.database import Database
from passerelle.storage.feeds import Feed, SignedHead
from passerelle.storage.heads import Head, HeadStore, Swap
from passerelle.sync.client import Client, Road
from passerelle.sync.directory import Directory

FACTS = {"fence.rows-differ": "fence-rows-differ", "fence.partner-ahead": "fence-partner-ahead"}
"""Names of the facts that a partner has proven under our signature, by the code of what was proven."""
MOVES = 3
"""Attempts at moving a head past publications that are still on their way."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Proof, under our own signature, that our rows are old or not of one history.

    Args:
        error: Why nothing may be signed any more: ``fence.partner-ahead`` or ``fence.rows-differ``.
        origin: Which of our feeds.
        head: The checkpoint of ours that a partner holds.
    """

    error: StorageError
    origin: str
    head: Head


@dataclass(frozen=True, slots=True)
class Holding:
    """How far a partner holds one of our feeds, by a checkpoint with our own signature.

    Args:
        origin: Which of our feeds.
        told: Whether it has answered, if only that it holds none.
        size: Leaves, or None where it holds nothing that we signed.
        contradiction: What that proves against our rows, or None.
    """

    origin: str
    told: bool
    size: int | None
    contradiction: Contradiction | None


async def check(database: Database, heads: HeadStore) -> tuple[dict[str, Head], StorageError | None]:
    """Compare rows and heads; finish a publication that a crash cut in two.

    Returns:
        The heads to serve, and why nothing may be signed, or None where all is well.
    """
    current = dict(await heads.read()) if heads.exists else {}
    swaps: list[Swap] = []
    reason = None if heads.exists else StorageError("fence.head-missing")
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
        if reason is not None:
            return await _servable(connection, own, current), reason
    if swaps:
        await heads.replace(swaps)
        current.update({swap.origin: swap.new for swap in swaps})
    return current, None


async def missing_heads(database: Database, heads: HeadStore) -> list[Swap]:
    """The heads that these rows would have, for feeds that have none; for a person to confirm.

    Raises:
        StorageError: The fence is closed for something else too, which no confirmation ends.
    """
    current = dict(await heads.read()) if heads.exists else {}
    async with database.reading() as connection:
        own = await feeds.every(connection, own=True)
        swaps = []
        for held in own:
            newest, head = await feeds.get_checkpoint(connection, held.id), current.get(held.origin.encode())
            verdict = _compare(held, newest, head)
            if head is None and newest is not None and _is_missing(verdict):
                verdict = Swap(held.origin.encode(), None, Head(newest.size, newest.root, newest.note))
            elif isinstance(verdict, Swap) and head is not None:
                verdict = await _one_step(connection, held, head, verdict)
            if isinstance(verdict, StorageError):
                raise verdict
            if verdict is not None:
                swaps.append(verdict)
    behind = _unknown_heads(own, current)
    if behind is not None:
        raise behind
    return swaps


def _is_missing(verdict: StorageError | Swap | None) -> bool:
    return isinstance(verdict, StorageError) and verdict.code == "fence.head-missing"


async def _servable(
    connection: AsyncConnection, own: Sequence[Feed], current: Mapping[str, Head]
) -> dict[str, Head]:
    """What a read-only node can still serve: of each feed the largest checkpoint that its rows bear out.

    Never one beyond the head: it may not have been let out yet.
    """
    served = {}
    for held in own:
        head = current.get(held.origin.encode())
        limit = held.size if head is None else min(held.size, head.size)
        found = await feeds.get_checkpoint(connection, held.id, at_most=limit)
        if found is None or (head is not None and found.size == head.size and found.root != head.root):
            continue
        if (await feeds.frontier_at(connection, held.id, found.size)).root() == found.root:
            served[held.origin.encode()] = Head(found.size, found.root, found.note)
    return served


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
    for origin, head in current.items():
        if origin not in known:
            return StorageError("fence.rows-behind", origin=origin, rows=0, head=head.size)
    return None


async def ask(
    client: Client,
    database: Database,
    directory: Directory,
    road: Road,
    heads: Callable[[], Mapping[str, Head]],
) -> tuple[bool, list[Contradiction]]:
    """Ask a partner how far it holds our public feed and our feed to it.

    Returns:
        Whether it has answered for both, if only that it holds none; and what contradicts our rows.

    Raises:
        TransportError: The partner cannot be reached.
    """
    found = await holdings(client, database, directory, road, heads)
    return all(held.told for held in found), [
        held.contradiction for held in found if held.contradiction is not None
    ]


async def holdings(
    client: Client,
    database: Database,
    directory: Directory,
    road: Road,
    heads: Callable[[], Mapping[str, Head]],
) -> tuple[Holding, ...]:
    """How far a partner holds our public feed and our feed to it.

    Raises:
        TransportError: The partner cannot be reached.
    """
    found: list[Holding] = []
    for origin in (Origin(directory.own_scid, None, 1), Origin(directory.own_scid, road.scid, 1)):
        path = f"/{origin.received_path()}/checkpoint"
        answer = await client.get(road, path, max_bytes=MAX_NOTE_BYTES, signed=True)
        if answer.status == 200:
            found.append(await _judge(database, directory, origin, answer.body, heads))
        else:
            found.append(Holding(origin.encode(), answer.status == 404, size=None, contradiction=None))
    return tuple(found)


async def _judge(
    database: Database,
    directory: Directory,
    origin: Origin,
    note: bytes,
    heads: Callable[[], Mapping[str, Head]],
) -> Holding:
    try:
        theirs = verify_checkpoint(note, origin.encode(), directory.own.log_keys_ever)
    except ProtocolError as error:
        _log.warning("own-head-not-ours", origin=origin.encode(), code=error.code)
        return Holding(origin.encode(), told=True, size=None, contradiction=None)
    # The head is read after the answer: we may have grown while it was on its way.
    found = await compare(database, origin, theirs, note, heads().get(origin.encode()))
    return Holding(origin.encode(), told=True, size=theirs.tree_size, contradiction=found)


async def compare(
    database: Database, origin: Origin, theirs: Checkpoint, note: bytes, head: Head | None
) -> Contradiction | None:
    """Hold a checkpoint with our own valid signature against our head and our rows."""
    name, size = origin.encode(), theirs.tree_size
    seen = Head(size, theirs.root_hash, note)
    ours = 0 if head is None else head.size
    if size > ours:
        return Contradiction(
            StorageError("fence.partner-ahead", origin=name, rows=ours, head=size), name, seen
        )
    async with database.reading() as connection:
        held = await feeds.get(connection, origin)
        root = None if held is None else (await feeds.frontier_at(connection, held.id, size)).root()
    if root == theirs.root_hash:
        return None
    return Contradiction(StorageError("fence.rows-differ", origin=name, size=size), name, seen)


async def remember(
    database: Database, heads: HeadStore, found: Contradiction, crash: CrashPoints = NOWHERE
) -> None:
    """Let the next start know what was learnt, whatever this one had found already.

    A later head moves the head store. Two roots under our signature are no matter of sizes,
    and without a head store a later head has no place: both are kept as facts of the node.
    """
    if found.error.code == "fence.rows-differ" or not heads.exists:
        crash.reach("before-learn-fork")
        await _keep_fact(database, found)
        crash.reach("after-learn-fork")
    if not heads.exists:
        return
    for _ in range(MOVES):
        old = (await heads.read()).get(found.origin)
        if old is not None and old.size >= found.head.size:
            return
        crash.reach("before-learn-head")
        try:
            await heads.replace([Swap(found.origin, old, found.head)])
        except StorageError as error:
            if error.code != "head.moved":
                raise
            continue  # a publication was still on its way; none begins after it
        crash.reach("after-learn-head")
        return


async def _keep_fact(database: Database, found: Contradiction) -> None:
    """Beside what was proven of other feeds; of one feed the largest size says all."""
    name = FACTS[found.error.code]
    async with database.writing() as connection:
        told = await record_rows.get_fact(connection, name)
        kept = {} if told is None else {item["origin"]: item for item in json.loads(told)}
        before = kept.get(found.origin)
        if before is None or _size_of(before) < found.head.size:
            kept[found.origin] = found.error.params
        await record_rows.put_fact(connection, name, json.dumps(list(kept.values())))


def _size_of(params: Mapping[str, int]) -> int:
    return params["size"] if "size" in params else params["head"]


async def remembered(database: Database) -> list[StorageError]:
    """Why nothing may be signed, as learnt from partners and kept over starts."""
    async with database.reading() as connection:
        told = {code: await record_rows.get_fact(connection, name) for code, name in FACTS.items()}
    return [
        StorageError(code, **params)
        for code, value in told.items()
        if value is not None
        for params in json.loads(value)
    ]


async def forget(database: Database) -> None:
    """No longer keep what partners had proven: a person has seen that nobody holds it any more."""
    async with database.writing() as connection:
        for name in FACTS.values():
            await record_rows.drop_fact(connection, name)
