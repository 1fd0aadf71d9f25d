"""More leaves, good and bad: the other conditions of L-20 to L-22."""

from __future__ import annotations

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
