"""spec "Feeds": the Merkle tree. Published vectors, then every small tree and every broken bit."""

from __future__ import annotations

import base64
import json
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.errors import ProtocolError
from passerelle.protocol import merkle
from passerelle.protocol.merkle import Frontier, Node

VECTORS = json.loads(
    (Path(__file__).parents[3] / "spec/vectors/published/merkle-proofs.json").read_text(encoding="utf-8")
)
SIZES = range(101)
LEAVES = tuple(merkle.leaf_hash(b"entry %d\n" % index) for index in SIZES)

# Where we differ from transparency-dev/merkle: one root that is no hash is refused here.
OTHER_VERDICTS = {"sizes-are-equal-one-and-proof-is-empty"}

# Roots of the worked example: entry i is "entry <i>\n". Cross-checked with three other programs.
WORKED_ROOTS = {
    1: "FiHOfaiyVKSlJYyQjHADc2z8NG8kgqvmCmBlH7wRZ5E=",
    2: "/h+2s9jnS+4u7RyHxkdMxC6zihyqhcmu/Yo8NQExOSU=",
    3: "JuepCLEeDgtaydy1MBABTLXvSvOXbV6jWV1IpMD7cYs=",
    5: "yPFA0nVVp4Kn5u40sWJWSMGpIO/IGbB5vSHKLdpohO4=",
    256: "Tos73taU3PGTY0bFzH/EcSwTM87b2mAnidbjuDw6wgU=",
    257: "B6224GT6QpIYNkL61R6MCnrGiFzlUMB3yTQ95itXrcA=",
    600: "v3dyglMp7Q5YWb3i2edP6bGnfVwc+noD1kp0SlTuiPg=",
}


def naive_root(leaves: tuple[bytes, ...]) -> bytes:
    """The recursive definition of RFC 9162 2.1.1, word for word: the oracle."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


@cache
def subtree(node: Node) -> bytes:
    """Hash of a perfect subtree over LEAVES."""
    return naive_root(LEAVES[node.index << node.level : (node.index + 1) << node.level])


def hashes_of(nodes: tuple[Node, ...]) -> dict[Node, bytes]:
    return {node: subtree(node) for node in nodes}


def inclusion(size: int, index: int) -> tuple[bytes, ...]:
    return merkle.build_inclusion(size, index, hashes_of(merkle.inclusion_indexes(size, index)))


def consistency(old: int, new: int) -> tuple[bytes, ...]:
    return merkle.build_consistency(old, new, hashes_of(merkle.consistency_indexes(old, new)))


def flips(proof: tuple[bytes, ...]) -> list[tuple[bytes, ...]]:
    """The proof with each of its bits flipped in turn."""
    broken = []
    for place, hash_ in enumerate(proof):
        for bit in range(len(hash_) * 8):
            changed = bytearray(hash_)
            changed[bit // 8] ^= 1 << bit % 8
            broken.append((*proof[:place], bytes(changed), *proof[place + 1 :]))
    return broken


def decoded(texts: list[str] | None) -> tuple[bytes, ...]:
    return tuple(base64.b64decode(text) for text in texts or [])


def is_refused(call: Any, *args: Any) -> bool:
    try:
        call(*args)
    except ProtocolError:
        return True
    return False


def test_published_hashes() -> None:
    """RFC 9162 2.1.1: the hashes that transparency-dev/merkle publishes."""
    hashes = VECTORS["hashes"]
    assert merkle.EMPTY_ROOT.hex() == hashes["empty_root"]
    for entry, expected in hashes["leaves"].items():
        assert merkle.leaf_hash(entry.encode()).hex() == expected
    node = hashes["node"]
    assert merkle.node_hash(node["left"].encode(), node["right"].encode()).hex() == node["hash"]


@pytest.mark.parametrize("case", VECTORS["inclusion"], ids=lambda case: case["file"])
def test_published_inclusion_proofs(case: dict[str, Any]) -> None:
    """RFC 9162 2.1.3.2: the same verdict as transparency-dev/merkle."""
    refused = is_refused(
        merkle.verify_inclusion,
        case["treeSize"],
        case["leafIdx"],
        base64.b64decode(case["leafHash"]),
        decoded(case["proof"]),
        base64.b64decode(case["root"]),
    )
    assert refused == case["wantErr"]


@pytest.mark.parametrize("case", VECTORS["consistency"], ids=lambda case: case["file"])
def test_published_consistency_proofs(case: dict[str, Any]) -> None:
    """RFC 9162 2.1.4.2: the same verdict as transparency-dev/merkle."""
    refused = is_refused(
        merkle.verify_consistency,
        case["size1"],
        case["size2"],
        decoded(case["proof"]),
        base64.b64decode(case["root1"]),
        base64.b64decode(case["root2"]),
    )
    assert refused == (case["wantErr"] != (Path(case["file"]).stem in OTHER_VERDICTS))


def test_the_published_cases_are_all_there() -> None:
    """An empty list of vectors would pass every test above."""
    assert (len(VECTORS["inclusion"]), len(VECTORS["consistency"])) == (98, 98)


@pytest.mark.parametrize(("size", "root"), WORKED_ROOTS.items())
def test_worked_roots(size: int, root: str) -> None:
    """The worked example, whose entry i is the line "entry <i>"."""
    leaves = (merkle.leaf_hash(f"entry {index}\n".encode()) for index in range(size))
    assert base64.b64encode(merkle.root_of(leaves)).decode() == root


def test_roots_of_every_small_tree() -> None:
    """The compact range gives the root of the recursive definition, appended one by one or in batches."""
    growing = Frontier()
    for size in SIZES:
        expected = naive_root(LEAVES[:size])
        assert growing.root() == expected == merkle.root_of(LEAVES[:size])
        assert (growing.size, len(growing.hashes)) == (size, size.bit_count())
        assert Frontier().extend(LEAVES[: size // 3]).extend(LEAVES[size // 3 : size]) == growing
        growing = growing.append(LEAVES[size])


def test_range_nodes_fill_the_range() -> None:
    """Perfect subtrees side by side, aligned, and as few as the compact range has hashes."""
    for end in range(65):
        assert len(merkle.range_nodes(0, end)) == end.bit_count()
        for start in range(end + 1):
            reached = start
            for node in merkle.range_nodes(start, end):
                assert node.index << node.level == reached
                reached = (node.index + 1) << node.level
            assert reached == end


def test_inclusion_of_every_leaf_of_every_small_tree() -> None:
    """A proof shows its leaf, at its index, in its tree, and nothing else."""
    for size in SIZES:
        root = naive_root(LEAVES[:size])
        for index in range(size):
            proof = inclusion(size, index)
            merkle.verify_inclusion(size, index, LEAVES[index], proof, root)
            other = LEAVES[(index + 1) % len(LEAVES)]
            assert is_refused(merkle.verify_inclusion, size, index, other, proof, root)
            assert is_refused(merkle.verify_inclusion, size, index, LEAVES[index], (*proof, other), root)
            assert is_refused(merkle.verify_inclusion, size, index, LEAVES[index], proof, other)
            for wrong_index in (index ^ 1, index + 1, index - 1, size, -1):
                if wrong_index != index:
                    assert is_refused(merkle.verify_inclusion, size, wrong_index, LEAVES[index], proof, root)
            if proof:
                assert is_refused(merkle.verify_inclusion, size, index, LEAVES[index], proof[:-1], root)


def test_consistency_of_every_pair_of_small_trees() -> None:
    """A proof joins its two trees and no others."""
    roots = [naive_root(LEAVES[:size]) for size in SIZES]
    for new in SIZES:
        for old in range(new + 1):
            proof = consistency(old, new)
            merkle.verify_consistency(old, new, proof, roots[old], roots[new])
            wrong = sha256(b"the root of another tree").digest()
            assert is_refused(merkle.verify_consistency, old, new, proof, wrong, roots[new])
            if old:  # from nothing, every tree is as good as another
                assert is_refused(merkle.verify_consistency, old, new, proof, roots[old], wrong)
            assert is_refused(merkle.verify_consistency, old, new, (*proof, wrong), roots[old], roots[new])
            if proof:
                assert is_refused(merkle.verify_consistency, old, new, proof[1:], roots[old], roots[new])


@pytest.mark.parametrize("size", SIZES)
def test_every_flipped_bit_of_an_inclusion_proof(size: int) -> None:
    """No bit of a proof is without meaning: one leaf of each tree."""
    root = naive_root(LEAVES[:size])
    index = size * 5 // 8
    if size:
        for broken in flips(inclusion(size, index)):
            assert is_refused(merkle.verify_inclusion, size, index, LEAVES[index], broken, root)


@pytest.mark.parametrize("new", SIZES)
def test_every_flipped_bit_of_a_consistency_proof(new: int) -> None:
    """No bit of a proof is without meaning: one smaller tree for each tree."""
    old = new * 5 // 8
    old_root, new_root = naive_root(LEAVES[:old]), naive_root(LEAVES[:new])
    for broken in flips(consistency(old, new)):
        assert is_refused(merkle.verify_consistency, old, new, broken, old_root, new_root)


def test_growth_from_nothing_needs_the_empty_root() -> None:
    """C2SP tlog-witness: old size 0 goes with the root of the empty tree and an empty proof."""
    merkle.verify_consistency(0, 5, (), merkle.EMPTY_ROOT, LEAVES[5])
    assert is_refused(merkle.verify_consistency, 0, 5, (), LEAVES[0], LEAVES[5])
    assert is_refused(merkle.verify_consistency, 0, 5, (LEAVES[0],), merkle.EMPTY_ROOT, LEAVES[5])


def test_hashes_of_another_length_are_refused() -> None:
    """L-4: a proof is a list of 32-byte hashes, and at most 63 of them."""
    root = naive_root(LEAVES[:2])
    assert is_refused(merkle.verify_inclusion, 2, 0, LEAVES[0], (LEAVES[1] + b"\0",), root)
    for count in (63, 64):
        endless, reached = (LEAVES[1],) * count, LEAVES[0]
        for sibling in endless:
            reached = merkle.node_hash(reached, sibling)
        assert is_refused(merkle.verify_inclusion, 2**count, 0, LEAVES[0], endless, reached) == (count > 63)


def test_codes_name_the_kind_of_proof() -> None:
    """Codes: merkle.inclusion, merkle.consistency."""
    with pytest.raises(ProtocolError) as caught:
        merkle.verify_inclusion(1, 0, LEAVES[0], (), LEAVES[1])
    assert caught.value.code == "merkle.inclusion"
    with pytest.raises(ProtocolError) as caught:
        merkle.verify_consistency(1, 2, (), LEAVES[0], LEAVES[1])
    assert caught.value.code == "merkle.consistency"


def test_own_mistakes_are_no_protocol_errors() -> None:
    """Asking for a proof that cannot exist is a bug of ours."""
    with pytest.raises(ValueError, match="no leaf 3"):
        merkle.inclusion_indexes(3, 3)
    with pytest.raises(ValueError, match="grows"):
        merkle.consistency_indexes(4, 3)


@given(st.integers(0, 300))
def test_frontier_round_trip(size: int) -> None:
    """parse(encode(x)) == x."""
    frontier = Frontier().extend(sha256(bytes([index % 256])).digest() for index in range(size))
    assert Frontier.parse(frontier.encode()) == frontier


@given(
    st.binary(max_size=120)
    | st.integers(0, 7).map(lambda n: n.to_bytes(8, "big") + bytes(32 * n.bit_count()))
)
def test_frontier_of_any_bytes(data: bytes) -> None:
    """Any bytes parse to what encodes to them, or raise ProtocolError."""
    try:
        frontier = Frontier.parse(data)
    except ProtocolError:
        assert len(data) != 8 + 32 * int.from_bytes(data[:8], "big").bit_count()
    else:
        assert frontier.encode() == data


@pytest.mark.parametrize(
    "data", [b"", bytes(7), bytes(9), (3).to_bytes(8, "big") + bytes(32), (1).to_bytes(8, "big") + bytes(64)]
)
def test_a_frontier_whose_hashes_fit_no_size(data: bytes) -> None:
    """Chapter 12: stored hashes that are too few or too many for the size beside them are no tree."""
    with pytest.raises(ProtocolError, match=r"merkle\.malformed-frontier"):
        Frontier.parse(data)
