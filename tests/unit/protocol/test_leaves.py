"""spec "Leaves": each form byte for byte, then each fault."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.errors import ProtocolError
from passerelle.protocol import leaves, profile
from passerelle.protocol.leaves import (
    AnchorLeaf,
    ClosedLeaf,
    ErasedLeaf,
    Leaf,
    OpenedLeaf,
    PublicRecordLeaf,
    SealedLeaf,
    UnknownLeaf,
)
from passerelle.protocol.origins import Origin

TOGO = "QmTogoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
MALI = "QmMaLiBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
PUBLIC = Origin(TOGO, None, 2)
BILATERAL = Origin(TOGO, MALI, 2)
HASH = bytes(range(32))
HEX = HASH.hex()
ID = "urn:uuid:00000000-0000-4000-8000-000000000001"

FORMS: list[tuple[Origin, str, Leaf]] = [
    (
        PUBLIC,
        f'{{"commitment":"{HEX}","id":"{ID}","kind":"record","type":"offer","version":2}}',
        PublicRecordLeaf(HASH, ID, "offer", 2),
    ),
    (BILATERAL, f'{{"commitment":"{HEX}","kind":"sealed"}}', SealedLeaf(HASH)),
    (PUBLIC, '{"index":7,"kind":"erased","reason":"retention-ended"}', ErasedLeaf(7, "retention-ended")),
    (BILATERAL, '{"index":0,"kind":"erased","reason":"unreadable"}', ErasedLeaf(0, "unreadable")),
    (PUBLIC, '{"kind":"closed"}', ClosedLeaf()),
    (BILATERAL, '{"kind":"closed"}', ClosedLeaf()),
    (
        BILATERAL,
        f'{{"kind":"opened","previous":{{"number":1,"root":"{HEX}","size":600}}}}',
        OpenedLeaf(1, HASH, 600),
    ),
    (
        PUBLIC,
        f'{{"epoch":"2026-11-21","kind":"anchor","root":"{HEX}"}}',
        AnchorLeaf(date(2026, 11, 21), HASH),
    ),
]


@pytest.mark.parametrize(("origin", "text", "leaf"), FORMS, ids=lambda value: type(value).__name__)
def test_forms(origin: Origin, text: str, leaf: Leaf) -> None:
    """spec: exactly these forms."""
    assert leaves.encode_leaf(leaf) == text.encode()
    assert leaves.parse_leaf(text.encode(), origin) == leaf


def test_which_leaves_have_an_object() -> None:
    """Records, public and sealed, have a commitment; the other kinds none."""
    found = [leaves.leaf_commitment(leaf) for _, _, leaf in FORMS]
    assert found == [HASH, HASH, None, None, None, None, None, None]


def test_unknown_kinds_are_passed_over() -> None:
    """spec: an unknown kind is kept as it is, in both sorts of feed."""
    data = b'{"anything":[1,{"at":"all"}],"kind":"merged"}'
    for origin in (PUBLIC, BILATERAL):
        leaf = leaves.parse_leaf(data, origin)
        assert leaf == UnknownLeaf("merged", data)
        assert leaves.encode_leaf(leaf) == data
        assert leaves.leaf_commitment(leaf) is None


@pytest.mark.parametrize(("origin", "text", "leaf"), FORMS, ids=lambda value: type(value).__name__)
def test_each_member_is_needed_and_no_other(origin: Origin, text: str, leaf: Leaf) -> None:
    """Code leaf.malformed: a member more, a member of another sort."""
    more = text[:-1] + ',"zzz":1}'
    assert code_of(more.encode(), origin) == "leaf.malformed"
    for old, new in ((f'"{HEX}"', f'"{HEX[:-1]}"'), (f'"{HEX}"', f'"{HEX[:-2]}AA"'), (f'"{HEX}"', "null")):
        if old in text:
            assert code_of(text.replace(old, new).encode(), origin) == "leaf.malformed"


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "1",
        '{"a":1}',
        '{"kind":1}',
        '{"kind":""}',
        '{"kind":"sealed"}',
        f'{{"commitment":"{HEX}","id":"{ID}","kind":"record","type":"offer"}}',
        f'{{"commitment":"{HEX}","id":"{ID}","kind":"record","type":"offer","version":0}}',
        f'{{"commitment":"{HEX}","id":"{ID}","kind":"record","type":"offer","version":true}}',
        f'{{"commitment":"{HEX}","id":"{ID}","kind":"record","type":"offer","version":"1"}}',
        f'{{"commitment":"{HEX}","id":1,"kind":"record","type":"offer","version":1}}',
        f'{{"commitment":"{HEX}","id":"{ID}","kind":"record","type":"","version":1}}',
        '{"index":-1,"kind":"erased","reason":"request"}',
        '{"index":1,"kind":"erased","reason":"On Request"}',
        '{"index":1,"kind":"erased","reason":"request\\n"}',
        f'{{"index":1,"kind":"erased","reason":"{"a" * 65}"}}',
        '{"kind":"opened","previous":null}',
        '{"kind":"opened"}',
        f'{{"kind":"opened","previous":{{"number":1,"root":"{HEX}"}}}}',
        f'{{"kind":"opened","previous":{{"number":0,"root":"{HEX}","size":1}}}}',
        f'{{"epoch":"2026-02-30","kind":"anchor","root":"{HEX}"}}',
        f'{{"epoch":"20261121","kind":"anchor","root":"{HEX}"}}',
        f'{{"epoch":"2026-W47-6","kind":"anchor","root":"{HEX}"}}',
    ],
)
def test_malformed(text: str) -> None:
    """Code leaf.malformed: a known kind has exactly one form."""
    assert code_of(text.encode(), PUBLIC) == "leaf.malformed"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json.syntax"),
        (b'{"kind": "closed"}', "json.not-canonical"),
        (b'{"kind":"closed","kind":"closed"}', "json.duplicate-member"),
        (b'{"at":1.5,"kind":"new"}', "json.not-an-integer"),
        (b'{"at":"' + b"x" * 4096 + b'","kind":"new"}', "leaf.too-large"),
    ],
)
def test_not_canonical_json(data: bytes, code: str) -> None:
    """Codes json.* and leaf.too-large, for unknown kinds too."""
    assert code_of(data, PUBLIC) == code


@pytest.mark.parametrize(
    ("origin", "leaf"),
    [
        (BILATERAL, PublicRecordLeaf(HASH, ID, "offer", 1)),
        (PUBLIC, SealedLeaf(HASH)),
        (BILATERAL, AnchorLeaf(date(2026, 11, 21), HASH)),
        (Origin(TOGO, None, 1), OpenedLeaf(1, HASH, 0)),
        (Origin(TOGO, None, 3), OpenedLeaf(1, HASH, 0)),
    ],
)
def test_misplaced(origin: Origin, leaf: Leaf) -> None:
    """Code leaf.misplaced: a kind that does not belong in this feed."""
    assert code_of(leaves.encode_leaf(leaf), origin) == "leaf.misplaced"


def test_a_leaf_that_cannot_be_read_back_is_not_written() -> None:
    """Our own mistakes are refused where they are made."""
    with pytest.raises(ValueError, match="leaf of"):
        leaves.encode_leaf(PublicRecordLeaf(HASH, ID, "t" * 4096, 1))


def code_of(data: bytes, origin: Origin) -> str:
    with pytest.raises(ProtocolError) as caught:
        leaves.parse_leaf(data, origin)
    return caught.value.code


hashes = st.binary(min_size=32, max_size=32)
numbers = st.integers(1, 2**53 - 1)
public_leaves = st.one_of(
    st.builds(
        PublicRecordLeaf,
        hashes,
        st.text("abc-:", min_size=1),
        st.from_regex("[a-z]{1,20}", fullmatch=True),
        numbers,
    ),
    st.builds(
        ErasedLeaf, st.integers(0, 2**53 - 2), st.from_regex("[a-z0-9]{1,9}(-[a-z]{1,9})?", fullmatch=True)
    ),
    st.just(ClosedLeaf()),
    st.builds(OpenedLeaf, st.just(1), hashes, numbers),
    st.builds(AnchorLeaf, st.dates(), hashes),
)


@given(public_leaves)
def test_round_trip(leaf: Leaf) -> None:
    """parse(encode(x)) == x."""
    assert leaves.parse_leaf(leaves.encode_leaf(leaf), PUBLIC) == leaf


pieces = [
    "{",
    "}",
    ",",
    ":",
    '"kind"',
    '"record"',
    '"sealed"',
    '"opened"',
    '"previous"',
    '"closed"',
    "1",
    "null",
    "[",
]


@given(st.binary(max_size=60) | st.lists(st.sampled_from(pieces)).map(lambda parts: "".join(parts).encode()))
def test_any_bytes(data: bytes) -> None:
    """Any bytes parse to what encodes to them, or raise ProtocolError."""
    for origin in (PUBLIC, BILATERAL):
        try:
            leaf = leaves.parse_leaf(data, origin)
        except ProtocolError:
            continue
        assert leaves.encode_leaf(leaf) == data


members = st.sampled_from(
    ["commitment", "id", "type", "version", "index", "reason", "previous", "epoch", "root"]
)
values = (
    st.none()
    | st.booleans()
    | st.integers(-1, 2)
    | st.just(HEX)
    | st.text("a\n\u00e9", max_size=3)
    | st.just(["x"])
)


@given(
    st.sampled_from(["record", "sealed", "erased", "closed", "opened", "anchor"]),
    st.dictionaries(members, values | st.dictionaries(st.sampled_from(["number", "root", "size"]), values)),
)
def test_any_members_of_a_known_kind(kind: str, found: dict[str, object]) -> None:
    """A known kind with any members parses to what encodes to it, or raises ProtocolError."""
    data = profile.encode({"kind": kind, **found})
    try:
        leaf = leaves.parse_leaf(data, PUBLIC)
    except ProtocolError:
        return
    assert leaves.encode_leaf(leaf) == data
