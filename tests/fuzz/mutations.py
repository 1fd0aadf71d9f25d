"""Inputs that a hostile partner would try: seeds changed in their structure, never noise alone.

Three forms: bytes, text, and JSON trees. A tree is changed along one path and shares the rest
with its seed, so trees are read-only. Everything follows from the generator that is given.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

Tree = Any  # a JSON tree, and what is none: floats, lone surrogates, integers of any size

WORST_INTEGERS: Final = (
    *(0, -1, 1, 2, 255, 256, 65_535, 2**31, 2**32, 2**53 - 1, 2**53, -(2**53), 2**63, 2**64, -(2**63)),
    *(10**30, 10**400),
)
WORST_TEXTS: Final = (
    *(
        "",
        " ",
        "\0",
        "\x7f",
        "\x85",
        "\u2028",
        "\ufeff",
        "\ud800",
        "\udfff\ud800",
        "\U0010ffff",
        "\U0001f600",
    ),
    *("a" * 5_000, "é", "e\u0301", "a" + "\u0301" * 3_000, "\u202efdp", "\u0130", "\u212a", "ß", "\u017f"),
    *(
        "\uff11\uff12\uff13",
        "٣",
        "²",
        "1e5",
        "0x10",
        "+1",
        "-0",
        "007",
        "1_000",
        "9" * 5_000,
        "NaN",
        "-Infinity",
    ),
    *(
        "..",
        "/",
        "//",
        "%00",
        "%2e",
        "\\u0000",
        "${a}",
        "{0}",
        "%(a)s",
        "%s",
        "null",
        "true",
        "did:webvh:",
        "Qm",
    ),
    *("2026-02-30", "0000-01-01", "9999-12-31T23:59:59Z", "2026-11-22T24:00:00Z", "2026-11-22T23:59:60Z"),
    *("2016-XX-31", "9999-24", "0000", "../..", "20XX", "urn:uuid:", "https://[::1%25a]/", "http://a\tb/"),
)
WORST_FLOATS: Final = (0.0, -0.0, 1.0, 1e308, float("nan"), float("inf"), float("-inf"), 5e-324)
WORST_BYTES: Final = (
    *(
        b"",
        b"\0",
        b"\xff",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\xf4\x90\x80\x80",
        b"\r\n",
        b"\n\n",
    ),
    *(
        b'"',
        b"\\",
        b"\\u0000",
        b"\\ud800",
        b"\\u0041",
        b"{}",
        b"[]",
        b",",
        b":",
        b"{",
        b"}",
        b"[",
        b"]",
        b"null",
    ),
    *(b"1.0", b"1e5", b"-0", b"NaN", b"-Infinity", b"9007199254740993", b"9" * 5_000, b" ", b"\t", b"="),
    *(b'{"a":1,"a":2}', b"[" * 40, b"]" * 40, b'{"a":' * 40, b"\xe2\x80\x94 ", b"+", b"/", b";", b"x"),
)
SMALL_TREE: Final = 12_000
LARGE_TREE: Final = 300_000
_MAX_GROWN: Final = 1_500_000


def mutate_bytes(rng: Random, data: bytes, others: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """One to four changes: bits, cuts, copies, splices, length fields, words that mean something."""
    for _ in range(_how_many(rng)):
        data = rng.choice(_BYTE_CHANGES)(rng, data, others, tokens)
    return data


def mutate_text(rng: Random, text: str, others: Sequence[str], tokens: Sequence[str]) -> str:
    """As bytes, but of characters."""
    for _ in range(_how_many(rng)):
        start, end = _range(rng, len(text))
        change = rng.randrange(8)
        if change == 0:
            text = text[:start] + text[end:]
        elif change == 1:
            text = text[:end] + text[start:]
        elif change == 2:
            text = text[:start] + rng.choice(rng.choice(others) or " ") + text[start + 1 :]
        elif change == 3:
            other = rng.choice(others)
            text = text[:start] + other[_range(rng, len(other))[0] :]
        elif change == 4:
            text = (
                text[:start] + chr(rng.choice((rng.randrange(128), rng.randrange(0x11_0000)))) + text[start:]
            )
        else:
            text = (
                text[:start] + rng.choice(tokens or WORST_TEXTS if change < 7 else WORST_TEXTS) + text[end:]
            )
    return text


def mutate_tree(rng: Random, tree: Tree, others: Sequence[Tree], tokens: Sequence[str]) -> Tree:
    """One to four changes, each at one place of the tree; one in thirty may become as large as a large record."""
    most = LARGE_TREE if rng.random() < 0.03 else SMALL_TREE
    for _ in range(_how_many(rng)):
        changed = _changed_within(rng, tree, others, tokens)
        tree = changed if weight(changed, most) <= most else tree
    return tree


def weight(tree: Tree, most: int) -> int:
    """About how many bytes a tree is when written, counted no further than ``most``."""
    total, waiting = 0, [tree]
    while waiting and total <= most:
        item = waiting.pop()
        total += 8
        if isinstance(item, str):
            total += len(item)
        elif isinstance(item, dict):
            total += sum(map(len, item))
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return total


def mutate_json(rng: Random, data: bytes, others: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """A document changed as a tree and written again, now and then in an odd spelling; or as bytes."""
    if rng.random() < 0.35:
        return mutate_bytes(rng, data, others, tokens)
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return mutate_bytes(rng, data, others, tokens)
    words = [token.decode("utf-8", "replace") for token in tokens]
    grown = mutate_tree(rng, tree, (tree, *_read(rng.choice(others))), words)
    return mutate_bytes(rng, spelt(rng, grown), others, tokens) if rng.random() < 0.1 else spelt(rng, grown)


def spelt(rng: Random, tree: Tree) -> bytes:
    """A tree as JSON: mostly canonical, sometimes with spaces, escapes or a member twice."""
    way = rng.random()
    text = json.dumps(
        tree,
        ensure_ascii=way > 0.9,
        sort_keys=way > 0.1,
        separators=(", ", ": ") if 0.8 < way < 0.85 else (",", ":"),
    )
    if 0.85 < way < 0.88:
        text = text.replace("{", '{"a":1,"a":2,', 1)
    return text.encode("utf-8", "surrogatepass")


def grown(rng: Random, data: bytes, limit: int) -> bytes:
    """A piece of a document repeated until the document is as large as is accepted, and a little more."""
    start, end = _range(rng, len(data))
    piece = data[start:end] or b"["
    room = min(limit, _MAX_GROWN) - len(data) + rng.randrange(-2, 3)
    return data[:start] + piece * max(1, room // len(piece)) + data[end:]


# --- places --------------------------------------------------------------------------------


def _how_many(rng: Random) -> int:
    return 1 + (rng.random() < 0.3) + (rng.random() < 0.1) + (rng.random() < 0.05)


def _range(rng: Random, size: int) -> tuple[int, int]:
    """A stretch, short as a rule."""
    start = rng.randrange(size + 1)
    longest = size - start if rng.random() < 0.1 else min(size - start, 16)
    return start, start + rng.randrange(longest + 1)


# --- bytes ---------------------------------------------------------------------------------

_Change = Callable[[Random, bytes, Sequence[bytes], Sequence[bytes]], bytes]


def _flip(rng: Random, data: bytes, *_: object) -> bytes:
    if not data:
        return b"\0"
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _cut(rng: Random, data: bytes, *_: object) -> bytes:
    start, end = _range(rng, len(data))
    return data[:start] + data[end:]


def _truncate(rng: Random, data: bytes, *_: object) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _repeat(rng: Random, data: bytes, *_: object) -> bytes:
    start, end = _range(rng, len(data))
    return data[:end] + data[start:]


def _splice(rng: Random, data: bytes, others: Sequence[bytes], _: object) -> bytes:
    other = rng.choice(others)
    start, end = _range(rng, len(data))
    return data[:start] + other[rng.randrange(len(other) + 1) :] + (data[end:] if rng.random() < 0.5 else b"")


def _say(rng: Random, data: bytes, _: object, tokens: Sequence[bytes]) -> bytes:
    start, end = _range(rng, len(data))
    word = rng.choice(tokens if tokens and rng.random() < 0.6 else WORST_BYTES)
    return data[:start] + word + data[start if rng.random() < 0.5 else end :]


def _length(rng: Random, data: bytes, *_: object) -> bytes:
    """A big-endian number of 1 to 8 bytes: extremes, or what is there and one more or less."""
    width = rng.choice((1, 2, 4, 8))
    at = rng.randrange(max(1, len(data) - width + 1)) if rng.random() < 0.5 else 0
    now = int.from_bytes(data[at : at + width], "big")
    most = (1 << 8 * width) - 1
    number = rng.choice((0, 1, most, most >> 1, most // 2 + 1, now + 1, now - 1, now * 2, len(data)))
    return data[:at] + (number & most).to_bytes(width, "big") + data[at + width :]


def _digit(rng: Random, data: bytes, *_: object) -> bytes:
    """Another character of the same alphabet, so that the form stays and the value does not."""
    if not data:
        return b"0"
    at = rng.randrange(len(data))
    alphabet = next((kind for kind in _ALPHABETS if data[at] in kind), bytes(range(256)))
    return data[:at] + bytes([rng.choice(alphabet)]) + data[at + 1 :]


_ALPHABETS: Final[tuple[bytes, ...]] = (
    b"0123456789",
    b"abcdef",
    b"abcdefghijklmnopqrstuvwxyz",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
)
_BYTE_CHANGES: Final[tuple[_Change, ...]] = (
    *(_flip, _cut, _truncate, _repeat, _splice, _say, _say, _length, _digit, _digit),
)


# --- trees ---------------------------------------------------------------------------------


def _read(data: bytes) -> list[Tree]:
    try:
        return [json.loads(data)]
    except (ValueError, RecursionError):
        return []


def _changed_within(rng: Random, tree: Tree, others: Sequence[Tree], tokens: Sequence[str]) -> Tree:
    """Goes down by chance, changes what it stops at, and copies no more than the way there."""
    if rng.random() < 0.85 and tree:
        if isinstance(tree, dict):
            name = rng.choice(list(tree))
            return {**tree, name: _changed_within(rng, tree[name], others, tokens)}
        if isinstance(tree, list):
            at = rng.randrange(len(tree))
            return [*tree[:at], _changed_within(rng, tree[at], others, tokens), *tree[at + 1 :]]
    return _changed(rng, tree, others, tokens)


def _changed(rng: Random, tree: Tree, others: Sequence[Tree], tokens: Sequence[str]) -> Tree:
    change = rng.random()
    if isinstance(tree, dict) and tree and change < 0.5:
        return _members_changed(rng, tree, others, tokens)
    if isinstance(tree, list) and tree and change < 0.5:
        return _items_changed(rng, tree, others)
    if isinstance(tree, str) and change < 0.5:
        return mutate_text(rng, tree, (tree or " ", *WORST_TEXTS[:5]), tokens)
    if isinstance(tree, int) and change < 0.3:
        return tree + rng.choice((1, -1, tree, 2**31))
    return _hostile(rng, tree, others, tokens)


def _members_changed(
    rng: Random, tree: dict[str, Tree], others: Sequence[Tree], tokens: Sequence[str]
) -> dict[str, Tree]:
    name = rng.choice(list(tree))
    change = rng.randrange(4)
    if change == 0:
        return {other: value for other, value in tree.items() if other != name}
    if change == 1:
        return {**tree, rng.choice((*tokens, "surprise", *WORST_TEXTS)): _somewhere(rng, rng.choice(others))}
    if change == 2:
        renamed = mutate_text(rng, name, (name or " ",), tokens)
        return {renamed if other == name else other: value for other, value in tree.items()}
    return {**tree, name: tree[rng.choice(list(tree))]}


def _items_changed(rng: Random, tree: list[Tree], others: Sequence[Tree]) -> list[Tree]:
    at = rng.randrange(len(tree))
    change = rng.randrange(5)
    if change == 0:
        return [*tree[:at], *tree[at + 1 :]]
    if change == 1:
        return [*tree, tree[at]]
    if change == 2:
        return [*tree, _somewhere(rng, rng.choice(others))]
    if change == 3:
        return tree[::-1]
    return tree * rng.choice((2, 3, 40, 300)) if len(tree) < 50 else tree


def _hostile(rng: Random, tree: Tree, others: Sequence[Tree], tokens: Sequence[str]) -> Tree:
    kind = rng.randrange(10)
    if kind < 2:
        return rng.choice(WORST_INTEGERS)
    if kind < 5:
        return rng.choice(tokens if tokens and kind == 2 else WORST_TEXTS)
    if kind == 5:
        return rng.choice((None, True, False, [], {}, [[]], {"": {}}, *WORST_FLOATS))
    if kind == 6:
        return _nested(tree, rng.choice((1, 2, 29, 31, 32, 33, 100)), in_list=rng.random() < 0.5)
    if kind == 7:
        return [tree] * rng.choice((1, 2, 257, 1_000))
    if kind == 8:
        return {f"m{number}": tree for number in range(rng.choice((1, 2, 100)))}
    return _somewhere(rng, rng.choice(others))


def _nested(tree: Tree, depth: int, *, in_list: bool) -> Tree:
    for _ in range(depth):
        tree = [tree] if in_list else {"a": tree}
    return tree


def _somewhere(rng: Random, tree: Tree) -> Tree:
    """A part of another tree."""
    while isinstance(tree, dict | list) and tree and rng.random() < 0.8:
        tree = rng.choice(list(tree.values()) if isinstance(tree, dict) else tree)
    return tree
