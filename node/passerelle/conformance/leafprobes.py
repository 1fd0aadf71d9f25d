"""More leaves with one fault each: the other conditions of L-19, L-21 and L-23."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from passerelle.conformance import flawed
from passerelle.conformance.flawed import Bench, Item
from passerelle.protocol.profile import encode

MAX_LEAF: Final = 4_096
"""Bytes of the longest leaf."""


def _good(bench: Bench, **leaf: object) -> Item:
    value = flawed.public_value(bench)
    return flawed.in_public(encode(bench.author.signed(value)), value, **leaf)


def said(**leaf: object) -> Callable[[Bench], Item]:
    """A good record beside a leaf that says something else of it."""
    return lambda bench: _good(bench, **leaf)


def too_long(_bench: Bench) -> Item:
    """A leaf of an unknown kind, one byte beyond the limit."""
    start, end = b'{"kind":"later","text":"', b'"}'
    return start + b"x" * (MAX_LEAF + 1 - len(start) - len(end)) + end, None


def longest(_bench: Bench) -> Item:
    """A leaf of an unknown kind, as long as a leaf may be."""
    start, end = b'{"kind":"later","text":"', b'"}'
    return start + b"x" * (MAX_LEAF - len(start) - len(end)) + end, None


def public_in_sealed(bench: Bench) -> Item:
    """A leaf of the public form in a feed of sealed ones; there is no object beside it."""
    leaf, _ = _good(bench)
    return leaf, None


def without_version(bench: Bench) -> Item:
    """A leaf that leaves out a member of its form."""
    leaf, item = _good(bench)
    return leaf.replace(b',"version":1', b"", 1), item


def by_text(bench: Bench) -> Item:
    """A leaf whose version is a text."""
    leaf, item = _good(bench)
    return leaf.replace(b'"version":1', b'"version":"1"', 1), item
