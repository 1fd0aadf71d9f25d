"""spec "Paths": tiles, bundles and their paths. The worked example of size 600, then every size."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.errors import ProtocolError
from passerelle.protocol import merkle, tiles
from passerelle.protocol.merkle import Frontier, leaf_hash
from passerelle.protocol.tiles import Tile

if TYPE_CHECKING:
    from collections.abc import Callable

ENTRIES = tuple(f"entry {index}\n".encode() for index in range(600))
BIG = 256**2 + 3 * 256 + 5
BIG_LEAVES = tuple(leaf_hash(index.to_bytes(4, "big")) for index in range(BIG))


def hash_tiles(leaves: tuple[bytes, ...]) -> dict[Tile, tuple[bytes, ...]]:
    """All tiles of a tree, made level by level from the definition."""
    made: dict[Tile, tuple[bytes, ...]] = {}
    level, items = 0, leaves
    while items:
        for start in range(0, len(items), 256):
            held = items[start : start + 256]
            made[Tile("hashes", level, start // 256, len(held))] = held
        full = range(0, len(items) - 255, 256)
        items = tuple(merkle.root_of(items[start : start + 256]) for start in full)
        level += 1
    return made


def test_the_worked_example_as_files() -> None:
    """Size 600: the paths and the lengths of every file."""
    files = {
        tile.path: tiles.encode_tile(held)
        for tile, held in hash_tiles(tuple(map(leaf_hash, ENTRIES))).items()
    }
    for tile in tiles.bundles_of("entries", 0, 600):
        files[tile.path] = tiles.encode_entry_bundle(ENTRIES[tile.first : tile.end])
    assert {path: len(data) for path, data in files.items()} == {
        "tile/0/000": 8192,
        "tile/0/001": 8192,
        "tile/0/002.p/88": 2816,
        "tile/1/000.p/2": 64,
        "tile/entries/000": 2962,
        "tile/entries/001": 3072,
        "tile/entries/002.p/88": 1056,
    }
    assert files["tile/1/000.p/2"][:32] == merkle.root_of(map(leaf_hash, ENTRIES[:256]))
    assert {tile.path for tile in tiles.tiles_of(600)} == {path for path in files if "entries" not in path}


def test_the_worked_bundle() -> None:
    """J-19: the entry bundle of entries 0 to 4, byte for byte."""
    expected = bytes.fromhex(
        "0008656e74727920300a0008656e74727920310a0008656e74727920320a0008656e74727920330a0008656e74727920340a"
    )
    assert tiles.encode_entry_bundle(ENTRIES[:5]) == expected
    assert tiles.parse_entry_bundle(expected, 5) == ENTRIES[:5]


@pytest.mark.parametrize(
    ("number", "groups"),
    [(0, "000"), (5, "005"), (999, "999"), (1000, "x001/000"), (1234067, "x001/x234/067")],
)
def test_groups_of_three_digits(number: int, groups: str) -> None:
    """C2SP tlog-tiles: N in groups of three digits."""
    assert tiles.size_groups(number) == groups
    assert tiles.parse_checkpoint_path(tiles.checkpoint_path(number)) == number
    assert tiles.tile_path(2, number, 7) == f"tile/2/{groups}.p/7"
    assert tiles.tile_path(0, number) == f"tile/0/{groups}"
    assert tiles.entries_path(number, 255) == f"tile/entries/{groups}.p/255"
    assert tiles.objects_path(number, 1) == f"objects/{groups}.p/1"


@pytest.mark.parametrize(
    ("size", "widths"),
    [
        (0, ()),
        (1, ((0, 1),)),
        (256, ((1, 0), (0, 1))),
        (600, ((2, 88), (0, 2))),
        (70_000, ((273, 112), (1, 17), (0, 1))),
    ],
)
def test_widths(size: int, widths: tuple[tuple[int, int], ...]) -> None:
    """C2SP tlog-tiles: the worked numbers of partial tiles."""
    assert tiles.tile_widths(size) == widths


def test_growth_names_each_tile_that_changes() -> None:
    """What is new between two sizes is what the larger tree has and the smaller one has not."""
    for old in (0, 1, 255, 256, 257, 600, 65_535, 65_536, 70_000):
        for new in (old, old + 1, old + 255, old + 256, old + 300, 70_001):
            if new >= old:
                held = set(tiles.tiles_of(old))
                assert set(tiles.new_tiles(old, new)) == set(tiles.tiles_of(new)) - held


def test_bundles_of_a_stretch() -> None:
    """From size 300 to 600 a reader asks for two bundles."""
    assert [tile.path for tile in tiles.bundles_of("objects", 300, 600)] == [
        "objects/001",
        "objects/002.p/88",
    ]
    assert list(tiles.bundles_of("entries", 600, 600)) == []


def test_partial_files_are_prefixes() -> None:
    """What is fetched once is never fetched again: the rest of a file starts where a partial one ends."""
    whole = tiles.encode_entry_bundle(ENTRIES[:256])
    partial = tiles.encode_entry_bundle(ENTRIES[:88])
    assert whole.startswith(partial)
    assert tiles.parse_entry_bundle(whole[len(partial) :]) == ENTRIES[88:256]


@pytest.mark.parametrize("size", [*range(1, 101), 255, 256, 257, 511, 600, 65_536, BIG])
def test_proofs_from_tiles(size: int) -> None:
    """The three steps: nodes, tiles, proof. For a log whose second level of tiles is in use."""
    held = hash_tiles(BIG_LEAVES[:size])
    root = Frontier().extend(BIG_LEAVES[:size]).root()
    for index in {0, size // 3, size - 1}:
        nodes = merkle.inclusion_indexes(size, index)
        needed = {tiles.node_tile(node, size) for node in nodes}
        hashes = tiles.node_hashes(nodes, size, {tile: held[tile] for tile in needed})
        merkle.verify_inclusion(
            size, index, BIG_LEAVES[index], merkle.build_inclusion(size, index, hashes), root
        )
        nodes = merkle.consistency_indexes(index, size)
        hashes = tiles.node_hashes(nodes, size, held)
        old_root = Frontier().extend(BIG_LEAVES[:index]).root()
        merkle.verify_consistency(index, size, merkle.build_consistency(index, size, hashes), old_root, root)


def test_a_node_outside_the_tree_is_our_mistake() -> None:
    """No tile holds half of a subtree."""
    with pytest.raises(ValueError, match="no subtree"):
        tiles.node_tile(merkle.Node(3, 0), 7)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/05",
        "tile/0/001.p/",
        "tile/7/000",
        "tile/00/000",
        "tile/8/0/000",
        "tile/data/000",
        "tile/entries/000.p/300",
        "objects/1",
        "/objects/001",
        "objects/001\n",
        "objects/x036/x028/x797/x018/x963/968",
    ],
)
def test_what_is_no_tile(path: str) -> None:
    """Code tile.path: a tile has exactly one path."""
    with pytest.raises(ProtocolError) as caught:
        Tile.parse_path(path)
    assert caught.value.code == "tile.path"


@pytest.mark.parametrize(
    "path",
    ["checkpoints/", "checkpoints/1", "checkpoints/x000/001", "checkpoints/x009/x007/x199/x254/x740/992"],
)
def test_what_is_no_kept_checkpoint(path: str) -> None:
    """Code tile.path: a size has exactly one path, and sizes end at 2^53 - 1."""
    with pytest.raises(ProtocolError) as caught:
        tiles.parse_checkpoint_path(path)
    assert caught.value.code == "tile.path"


@pytest.mark.parametrize(
    ("parse", "data", "width"),
    [
        (tiles.parse_tile, b"", None),
        (tiles.parse_tile, bytes(33), None),
        (tiles.parse_tile, bytes(64), 1),
        (tiles.parse_tile, bytes(32 * 257), None),
        (tiles.parse_entry_bundle, b"", None),
        (tiles.parse_entry_bundle, b"\0", None),
        (tiles.parse_entry_bundle, b"\0\x02a", None),
        (tiles.parse_entry_bundle, b"\0\x01a\0", None),
        (tiles.parse_entry_bundle, b"\0\x01a", 2),
        (tiles.parse_entry_bundle, b"\0\0" * 257, None),
        (tiles.parse_objects, b"\0\0\0", None),
        (tiles.parse_objects, b"\0\0\0\x02a", None),
        (tiles.parse_objects, bytes(4), 2),
        (tiles.parse_objects, bytes(8), 1),
        (tiles.parse_objects, bytes(4 * 257), None),
        (
            tiles.parse_objects,
            (tiles.MAX_OBJECT_BYTES + 1).to_bytes(4, "big") + bytes(tiles.MAX_OBJECT_BYTES + 1),
            1,
        ),
    ],
)
def test_malformed_files(
    parse: Callable[[bytes, int | None], object], data: bytes, width: int | None
) -> None:
    """L-17, O-16, code tile.malformed: lengths, bytes and widths agree."""
    with pytest.raises(ProtocolError) as caught:
        parse(data, width)
    assert caught.value.code == "tile.malformed"


def test_own_mistakes_in_files() -> None:
    """What cannot be written is refused before it is written."""
    with pytest.raises(ValueError, match="32 bytes"):
        tiles.encode_tile([bytes(31)])
    with pytest.raises(ValueError, match="item of"):
        tiles.encode_entry_bundle([bytes(65_536)])
    with pytest.raises(ValueError, match="never empty"):
        tiles.encode_objects([b""])
    with pytest.raises(ValueError, match="no such level"):
        Tile("entries", 1, 0)
    with pytest.raises(ValueError, match="no such tile"):
        Tile("hashes", 0, 0, 257)


@given(
    st.sampled_from(["hashes", "entries", "objects"]),
    st.integers(0, tiles.MAX_LEVEL),
    st.integers(0, 2**44),
    st.integers(1, 256),
)
def test_paths_round_trip(kind: tiles.TileKind, level: int, index: int, width: int) -> None:
    """parse(encode(x)) == x."""
    level = level if kind == "hashes" else 0
    tile = Tile(kind, level, index % (tiles.MAX_TREE_SIZE // 256 ** (level + 1) + 1), width)
    assert Tile.parse_path(tile.path) == tile


@given(st.text() | st.from_regex(r"(tile/\d|tile/entries|objects|checkpoints)/(x\d{3}/)*\d{3}(\.p/\d+)?\n?"))
def test_any_path(path: str) -> None:
    """Any text parses to what encodes to it, or raises ProtocolError."""
    with contextlib.suppress(ProtocolError):
        assert Tile.parse_path(path).path == path
    with contextlib.suppress(ProtocolError):
        assert tiles.checkpoint_path(tiles.parse_checkpoint_path(path)) == path


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=20))
def test_bundles_round_trip(items: list[bytes]) -> None:
    """parse(encode(x)) == x, an absent object included."""
    assert tiles.parse_entry_bundle(tiles.encode_entry_bundle(items)) == tuple(items)
    objects = tuple(item or None for item in items)
    assert tiles.parse_objects(tiles.encode_objects(objects), len(items)) == objects


@given(st.binary(max_size=200) | st.lists(st.sampled_from([0, 1, 2]), max_size=60).map(bytes))
def test_any_bytes(data: bytes) -> None:
    """Any bytes parse to what encodes to them, or raise ProtocolError."""
    with contextlib.suppress(ProtocolError):
        assert tiles.encode_tile(tiles.parse_tile(data)) == data
    with contextlib.suppress(ProtocolError):
        assert tiles.encode_entry_bundle(tiles.parse_entry_bundle(data)) == data
    with contextlib.suppress(ProtocolError):
        assert tiles.encode_objects(tiles.parse_objects(data)) == data
