"""base58btc, against the library that reads and writes it everywhere else."""

from __future__ import annotations

import base58
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.protocol.base58btc import decode, encode


@given(st.binary(max_size=80), st.integers(0, 3))
def test_reads_and_writes_as_the_library_does(data: bytes, zeros: int) -> None:
    """R-12: the same bytes, leading zeros included."""
    whole = bytes(zeros) + data
    spelled = base58.b58encode(whole).decode("ascii")
    assert decode(spelled) == whole
    assert encode(whole) == spelled


@given(st.text("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", max_size=90))
def test_each_spelling_is_of_other_bytes(text: str) -> None:
    """R-12: what is read is written again in the same way, so a signature has one spelling."""
    assert base58.b58encode(decode(text)).decode("ascii") == text


@pytest.mark.parametrize("text", ["0", "O", "I", "l", "z z", "zz\n", " zz", "é", "1é", "z+"])
def test_refuses_other_characters(text: str) -> None:
    """R-12: white space is no digit; the library forgives it at the end."""
    with pytest.raises(ValueError, match="base58btc"):
        decode(text)
