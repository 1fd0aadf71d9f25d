"""Groups that are published together: each stands or falls alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from passerelle.errors import StorageError
from tests.unit.desk.story import Pair
from tests.unit.federation.world import TOGO, offer

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_fault_of_our_own_fails_its_group_alone(fresh: Pair) -> None:
    """What one caller's records bring to light is no reason to refuse another's."""
    publisher = fresh.togo.node.publisher
    honest = publisher._tools

    async def check(record: Any, ahead: Any) -> None:
        if record.body["title"]["fr"] == "Bad":
            raise RuntimeError("a mistake in a rule")
        await honest.check(record, ahead)

    publisher._tools = replace(honest, check=check, unjudged=frozenset())
    desk = fresh.togo.node.desk
    answers = await asyncio.gather(
        *(desk.publish([offer(TOGO, title)]) for title in ("Good", "Bad", "Better")), return_exceptions=True
    )
    publisher._tools = honest
    assert isinstance(answers[1], StorageError)
    assert (answers[1].code, answers[1].params) == ("publish.failed", {"detail": "RuntimeError"})
    assert [isinstance(answer, list) for answer in answers] == [True, False, True]
    assert len(await desk.records_list(type="offer")) == 2


async def test_a_report_that_fails_does_not_fail_the_visit(
    fresh: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What we cannot tell a partner is no reason not to hear it."""
    await fresh.togo.add(fresh.mali)
    await fresh.mali.add(fresh.togo)

    async def report(_scid: str) -> None:
        raise StorageError("storage.disk-full")

    monkeypatch.setattr(fresh.togo.node.desk, "report_rejections", report)
    with capture_logs() as logs:
        await fresh.togo.sync()
    assert {entry["code"] for entry in logs if entry["event"] == "report-failed"} == {"storage.disk-full"}
