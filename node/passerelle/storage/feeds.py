"""Rows of feeds: leaves, subtree roots, checkpoints.

One writer appends; readers see what is committed. Tiles, entry bundles and object
bundles are derived from these rows by :mod:`passerelle.sync.files`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from struct import Struct

from sqlalchemy import Select, Table, and_, bindparam, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.errors import ProtocolError
from passerelle.protocol.leaves import leaf_commitment, parse_leaf
from passerelle.protocol.merkle import Frontier, Node, leaf_hash, root_of
from passerelle.protocol.origins import Origin
from passerelle.storage.bulk import change, find_rows, insert_rows
from passerelle.storage.tables import (
    checkpoint,
    feed,
    leaf,
    subtree,
    vault_object,
    vault_salt,
)

WIDTH = 256


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed as it stands in the rows.

    Args:
        id: Row number.
        origin: Author, partner, number.
        own: Whether this node writes it.
        state: ``unknown``, ``waiting``, ``syncing``, ``current``, ``stale``, ``forked`` or ``blocked``.
        state_code: Why, a stable code, or None.
        frontier: Size and right edge of the leaves held.
        checked: When its author last answered, POSIX seconds.
        etag: Of the author's checkpoint as last answered.
        objects_end: Bytes of the newest object bundle that are held; where the next ``Range`` begins.
        objects_etag: Validator of that bundle as last answered, quotes included.
        edge: Leaf hashes of the last, not yet full subtree, where they are known; the rows have them anyway.
    """

    id: int
    origin: Origin
    own: bool
    state: str
    state_code: str | None
    frontier: Frontier
    checked: int | None
    etag: str
    objects_end: int
    objects_etag: str
    edge: tuple[bytes, ...] | None = None

    @property
    def size(self) -> int:
        """Number of leaves held."""
        return self.frontier.size


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A signed checkpoint of some size, as received or made."""

    size: int
    root: bytes
    note: bytes


@dataclass(frozen=True, slots=True)
class Hashed:
    """What whoever brings leaves has hashed already.

    Args:
        leaves: The hash of each.
        roots: Of those full bundles that begin among them, the root by the bundle's number.
    """

    leaves: Sequence[bytes]
    roots: Mapping[int, bytes] = field(default_factory=dict)


async def add(connection: AsyncConnection, origin: Origin, *, own: bool, state: str = "unknown") -> Feed:
    """Make the row of a new, empty feed."""
    await connection.execute(
        insert(feed).values(
            origin=origin.encode(),
            author=origin.author,
            partner=origin.partner,
            number=origin.number,
            role="own" if own else "followed",
            state=state,
            frontier=Frontier().encode(),
        )
    )
    found = await get(connection, origin)
    if found is None:
        raise RuntimeError("a feed that was just added is not there")
    return found


async def get(connection: AsyncConnection, origin: Origin) -> Feed | None:
    """The feed of that origin."""
    row = (await connection.execute(_BY_ORIGIN, {"origin": origin.encode()})).one_or_none()
    return None if row is None else _feed(row)


# Put together once: that takes longer than most of them take to run, and each batch needs them all.
_BY_ORIGIN = select(feed).where(feed.c.origin == bindparam("origin"))
_GROW = (
    update(feed)
    .where(feed.c.id == bindparam("held"))
    .values(size=bindparam("size"), frontier=bindparam("edge"))
)
_LEAVES = (
    select(leaf.c.data)
    .where(
        leaf.c.feed_id == bindparam("held"), leaf.c.idx >= bindparam("first"), leaf.c.idx < bindparam("end")
    )
    .order_by(leaf.c.idx)
)
_ROOTS = (
    select(subtree.c.hash)
    .where(subtree.c.feed_id == bindparam("held"), subtree.c.level == bindparam("level"))
    .where(subtree.c.idx >= bindparam("first"), subtree.c.idx < bindparam("end"))
    .order_by(subtree.c.idx)
)
_KEEP = text(
    "INSERT INTO checkpoint (feed_id, size, root, note, seen_at)"
    " VALUES (:feed_id, :size, :root, :note, :seen_at) ON CONFLICT DO NOTHING"
)


async def every(connection: AsyncConnection, *, own: bool | None = None) -> list[Feed]:
    """All feeds, ours, the others', or both, in the order in which they were added."""
    query = select(feed).order_by(feed.c.id)
    if own is not None:
        query = query.where(feed.c.role == ("own" if own else "followed"))
    return [_feed(row) for row in await connection.execute(query)]


async def note_state(
    connection: AsyncConnection,
    held: Feed,
    state: str,
    code: str | None = None,
    *,
    checked: int | None = None,
) -> None:
    """Say how the feed stands, and when its author answered."""
    values: dict[str, object] = {"state": state, "state_code": code}
    if checked is not None:
        values["checked"] = checked
    await connection.execute(update(feed).where(feed.c.id == held.id).values(**values))


async def note_silence(connection: AsyncConnection, author: str, since: int) -> None:
    """Mark as stale what an author has not answered for since a time; POSIX seconds."""
    await connection.execute(
        update(feed)
        .where(feed.c.author == author, feed.c.role == "followed", feed.c.checked < since)
        .where(feed.c.state.in_(("waiting", "syncing", "current")))
        .values(state="stale", state_code=None)
    )


async def block_author(connection: AsyncConnection, author: str, code: str) -> None:
    """Block the feeds of an author whose identity cannot be relied on; a forked one stays forked."""
    await connection.execute(
        update(feed)
        .where(feed.c.author == author, feed.c.role == "followed", feed.c.state != "forked")
        .values(state="blocked", state_code=code)
    )


async def unblock_author(connection: AsyncConnection, author: str, code: str) -> None:
    """Let the feeds of an author that were blocked for one reason be pulled again; until then they are stale."""
    await connection.execute(
        update(feed)
        .where(feed.c.author == author, feed.c.state == "blocked", feed.c.state_code == code)
        .values(state="stale", state_code=None)
    )


async def note_etag(connection: AsyncConnection, held: Feed, etag: str) -> None:
    """Remember the validator of the checkpoint, so that an idle look costs one small answer."""
    await connection.execute(update(feed).where(feed.c.id == held.id).values(etag=etag))


async def note_objects(connection: AsyncConnection, held: Feed, end: int, etag: str) -> None:
    """Remember how much of the newest object bundle is held, so that growth costs only what is new."""
    await connection.execute(
        update(feed).where(feed.c.id == held.id).values(objects_end=end, objects_etag=etag)
    )


async def append(
    connection: AsyncConnection,
    held: Feed,
    leaves: Sequence[bytes],
    commitments: Sequence[bytes | None] | None = None,
    hashed: Hashed | None = None,
) -> Feed:
    """Append leaves and the roots of the subtrees that they fill.

    Args:
        connection: The transaction.
        held: The feed before it.
        leaves: As hashed.
        commitments: One for each leaf, None where it has none; without them, each leaf is parsed.
        hashed: Their hashes; without, each is hashed.
    """
    if not leaves:
        return held
    if commitments is None:
        commitments = [commitment_in(data, held.origin) for data in leaves]
    rows = [
        (held.id, index, data, None if commitment is None else _head_of(commitment))
        for index, (data, commitment) in enumerate(zip(leaves, commitments, strict=True), start=held.size)
    ]
    await insert_rows(connection, leaf, ("feed_id", "idx", "data", "commitment"), rows)
    hashed = hashed or Hashed([leaf_hash(data) for data in leaves])
    hashes, edge = hashed.leaves, held.edge
    if edge is None:
        edge = tuple(await tile_hashes(connection, held.id, 0, held.size - held.size % WIDTH, held.size))
    first = [*edge, *hashes]
    roots = [
        hashed.roots.get(bundle) or root_of(first[start : start + WIDTH])
        for bundle, start in enumerate(range(0, len(first) - WIDTH + 1, WIDTH), start=held.size // WIDTH)
    ]
    await _fill_subtrees(connection, held, roots)
    frontier = _grown(held.frontier, hashes, roots)
    await change(connection, _GROW, {"held": held.id, "size": frontier.size, "edge": frontier.encode()})
    return replace(held, frontier=frontier, edge=tuple(first[WIDTH * len(roots) :]))


def commitment_in(data: bytes, origin: Origin) -> bytes | None:
    """The commitment of a leaf, or None where it has none or does not parse; it is kept all the same."""
    try:
        return leaf_commitment(parse_leaf(data, origin))
    except ProtocolError:
        return None


def _head_of(commitment: bytes) -> int:
    head: int = _HEAD.unpack_from(commitment)[0]
    return head


_HEAD = Struct(">q")


def _grown(frontier: Frontier, hashes: Sequence[bytes], roots: Sequence[bytes]) -> Frontier:
    """The frontier after some leaf hashes, where the roots of the subtrees that they fill are known."""
    if not roots:
        return frontier.extend(hashes)
    # What had begun is in the first root, and its pieces are let go.
    full, begun = divmod(frontier.size, WIDTH)
    frontier = Frontier(full * WIDTH, frontier.hashes[: full.bit_count()])
    for root in roots:
        frontier = frontier.append_subtree(8, root)
    return frontier.extend(hashes[WIDTH * len(roots) - begun :])


async def _fill_subtrees(connection: AsyncConnection, held: Feed, roots: Sequence[bytes]) -> None:
    """Keep the root of each 256-wide subtree that is full now, level by level, given those of the first level."""
    level, old = 1, held.size // WIDTH
    while roots:
        rows = [(held.id, level, index, hashed) for index, hashed in enumerate(roots, start=old)]
        await insert_rows(connection, subtree, ("feed_id", "level", "idx", "hash"), rows)
        before = old % WIDTH
        if before + len(roots) < WIDTH:
            return
        row = [*await tile_hashes(connection, held.id, level, old - before, old), *roots]
        roots = [root_of(row[start : start + WIDTH]) for start in range(0, len(row) - WIDTH + 1, WIDTH)]
        level, old = level + 1, old // WIDTH


async def tile_hashes(
    connection: AsyncConnection, feed_id: int, level: int, first: int, end: int
) -> list[bytes]:
    """Hashes first <= index < end of one tile level: leaf hashes at level 0, subtree roots above."""
    if level == 0:
        return [leaf_hash(data) for data in await leaves(connection, feed_id, first, end)]
    if first == end:
        return []
    asked = {"held": feed_id, "level": level, "first": first, "end": end}
    return list((await connection.execute(_ROOTS, asked)).scalars())


async def leaves(connection: AsyncConnection, feed_id: int, first: int, end: int) -> list[bytes]:
    """Leaves first <= index < end, as hashed."""
    if first == end:
        return []
    asked = {"held": feed_id, "first": first, "end": end}
    return list((await connection.execute(_LEAVES, asked)).scalars())


async def without_object(connection: AsyncConnection, held: Feed, first: int, end: int) -> list[int]:
    """Indexes first <= index < end of the leaves that commit to an object which is not held, or not any more."""
    query = _WITHOUT_SALT if held.origin.is_public else _WITHOUT_OBJECT
    asked = {"held": held.id, "first": first, "end": end}
    return list((await connection.execute(query, asked)).scalars())


def _without(beside: Table) -> Select[int]:
    return (
        select(leaf.c.idx)
        .outerjoin(beside, and_(beside.c.feed_id == leaf.c.feed_id, beside.c.idx == leaf.c.idx))
        .where(
            leaf.c.feed_id == bindparam("held"),
            leaf.c.idx >= bindparam("first"),
            leaf.c.idx < bindparam("end"),
        )
        .where(leaf.c.commitment.is_not(None), beside.c.idx.is_(None))
        .order_by(leaf.c.idx)
    )


_WITHOUT_SALT, _WITHOUT_OBJECT = _without(vault_salt), _without(vault_object)


async def frontier_at(connection: AsyncConnection, feed_id: int, size: int) -> Frontier:
    """The frontier of the first `size` leaves, from the rows; `size` at most what is held."""
    frontier = Frontier()
    level = 0
    while WIDTH ** (level + 1) <= size:
        level += 1
    while level >= 0:
        span = WIDTH**level
        first, end = frontier.size // span, size // span
        for hashed in await tile_hashes(connection, feed_id, level, first, end):
            frontier = frontier.append_subtree(8 * level, hashed)
        level -= 1
    return frontier


async def node_hash(connection: AsyncConnection, feed_id: int, node: Node) -> bytes:
    """Root of one perfect subtree of the leaves held."""
    level, height = divmod(node.level, 8)
    first, end = node.index << height, (node.index + 1) << height
    return Frontier().extend(await tile_hashes(connection, feed_id, level, first, end)).root()


async def commitments_held(
    connection: AsyncConnection, held: Feed, commitments: Sequence[bytes]
) -> set[bytes]:
    """Those of the commitments that already stand in the feed."""
    like = await find_rows(
        connection, leaf.c.commitment, {_head_of(item) for item in commitments}, leaf.c.feed_id, leaf.c.data
    )
    inside = [data for _, feed_id, data in like if feed_id == held.id and isinstance(data, bytes)]
    return set(commitments).intersection(commitment_in(data, held.origin) for data in inside)


async def put_checkpoint(connection: AsyncConnection, feed_id: int, head: SignedHead, now: int) -> None:
    """Keep a signed checkpoint; one of that size already kept stays as it is."""
    row = {"feed_id": feed_id, "size": head.size, "root": head.root, "note": head.note, "seen_at": now}
    await change(connection, _KEEP, row)


async def get_checkpoint(
    connection: AsyncConnection, feed_id: int, *, size: int | None = None, at_most: int | None = None
) -> SignedHead | None:
    """The checkpoint of exactly this size, or the largest (of at most a size)."""
    query = select(checkpoint).where(checkpoint.c.feed_id == feed_id)
    if size is not None:
        query = query.where(checkpoint.c.size == size)
    if at_most is not None:
        query = query.where(checkpoint.c.size <= at_most)
    row = (await connection.execute(query.order_by(checkpoint.c.size.desc()).limit(1))).one_or_none()
    return None if row is None else SignedHead(row.size, row.root, row.note)


async def next_checkpoint(connection: AsyncConnection, feed_id: int, size: int) -> SignedHead | None:
    """The smallest checkpoint of at least this size."""
    query = select(checkpoint).where(checkpoint.c.feed_id == feed_id, checkpoint.c.size >= size)
    row = (await connection.execute(query.order_by(checkpoint.c.size).limit(1))).one_or_none()
    return None if row is None else SignedHead(row.size, row.root, row.note)


async def checkpoint_sizes(connection: AsyncConnection, feed_id: int, *, at_most: int) -> list[int]:
    """Sizes of the checkpoints that are kept, rising, up to a size."""
    query = select(checkpoint.c.size).where(checkpoint.c.feed_id == feed_id, checkpoint.c.size <= at_most)
    return list((await connection.execute(query.order_by(checkpoint.c.size))).scalars())


def _feed(row: object) -> Feed:
    values = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001  SQLAlchemy's documented access
    return Feed(
        id=values["id"],
        origin=Origin.parse(values["origin"]),
        own=values["role"] == "own",
        state=values["state"],
        state_code=values["state_code"],
        frontier=Frontier.parse(values["frontier"]),
        checked=values["checked"],
        etag=values["etag"],
        objects_end=values["objects_end"],
        objects_etag=values["objects_etag"],
    )
