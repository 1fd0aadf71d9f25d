"""The rows of the founding documents as scenarios, on the rules alone: they hold, and no figure could be another.

That real nodes say the same is held for some of them by ``tests/scenarios`` and for all of them by ``tests/soak``.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from passerelle.scenario.expectations import Finding, Scene, check
from passerelle.scenario.model import Act
from passerelle.scenario.paper import Paper
from passerelle.scenario.play import Entry, load
from passerelle.scenario.player import attempt, introduce, play_entry
from passerelle.scenario.source import read_source
from tests.scenarios.mutations import mutations

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
ROWS = [f"A{number:02d}" for number in range(1, 25)]
FILES = sorted(EXAMPLES.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_holds_and_each_figure_changed_by_one_is_found(file: Path) -> None:
    """On the rules alone every comparison is right; with any one number changed by one, one is wrong."""
    right, changed = asyncio.run(_played(file))
    assert [finding for finding in right if not finding.ok] == []
    assert changed, "a scenario without a number shows none"
    assert [name for name, found in changed.items() if all(finding.ok for finding in found)] == []


async def _played(file: Path) -> tuple[list[Finding], dict[str, list[Finding]]]:
    """What was compared, and what was for each changed figure, at the moment when it is read."""
    scenario = load(file)
    stage = Paper(scenario)
    cast = await introduce(scenario, stage)
    changed: dict[int, list[tuple[str, Entry]]] = {}
    for mutation in mutations(scenario):
        changed.setdefault(mutation.entry.number, []).append((mutation.name, mutation.entry))
    right: list[Finding] = []
    wrong: dict[str, list[Finding]] = {}
    for entry in scenario.entries:
        for name, other in changed.get(entry.number, ()):
            if isinstance(other.part, Act):  # refused as before, and makes nothing
                wrong[name] = await attempt(other, scenario, stage, cast)
            else:
                wrong[name] = await check(other, Scene(scenario.header.as_of, stage, cast))
        right += await play_entry(entry, scenario, stage, cast)
    return right, wrong


def test_every_row_has_its_file() -> None:
    found = Counter(re.sub(r"-.*", "", file.stem).upper() for file in FILES)
    assert [row for row in ROWS if found[row] != 1] == []


def test_the_readme_lists_every_row_with_its_file() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    listed = re.findall(r"^\| (A[0-9]{2}) \| [^|]+ \| \[([^]]+)\]\(examples/([^)]+)\) \|", text, re.MULTILINE)
    assert [row for row, _, _ in listed] == ROWS
    for row, name, path in listed:
        assert name == path
        assert (EXAMPLES / path).is_file()
        assert path.startswith(row.lower() + "-")


def facts(name: str) -> Any:
    return read_source(EXAMPLES / "facts" / name).value


def test_the_facts_make_their_own_totals() -> None:
    founding = facts("founding.yaml")
    hosts, expected, outputs = founding["hosts"], founding["expected"], founding["outputs"]
    kinds = Counter(output["kind"] for listed in outputs.values() for output in listed)
    proposals = sum(
        output["quantity"]["value"]
        for listed in outputs.values()
        for output in listed
        if output["kind"] == "project-proposal"
    )
    flows = {name: one.get("direction", []) for name, one in founding["programmes"].items()}
    pilot = sum(way["n"] for way in flows["acss-pilot"])
    assert {
        "hosts": len(hosts),
        "byCategory": dict(Counter(host["category"] for host in hosts)),
        "byCountry": dict(Counter(host["country"] for host in hosts)),
        "mapping": kinds["mapping"],
        "advocacy": kinds["advocacy-paper"],
        "database": kinds["database"],
        "app": kinds["app"],
        "organisationCreated": kinds["organisation-created"],
        "projectProposals": proposals,
        "southNorth": sum(way["n"] for way in flows["ml-ne-fr-2012"]),
        "southSouth": pilot + sum(way["n"] for way in flows["vir-tg-ml"]),
        "northSouth": 0,
    } == expected
    assert {host["id"].split("-")[0].upper() for host in hosts} == set(expected["byCountry"])


def test_each_contradiction_is_kept_and_played() -> None:
    """C1 to C12, each with at least two claims, each claim with who made it, and the scenario that plays them."""
    listed = facts("contradictions.yaml")["contradictions"]
    sources = {source["id"] for source in facts("founding.yaml")["sources"]}
    assert [one["id"] for one in listed] == [f"C{number}" for number in range(1, 13)]
    for one in listed:
        assert len(one["claims"]) >= 2
        assert all(claim.get("source") in sources or claim.get("publisher") for claim in one["claims"])
        text = (EXAMPLES / one["played"]).read_text("utf-8")
        assert re.search(rf"\b{one['id']}\b", text), one["id"]
