"""More leaves, good and bad: the other conditions of L-20 to L-22."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from passerelle.conformance import flawed
from passerelle.conformance.flawed import Bench, Item
from passerelle.protocol.profile import encode

MAX_LEAF: Final = 4_096
"""Bytes of the longest leaf."""


def _good(bench: Bench) -> Item:
    value = flawed.public_value(bench)
    return flawed.in_public(encode(bench.author.signed(value)), value)


def longest(_bench: Bench) -> Item:
    """A leaf of an unknown kind, as long as a leaf may be."""
    start, end = b'{"kind":"later","text":"', b'"}'
    return start + b"x" * (MAX_LEAF - len(start) - len(end)) + end, None


def public_in_sealed(bench: Bench) -> Item:
    """A leaf of the public form in a feed of sealed ones; there is no object beside it."""
    leaf, _ = _good(bench)
    return leaf, None


def by_text(bench: Bench) -> Item:
    """A leaf whose version is a text."""
    leaf, item = _good(bench)
    return leaf.replace(b'"version":1', b'"version":"1"', 1), item


# --- other forms of a known kind ---------------------------------------------------------------------------

CHANGES: Final = (
    ("with version 0", b'"version":1', b'"version":0'),
    ("with a negative version", b'"version":1', b'"version":-1'),
    ("with version true", b'"version":1', b'"version":true'),
    ("with a commitment that is longer", b'"commitment":"', b'"commitment":"ab'),
    ("with a commitment that is no text", b'"commitment":"', b'"commitment":1,"commitments":"'),
    ("without a type", b'"type":"offer",', b""),
    ("without a kind", b'"kind":"record",', b""),
    ("whose kind is a number", b'"kind":"record"', b'"kind":1'),
)
"""What is wrong, what stands there, and what is put in its place."""
PLAIN: Final = (
    ("a leaf that is a list", b'["record"]'),
    ("a leaf that is a text", b'"record"'),
    ("an erased leaf of a negative index", b'{"index":-1,"kind":"erased","reason":"retention"}'),
    ("an erased leaf whose index is a text", b'{"index":"0","kind":"erased","reason":"retention"}'),
    ("an erased leaf with a reason in words", b'{"index":0,"kind":"erased","reason":"nobody wants it"}'),
    ("an erased leaf without a reason", b'{"index":0,"kind":"erased"}'),
)


def changed(old: bytes, new: bytes) -> Callable[[Bench], Item]:
    """A good leaf in which some bytes are others."""

    def make(bench: Bench) -> Item:
        leaf, item = _good(bench)
        return leaf.replace(old, new, 1), item

    return make


def plain(data: bytes) -> Callable[[Bench], Item]:
    """A leaf of these bytes, without object."""
    return lambda _bench: (data, None)


def turned(data: bytes) -> bytes:
    """A record with its first member put last."""
    first, rest = b'"@context":["urn:passerelle:v1"],', data[1:-1]
    return b"{" + rest.replace(first, b"", 1) + b"," + first[:-1] + b"}"


def out_of_order(bench: Bench) -> Item:
    """A leaf with its last member put first."""
    leaf, item = _good(bench)
    return b'{"version":1,' + leaf[1:].replace(b',"version":1', b"", 1), item


def too_long(_bench: Bench) -> Item:
    """A leaf of an unknown kind, one byte longer than a leaf may be."""
    leaf, item = longest(_bench)
    return leaf.replace(b"x", b"xx", 1), item
