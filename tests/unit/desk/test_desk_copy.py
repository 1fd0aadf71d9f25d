"""A copy of the feeds: written whole, into a folder of its own, accepted by who trusts no node."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from passerelle.audit import audit_folder
from passerelle.errors import InputError
from passerelle.protocol.origins import Origin
from tests.unit.desk.story import Pair

pytestmark = pytest.mark.asyncio(loop_scope="package")


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_a_copy_is_what_an_outsider_accepts(pair: Pair, tmp_path: Path) -> None:
    """P-18: the feeds lie beside the identity logs that are needed to check them."""
    await pair.agreed(quota=1)
    await pair.settle()
    own, partner = pair.togo.scid, pair.mali.scid
    told = await pair.togo.node.desk.copy(str(tmp_path / "stick"))
    copied = {feed["origin"] for feed in told}
    both_ways = (
        Origin(own, partner, 1),
        Origin(partner, own, 1),
        Origin(own, None, 1),
        Origin(partner, None, 1),
    )
    assert copied >= {origin.encode() for origin in both_ways}
    report = audit_folder(tmp_path / "stick", datetime.now(UTC) + timedelta(days=1))
    assert report.ok, report.to_json()
    assert {feed.origin for feed in report.feeds} == copied


async def test_a_folder_that_holds_something_is_left_alone(pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("kept")
    with pytest.raises(InputError, match=r"copy\.not-empty"):
        await pair.togo.node.desk.copy(str(tmp_path))
    assert names(tmp_path) == ["letter.txt"]


async def test_a_place_that_cannot_be_written_is_said(pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"copy\.not-writable"):
        await pair.togo.node.desk.copy(str(tmp_path / "file" / "stick"))
