"""Vectors of origins, leaves, trees, tiles, checkpoints and commitments (chapters 05 to 07, 09)."""

from __future__ import annotations

from hashlib import sha256

import pytest

from passerelle.errors import ProtocolError
from passerelle.protocol import merkle, tiles
from passerelle.protocol.checkpoints import (
    Checkpoint,
    cosign,
    sign_checkpoint,
    verify_checkpoint,
    verify_cosignature,
)
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import UnknownLeaf, encode_leaf, parse_leaf
from passerelle.protocol.notes import COSIGNATURE_V1, SignedNote, Verifier, encode_vkey
from passerelle.protocol.objects import commitment, encode_public, parse_public
from passerelle.protocol.origins import Origin
from tests.vectors.loading import Case, assert_code, cases, load
from tests.vectors.spec_text import SPEC


@pytest.mark.parametrize("case", cases("origins.json", "valid"))
def test_origins(case: Case) -> None:
    """L-1: the parts of an origin, and the folders that it lies in."""
    origin = Origin.parse(case["origin"])
    assert (origin.author, origin.partner, origin.number) == (case["author"], case["partner"], case["number"])
    assert (origin.encode(), origin.path, origin.received_path()) == (
        case["origin"],
        case["path"],
        case["received"],
    )


@pytest.mark.parametrize("text", load("origins.json")["invalid"])
def test_origins_refused(text: str) -> None:
    """L-1: anything else is no origin."""
    with pytest.raises(ProtocolError) as found:
        Origin.parse(text)
    assert found.value.code == "origin.malformed"


@pytest.mark.parametrize("case", cases("leaves.json", "valid"))
def test_leaves(case: Case) -> None:
    """L-19 to L-22: every kind is read, written and hashed alike; an unknown one is kept."""
    data = case["leaf"].encode()
    leaf = parse_leaf(data, Origin.parse(case["origin"]))
    assert isinstance(leaf, UnknownLeaf) == (case["kind"] == "tally")
    assert encode_leaf(leaf) == data
    assert merkle.leaf_hash(data).hex() == case["leaf_hash"]


@pytest.mark.parametrize("case", cases("leaves.json", "invalid"))
def test_leaves_refused(case: Case) -> None:
    """L-19 to L-21, L-28: other members, other feeds, other bytes."""
    with pytest.raises(ProtocolError) as found:
        parse_leaf(case["leaf"].encode(), Origin.parse(case["origin"]))
    assert_code(found, case)


@pytest.fixture(scope="module")
def leaf_hashes() -> list[bytes]:
    """The 600 leaves of the worked example, hashed without the code under test."""
    return [sha256(b"\0" + f"entry {index}\n".encode()).digest() for index in range(600)]


def test_roots(leaf_hashes: list[bytes]) -> None:
    """Chapter 05, The tree: roots of all sizes to 300, appended one by one and at once."""
    roots = load("trees.json")["roots"]
    assert len(roots) == 305
    growing = merkle.Frontier()
    for size in range(301):
        assert growing.root().hex() == roots[str(size)]
        growing = growing.append(leaf_hashes[size])
    for size, root in roots.items():
        assert merkle.root_of(leaf_hashes[: int(size)]).hex() == root


@pytest.mark.parametrize("case", cases("trees.json", "inclusion"))
def test_inclusion(case: Case, leaf_hashes: list[bytes]) -> None:
    """L-4: the proof holds; with a hash more, a hash less or a bit flipped it does not."""
    roots = load("trees.json")["roots"]
    size, index = case["size"], case["index"]
    root, leaf = bytes.fromhex(roots[str(size)]), leaf_hashes[index]
    proof = [bytes.fromhex(item) for item in case["proof"]]
    merkle.verify_inclusion(size, index, leaf, proof, root)
    wrong = [
        [*proof, root],
        *([flipped(proof, at) for at in range(len(proof))]),
        *([proof[:-1]] if proof else []),
    ]
    for attempt in wrong:
        with pytest.raises(ProtocolError) as found:
            merkle.verify_inclusion(size, index, leaf, attempt, root)
        assert found.value.code == "merkle.inclusion"


@pytest.mark.parametrize("case", cases("trees.json", "consistency"))
def test_consistency(case: Case) -> None:
    """L-4: the proof holds; changed, or between other roots, it does not."""
    roots = load("trees.json")["roots"]
    old, new = case["old"], case["new"]
    ends = bytes.fromhex(roots[str(old)]), bytes.fromhex(roots[str(new)])
    proof = [bytes.fromhex(item) for item in case["proof"]]
    merkle.verify_consistency(old, new, proof, *ends)
    wrong = [
        [*proof, ends[0]],
        *([flipped(proof, at) for at in range(len(proof))]),
        *([proof[:-1]] if proof else []),
    ]
    for attempt in wrong:
        with pytest.raises(ProtocolError) as found:
            merkle.verify_consistency(old, new, attempt, *ends)
        assert found.value.code == "merkle.consistency"


def flipped(proof: list[bytes], at: int) -> list[bytes]:
    """The proof with the first bit of one hash turned over."""
    return [*proof[:at], bytes([proof[at][0] ^ 0x80]) + proof[at][1:], *proof[at + 1 :]]


@pytest.mark.parametrize("size", load("tiles.json")["trees"])
def test_tiles_of_a_tree(size: str, leaf_hashes: list[bytes]) -> None:
    """Chapter 05, Tiles and entry bundles: exactly these files, byte for byte."""
    expected = load("tiles.json")["trees"][size]
    found = {}
    items = leaf_hashes[: int(size)]
    for level, (full, partial) in enumerate(tiles.tile_widths(int(size))):
        for index in range(full + bool(partial)):
            width = 256 if index < full else partial
            part = items[256 * index : 256 * index + width]
            found[tiles.tile_path(level, index, width)] = b"".join(part)
            if level == 0:
                entries = [f"entry {at}\n".encode() for at in range(256 * index, 256 * index + width)]
                found[tiles.entries_path(index, width)] = tiles.encode_entry_bundle(entries)
        items = [merkle.root_of(items[256 * index : 256 * index + 256]) for index in range(full)]
    assert {
        path: {"bytes": len(data), "sha256": sha256(data).hexdigest()} for path, data in found.items()
    } == expected
    assert {tile.path for tile in tiles.tiles_of(int(size))} == {p for p in expected if "entries" not in p}


def test_files_of_items() -> None:
    """L-17, O-16: the bytes of an entry bundle and of an object file."""
    vectors = load("tiles.json")
    bundle, objects = vectors["bundle"], vectors["objects"]
    found = tiles.parse_entry_bundle(bytes.fromhex(bundle["file"]), bundle["width"])
    assert [item.hex() for item in found] == bundle["entries"]
    parsed = tiles.parse_objects(bytes.fromhex(objects["file"]), objects["width"])
    assert [item.hex() if item else None for item in parsed] == objects["objects"]
    assert tiles.encode_objects(parsed).hex() == objects["file"]


@pytest.mark.parametrize("case", cases("tiles.json", "malformed"))
def test_files_of_items_refused(case: Case) -> None:
    """L-17: a bundle of another width, or cut."""
    with pytest.raises(ProtocolError) as found:
        tiles.parse_entry_bundle(bytes.fromhex(case["file"]), case["width"])
    assert found.value.code == "tile.malformed"


def test_numbers_in_paths() -> None:
    """P-1: groups of three digits."""
    assert {n: tiles.size_groups(int(n)) for n in load("paths.json")["groups"]} == load("paths.json")[
        "groups"
    ]


@pytest.mark.parametrize("case", cases("paths.json", "parsed"))
def test_paths(case: Case) -> None:
    """P-1: what a path names, and back."""
    tile = tiles.Tile.parse_path(case["path"])
    assert (tile.kind, tile.level, tile.index, tile.width) == (
        case["kind"],
        case["level"],
        case["index"],
        case["width"],
    )
    assert tile.path == case["path"]


@pytest.mark.parametrize("path", load("paths.json")["invalid"])
def test_paths_refused(path: str) -> None:
    """P-1: one spelling for each file."""
    with pytest.raises(ProtocolError) as found:
        tiles.Tile.parse_path(path)
    assert found.value.code == "tile.path"


def test_worked_example_byte_for_byte(leaf_hashes: list[bytes]) -> None:
    """Chapter 05, Worked example: the cosigned checkpoint of size 600 is reproduced."""
    example = load("checkpoints.json")["example"]
    log, witness = (SigningKey(bytes.fromhex(example[name])) for name in ("log_seed", "witness_seed"))
    root = merkle.root_of(leaf_hashes)
    assert root.hex() == example["root"]
    note = sign_checkpoint(Checkpoint(example["origin"], 600, root), log)
    note = note.with_signatures(cosign(note, witness, example["witness"], example["time"]))
    assert note.encode().decode() == example["note"]
    assert encode_vkey(Verifier(example["origin"], log.public)) == example["log_vkey"]
    assert (
        encode_vkey(Verifier(example["witness"], witness.public, COSIGNATURE_V1)) == example["witness_vkey"]
    )


def test_the_chapter_shows_the_worked_example() -> None:
    """Chapter 05 prints the note of the vectors, and its roots."""
    text = (SPEC / "05-feeds-and-leaves.md").read_text("utf-8")
    assert load("checkpoints.json")["example"]["note"] in text
    for row, size in load("tiles.json")["trees"]["600"].items():
        assert row in text
        assert f"{size['bytes']:,}" in text


@pytest.mark.parametrize("case", cases("checkpoints.json", "valid"))
def test_checkpoints(case: Case) -> None:
    """L-5 to L-13: size and root of a signed checkpoint, unknown lines ignored."""
    vectors = load("checkpoints.json")
    keys = [bytes.fromhex(key) for key in vectors["log_keys"]]
    found = verify_checkpoint(case["note"].encode(), vectors["origin"], keys)
    assert (found.tree_size, found.root_hash.hex()) == (case["size"], case["root"])


@pytest.mark.parametrize("case", cases("checkpoints.json", "invalid"))
def test_checkpoints_refused(case: Case) -> None:
    """L-5, L-7, L-8, L-10 to L-12, L-14: forms, signatures, origins."""
    vectors = load("checkpoints.json")
    keys = [bytes.fromhex(key) for key in vectors["log_keys"]]
    with pytest.raises(ProtocolError) as found:
        verify_checkpoint(case["note"].encode(), vectors["origin"], keys)
    assert_code(found, case)


@pytest.mark.parametrize("case", cases("checkpoints.json", "cosignatures"))
def test_cosignatures(case: Case) -> None:
    """F-28: the latest good line of the witness counts, a bad one refuses."""
    note = SignedNote.parse(case["note"].encode())
    keys = [bytes.fromhex(key) for key in case["witness_keys"]]
    if case["code"] is None:
        assert verify_cosignature(note, case["witness"], keys) == case["time"]
        return
    with pytest.raises(ProtocolError) as found:
        verify_cosignature(note, case["witness"], keys)
    assert_code(found, case)


@pytest.mark.parametrize("case", cases("commitments.json", "cases"))
def test_commitments(case: Case) -> None:
    """O-2: commitment and public object of a record."""
    salt, record = bytes.fromhex(case["salt"]), case["record"].encode()
    assert commitment(salt, record).hex() == case["commitment"]
    whole = encode_public(salt, record)
    assert sha256(whole).hexdigest() == case["object_sha256"]
    assert parse_public(whole) == (salt, record)
