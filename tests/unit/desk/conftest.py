"""Two desks that tests share, each with records of its own, and fresh ones where a test counts everything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from tests.unit.desk.story import Pair
from tests.unit.federation.world import FRANCE, MALI, TOGO, Here, agencies, homes_once, introduce


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Homes of all agencies, to be copied."""
    return homes_once(tmp_path_factory)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def trio(
    homes: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, Here]]:
    """Togo, Mali and France; Togo is a partner of both."""
    three = {code: homes[code] for code in (TOGO, MALI, FRANCE)}
    async with agencies(three, tmp_path_factory.mktemp("desks")) as found:
        await introduce(found[TOGO], found[MALI])
        await introduce(found[TOGO], found[FRANCE])
        yield found


@pytest.fixture(scope="package")
def pair(trio: dict[str, Here]) -> Pair:
    """Two desks for stories that stand beside one another."""
    return Pair(trio[TOGO], trio[MALI])


@pytest_asyncio.fixture(loop_scope="package")
async def fresh(homes: Mapping[str, Path], tmp_path: Path) -> AsyncIterator[Pair]:
    """Two desks that have told nothing yet and do not know each other."""
    async with agencies({code: homes[code] for code in (TOGO, MALI)}, tmp_path) as found:
        yield Pair(found[TOGO], found[MALI])
