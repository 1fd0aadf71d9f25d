"""Every fault of every rule that can be seen from outside, each by itself."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from passerelle.conformance import Report
from tests.conformance.conftest import _hasty_kit, reports, world
from tests.conformance.naming import check, named

__all__ = ["_hasty_kit", "reports", "world"]


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", named())
async def test_every_fault_is_named_by_its_rule(name: str, reports: Mapping[str, Report | Exception]) -> None:
    """One rule broken, that rule named, no other."""
    check(name, reports)
