"""``tree-proofs.json`` and ``forks.json``: every proof of 300 trees, what spoils one, what proves a fork."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import sha256
from typing import Final

from makers.common import SELF, Key, Tree, seed
from makers.feeds import entry, leaf_hash, line, node_hash, split, text_of
from makers.signed_records import Actors

LARGEST: Final = 300
LEAVES: Final = [leaf_hash(entry(index)) for index in range(600)]

# Size and index, old and new size: one of each shape.
_PLACES: Final = ((1, 0), (2, 1), (5, 2), (7, 6), (100, 64), (257, 256))
_PAIRS: Final = ((1, 2), (3, 5), (4, 8), (6, 8), (7, 13), (255, 256), (256, 257), (300, 600))


@cache
def root(start: int, end: int) -> bytes:
    """MTH of the leaves from ``start`` to before ``end``."""
    if end - start < 2:
        return LEAVES[start] if end > start else sha256(b"").digest()
    middle = start + split(end - start)
    return node_hash(root(start, middle), root(middle, end))


def path(index: int, start: int, end: int) -> list[bytes]:
    """PATH of RFC 9162 section 2.1.3.1, by positions."""
    if end - start == 1:
        return []
    middle = start + split(end - start)
    if index < middle:
        return [*path(index, start, middle), root(middle, end)]
    return [*path(index, middle, end), root(start, middle)]


def subproof(old: int, start: int, end: int, *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 9162 section 2.1.4.1, by positions."""
    if old == end:
        return [] if whole else [root(start, end)]
    middle = start + split(end - start)
    if old <= middle:
        return [*subproof(old, start, middle, whole=whole), root(middle, end)]
    return [*subproof(old, middle, end, whole=False), root(start, middle)]


def _digest(proofs: Iterator[Sequence[bytes]]) -> str:
    """One hash over many proofs, each as its number of hashes in one byte and the hashes."""
    whole = sha256()
    for proof in proofs:
        whole.update(bytes([len(proof)]) + b"".join(proof))
    return whole.hexdigest()


def make_tree_proofs() -> Tree:
    """A hash over all proofs of each size, and proofs that do not hold."""
    sizes = range(1, LARGEST + 1)
    return {
        "chapter": "05",
        "about": "Leaf i is the ASCII text `entry i` and a line feed; roots are in trees.json. inclusion: by size n, SHA-256 over "
        "the inclusion proofs of the indexes 0 to n - 1, one after the other, each as one byte with its number of hashes and "
        "the hashes. consistency: by size n, the same over the consistency proofs of the sizes 1 to n with size n. mutations: "
        "proofs that do not hold, with all that a verifier is given; kind says which sort.",
        "made_by": SELF,
        "confirmed_by": [],
        "inclusion": {str(size): _digest(path(index, 0, size) for index in range(size)) for size in sizes},
        "consistency": {
            str(size): _digest(subproof(old, 0, size) for old in range(1, size + 1)) for size in sizes
        },
        "mutations": [*_inclusion_mutations(), *_consistency_mutations()],
    }


def _spoilt(proof: list[bytes], stranger: bytes) -> Iterator[tuple[str, list[bytes]]]:
    for at, item in enumerate(proof):
        changed = bytes([item[0] ^ 0x80]) + item[1:]
        yield f"the first bit of hash {at}", [*proof[:at], changed, *proof[at + 1 :]]
        yield f"hash {at} left out", [*proof[:at], *proof[at + 1 :]]
    if proof:
        yield "the last hash of 31 bytes", [*proof[:-1], proof[-1][:-1]]
    if len(proof) > 1:
        yield "two hashes exchanged", [proof[1], proof[0], *proof[2:]]
    yield "a hash more at the end", [*proof, stranger]
    yield "a hash more at the beginning", [stranger, *proof]
    yield "64 hashes", [*proof, *[stranger] * (64 - len(proof))]


def _inclusion_mutations() -> Iterator[Tree]:
    for size, index in _PLACES:
        proof, stranger = path(index, 0, size), seed("treeproofs/stranger")
        base: Tree = {
            "kind": "inclusion",
            "rule": "L-4",
            "code": "merkle.inclusion",
            "size": size,
            "index": index,
        }
        ends = {"leaf_hash": LEAVES[index].hex(), "root": root(0, size).hex()}
        name = f"leaf {index} of {size}"
        for what, spoilt in _spoilt(proof, stranger):
            yield {"name": f"{name}: {what}"} | base | ends | {"proof": [item.hex() for item in spoilt]}
        whole = {"proof": [item.hex() for item in proof]}
        yield {"name": f"{name}: another leaf"} | base | ends | {"leaf_hash": stranger.hex()} | whole
        yield {"name": f"{name}: another root"} | base | ends | {"root": stranger.hex()} | whole
        yield {"name": f"{name}: an index beyond the size"} | base | ends | {"index": size} | whole
        # What only the counting of levels refuses: the hashes do lead to the root that is claimed.
        yield {"name": f"{name}: a size of a level more"} | base | ends | {"size": 4 * size} | whole
        above = {"root": node_hash(stranger, root(0, size)).hex(), "proof": [*whole["proof"], stranger.hex()]}
        yield {"name": f"{name}: a hash more, and the root that it gives"} | base | ends | above
        if size > 1:
            yield {"name": f"{name}: the index beside it"} | base | ends | {"index": index ^ 1} | whole
    short = seed("treeproofs/stranger")[:31]
    yield {
        "name": "leaf 0 of 2: a hash of 31 bytes, and the root that it gives",
        "kind": "inclusion",
        "rule": "L-4",
        "code": "merkle.inclusion",
        "size": 2,
        "index": 0,
        "leaf_hash": LEAVES[0].hex(),
        "root": node_hash(LEAVES[0], short).hex(),
        "proof": [short.hex()],
    }


def _consistency_mutations() -> Iterator[Tree]:
    stranger = seed("treeproofs/stranger")
    for old, new in _PAIRS:
        proof = subproof(old, 0, new)
        base: Tree = {
            "kind": "consistency",
            "rule": "L-4",
            "code": "merkle.consistency",
            "old": old,
            "new": new,
        }
        ends = {"old_root": root(0, old).hex(), "new_root": root(0, new).hex()}
        name = f"{old} in {new}"
        for what, spoilt in _spoilt(proof, stranger):
            yield {"name": f"{name}: {what}"} | base | ends | {"proof": [item.hex() for item in spoilt]}
        whole = {"proof": [item.hex() for item in proof]}
        yield {"name": f"{name}: another old root"} | base | ends | {"old_root": stranger.hex()} | whole
        yield {"name": f"{name}: another new root"} | base | ends | {"new_root": stranger.hex()} | whole
        turned = {"old": new, "new": old, "old_root": ends["new_root"], "new_root": ends["old_root"]}
        yield {"name": f"{name}: the sizes exchanged"} | base | turned | whole
        yield {"name": f"{name}: a new size of a level more"} | base | ends | {"new": 4 * new} | whole
        above = {
            "old_root": node_hash(stranger, root(0, old)).hex(),
            "new_root": node_hash(stranger, root(0, new)).hex(),
            "proof": [*whole["proof"], stranger.hex()],
        }
        if old & (old - 1):  # else the old root is itself the first hash
            yield {"name": f"{name}: a hash more, and the roots that it gives"} | base | ends | above
    empty = sha256(b"").hexdigest()
    base = {"kind": "consistency", "rule": "L-4", "code": "merkle.consistency"}
    five = root(0, 5).hex()
    cases: dict[str, Tree] = {
        "equal sizes, another root": {"old": 5, "new": 5, "old_root": five, "new_root": empty, "proof": []},
        "equal sizes, with a proof": {
            "old": 5,
            "new": 5,
            "old_root": five,
            "new_root": five,
            "proof": [five],
        },
        "from 0 with a proof": {"old": 0, "new": 5, "old_root": empty, "new_root": five, "proof": [five]},
        "from 0 with another root": {"old": 0, "new": 5, "old_root": five, "new_root": five, "proof": []},
        "1 in 2: a hash of 31 bytes, and the roots that it gives": {
            "old": 1,
            "new": 2,
            "old_root": LEAVES[0].hex(),
            "new_root": node_hash(LEAVES[0], stranger[:31]).hex(),
            "proof": [stranger[:31].hex()],
        },
    }
    for name, case in cases.items():
        yield {"name": name} | base | case


# --- forks -------------------------------------------------------------------------------


def complete(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The fewest complete subtrees that cover the leaves from ``start`` to before ``end``, left to right."""
    while start < end:
        width = 1
        while start % (2 * width) == 0 and start + 2 * width <= end:
            width *= 2
        yield start, start + width
        start += width


def make_forks() -> Tree:
    """Two notes that contradict each other, and pairs that do not."""
    return {
        "chapter": "09",
        "about": "log_keys: public keys of the author's log. one-size: whether two notes prove a fork of origin by their two roots. "
        "two-sizes: whether lower (hashes of the complete subtrees below old) and upper (those from old to new, left to right) "
        "prove that the tree of new_root does not begin with that of old_root (F-19).",
        "made_by": SELF,
        "confirmed_by": [],
        **_notes(),
    }


def _notes() -> Tree:
    origin = f"passerelle/{Actors().scids['togo']}/public/1"

    def note(size: int, root_hash: bytes, key: str = "togo/log/1", name: str = origin) -> str:
        text = text_of(name, size, root_hash)
        return text + "\n" + line(name, 1, seed(key), text.encode())

    other = seed("forks/other root")
    pairs: dict[str, tuple[str, str, bool]] = {
        "two roots of one size": (note(5, root(0, 5)), note(5, other), True),
        "one root, signed twice": (note(5, root(0, 5)), note(5, root(0, 5)), False),
        "two roots, one of them signed by a stranger": (
            note(5, root(0, 5)),
            note(5, other, "mali/log/1"),
            False,
        ),
        "two roots of two feeds": (note(5, root(0, 5)), note(5, other, name=origin[:-1] + "2"), False),
        "two sizes and nothing else": (note(5, root(0, 5)), note(6, other), False),
    }
    return {
        "origin": origin,
        "log_keys": [Key("togo/log/1").public.hex()],
        "cases": [
            *(
                {
                    "name": name,
                    "rule": "F-19",
                    "kind": "one-size",
                    "first": first,
                    "second": second,
                    "proven": proven,
                }
                for name, (first, second, proven) in pairs.items()
            ),
            *_two_sizes(),
        ],
    }


def _two_sizes() -> Iterator[Tree]:
    for old, new in ((1, 2), (3, 5), (4, 8), (7, 13), (12, 14), (255, 257)):
        lower = [root(*span) for span in complete(0, old)]
        upper = [root(*span) for span in complete(old, new)]
        stranger = seed("forks/old root")
        base: Tree = {
            "rule": "F-19",
            "kind": "two-sizes",
            "old": old,
            "new": new,
            "new_root": root(0, new).hex(),
        }
        hashes = {"lower": [item.hex() for item in lower], "upper": [item.hex() for item in upper]}
        name = f"{old} and {new}"
        yield {"name": f"{name}: another past", **base, "old_root": stranger.hex(), **hashes, "proven": True}
        yield {
            "name": f"{name}: the same past",
            **base,
            "old_root": root(0, old).hex(),
            **hashes,
            "proven": False,
        }
        spoilt = hashes | {"upper": [stranger.hex(), *hashes["upper"][1:]]}
        yield {
            "name": f"{name}: hashes that miss the root",
            **base,
            "old_root": stranger.hex(),
            **spoilt,
            "proven": False,
        }
        short = hashes | {"upper": hashes["upper"][1:]}
        if old == 1:
            one, two = lower[0], upper[0]
            cut = {"lower": [one[:31].hex()], "upper": [(one[31:] + two).hex()]}
            honest = {"old_root": root(0, old).hex(), "proven": False, "rule": "F-64"}
            yield {"name": f"{name}: the same past, cut at another byte", **base, **cut, **honest}
        yield {
            "name": f"{name}: a hash left out",
            **base,
            "old_root": stranger.hex(),
            **short,
            "proven": False,
        }
