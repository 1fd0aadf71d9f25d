"""Who goes with which commit."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from passerelle.sync.publisher import MAX_BATCH, _Group, take_batch


def groups(*sizes: int) -> list[_Group]:
    loop = asyncio.new_event_loop()
    drafts: list[Any] = [[None] * size for size in sizes]
    made = [_Group(items, None, "", loop.create_future(), None) for items in drafts]
    loop.close()
    return made


@pytest.mark.parametrize(
    ("waiting", "taken", "left"),
    [
        ([1, 2, 3], [1, 2, 3], []),
        ([250, 250, 1, 250, 5], [250, 1, 5], [250, 250]),
        ([MAX_BATCH + 1, 1], [MAX_BATCH + 1], [1]),
        ([200, 100, 56], [200, 56], [100]),
    ],
)
def test_small_groups_go_beside_a_large_one(waiting: list[int], taken: list[int], left: list[int]) -> None:
    """W-1: a commit holds the group that has waited longest, and what fits beside it, in order of arrival."""
    held = groups(*waiting)
    assert [len(group.drafts) for group in take_batch(held)] == taken
    assert [len(group.drafts) for group in held] == left
