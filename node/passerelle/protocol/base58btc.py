"""Reading and writing base58btc quickly: each record's signature is written in it.

The library ``base58`` writes and reads everything else; it takes a step of big-number
arithmetic for each digit, which for a signature is a third of the time that checking it
takes (docs/performance.md). Here neighbouring digits are joined, or taken apart, all at
once, in the lanes of one large number, without a table that would have to stay in the
cache. The library is the oracle of the tests.
"""

from __future__ import annotations

from typing import Final

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS: Final = _ALPHABET.encode("ascii")
_VALUES: Final = bytes(max(0, _DIGITS.find(byte)) for byte in range(256))
_BLOCK: Final = 32
"""Digits that are joined at a time; a signature has 88 at the most."""
_BLOCK_RADIX: Final = 58**_BLOCK
# 58**n needs less than n bytes, so a lane of n bytes holds the number of its n digits: nothing runs over.
_STEPS: Final = tuple(
    (
        8 * count,
        sum((1 << 8 * count) - 1 << 16 * count * at for at in range(_BLOCK // (2 * count))),
        58**count,
    )
    for count in (1, 2, 4, 8, 16)
)

_CHUNK_CHARS: Final = 8
_CHUNK: Final = 58**_CHUNK_CHARS
_ALIKE: Final = 11
"""Chunks that are taken apart at a time: the digits of a signature."""


def _halving(width: int, digits: int) -> tuple[int, int, int, int, int]:
    """How lanes of a width, of so many digits each, are halved: by a product and a shift instead of a division.

    For x < d**2 and s of twice the bits of d, and a half more, x * (2**s // d + 1) >> s is x // d.
    """
    radix: int = 58 ** (digits // 2)
    shift = 3 * radix.bit_length()
    lanes = 128 * _ALIKE // width
    quotient = sum((1 << radix.bit_length()) - 1 << width * at for at in range(lanes))
    return (1 << shift) // radix + 1, shift, quotient, radix, width // 2


# A lane holds eight digits in 128 bits, then four in 64, two in 32, one in 16: products do not run over.
_HALVINGS: Final = (_halving(128, 8), _halving(64, 4), _halving(32, 2))
_DIGITS_OF: Final = _DIGITS.ljust(256, b"\0")


def encode(data: bytes) -> str:
    """The one spelling of some bytes: inverse of `decode`."""
    significant = data.lstrip(b"\0")
    number = int.from_bytes(significant, "big")
    spelled = ""
    while number:
        lanes = 0
        for at in range(0, 128 * _ALIKE, 128):
            number, chunk = divmod(number, _CHUNK)
            lanes |= chunk << at
        spelled = _apart(lanes) + spelled
    return "1" * (len(data) - len(significant)) + spelled.lstrip("1")


def _apart(lanes: int) -> str:
    """The digits of chunks side by side."""
    for factor, shift, mask, radix, half in _HALVINGS:
        high = lanes * factor >> shift & mask
        lanes = high << half | lanes - high * radix
    return lanes.to_bytes(16 * _ALIKE, "big")[1::2].translate(_DIGITS_OF).decode("ascii")


def decode(text: str) -> bytes:
    """The bytes that ``text`` spells; each has one spelling, without white space.

    Args:
        text: Digits of the alphabet, most significant first; each leading ``1`` is a zero byte.
            The time grows with the square of the length: the caller bounds it.

    Raises:
        ValueError: A character is not in the alphabet.
    """
    spelled = text.encode("ascii", "replace")  # "?" is no digit
    if spelled.strip(_DIGITS):
        raise ValueError("not a digit of base58btc")
    digits = spelled.translate(_VALUES)
    significant = digits.lstrip(b"\0")
    padded = significant.rjust(-(-len(significant) // _BLOCK) * _BLOCK, b"\0")
    number = 0
    for start in range(0, len(padded), _BLOCK):
        number = number * _BLOCK_RADIX + _joined(padded[start : start + _BLOCK])
    return bytes(len(digits) - len(significant)) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _joined(digits: bytes) -> int:
    """The number of ``_BLOCK`` digits, a byte each: neighbours are joined side by side, in wider and wider lanes."""
    lanes = int.from_bytes(digits, "big")
    for width, mask, radix in _STEPS:
        lanes = (lanes & mask) + (lanes >> width & mask) * radix
    return lanes
