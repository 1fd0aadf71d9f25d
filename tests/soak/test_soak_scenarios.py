"""Every scenario of ``examples/`` on real nodes, the one that plays all of them on nine among them. Run by ``make soak``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from passerelle.scenario.nodes import staged
from passerelle.scenario.play import load
from passerelle.scenario.player import play
from tests.scenarios.conftest import ROOT


@pytest.mark.parametrize("file", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda file: file.stem)
async def test_real_nodes_say_what_the_file_expects(
    tmp_path: Path, file: Path, new_database: Callable[[], str]
) -> None:
    scenario = load(file)
    async with staged(scenario, tmp_path, database=new_database()) as nodes:
        outcome = await play(scenario, nodes, watch=lambda _entry: None)
    assert [finding for finding in outcome.findings if not finding.ok] == []
    assert outcome.ok
