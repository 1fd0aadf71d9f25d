"""The pilot, played once on real nodes for the whole run, and left standing for the tests to ask."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from passerelle.config import SQLITE
from passerelle.scenario.nodes import Nodes, staged
from passerelle.scenario.play import Play, load
from passerelle.scenario.player import Outcome, play
from tests.postgresql import Server

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
PILOT = ROOT / "examples" / "togo-mali-pilot.yaml"
OUTSIDER = "france-volontaires"


@dataclass(frozen=True, slots=True)
class Standing:
    """A play that is over, its nodes still answering.

    Links and desks live in the event loop of ``runner``; it turns while something is asked.
    """

    scenario: Play
    nodes: Nodes
    outcome: Outcome
    runner: asyncio.Runner

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Ask the nodes something."""
        return self.runner.run(work)


@pytest.fixture(scope="session")
def pilot() -> Play:
    return load(PILOT)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def standing(
    pilot: Play, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Standing]:
    """The pilot after its last step, on either database. What the outsider sent and received is kept."""
    work = tmp_path_factory.mktemp("pilot")
    database = SQLITE
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgresql_server")
        database = server.address()
    with asyncio.Runner() as runner:
        stack = contextlib.AsyncExitStack()
        nodes = runner.run(stack.enter_async_context(staged(pilot, work, keep=[OUTSIDER], database=database)))
        try:
            outcome = runner.run(play(pilot, nodes, watch=lambda _entry: None))
            yield Standing(pilot, nodes, outcome, runner)
        finally:
            runner.run(stack.aclose())
