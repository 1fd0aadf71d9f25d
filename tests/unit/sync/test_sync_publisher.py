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
