"""What the two codes of a printed certificate hold, read back by code of others where there is some."""

from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.errors import ProtocolError
from passerelle.protocol import base45
from passerelle.protocol.certificatecodes import address_of, encode_whole, parse_whole
from passerelle.protocol.certificates import MAX_BYTES


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0")],
)
def test_base45_of_its_rfc(data: bytes, text: str) -> None:
    """D-33: the examples of RFC 9285, sections 4.3 and 4.4."""
    assert base45.encode(data) == text
    assert base45.decode(text) == data


@given(st.binary(max_size=64))
def test_base45_there_and_back(data: bytes) -> None:
    """D-33: any bytes, in the alphabet of alphanumeric codes alone."""
    text = base45.encode(data)
    assert base45.decode(text) == data
    assert set(text) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


@pytest.mark.parametrize("text", ["A", "GGW", "::", ":::", "ab", "AB8D", "BB8é"])
def test_what_is_no_base45(text: str) -> None:
    """D-33: a lone character, a group beyond its bytes (GGW is 65,536), small letters."""
    with pytest.raises(ValueError, match=r"Base45|beyond"):
        base45.decode(text)


def test_the_code_for_later_needs_no_program_of_ours() -> None:
    """D-33: DEFLATE without a header in Base45, from which the very bytes come back."""
    data = b'{"a":"' + b"b" * 500 + b'"}'
    text = encode_whole(data)
    assert text is not None
    assert zlib.decompress(base45.decode(text), wbits=-15) == parse_whole(text) == data


@pytest.mark.parametrize(
    ("packed", "code"),
    [
        (b"", "certificate.malformed"),
        (b"\xff\xff", "certificate.malformed"),
        (zlib.compress(b"with a header"), "certificate.malformed"),
        (zlib.compressobj(9, zlib.DEFLATED, -15).compress(b"") + b"\x00", "certificate.malformed"),
    ],
)
def test_what_is_no_such_code(packed: bytes, code: str) -> None:
    """D-33: another packing, or half of one."""
    with pytest.raises(ProtocolError, match=rf"^{code}\b"):
        parse_whole(base45.encode(packed))


def test_a_code_that_swells_is_stopped() -> None:
    """D-2, D-33: no more than a certificate may have is unpacked, whatever follows."""
    packing = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packing.compress(bytes(50_000_000)) + packing.flush()
    with pytest.raises(ProtocolError, match=r"^json.too-large\b") as caught:
        parse_whole(base45.encode(packed))
    assert caught.value.params["size"] == MAX_BYTES + 1
    packing = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packing.compress(b"{}") + packing.flush()
    with pytest.raises(ProtocolError, match=r"^certificate.malformed\b"):
        parse_whole(base45.encode(packed + b"more"))


def test_the_code_for_phones() -> None:
    """D-32: an address, #, the digest in base64url without padding: what follows # is not sent."""
    digest = "fb" * 32
    address = address_of("https://agency.example/certificate", digest)
    base, _, fragment = address.partition("#")
    assert base == "https://agency.example/certificate"
    assert base64.urlsafe_b64decode(fragment + "=").hex() == digest
    assert "=" not in fragment
    with pytest.raises(ValueError, match="fragment"):
        address_of("https://agency.example/#x", digest)
