"""Who goes with which commit."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from passerelle.node import Node
from passerelle.protocol.origins import Origin
from passerelle.storage import feeds, sqlite
from passerelle.sync.publisher import MAX_BATCH, _Group, take_batch
from tests.unit.federation.world import TOGO, offer


def groups(*sizes: int) -> list[_Group]:
    loop = asyncio.new_event_loop()
    drafts: list[Any] = [[None] * size for size in sizes]
    made = [_Group(items, None, "", loop.create_future(), None) for items in drafts]
    loop.close()
    return made


@pytest.mark.parametrize(
    ("waiting", "few_first", "taken", "left"),
    [
        ([1, 2, 3], True, [1, 2, 3], []),
        ([250, 250, 1, 250, 5], True, [1, 5], [250, 250, 250]),
        ([250, 250, 1, 250, 5], False, [250, 1, 5], [250, 250]),
        ([250, 250], True, [250], [250]),
        ([MAX_BATCH + 1, 1], False, [MAX_BATCH + 1], [1]),
        ([200, 100, 56], True, [200, 56], [100]),
        ([8] * 40, True, [8] * 32, [8] * 8),
    ],
)
def test_small_groups_do_not_wait_for_large_ones(
    waiting: list[int], few_first: bool, taken: list[int], left: list[int]
) -> None:
    """W-1, W-12: a commit holds the small groups that wait, or the group that has waited longest and what fits beside it."""
    held = groups(*waiting)
    assert [len(group.drafts) for group in take_batch(held, few_first=few_first)] == taken
    assert [len(group.drafts) for group in held] == left


async def test_a_commit_is_few_trips(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many tables it writes, SQLite's thread is woken for what is asked of it, for the rows, and for each COMMIT."""
    await node.desk.publish([offer(TOGO, "Avant")])
    real = sqlite.Connection._execute
    trips: list[tuple[int, str]] = []

    async def counted(self: sqlite.Connection, work: Any, *given: Any) -> Any:
        if self in drivers:
            trips.append((drivers.index(self), work.__name__))
        return await real(self, work, *given)  # type: ignore[no-untyped-call]

    drivers = [await driver_of(engine) for engine in (node.database._writer, node.heads._engine)]
    monkeypatch.setattr(sqlite.Connection, "_execute", counted)
    await node.desk.publish([offer(TOGO, f"Mission {number}") for number in range(300)])
    rows = [(0, "_run"), (0, "_run_ahead"), (0, "_run_commit")]
    assert trips == [*rows, (1, "_run_changes")]


async def driver_of(engine: AsyncEngine) -> Any:
    """The one connection of an engine."""
    async with engine.connect() as connection:
        return (await connection.get_raw_connection()).driver_connection


async def test_a_feed_is_read_again_where_the_head_is_not_the_one_that_was_moved(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W-1: what the writer remembers of the rows counts as long as it moved the head last; a confirmation may have, too."""
    real, asked = feeds.get, []

    async def get(connection: AsyncConnection, origin: Origin) -> feeds.Feed | None:
        asked.append(origin)
        return await real(connection, origin)

    await node.desk.publish([offer(TOGO, "Avant")])
    monkeypatch.setattr(feeds, "get", get)
    await node.desk.publish([offer(TOGO, "Mission")])
    assert asked == []
    node.publisher.current = {name: replace(head) for name, head in node.publisher.current.items()}
    await node.desk.publish([offer(TOGO, "Mission")])
    assert [origin.is_public for origin in asked] == [True]
