"""What one partner may cost: a purse that fills by the day and stops nobody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from passerelle.errors import TransportError
from passerelle.sync import allowance
from passerelle.sync.allowance import Allowances, Limit
from tests.unit.sync.conftest import Follower


def test_a_purse_fills_by_the_day() -> None:
    """F-62: what is spent comes back slowly, up to what there may be at once, and one's debt is not another's."""
    now = [0.0]
    purses = Allowances(lambda: now[0])
    full = allowance.LIMITS["leaves"].at_once
    purses.spend("a", "leaves", full + 10)
    assert (purses.left("a", "leaves"), purses.left("b", "leaves")) == (0, full)
    assert purses.left("a", "bytes") == allowance.LIMITS["bytes"].at_once
    with pytest.raises(TransportError, match=r"road\.allowance-spent"):
        purses.require("a", "leaves")
    now[0] = timedelta(days=0.25).total_seconds()
    assert purses.left("a", "leaves") == allowance.LIMITS["leaves"].per_day // 4 - 10
    now[0] = timedelta(days=9).total_seconds()
    assert purses.left("a", "leaves") == full


@pytest.mark.parametrize("kind", ["bytes", "leaves", "setbacks"])
async def test_a_spent_allowance_stops_the_next_pull_alone(
    follower: Follower, monkeypatch: pytest.MonkeyPatch, kind: allowance.Kind
) -> None:
    """F-62: what was fetched is kept, and the feed goes on when there is an allowance again."""
    monkeypatch.setattr(
        allowance, "LIMITS", {**allowance.LIMITS, kind: Limit({"bytes": 20_000}.get(kind, 3), 0)}
    )
    feed = follower.feed(follower.public, 20 if kind == "bytes" else 4)
    for _ in range(4):
        feed.add(follower.me.record())
    held = (await follower.pull(follower.public)).size
    follower.add(feed)
    assert await follower.refused(follower.public) == "road.allowance-spent"
    assert (await follower.held(follower.public)).size == held
    monkeypatch.setattr(allowance, "LIMITS", {**allowance.LIMITS, kind: Limit(10**6, 10**12)})
    follower.tools.allowances._purses.clear()
    follower.client._allowances._purses.clear()
    assert (await follower.pull(follower.public)).size == held + 1
