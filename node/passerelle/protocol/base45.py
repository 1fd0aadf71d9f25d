"""Base45 (RFC 9285): two bytes as three characters that a QR code holds in its alphanumeric mode."""

from __future__ import annotations

from typing import Final

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUE: Final = {digit: value for value, digit in enumerate(_DIGITS)}
_GROUP: Final = 3


def encode(data: bytes) -> str:
    """The text of some bytes."""
    text: list[str] = []
    for start in range(0, len(data), 2):
        pair = data[start : start + 2]
        number = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            number, digit = divmod(number, len(_DIGITS))
            text.append(_DIGITS[digit])
    return "".join(text)


def decode(text: str) -> bytes:
    """The bytes of a text that `encode` wrote.

    Raises:
        ValueError: Another character, a length that no bytes have, or a group beyond its bytes.
    """
    data = bytearray()
    for start in range(0, len(text), _GROUP):
        group = text[start : start + _GROUP]
        if len(group) == 1 or any(digit not in _VALUE for digit in group):
            raise ValueError("not Base45")
        number = sum(_VALUE[digit] * len(_DIGITS) ** place for place, digit in enumerate(group))
        if number >= 256 ** (len(group) - 1):
            raise ValueError("a group beyond its bytes")
        data += number.to_bytes(len(group) - 1, "big")
    return bytes(data)
