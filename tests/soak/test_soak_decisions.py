"""At length: every single decision of the pilot left out, each time on real nodes. Run by ``make soak``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from passerelle.scenario.nodes import staged
from passerelle.scenario.play import Entry, load
from passerelle.scenario.player import play
from tests.scenarios.conftest import PILOT
from tests.scenarios.mutations import decisions, label_of, without


@pytest.mark.parametrize("entry", decisions(load(PILOT)), ids=lambda entry: label_of(entry.part))
async def test_real_nodes_fail_without_any_one_decision(
    tmp_path: Path, entry: Entry, new_database: Callable[[], str]
) -> None:
    scenario = without(load(PILOT), entry)
    async with staged(scenario, tmp_path, database=new_database()) as nodes:
        outcome = await play(scenario, nodes, watch=lambda _entry: None)
    assert not outcome.ok
