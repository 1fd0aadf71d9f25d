"""A pair of nodes that know each other, made once, copied for each test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults import harness, inject
from tests.faults.harness import Node


@pytest.fixture(scope="session")
def base_pair(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> tuple[Node, Node]:
    """Two homes at rest."""
    folder = tmp_path_factory.mktemp("base")

    async def make() -> tuple[Node, Node]:
        return await harness.make_pair(*await harness.make_strangers(folder, new_database))

    return asyncio.run(make())


@pytest.fixture
def pair(base_pair: tuple[Node, Node], tmp_path: Path) -> Iterator[Callable[[str], tuple[Node, Node]]]:
    """Makes a fresh copy of the pair in a folder of that name; its processes end with the test."""
    made: list[Node] = []

    def copy(name: str) -> tuple[Node, Node]:
        nodes = harness.clone(base_pair, tmp_path / name)
        made.extend(nodes)
        return nodes

    yield copy
    for node in made:
        node.drop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says which cases this machine could not try."""
    if not inject.CAN_INJECT:
        terminalreporter.write_line(
            "Left out: the fault cases that need strace, and the right to use it (apt install strace).",
            yellow=True,
        )
