"""Nodes with faults that were planted by somebody who had not read the kit: it names the rule, and no other.

What stands in `follower_faults` and `partner_faults` was written beside the kit, and says what it looks at. These were
chosen from the law alone (`tests/planted`), so they say whether it looks where an implementer errs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import pytest
import pytest_asyncio

from passerelle.conformance import Report
from tests.conformance.partnering import whole
from tests.conformance.world import closing, open_world
from tests.planted.faults import IN_EACH_RUN, PLANTED

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(1_200)]

SOUND = "-"
GIVES_UP: Final = frozenset({"shrinking-stops"})
"""Nodes that no longer follow a feed, so that what would have been shown in it after that is left out."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def examined(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Report | Exception]:
    """What the kit finds in both roles of each node that is asked for in this run, all side by side."""
    specs = [getattr(item, "callspec", None) for item in request.session.items]
    wanted = {spec.params["fault"] for spec in specs if spec is not None and "fault" in spec.params}

    async def one(fault: str) -> Report:
        world = await open_world(tmp_path_factory.mktemp("planted"), fault)
        try:
            return await whole(world, grows=True)
        finally:
            await closing(world)

    names = sorted(name for name in wanted if name in {SOUND, *PLANTED})
    found = await asyncio.gather(*map(one, names), return_exceptions=True)
    return {
        name: one if isinstance(one, Report | Exception) else RuntimeError(str(one))
        for name, one in zip(names, found, strict=True)
    }


@pytest.mark.parametrize("fault", [SOUND, *IN_EACH_RUN])
async def test_a_planted_fault_is_named_by_its_rule(
    fault: str, examined: Mapping[str, Report | Exception]
) -> None:
    """The whole examination of a real node, in both roles: that rule is broken, and no other."""
    is_named_alone(fault, examined)


def is_named_alone(fault: str, examined: Mapping[str, Report | Exception]) -> None:
    """That rule is broken, no other, and nothing was cut short that could be looked at."""
    report = examined[fault]
    if isinstance(report, Exception):
        raise report
    broken = {finding.rule.id: finding.faults for finding in report.of("broken")}
    assert set(broken) == ({PLANTED[fault].rule} if fault != SOUND else set()), broken
    cut = "not-followed" if fault in GIVES_UP else None
    assert (report.cut, report.roles, report.conforms) == (cut, ("follower", "partner"), fault == SOUND)
