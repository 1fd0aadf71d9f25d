"""Vectors of proofs, forks, signatures and dates, each against the node and against a plain definition written here."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from hashlib import sha256
from typing import Final

import pytest

from passerelle.errors import ProtocolError
from passerelle.exchange import edtf
from passerelle.protocol import merkle
from passerelle.protocol.checkpoints import verify_checkpoint
from passerelle.protocol.keys import parse_multikey, verify_signature
from tests.vectors.loading import Case, assert_code, cases, load

_LEAVES: Final = [sha256(b"\0" + f"entry {index}\n".encode()).digest() for index in range(300)]


# --- RFC 9162 section 2.1, as it stands there, word by word ------------------------------


def _largest_power_of_two_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


@cache
def _mth(first: int, n: int) -> bytes:
    """MTH of ``n`` leaves from ``first``: section 2.1.1."""
    if n == 0:
        return sha256().digest()
    if n == 1:
        return _LEAVES[first]
    k = _largest_power_of_two_below(n)
    return sha256(b"\1" + _mth(first, k) + _mth(first + k, n - k)).digest()


def _path(m: int, first: int, n: int) -> list[bytes]:
    """PATH(m, D_n): section 2.1.3.1."""
    if n == 1:
        return []
    k = _largest_power_of_two_below(n)
    if m < k:
        return [*_path(m, first, k), _mth(first + k, n - k)]
    return [*_path(m - k, first + k, n - k), _mth(first, k)]


def _subproof(m: int, first: int, n: int, *, b: bool) -> list[bytes]:
    """SUBPROOF(m, D_n, b): section 2.1.4.1."""
    if m == n:
        return [] if b else [_mth(first, n)]
    k = _largest_power_of_two_below(n)
    if m <= k:
        return [*_subproof(m, first, k, b=b), _mth(first + k, n - k)]
    return [*_subproof(m - k, first + k, n - k, b=False), _mth(first, k)]


def _digest(proofs: Iterable[tuple[bytes, ...]]) -> str:
    whole = sha256()
    for proof in proofs:
        whole.update(len(proof).to_bytes(1, "big") + b"".join(proof))
    return whole.hexdigest()


def test_roots_by_definition() -> None:
    """Chapter 05, The tree: every root up to 300, by the recursive definition."""
    roots = load("trees.json")["roots"]
    assert {str(size): _mth(0, size).hex() for size in range(301)} == {
        size: root for size, root in roots.items() if int(size) <= 300
    }


def _node_hashes(nodes: Iterable[merkle.Node]) -> dict[merkle.Node, bytes]:
    return {node: _mth(node.index << node.level, 1 << node.level) for node in nodes}


def test_every_inclusion_proof_up_to_300() -> None:
    """L-4: 45,150 proofs: by definition, as the node builds them, and as the vectors sum them up."""
    told = load("tree-proofs.json")["inclusion"]
    assert len(told) == 300
    for text, digest in told.items():
        size = int(text)
        defined = [tuple(_path(index, 0, size)) for index in range(size)]
        assert _digest(defined) == digest
        for index, proof in enumerate(defined):
            nodes = merkle.inclusion_indexes(size, index)
            assert merkle.build_inclusion(size, index, _node_hashes(nodes)) == proof
        last = size - 1
        merkle.verify_inclusion(size, last, _LEAVES[last], defined[last], _mth(0, size))


def test_every_consistency_proof_up_to_300() -> None:
    """L-4: likewise between every two sizes."""
    told = load("tree-proofs.json")["consistency"]
    assert len(told) == 300
    for text, digest in told.items():
        size = int(text)
        defined = [tuple(_subproof(old, 0, size, b=True)) for old in range(1, size + 1)]
        assert _digest(defined) == digest
        for old, proof in enumerate(defined, start=1):
            nodes = merkle.consistency_indexes(old, size)
            assert merkle.build_consistency(old, size, _node_hashes(nodes)) == proof
        middle = (size + 1) // 2
        merkle.verify_consistency(middle, size, defined[middle - 1], _mth(0, middle), _mth(0, size))


@pytest.mark.parametrize("case", cases("tree-proofs.json", "mutations"))
def test_spoilt_proofs_are_refused(case: Case) -> None:
    """L-4: one bit, one hash, one index, one size."""
    proof = [bytes.fromhex(item) for item in case["proof"]]
    with pytest.raises(ProtocolError) as found:
        _verify(case, proof)
    assert_code(found, case)


def _verify(case: Case, proof: list[bytes]) -> None:
    if case["kind"] == "inclusion":
        leaf, root = bytes.fromhex(case["leaf_hash"]), bytes.fromhex(case["root"])
        merkle.verify_inclusion(case["size"], case["index"], leaf, proof, root)
    else:
        ends = bytes.fromhex(case["old_root"]), bytes.fromhex(case["new_root"])
        merkle.verify_consistency(case["old"], case["new"], proof, *ends)


def _signed(note: str) -> tuple[int, bytes] | None:
    """Size and root of a note by the author of the vectors, None for any other."""
    vectors = load("forks.json")
    keys = [bytes.fromhex(key) for key in vectors["log_keys"]]
    try:
        checkpoint = verify_checkpoint(note.encode(), vectors["origin"], keys)
    except ProtocolError:
        return None
    return checkpoint.tree_size, checkpoint.root_hash


def _joined(start: merkle.Frontier, end: int, hashes: list[str]) -> merkle.Frontier | None:
    nodes = merkle.range_nodes(start.size, end)
    if len(nodes) != len(hashes):
        return None
    try:
        for node, subtree in zip(nodes, hashes, strict=True):
            start = start.append_subtree(node.level, bytes.fromhex(subtree))
    except ValueError:
        return None
    return start


@pytest.mark.parametrize("case", cases("forks.json", "cases"))
def test_what_proves_a_fork(case: Case) -> None:
    """F-19, F-64: two signed roots of one size, or hashes that give the larger root and not the smaller."""
    if case["kind"] == "one-size":
        first, second = _signed(case["first"]), _signed(case["second"])
        proven = first is not None and second is not None and first[0] == second[0] and first != second
    else:
        lower = _joined(merkle.Frontier(), case["old"], case["lower"])
        upper = None if lower is None else _joined(lower, case["new"], case["upper"])
        proven = (
            lower is not None
            and upper is not None
            and upper.root().hex() == case["new_root"]
            and lower.root().hex() != case["old_root"]
        )
    assert proven == case["proven"]


@pytest.mark.parametrize("case", cases("signatures.json", "cases"))
def test_which_signatures_hold(case: Case) -> None:
    """I-47: S below the order, and no cofactor."""
    public = parse_multikey(case["multikey"])
    assert public.hex() == case["public"]
    message, signature = bytes.fromhex(case["message"]), bytes.fromhex(case["signature"])
    assert verify_signature(public, message, signature) == case["verifies"]


@pytest.mark.parametrize("case", load("dates.json")["valid"], ids=lambda case: case["text"])
def test_dates(case: Case) -> None:
    """S-60, S-62: the first and the last day, and the length in months."""
    span = edtf.parse(case["text"])
    days = [None if day is None else day.isoformat() for day in (span.earliest, span.latest)]
    assert days == [case["first"], case["last"]]
    assert (None if span.months is None else _three_places(span.months)) == case["months"]


def _three_places(value: Fraction) -> str:
    thousandths = (2000 * value.numerator + value.denominator) // (2 * value.denominator)
    return f"{thousandths // 1000}.{thousandths % 1000:03}"


@pytest.mark.parametrize("text", load("dates.json")["invalid"], ids=repr)
def test_dates_refused(text: str) -> None:
    """S-26: what is no date of levels 0 and 1 blocks the record that needs it."""
    with pytest.raises(ProtocolError) as found:
        edtf.parse(text)
    assert found.value.code == "edtf.malformed"
