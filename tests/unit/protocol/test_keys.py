"""spec/ "Identity and keys": which Ed25519 keys may enter, and that they sign as RFC 8032 says."""

from __future__ import annotations

import base58
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.errors import ProtocolError
from passerelle.protocol.keys import SigningKey, encode_multikey, parse_multikey, verify_signature

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P

Point = tuple[int, int]
IDENTITY: Point = (0, 1)


def add(a: Point, b: Point) -> Point:
    """The complete addition law of edwards25519, straight from RFC 8032 section 5.1.4."""
    (x1, y1), (x2, y2) = a, b
    product = D * x1 * x2 * y1 * y2
    x3 = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P)
    y3 = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P)
    return x3 % P, y3 % P


def decode_y(y: int) -> int | None:
    """An x for this y (section 5.1.3), None where the curve has none."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    for x in (root, root * pow(2, (P - 1) // 4, P) % P):
        if x * x % P == square:
            return x
    return None


def small_order_points() -> set[Point]:
    """The eight points of small order, found by multiplying points by the group's prime order."""
    prime = 2**252 + 27742317777372353535851937790883648493
    found: set[Point] = {IDENTITY}
    y = 2
    while len(found) < 8:
        x = decode_y(y)
        if x is not None:
            base, total, times = (x, y), IDENTITY, prime
            while times:
                total = add(total, base) if times & 1 else total
                base, times = add(base, base), times >> 1
            found |= {total, add(total, total), add(add(total, total), total)}
            found |= {(-px % P, py) for px, py in found}
        y += 1
    return found


def encodings(y: int) -> list[bytes]:
    """Every 32 bytes that a lenient decoder takes for a point with this y."""
    values = [y] + ([y + P] if y + P < 2**255 else [])
    return [(v | sign << 255).to_bytes(32, "little") for v in values for sign in (0, 1)]


def multikey_of(public: bytes, prefix: bytes = b"\xed\x01") -> str:
    return "z" + base58.b58encode(prefix + public).decode()


def test_small_order_points_are_refused_in_every_encoding() -> None:
    """All eight points, both signs and y + p: libraries differ on signatures under them."""
    points = small_order_points()
    assert len(points) == 8
    refused = {encoding for _, y in points for encoding in encodings(y)}
    assert len(refused) == 14
    for public in refused:
        with pytest.raises(ProtocolError) as caught:
            parse_multikey(multikey_of(public))
        assert caught.value.code == "key.small-order"


@pytest.mark.parametrize("y", range(P + 2, 2**255))
def test_y_of_p_or_more_is_refused(y: int) -> None:
    """A second spelling of one point would be a second name of one key."""
    for sign in (0, 1):
        with pytest.raises(ProtocolError) as caught:
            parse_multikey(multikey_of((y | sign << 255).to_bytes(32, "little")))
        assert caught.value.code == "key.non-canonical"


def test_bytes_that_are_no_point_are_refused() -> None:
    """Half of all 32 bytes name no point of the curve."""
    offs = [y for y in range(2, 60) if decode_y(y) is None]
    assert offs
    for y in offs:
        with pytest.raises(ProtocolError) as caught:
            parse_multikey(multikey_of(y.to_bytes(32, "little")))
        assert caught.value.code == "key.malformed"


GOOD = SigningKey(bytes(32)).multikey


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z",
        GOOD[:-1],
        GOOD + "1",
        GOOD[:-1] + "\n",
        " " + GOOD[1:],
        "u" + GOOD[1:],
        GOOD[:-1] + "0",
        GOOD[:-1] + "é",
        multikey_of(bytes(32), b"\xec\x01"),
        multikey_of(bytes(31)),
        multikey_of(bytes(33)),
        "z" + "1" * 47,
    ],
)
def test_other_forms_are_malformed(text: str) -> None:
    """Multikey is ``z``, base58btc, 0xed 0x01 and 32 bytes; nothing else."""
    with pytest.raises(ProtocolError) as caught:
        parse_multikey(text)
    assert caught.value.code == "key.malformed"


@given(st.text(max_size=60) | st.binary(min_size=32, max_size=32).map(multikey_of))
def test_foreign_text_raises_protocol_errors_only(text: str) -> None:
    """Whatever stands in a partner's document is one key or a ProtocolError."""
    try:
        public = parse_multikey(text)
    except ProtocolError as exc:
        assert exc.code.startswith("key.")  # noqa: PT017  # either outcome is right
    else:
        assert encode_multikey(public) == text


@given(st.binary(min_size=32, max_size=32))
def test_every_real_key_enters(seed: bytes) -> None:
    """No key that anybody makes honestly is refused."""
    key = SigningKey(seed)
    assert parse_multikey(key.multikey) == key.public
    assert key.multikey.startswith("z6Mk")


def test_rfc_8032_section_7_1_test_2() -> None:
    """The published example signs and verifies byte for byte."""
    key = SigningKey(bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert key.public.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert key.sign(b"\x72") == signature
    assert verify_signature(key.public, b"\x72", signature)


def test_a_signature_holds_for_one_key_and_message_only() -> None:
    """Another message, another key, another length, or s beyond the group's order: no."""
    key, other = SigningKey(bytes(32)), SigningKey(bytes([1]) * 32)
    signature = key.sign(b"text")
    assert verify_signature(key.public, b"text", signature)
    assert not verify_signature(key.public, b"texT", signature)
    assert not verify_signature(other.public, b"text", signature)
    assert not verify_signature(key.public, b"text", signature[:-1])
    assert not verify_signature(key.public, b"text", b"")
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(signature[32:], "little") + order
    assert not verify_signature(key.public, b"text", signature[:32] + s.to_bytes(32, "little"))


def test_the_seed_stays_out_of_sight() -> None:
    """A key in a log line or a traceback shows its public half only."""
    key = SigningKey.generate(lambda size: b"\x07" * size)
    assert key == SigningKey(b"\x07" * 32)
    assert "\\x07" not in repr(key)
    assert key.multikey in repr(key)
    with pytest.raises(ValueError, match="32 bytes"):
        SigningKey(b"short")
    with pytest.raises(ValueError, match="32 bytes"):
        encode_multikey(b"short")
