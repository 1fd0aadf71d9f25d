"""Reading and writing base58btc quickly: each record's signature is written in it.

The library ``base58`` writes and reads everything else; it takes a step of big-number
arithmetic for each digit, which for a signature is a third of the time that checking it
takes (docs/performance.md). Here ten digits are gathered in a machine word first. The
library is the oracle of the tests.
"""

from __future__ import annotations

from typing import Final

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PAIRS: Final = {
    high + low: 58 * _ALPHABET.index(high) + _ALPHABET.index(low) for high in _ALPHABET for low in _ALPHABET
}
_PAIR: Final = 58**2
_CHUNK_CHARS: Final = 10
_CHUNK: Final = 58**_CHUNK_CHARS


_SPELLED: Final = tuple(high + low for high in _ALPHABET for low in _ALPHABET)


def encode(data: bytes) -> str:
    """The one spelling of some bytes: inverse of `decode`."""
    significant = data.lstrip(b"\0")
    number = int.from_bytes(significant, "big")
    chunks: list[str] = []
    while number:
        number, chunk = divmod(number, _CHUNK)
        for _ in range(_CHUNK_CHARS // 2):
            chunk, pair = divmod(chunk, _PAIR)
            chunks.append(_SPELLED[pair])
    return "1" * (len(data) - len(significant)) + "".join(reversed(chunks)).lstrip("1")


def decode(text: str) -> bytes:
    """The bytes that ``text`` spells; each has one spelling, without white space.

    Args:
        text: Digits of the alphabet, most significant first; each leading ``1`` is a zero byte.
            The time grows with the square of the length: the caller bounds it.

    Raises:
        ValueError: A character is not in the alphabet.
    """
    significant = text.lstrip("1")
    padded = "1" * (-len(significant) % _CHUNK_CHARS) + significant
    number = 0
    try:
        for start in range(0, len(padded), _CHUNK_CHARS):
            chunk = 0
            for at in range(start, start + _CHUNK_CHARS, 2):
                chunk = chunk * _PAIR + _PAIRS[padded[at : at + 2]]
            number = number * _CHUNK + chunk
    except KeyError as exc:
        raise ValueError("not a digit of base58btc") from exc
    return bytes(len(text) - len(significant)) + number.to_bytes((number.bit_length() + 7) // 8, "big")
