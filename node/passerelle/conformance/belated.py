"""An object that was not there when its leaf came, and is put in later: whether the node asks for it again."""

from __future__ import annotations

import re
import time
from typing import Final

from passerelle.conformance import flawed
from passerelle.conformance.author import Feed
from passerelle.conformance.partner import Partner
from passerelle.conformance.plan import Plan
from passerelle.conformance.stand import Call
from passerelle.protocol.profile import encode
from passerelle.protocol.tiles import TILE_WIDTH, Tile, encode_objects

PULLS: Final = 3
"""Later pulls in which it may be asked for."""
_RANGE: Final = re.compile(r"bytes=([0-9]{1,15})-[0-9]*")


async def look_again(partner: Partner, plan: Plan, *, seconds: float) -> None:
    """F-40: a record to the node of which the object comes later; the feed grows meanwhile, so that there is a pull."""
    feed = partner.agency.bilateral
    bench = plan.bench(feed)
    leaf, item = flawed.in_bilateral(bench, encode(bench.author.signed(flawed.bilateral_value(bench))))
    index = feed.append(leaf)
    if item is None or not await partner.holds(feed, index + 1, seconds):
        partner.notes.unseen("F-40", why="no-answer")
        return
    feed.mend(index, item)
    began = time.monotonic()
    for _ in range(PULLS):
        feed.append(b'{"kind":"later","n":%d}' % len(feed.leaves))
        if not await partner.visit(feed, seconds):
            partner.notes.unseen("F-40", why="no-answer")
            return
        if any(_asks_for(call, feed, index) for call in partner.stand.since(began)):
            break
    asked = any(_asks_for(call, feed, index) for call in partner.stand.since(began))
    got = f"it was not asked for in {PULLS} pulls"
    partner.notes.judge(asked, "F-40", sent="an object that was not there at first", got=got)


def _asks_for(call: Call, feed: Feed, index: int) -> bool:
    """Whether the bytes of an object are in what a request asks for: a file with its bundle, from its offset or before."""
    folder = f"/{feed.origin.path}/"
    whole = Tile("objects", 0, index // TILE_WIDTH, TILE_WIDTH).path
    name = call.path.removeprefix(folder)
    width = name.removeprefix(f"{whole}.p/")
    if name != whole and not (width != name and width.isdigit() and int(width) > index % TILE_WIDTH):
        return False
    first = index - index % TILE_WIDTH
    wanted = _RANGE.fullmatch(call.headers.get("range", ""))
    return wanted is None or int(wanted[1]) <= len(encode_objects(feed.objects[first:index]))
