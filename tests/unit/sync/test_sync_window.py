"""How much of a feed is in memory while it is examined."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.protocol.schemas import Schemas
from passerelle.protocol.tiles import TILE_WIDTH
from passerelle.storage.feeds import Feed
from passerelle.sync import keeping, pull
from passerelle.sync.examiner import Examiner
from passerelle.sync.findings import Finding, Terms
from passerelle.sync.keeping import Kept
from tests.unit.sync.conftest import Follower

BUNDLES = 8
OBJECT_BYTES = 60_000


class Watched(Examiner):
    """Examines as ever, and notes for how many calls at a time."""

    under_way = most = 0

    async def examine(
        self, terms: Terms, leaves: Sequence[bytes], objects: Sequence[bytes | None]
    ) -> list[Finding]:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(0.02)
            return await super().examine(terms, leaves, objects)
        finally:
            self.under_way -= 1


@pytest.mark.parametrize(("room", "least", "most"), [(10**6, 3, 8), (2 * OBJECT_BYTES, 2, 3), (1, 1, 2)])
async def test_of_large_bundles_fewer_wait(
    follower: Follower, monkeypatch: pytest.MonkeyPatch, room: int, least: int, most: int
) -> None:
    """Memory is bounded by the largest bundle, not by as many of them as there are of small ones.

    One more than have room is there until it is known how large they are.
    """
    monkeypatch.setattr(pull, "AHEAD_BYTES", room)
    feed = follower.feed(follower.public)
    feed.pad(BUNDLES * TILE_WIDTH)
    for bundle in range(BUNDLES):
        feed.objects[bundle * TILE_WIDTH] = b"x" * OBJECT_BYTES
    watched = Watched(Schemas.packaged(), workers=2)
    watching = replace(follower, tools=replace(follower.tools, examiner=watched))
    try:
        assert (await watching.pull(feed.origin)).size == BUNDLES * TILE_WIDTH
    finally:
        await watched.close()
    assert least <= watched.most <= most


async def test_little_is_left_to_keep_at_the_end(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups that are kept together get smaller towards the end, so that keeping and examining end together."""
    kept: list[int] = []
    real = keeping.keep

    async def keep(connection: AsyncConnection, held: Feed, leaves: Sequence[bytes], *rest: Any) -> Kept:
        kept.append(len(leaves))
        return await real(connection, held, leaves, *rest)

    monkeypatch.setattr(keeping, "keep", keep)
    feed = follower.feed(follower.public)
    feed.pad(BUNDLES * TILE_WIDTH)
    await follower.pull(feed.origin)
    assert [size // TILE_WIDTH for size in kept] == [4, 2, 1, 1]
