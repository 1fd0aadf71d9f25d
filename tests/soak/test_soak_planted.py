"""Every planted fault: seen in the node that has it and in no other, and named by the kit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from passerelle.conformance import Report, asking, plan
from tests.conformance.test_conformance_planted import SOUND, examined, is_named_alone
from tests.planted.faults import PLANTED
from tests.planted.test_planted_faults import home, seen_in

__all__ = ["examined", "home"]


@pytest.fixture(scope="session", autouse=True)
def _patient_kit() -> Iterator[None]:
    """A dozen nodes are examined at once beside the other lanes of the soak: each may need a minute for one answer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "REQUEST_SECONDS", 60.0)
        patch.setattr(plan, "REPORT_SECONDS", 75.0)
        yield


@pytest.mark.parametrize("name", PLANTED)
async def test_every_planted_fault_is_seen_and_no_other(name: str, home: Path, tmp_path: Path) -> None:
    """A node with a fault breaks its rule and keeps the others."""
    assert await seen_in(name, home, tmp_path) == {name}


@pytest.mark.timeout(3_600)
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("fault", [SOUND, *PLANTED])
async def test_every_planted_fault_is_named_by_its_rule(
    fault: str, examined: Mapping[str, Report | Exception]
) -> None:
    """The whole examination in both roles: that rule is broken, and no other."""
    is_named_alone(fault, examined)
