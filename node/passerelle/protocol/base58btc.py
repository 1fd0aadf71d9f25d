"""Reading and writing base58btc quickly: each record's signature is written in it.

The library ``base58`` writes and reads everything else; it takes a step of big-number
arithmetic for each digit, which for a signature is a third of the time that checking it
takes (docs/performance.md). Writing gathers ten digits in a machine word first; reading
joins all neighbours at once, and needs no table that would have to stay in the cache. The
library is the oracle of the tests.
"""

from __future__ import annotations

from typing import Final

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS: Final = _ALPHABET.encode("ascii")
_VALUES: Final = bytes(max(0, _DIGITS.find(byte)) for byte in range(256))
_PAIR: Final = 58**2
_FOUR: Final = 58**4
_CHUNK_CHARS: Final = 10
_CHUNK: Final = 58**_CHUNK_CHARS


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

_SPELLED: Final = tuple(high + low for high in _ALPHABET for low in _ALPHABET)


def encode(data: bytes) -> str:
    """The one spelling of some bytes: inverse of `decode`."""
    significant = data.lstrip(b"\0")
    number = int.from_bytes(significant, "big")
    chunks: list[str] = []
    while number:  # ten digits a turn: two, four and four
        number, chunk = divmod(number, _CHUNK)
        rest, low = divmod(chunk, _FOUR)
        high, middle = divmod(rest, _FOUR)
        chunks.append(
            _SPELLED[high]
            + (_SPELLED[middle // _PAIR] + _SPELLED[middle % _PAIR])
            + (_SPELLED[low // _PAIR] + _SPELLED[low % _PAIR])
        )
    return "1" * (len(data) - len(significant)) + "".join(reversed(chunks)).lstrip("1")


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
