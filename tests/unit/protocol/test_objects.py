"""spec "Objects": commitments and public objects."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.errors import ProtocolError
from passerelle.protocol import objects
from passerelle.protocol.profile import MAX_RECORD_BYTES

SALT = bytes(range(32))


def test_commitment() -> None:
    """spec: SHA-256 of the prefix with its zero byte, the salt and the record; made with sha256sum too."""
    expected = sha256(b"passerelle/commitment/v1\x00" + SALT + b'{"a":1}').digest()
    assert objects.commitment(SALT, b'{"a":1}') == expected
    assert expected.hex() == "aad98bfe46cb63e079ab1fead809f651c4dc4a3fd0ac008fb68740952f65633a"


def test_salt_and_record_both_count() -> None:
    """Without the salt a commitment tells nothing; another record has another one."""
    base = objects.commitment(SALT, b"record")
    assert objects.commitment(bytes(32), b"record") != base
    assert objects.commitment(SALT, b"another") != base
    with pytest.raises(ValueError, match="32 bytes"):
        objects.commitment(b"short", b"record")


def test_public_object() -> None:
    """A public object is the salt, then the record."""
    assert objects.encode_public(SALT, b"record") == SALT + b"record"
    assert objects.parse_public(SALT + b"record") == (SALT, b"record")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "object.malformed"),
        (bytes(32), "object.malformed"),
        (bytes(33 + MAX_RECORD_BYTES), "object.too-large"),
    ],
)
def test_refused(data: bytes, code: str) -> None:
    """Codes object.malformed, object.too-large."""
    with pytest.raises(ProtocolError) as caught:
        objects.parse_public(data)
    assert caught.value.code == code


def test_own_mistakes() -> None:
    """What could not be read back is not written."""
    for salt, record in ((b"", b"record"), (SALT, b""), (SALT, bytes(MAX_RECORD_BYTES + 1))):
        with pytest.raises(ValueError, match="a salt and a record"):
            objects.encode_public(salt, record)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Any bytes parse to what encodes to them, or raise ProtocolError."""
    try:
        salt, record = objects.parse_public(data)
    except ProtocolError:
        assert len(data) <= 32
    else:
        assert objects.encode_public(salt, record) == data
