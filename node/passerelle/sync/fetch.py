"""Fetching the leaves of a feed so that each byte is checked before it is kept.

A pull knows two things that are sure: the frontier of what it holds, and a signed
checkpoint. Between them it fetches, in this order:

1. the entries of the bundles at both edges (at most two, partial ones), and the
   level-1 hashes of the full bundles between them: 32 bytes for 256 leaves;
2. from these alone the root; it must be the signed one, or nothing is kept;
3. the full bundles, a few side by side, each against its level-1 hash, with its objects.

A feed that has grown by more than one pull may bring is read up to a cut; the leaves
beyond it count in the root by a few hashes of whole subtrees, 63 at the most.

So memory stays flat at any size of feed, and a feed that is cut off halfway is kept
up to the last bundle that arrived. Bytes that miss the signed root are a fault of the
road (TransportError), never of the author: only signatures prove a fork.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, TypeVar

from passerelle.errors import ProtocolError, TransportError
from passerelle.protocol.checkpoints import Checkpoint
from passerelle.protocol.leaves import MAX_LEAF_BYTES
from passerelle.protocol.merkle import Frontier, Node, leaf_hash, range_nodes, root_of
from passerelle.protocol.origins import Origin
from passerelle.protocol.tiles import (
    MAX_OBJECT_BYTES,
    TILE_WIDTH,
    Tile,
    bundles_of,
    encode_objects,
    node_hashes,
    node_tile,
    parse_entry_bundle,
    parse_objects,
    parse_tile,
)
from passerelle.sync.ahead import ahead
from passerelle.sync.client import Answer, Client, Road, problem_of

MAX_ENTRIES_BYTES = TILE_WIDTH * (2 + MAX_LEAF_BYTES)
MAX_OBJECTS_BYTES = TILE_WIDTH * (4 + MAX_OBJECT_BYTES)
MAX_TILE_BYTES = TILE_WIDTH * 32
PARTIAL_CONTENT = 206
NOT_FOUND = 404
WIDTH = 4
"""Bundles fetched side by side, so that a long road is not waited for bundle by bundle."""
COMPRESSES = 3
"""How many times smaller a bundle of public records becomes, about; a range is sent as it is."""
SMALL_BYTES = 2 * 2**20
"""Where a bundle's objects take more, the next ones are fetched one by one: memory is bounded by the largest."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Held:
    """What of a feed is held already.

    Args:
        origin: Which feed.
        frontier: Of the leaves held.
        entries_end: Bytes of the newest, partial entry bundle that are held.
        objects_end: Bytes of the newest, partial object bundle that are held.
        objects_etag: Validator under which those were read, with its quotes.
    """

    origin: Origin
    frontier: Frontier
    entries_end: int
    objects_end: int
    objects_etag: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive leaves whose hashes are proven, with their objects as received.

    Args:
        first: Index of the first leaf.
        leaves: As hashed.
        hashes: Of each leaf.
        root: Of the bundle, where all of it is here and was proven by its root.
        objects: One for each leaf, None where there is none.
        objects_end: Bytes of the object bundle up to the last of them.
        objects_etag: Its validator.
        object_bytes: How many bytes its objects take.
    """

    first: int
    leaves: tuple[bytes, ...]
    hashes: tuple[bytes, ...]
    root: bytes | None
    objects: tuple[bytes | None, ...]
    objects_end: int
    objects_etag: str
    object_bytes: int


class _Entries(NamedTuple):
    """Leaves of a bundle with their hashes, and its root where they are all of it."""

    leaves: tuple[bytes, ...]
    hashes: tuple[bytes, ...]
    root: bytes | None


class FeedReader:
    """Reads one feed of one partner.

    Args:
        client: Sends the requests.
        road: How to reach the author.
        origin: Which feed; a bilateral one is asked for with signatures.
    """

    def __init__(self, client: Client, road: Road, origin: Origin) -> None:
        self._client = client
        self._road = road
        self._origin = origin
        self._width = 1  # until it is known how large the bundles of this feed are

    async def get(
        self,
        tail: str,
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
        *,
        also: tuple[int, ...] = (),
    ) -> Answer:
        """One file of the feed; any other status than 200 or one of `also` is a fault of the road."""
        path = f"/{self._origin.path}/{tail}"
        signed = not self._origin.is_public
        answer = await self._client.get(self._road, path, max_bytes=max_bytes, signed=signed, headers=headers)
        if answer.status not in {200, *also}:
            raise self._status(answer, tail)
        return answer

    def _status(self, answer: Answer, tail: str) -> TransportError:
        path = f"/{self._origin.path}/{tail}"
        return TransportError("road.status", status=answer.status, path=path, code=problem_of(answer))

    async def stretches(self, held: Held, target: Checkpoint, cut: int) -> AsyncGenerator[Stretch, None]:
        """The new leaves up to `cut`, proven under the root of `target`, in order.

        Raises:
            TransportError: Bytes miss the signed root, or the road failed; what was yielded before holds.
        """
        bundles = list(bundles_of("entries", held.frontier.size, cut))
        edges = {bundle: await self._edge(bundle, held) for bundle in bundles if _is_edge(bundle, held)}
        inner = [bundle for bundle in bundles if bundle not in edges]
        roots = await self._level_one(inner, target.tree_size)
        beyond = await self._subtrees(range_nodes(cut, target.tree_size), target.tree_size)
        self._prove(held, bundles, edges, roots, beyond, target)

        async def fetch(bundle: Tile) -> Stretch:
            entries = edges.get(bundle) or await self._proven_entries(bundle, held, roots[bundle.index])
            stretch = await self._with_objects(bundle, held, entries)
            self._width = WIDTH if stretch.object_bytes <= SMALL_BYTES else 1
            return stretch

        async with aclosing(ahead(_each(bundles), fetch, lambda: self._width)) as stretches:
            async for stretch in stretches:
                yield stretch

    async def _edge(self, bundle: Tile, held: Held) -> _Entries:
        """A bundle of which not all is new, or not all is there: proven with the root of the tree."""
        leaves = await self._entries(bundle, held)
        return _Entries(leaves, tuple(map(leaf_hash, leaves)), None)

    async def _proven_entries(self, bundle: Tile, held: Held, root: bytes) -> _Entries:
        leaves = await self._entries(bundle, held)
        hashes = tuple(map(leaf_hash, leaves))
        if root_of(hashes) != root:
            raise TransportError("road.bundle-missed", path=bundle.path)
        return _Entries(leaves, hashes, root)

    def _prove(
        self,
        held: Held,
        bundles: list[Tile],
        edges: Mapping[Tile, _Entries],
        roots: Mapping[int, bytes],
        beyond: Mapping[Node, bytes],
        target: Checkpoint,
    ) -> None:
        frontier = held.frontier
        for bundle in bundles:
            if bundle in edges:
                frontier = frontier.extend(edges[bundle].hashes)
            else:
                frontier = frontier.append_subtree(8, roots[bundle.index])
        for node, subtree in beyond.items():
            frontier = frontier.append_subtree(node.level, subtree)
        if frontier.size != target.tree_size or frontier.root() != target.root_hash:
            raise TransportError("road.root-missed", origin=self._origin.encode(), size=target.tree_size)

    async def _entries(self, bundle: Tile, held: Held) -> tuple[bytes, ...]:
        """The leaves of a bundle that are not held yet."""
        skipped = max(0, held.frontier.size - bundle.first)
        offset = held.entries_end if skipped else 0
        headers = {"Range": f"bytes={offset}-"} if _is_tail(bundle, skipped) else {}
        answer, width = await self._file(bundle, MAX_ENTRIES_BYTES, headers)
        # The whole is cut where no ``Range`` was asked or understood.
        data = answer.body if _is_part(answer, offset) else answer.body[offset:]
        return _parsed(lambda: parse_entry_bundle(data, width - skipped))[: bundle.width - skipped]

    async def _file(
        self, tile: Tile, max_bytes: int, headers: Mapping[str, str] | None = None
    ) -> tuple[Answer, int]:
        """A file and its width: the full one where its author has grown and serves the partial one no more (P-12).

        Raises:
            TransportError: As `get`; where neither is there, of the one that is needed, for which an author answers.
        """
        also = (PARTIAL_CONTENT,) if headers else ()
        full = replace(tile, width=TILE_WIDTH)
        if tile == full:
            return await self.get(full.path, max_bytes, headers, also=also), TILE_WIDTH
        also = (*also, NOT_FOUND)
        partial_answer = await self.get(tile.path, max_bytes, headers, also=also)
        if partial_answer.status != NOT_FOUND:
            return partial_answer, tile.width
        answer = await self.get(full.path, max_bytes, headers, also=also)
        if answer.status == NOT_FOUND:
            raise self._status(partial_answer, tile.path)
        return answer, TILE_WIDTH

    async def _level_one(self, inner: list[Tile], size: int) -> dict[int, bytes]:
        """Root of each full bundle, from the level-1 tiles; proven only when the whole root is."""
        roots: dict[int, bytes] = {}
        if not inner:
            return roots
        first, end = inner[0].index, inner[-1].index + 1
        for index in range(first // TILE_WIDTH, -(-end // TILE_WIDTH)):
            width = min(TILE_WIDTH, size // TILE_WIDTH - index * TILE_WIDTH)
            tile = Tile("hashes", 1, index, width)
            answer, found = await self._file(tile, MAX_TILE_BYTES)
            hashes = _parsed(partial(parse_tile, answer.body, found))
            roots.update(enumerate(hashes[:width], start=tile.first))
        return roots

    async def _with_objects(self, bundle: Tile, held: Held, entries: _Entries) -> Stretch:
        """The stretch of a bundle: only the objects that are new, where the bundle was not rewritten."""
        skipped = max(0, held.frontier.size - bundle.first)
        headers: dict[str, str] = {}
        # Sealed objects do not compress.
        ranged = _is_tail(bundle, skipped) or (skipped and not self._origin.is_public)
        if ranged and held.objects_etag:
            headers = {"Range": f"bytes={held.objects_end}-", "If-Range": held.objects_etag}
        answer, width = await self._file(replace(bundle, kind="objects"), MAX_OBJECTS_BYTES, headers)
        start = skipped if _is_part(answer, held.objects_end) else 0
        objects = _parsed(lambda: parse_objects(answer.body, width - start))[: bundle.width - start]
        end = len(answer.body) if width == bundle.width else len(encode_objects(objects))
        end += held.objects_end if start else 0
        objects = objects[skipped - start :]
        full = bundle.width == TILE_WIDTH
        return Stretch(
            bundle.first + skipped,
            *entries,
            objects,
            0 if full else end,
            "" if full else answer.plain_etag,
            sum(map(len, filter(None, objects))),
        )

    async def objects(self, number: int, size: int) -> tuple[bytes | None, ...]:
        """All objects of one bundle of a feed of that size, as its author gives them now."""
        width = min(TILE_WIDTH, size - number * TILE_WIDTH)
        answer, found = await self._file(Tile("objects", 0, number, width), MAX_OBJECTS_BYTES)
        return _parsed(lambda: parse_objects(answer.body, found))[:width]

    async def _subtrees(self, nodes: tuple[Node, ...], size: int) -> dict[Node, bytes]:
        """Roots of some subtrees of a tree of that size, in their order, from the tiles; they prove nothing yet."""
        tiles = {}
        for tile in sorted({node_tile(node, size) for node in nodes}, key=lambda tile: tile.path):
            answer, found = await self._file(tile, MAX_TILE_BYTES)
            tiles[tile] = _parsed(partial(parse_tile, answer.body, found))[: tile.width]
        return node_hashes(nodes, size, tiles)

    async def prefix_root(self, old_size: int, target: Checkpoint) -> tuple[bytes, tuple[bytes, ...]] | None:
        """What the author's own tree of `target` has as root of its first `old_size` leaves.

        Returns:
            That root and the hashes that prove it under the signed root: those that cover the
            first leaves, then those that cover the rest. None where the author's tiles do not
            reach the signed root: then nothing is proven.
        """
        size = target.tree_size
        left, right = range_nodes(0, old_size), range_nodes(old_size, size)
        hashes = await self._subtrees((*left, *right), size)
        frontier = Frontier()
        for node in left:
            frontier = frontier.append_subtree(node.level, hashes[node])
        old_root = frontier.root()
        for node in right:
            frontier = frontier.append_subtree(node.level, hashes[node])
        if frontier.root() != target.root_hash:
            return None
        return old_root, tuple(hashes[node] for node in (*left, *right))


async def _each(bundles: Iterable[Tile]) -> AsyncIterator[Tile]:
    for bundle in bundles:
        yield bundle


def _is_tail(bundle: Tile, skipped: int) -> bool:
    """Whether what is new in a bundle is so little that it is smaller as it is than the whole is compressed."""
    return bool(skipped) and COMPRESSES * (bundle.width - skipped) <= bundle.width


def _is_part(answer: Answer, offset: int) -> bool:
    """Whether an answer is the part from `offset` on; False for the whole.

    Raises:
        TransportError: ``road.damaged`` where it is another part than was asked for.
    """
    if answer.status != PARTIAL_CONTENT:
        return False
    if not answer.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
        raise TransportError("road.damaged", coding="Content-Range")
    return True


def _is_edge(bundle: Tile, held: Held) -> bool:
    return bundle.width < TILE_WIDTH or bundle.first < held.frontier.size


def _parsed(parse: Callable[[], T]) -> T:
    """Bytes that do not even parse never reached the signed root: the road's fault, not the author's."""
    try:
        return parse()
    except ProtocolError as exc:
        raise TransportError("road.damaged", coding=exc.code) from exc
