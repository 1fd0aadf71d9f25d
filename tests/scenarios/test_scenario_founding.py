"""Rows of the founding documents on real nodes: some here, every one of them in ``tests/soak``."""

from __future__ import annotations

from pathlib import Path

import pytest

from passerelle.scenario.nodes import staged
from passerelle.scenario.play import load
from passerelle.scenario.player import play
from tests.scenarios.conftest import ROOT

SOME = ("a01-mali-niger", "a05-declared", "a13-memoranda")
"""Placements and a suspended direction; numbers that are only declared; agreements of several and what they refuse."""


@pytest.mark.parametrize("name", SOME)
async def test_real_nodes_say_what_the_file_expects(tmp_path: Path, name: str) -> None:
    scenario = load(ROOT / "examples" / f"{name}.yaml")
    async with staged(scenario, tmp_path) as nodes:
        outcome = await play(scenario, nodes, watch=lambda _entry: None)
    assert [finding for finding in outcome.findings if not finding.ok] == []
    assert outcome.ok
    assert outcome.played == len(scenario.entries)
