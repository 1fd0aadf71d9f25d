"""The pilot between Togo and Mali on real nodes: what it shows, and that nothing in it could be otherwise."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from passerelle.scenario.expectations import Scene, check
from passerelle.scenario.model import Act, DecideStep
from passerelle.scenario.nodes import staged
from passerelle.scenario.play import Entry, load
from passerelle.scenario.player import Outcome, attempt, play
from tests.scenarios.conftest import PILOT, Standing
from tests.scenarios.mutations import Mutation, decisions, label_of, mutations, without
from tests.scenarios.replay import Recording, Replay, record

MUTATIONS = list(mutations(load(PILOT)))
DECISIONS = decisions(load(PILOT))


@pytest.fixture(scope="session")
def recording(standing: Standing) -> Recording:
    return standing.run(record(standing.scenario, standing.nodes, standing.outcome))


def test_everything_that_the_file_expects_is_so(standing: Standing) -> None:
    wrong = [finding for finding in standing.outcome.findings if not finding.ok]
    assert wrong == []
    assert standing.outcome.ok
    assert standing.outcome.played == len(standing.scenario.entries)


@pytest.mark.parametrize("agency", ["anvt", "cnpv"])
def test_the_statement_is_that_of_the_founding_documents(standing: Standing, agency: str) -> None:
    """Quota 4 and 2, realised 4 and 2, fulfilment 1.000 twice, balance +2 for Togo, index 0.500."""
    cast = standing.outcome.cast.agencies
    other = {"anvt": "cnpv", "cnpv": "anvt"}[agency]
    told: Any = standing.run(
        standing.nodes.call(agency, "statement", partner=cast[other].code, as_of="2018-12-31")
    )
    figures = told["figures"]
    rows = {(row["from"], row["to"]): row for row in figures["directions"]}
    there, back = rows[cast["anvt"].scid, cast["cnpv"].scid], rows[cast["cnpv"].scid, cast["anvt"].scid]
    assert [(row["quota"], row["realised"], row["fulfilment"]) for row in (there, back)] == [
        (4, 4, "1.000"),
        (2, 2, "1.000"),
    ]
    assert figures["balance"] == {cast["anvt"].scid: 2, cast["cnpv"].scid: -2}
    assert figures["index"] == "0.500"
    assert told["basis"]["complete"] is True


def test_both_parties_tell_the_same_bytes(standing: Standing) -> None:
    """spec/11-fold.md: the figures are byte-identical at both agencies, in the order in which they came."""
    cast = standing.outcome.cast.agencies
    told: list[Any] = [
        standing.run(standing.nodes.call(here, "statement", partner=cast[there].code, as_of="2018-12-31"))
        for here, there in (("anvt", "cnpv"), ("cnpv", "anvt"))
    ]
    first, second = (json.dumps(statement["figures"]) for statement in told)
    assert first == second
    assert "fulfilment" in first


def test_the_day_before_the_first_arrival_nobody_had_arrived(standing: Standing) -> None:
    told: Any = standing.run(standing.nodes.call("anvt", "statement", partner="ML-CNPV", as_of="2017-09-03"))
    assert {row["realised"] for row in told["figures"]["directions"]} == {0}
    assert told["figures"]["index"] is None


def test_every_figure_of_the_acceptance_is_among_those_changed() -> None:
    names = " ".join(mutation.name for mutation in MUTATIONS)
    for figure in ("quota", "realised", "fulfilment", "balance", "index", "count", "holds.offer"):
        assert figure in names
    assert len(MUTATIONS) >= 25


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_figure_changed_by_one_is_found(standing: Standing, mutation: Mutation) -> None:
    """The same comparison as in the play, asked of the nodes that stand: it holds, changed by one it does not."""
    part = mutation.entry.part
    original = standing.scenario.entries[mutation.entry.number - 1]
    cast = standing.outcome.cast
    for entry, holds in ((original, True), (mutation.entry, False)):
        if isinstance(part, Act):
            found = standing.run(attempt(entry, standing.scenario, standing.nodes, cast))
        else:
            scene = Scene(standing.scenario.header.as_of, standing.nodes, cast)
            found = standing.run(check(entry, scene))
        assert all(finding.ok for finding in found) is holds


async def replayed(recording: Recording, left_out: Entry | None = None) -> Outcome:
    scenario = load(PILOT) if left_out is None else without(load(PILOT), left_out)
    stage = Replay(recording)
    return await play(scenario, stage, watch=stage.watch)


def test_the_recording_plays_like_the_nodes(recording: Recording, standing: Standing) -> None:
    """What follows rests on this: with nothing left out, the fold says of the records what the nodes said."""
    outcome = asyncio.run(replayed(recording))
    assert outcome.ok
    assert [f.found for f in outcome.findings] == [f.found for f in standing.outcome.findings]


@pytest.mark.parametrize("entry", DECISIONS, ids=lambda entry: label_of(entry.part))
def test_without_any_one_decision_the_play_fails(recording: Recording, entry: Entry) -> None:
    outcome = asyncio.run(replayed(recording, entry))
    assert not outcome.ok


def _one_of_each_kind() -> list[Entry]:
    """The first decision on each kind of record with each outcome."""
    found: dict[tuple[str, str], Entry] = {}
    for entry in DECISIONS:
        assert isinstance(entry.part, DecideStep)
        about = entry.part.decide.about.removeprefix("${").split("-")[0].rstrip("}")
        found.setdefault((about, entry.part.decide.outcome), entry)
    return list(found.values())


@pytest.mark.parametrize("entry", _one_of_each_kind(), ids=lambda entry: label_of(entry.part))
async def test_real_nodes_fail_without_it_too(tmp_path: Path, entry: Entry) -> None:
    scenario = without(load(PILOT), entry)
    async with staged(scenario, tmp_path) as nodes:
        outcome = await play(scenario, nodes, watch=lambda _entry: None)
    assert not outcome.ok


def test_the_command_ends_with_seven_and_names_what_is_wrong(tmp_path: Path) -> None:
    """The whole way, from a file with one wrong figure to the exit code."""
    text = PILOT.read_text("utf-8")
    assert text.count("realised: 4") == 1
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace("realised: 4", "realised: 5"), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "passerelle", "scenario", "run", str(wrong), "--json"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 7, done.stderr
    told = json.loads(done.stdout)
    bad = [
        (finding["agency"], finding["subject"], finding["expected"], finding["found"])
        for finding in told["findings"]
        if not finding["ok"]
    ]
    assert bad == [("anvt", "anvt → cnpv · realised", 5, 4), ("cnpv", "anvt → cnpv · realised", 5, 4)]
