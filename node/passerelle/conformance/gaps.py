"""Files of the kit's feed to the node that hold too much or too little: what a receipt may cover.

A receipt of a bilateral feed says that each object was opened (F-23). So this comes before the
flawed records, of which some never open: after them no receipt of this feed grows any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from passerelle.conformance import flawed
from passerelle.conformance.author import Feed
from passerelle.conformance.flawed import Item
from passerelle.conformance.partner import SETTLE_SECONDS, Partner
from passerelle.conformance.plan import Plan
from passerelle.conformance.stand import Override, served
from passerelle.protocol.profile import encode
from passerelle.protocol.tiles import TILE_WIDTH, Tile, TileKind

PULLS: Final = 3
"""Visits in which an object that was not there may be asked for again, before its leaf is erased."""


@dataclass(frozen=True, slots=True)
class Longer:
    """One file that says more than its path.

    Args:
        rule: What the node breaks that takes it.
        what: What it is.
        kind: Which file.
        rest: What stands behind what belongs into it.
    """

    rule: str
    what: str
    kind: TileKind
    rest: bytes


LONGER: Final = (
    Longer("O-16", "an object file with one object more", "objects", bytes(4)),
    Longer("O-16", "an object file with a byte behind its objects", "objects", b"\0"),
    Longer("L-17", "a bundle with one leaf more", "entries", b"\0\2{}"),
    Longer("L-17", "a bundle with a byte behind its leaves", "entries", b"\0"),
)


async def examine(partner: Partner, plan: Plan, *, seconds: float) -> None:
    """L-17 and O-16 of files that are longer than their path says, F-23 of an object that is not there."""
    feed = partner.agency.bilateral
    feed.append(*_good(plan, feed))
    if not await partner.moves(feed, len(feed.leaves), seconds):
        partner.notes.unseen("F-23", *(one.rule for one in LONGER), why="no-answer")
        return
    for one in LONGER:
        await _longer(partner, plan, one, seconds=seconds)
    await _missing(partner, plan, seconds=seconds)


def _good(plan: Plan, feed: Feed) -> Item:
    bench = plan.bench(feed)
    return flawed.in_bilateral(bench, encode(bench.author.signed(flawed.bilateral_value(bench))))


async def _longer(partner: Partner, plan: Plan, one: Longer, *, seconds: float) -> None:
    """One more record, and a file that holds more than it; then the file as it is."""
    feed = partner.agency.bilateral
    feed.append(*_good(plan, feed))
    size = len(feed.leaves)
    width = size % TILE_WIDTH or TILE_WIDTH
    path = Tile(one.kind, 0, (size - 1) // TILE_WIDTH, width).path
    partner.stand.overrides[f"/{feed.origin.path}/{path}"] = _with_rest(feed, path, one)
    looked = await partner.visit(feed, seconds)
    found = await partner.receipt(feed)
    partner.stand.overrides.clear()
    if looked and found is not None:
        partner.notes.judge(found.size < size, one.rule, sent=one.what, got=f"a receipt of size {found.size}")
    await partner.comes_after(feed, seconds)


def _with_rest(feed: Feed, path: str, one: Longer) -> Override:
    data = (feed.read(path) or b"") + one.rest
    tag = f'"{feed.rewrites}"' if one.kind == "objects" else ""

    async def answer(request: web.Request) -> web.StreamResponse:
        return served(request, data, tag)

    answer.__name__ = one.what
    return answer


async def _missing(partner: Partner, plan: Plan, *, seconds: float) -> None:
    """An object of length 0 is not there, or erased; which of the two, only an `erased` leaf says."""
    feed, notes = partner.agency.bilateral, partner.notes
    leaf, item = _good(plan, feed)
    index = feed.append(leaf)
    if item is None or not await partner.holds(feed, index + 1, seconds):
        notes.unseen("F-23", why="no-answer")
        return
    await partner.stand.quiet(SETTLE_SECONDS, 20.0)
    found = await partner.receipt(feed)
    if found is not None:
        got = f"a receipt of size {found.size}"
        notes.judge(found.size <= index, "F-23", sent=f"no object beside the sealed leaf {index}", got=got)
    feed.mend(index, item)
    for _ in range(PULLS):
        feed.append(b'{"kind":"later","n":%d}' % len(feed.leaves))
        await partner.visit(feed, seconds)
        found = await partner.receipt(feed)
        if found is not None and found.size > index:
            return
    feed.append(b'{"index":%d,"kind":"erased","reason":"unreadable"}' % index)
    await partner.comes_after(feed, seconds)
