"""spec "Feeds": origins, and the folders that feeds lie in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.errors import ProtocolError
from passerelle.protocol.origins import MAX_NUMBER, Origin, is_scid, witness_name

TOGO = "QmTogoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
MALI = "QmMaLiBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"

base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
scids = st.text(base58, min_size=44, max_size=44).map("Qm{}".format)


@st.composite
def origins(draw: st.DrawFn) -> Origin:
    author = draw(scids)
    partner = draw(st.none() | scids.filter(lambda scid: scid != author))
    return Origin(author, partner, draw(st.integers(1, MAX_NUMBER)))


@pytest.mark.parametrize(
    ("text", "origin", "path", "received"),
    [
        (f"passerelle/{TOGO}/public/1", Origin(TOGO, None, 1), "feeds/public/1", f"received/{TOGO}/public/1"),
        (
            f"passerelle/{TOGO}/to/{MALI}/12",
            Origin(TOGO, MALI, 12),
            f"feeds/to/{MALI}/12",
            f"received/{TOGO}/to/12",
        ),
    ],
)
def test_forms(text: str, origin: Origin, path: str, received: str) -> None:
    """The two forms of an origin and their folders at the author and at a reader."""
    assert Origin.parse(text) == origin
    assert origin.encode() == text
    assert origin.path == path
    assert origin.received_path() == received


def test_only_public_feeds_are_mirrored() -> None:
    """A mirror holds what everybody may read."""
    assert Origin(TOGO, None, 3).mirror_path() == f"mirrors/{TOGO}/public/3"
    with pytest.raises(ValueError, match="not mirrored"):
        Origin(TOGO, MALI, 3).mirror_path()


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"passerelle/{TOGO}/public",
        f"passerelle/{TOGO}/public/0",
        f"passerelle/{TOGO}/public/01",
        f"passerelle/{TOGO}/public/+1",
        f"passerelle/{TOGO}/public/1 ",
        f"passerelle/{TOGO}/public/1\n",
        f"passerelle/{TOGO}/public/\u0661",
        f"passerelle/{TOGO}/public/{MAX_NUMBER + 1}",
        f"passerelle/{TOGO}/to/1",
        f"passerelle/{TOGO}/to/{TOGO}/1",
        f"passerelle/{TOGO}/public/{MALI}/1",
        f"passerelle/{TOGO[:-1]}/public/1",
        f"passerelle/{TOGO[:-1]}0/public/1",
        f"Passerelle/{TOGO}/public/1",
        f"/passerelle/{TOGO}/public/1",
    ],
)
def test_what_is_no_origin(text: str) -> None:
    """Code origin.malformed: an origin has exactly one spelling."""
    with pytest.raises(ProtocolError) as caught:
        Origin.parse(text)
    assert caught.value.code == "origin.malformed"


@pytest.mark.parametrize(
    ("author", "partner", "number"),
    [
        ("QmTogo", None, 1),
        (TOGO, "QmMali", 1),
        (TOGO, TOGO, 1),
        (TOGO, None, 0),
        (TOGO, None, MAX_NUMBER + 1),
    ],
)
def test_an_origin_that_exists_is_valid(author: str, partner: str | None, number: int) -> None:
    """Our own mistakes are refused where they are made."""
    with pytest.raises(ValueError):
        Origin(author, partner, number)


def test_names() -> None:
    """The witness key of an agency is named after its SCID."""
    assert witness_name(TOGO) == f"passerelle/{TOGO}/witness"
    assert is_scid(TOGO)
    assert not is_scid(TOGO + "\n")


@given(origins())
def test_round_trip(origin: Origin) -> None:
    """parse(encode(x)) == x."""
    assert Origin.parse(origin.encode()) == origin


@given(st.text() | st.from_regex(r"passerelle/Qm\w{44}/(public|to/Qm\w{44})/\d+\n?", fullmatch=True))
def test_any_text(text: str) -> None:
    """Any text parses to what encodes to it, or raises ProtocolError."""
    try:
        origin = Origin.parse(text)
    except ProtocolError:
        return
    assert origin.encode() == text
