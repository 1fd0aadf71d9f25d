"""Runs the table: behaviours side by side, each as another partner of one node; some by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.hostile.behaviours import BEHAVIOURS
from tests.hostile.running import run_all
from tests.hostile.scene import Outcome, make_home


@pytest.fixture(scope="session")
def target_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of our node, at rest, to be copied."""
    home = tmp_path_factory.mktemp("hostile") / "home"
    asyncio.run(make_home(home))
    return home


@pytest.fixture(scope="session")
def outcomes(
    request: pytest.FixtureRequest, target_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Outcome | Exception]:
    """What came of each behaviour that is asked for in this run."""
    wanted = _asked_for(request.session.items)
    chosen = [behaviour for behaviour in BEHAVIOURS if behaviour.name in wanted]
    return asyncio.run(run_all(chosen, tmp_path_factory.mktemp("table"), target_home))


def _asked_for(items: Sequence[pytest.Item]) -> set[str]:
    """Names of the behaviours whose tests were chosen."""
    specs = [getattr(item, "callspec", None) for item in items]
    return {
        spec.params["behaviour"].name for spec in specs if spec is not None and "behaviour" in spec.params
    }
