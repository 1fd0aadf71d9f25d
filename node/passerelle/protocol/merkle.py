"""The Merkle tree of a feed: hashes, compact ranges, proofs (RFC 9162 section 2.1).

    MTH({})   = SHA-256("")
    leaf      = SHA-256(0x00 || entry)
    node      = SHA-256(0x01 || left || right)
    MTH(D[n]) = node(MTH(D[0:k]), MTH(D[k:n])), k the largest power of two below n

A proof is made in three steps, so that tests, files, databases and the network share
one core: ``*_indexes`` names the perfect subtrees that a proof needs, the caller reads
their hashes from wherever they lie, ``build_*`` puts the proof together. What this
module does not do: it knows nothing of tiles, signatures or storage, and it never sees
more of an entry than its leaf hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from passerelle.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HASH_BYTES: Final = 32
MAX_PROOF_HASHES: Final = 63
"""No tree has more than 2^63 leaves, so no honest proof is longer."""

EMPTY_ROOT: Final = sha256(b"").digest()

_SIZE_BYTES: Final = 8


def leaf_hash(entry: bytes) -> bytes:
    """Hash of a leaf, ``SHA-256(0x00 || entry)``."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node, ``SHA-256(0x01 || left || right)``."""
    return sha256(b"\x01" + left + right).digest()


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """Root hash of the tree over these leaf hashes, ``EMPTY_ROOT`` for none.

    Also the hash by which one full tile stands in the level above it. Joined row by row, a last
    one without a neighbour moving up as it is: the same tree as from the left, in fewer steps.
    """
    row = list(leaf_hashes)
    while len(row) > 1:
        above = [
            sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=False)
        ]
        if len(row) & 1:
            above.append(row[-1])
        row = above
    return row[0] if row else EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: all it takes to append to the tree and to know its root.

    Wire form, for storage: ``u64 size || hash...``, one hash for each bit set in the size.

    Args:
        size: Number of leaves, 0 or more; also the index that the next leaf gets.
        hashes: Roots of the perfect subtrees that the leaves fill, largest (leftmost) first.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def append(self, new_leaf: bytes) -> Frontier:
        """The frontier after one more leaf hash."""
        return self.extend((new_leaf,))

    def extend(self, leaf_hashes: Iterable[bytes]) -> Frontier:
        """The frontier after these leaf hashes, in order."""
        hashes = list(self.hashes)
        size = self.size
        for added in leaf_hashes:
            subtree = added
            below = size
            while below & 1:  # a perfect subtree of this height waits for its right half
                subtree = node_hash(hashes.pop(), subtree)
                below >>= 1
            hashes.append(subtree)
            size += 1
        return Frontier(size, tuple(hashes))

    def append_subtree(self, height: int, subtree: bytes) -> Frontier:
        """The frontier after a perfect subtree of ``2**height`` leaves, known by its root.

        Raises:
            ValueError: ``subtree`` is no hash (F-64), or the size is not a multiple of ``2**height``, so no
                such subtree can follow.
        """
        if len(subtree) != HASH_BYTES:
            raise ValueError("a hash has 32 bytes")
        if self.size % (1 << height):
            raise ValueError(f"no subtree of height {height} can begin at {self.size}")
        hashes = list(self.hashes)
        merged = subtree
        below = self.size >> height
        while below & 1:
            merged = node_hash(hashes.pop(), merged)
            below >>= 1
        return Frontier(self.size + (1 << height), (*hashes, merged))

    def root(self) -> bytes:
        """Root hash of the tree, ``EMPTY_ROOT`` at size 0."""
        return _fold(self.hashes) if self.hashes else EMPTY_ROOT

    def encode(self) -> bytes:
        """The wire form, 8 bytes and 32 for each hash."""
        return self.size.to_bytes(_SIZE_BYTES, "big") + b"".join(self.hashes)

    @classmethod
    def parse(cls, data: bytes) -> Frontier:
        """Inverse of ``encode``.

        Raises:
            ProtocolError: ``merkle.malformed-frontier`` where size and number of hashes differ.
        """
        size = int.from_bytes(data[:_SIZE_BYTES], "big")
        if len(data) != _SIZE_BYTES + HASH_BYTES * size.bit_count():
            raise ProtocolError("merkle.malformed-frontier", length=len(data))
        starts = range(_SIZE_BYTES, len(data), HASH_BYTES)
        return cls(size, tuple(data[start : start + HASH_BYTES] for start in starts))


@dataclass(frozen=True, slots=True)
class Node:
    """Address of a perfect subtree: leaves ``[index << level, (index + 1) << level)``.

    Args:
        level: Height above the leaves, 0 for a leaf.
        index: Position among the subtrees of that height, from the left.
    """

    level: int
    index: int


def range_nodes(start: int, end: int) -> tuple[Node, ...]:
    """The fewest perfect subtrees that fill leaves ``[start, end)``, left to right."""
    nodes: list[Node] = []
    while start < end:
        alignment = (start & -start).bit_length() - 1 if start else end.bit_length()
        level = min(alignment, (end - start).bit_length() - 1)
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return tuple(nodes)


def inclusion_indexes(size: int, index: int) -> tuple[Node, ...]:
    """Subtrees whose hashes ``build_inclusion`` needs for the leaf ``index`` of ``size`` leaves."""
    return _nodes_of(_inclusion_ranges(size, index))


def build_inclusion(size: int, index: int, hashes: Mapping[Node, bytes]) -> tuple[bytes, ...]:
    """The inclusion proof, the leaf's sibling first (RFC 9162 section 2.1.3.1)."""
    return _hash_ranges(_inclusion_ranges(size, index), hashes)


def consistency_indexes(old_size: int, new_size: int) -> tuple[Node, ...]:
    """Subtrees whose hashes ``build_consistency`` needs."""
    return _nodes_of(_consistency_ranges(old_size, new_size))


def build_consistency(old_size: int, new_size: int, hashes: Mapping[Node, bytes]) -> tuple[bytes, ...]:
    """The consistency proof (RFC 9162 section 2.1.4.1); empty for size 0 and for equal sizes."""
    return _hash_ranges(_consistency_ranges(old_size, new_size), hashes)


def verify_inclusion(size: int, index: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf hash ``leaf`` stands at ``index`` of the tree (RFC 9162 section 2.1.3.2).

    Raises:
        ProtocolError: ``merkle.inclusion`` unless the proof leads from the leaf to the root.
    """
    if not 0 <= index < size or not _well_formed(proof, leaf, root):
        raise ProtocolError("merkle.inclusion", index=index, size=size)
    position, last, reached = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProtocolError("merkle.inclusion", index=index, size=size)
        if position & 1 or position == last:
            reached = node_hash(sibling, reached)
            position, last = _climb_to_right_child(position, last)
        else:
            reached = node_hash(reached, sibling)
        position, last = position >> 1, last >> 1
    if last != 0 or reached != root:
        raise ProtocolError("merkle.inclusion", index=index, size=size)


def verify_consistency(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Check that the larger tree starts with the smaller one (RFC 9162 section 2.1.4.2).

    From size 0 everything grows: the proof is empty then, and the old root ``EMPTY_ROOT``.

    Raises:
        ProtocolError: ``merkle.consistency`` unless the proof leads to both roots.
    """
    if not _is_consistent(old_size, new_size, proof, old_root, new_root):
        raise ProtocolError("merkle.consistency", old_size=old_size, new_size=new_size)


def _is_consistent(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    if not 0 <= old_size <= new_size or not _well_formed(proof, old_root, new_root):
        return False
    if old_size == 0 and old_root != EMPTY_ROOT:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if old_size == 0:
        return not proof
    if not proof:
        return False
    # A perfect old tree is a subtree of the new one: its root is not repeated in the proof.
    path = (old_root, *proof) if old_size.bit_count() == 1 else tuple(proof)
    position, last = _climb_to_left_child(old_size - 1, new_size - 1)
    reached_old = reached_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            reached_old = node_hash(sibling, reached_old)
            reached_new = node_hash(sibling, reached_new)
            position, last = _climb_to_right_child(position, last)
        else:
            reached_new = node_hash(reached_new, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and reached_old == old_root and reached_new == new_root


def _well_formed(proof: Sequence[bytes], *ends: bytes) -> bool:
    hashes = (*proof, *ends)
    return len(proof) <= MAX_PROOF_HASHES and all(len(hash_) == HASH_BYTES for hash_ in hashes)


def _climb_to_right_child(position: int, last: int) -> tuple[int, int]:
    """Skip the levels where a last, left-hand node has no sibling and moves up unchanged."""
    while position and not position & 1:
        position, last = position >> 1, last >> 1
    return position, last


def _climb_to_left_child(position: int, last: int) -> tuple[int, int]:
    """Start at the largest subtree that the old tree fills on its right edge."""
    while position & 1:
        position, last = position >> 1, last >> 1
    return position, last


def _split(start: int, end: int) -> int:
    """Where the tree over leaves ``[start, end)`` divides: after the largest power of two."""
    return start + (1 << (end - start - 1).bit_length() - 1)


def _inclusion_ranges(size: int, index: int) -> list[tuple[int, int]]:
    """Leaf ranges of the siblings on the way from the leaf to the root."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    start, end = 0, size
    siblings: list[tuple[int, int]] = []
    while end - start > 1:
        middle = _split(start, end)
        if index < middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((start, middle))
            start = middle
    return siblings[::-1]


def _consistency_ranges(old_size: int, new_size: int) -> list[tuple[int, int]]:
    """Leaf ranges of the subtrees that join the old tree to the new one."""
    if not 0 <= old_size <= new_size:
        raise ValueError(f"no tree of {old_size} leaves grows to {new_size}")
    if old_size in {0, new_size}:
        return []
    start, end = 0, new_size
    siblings: list[tuple[int, int]] = []
    while end != old_size:
        middle = _split(start, end)
        if old_size <= middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((start, middle))
            start = middle
    if start:  # else the old tree is perfect, and its root is known to the verifier
        siblings.append((start, old_size))
    return siblings[::-1]


def _nodes_of(ranges: Iterable[tuple[int, int]]) -> tuple[Node, ...]:
    return tuple(node for start, end in ranges for node in range_nodes(start, end))


def _hash_ranges(ranges: Iterable[tuple[int, int]], hashes: Mapping[Node, bytes]) -> tuple[bytes, ...]:
    return tuple(_fold([hashes[node] for node in range_nodes(start, end)]) for start, end in ranges)


def _fold(subtrees: Sequence[bytes]) -> bytes:
    """Root over perfect subtrees of falling size, joined from the right."""
    return reduce(lambda right, left: node_hash(left, right), reversed(subtrees))
