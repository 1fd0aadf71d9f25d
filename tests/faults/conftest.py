"""A pair of nodes that know each other, made once, copied for each test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults import harness, inject
from tests.faults.bases import Pair, make_bases
from tests.faults.harness import Node
from tests.postgresql import Server


@pytest.fixture(scope="session")
def base_pair(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> tuple[Node, Node]:
    """Two homes at rest."""
    folder = tmp_path_factory.mktemp("base")

    async def make() -> tuple[Node, Node]:
        return await harness.make_pair(*await harness.make_strangers(folder, new_database))

    return asyncio.run(make())


class Bases:
    """The homes at rest that cases of the fault table begin from, by database, made when they are first asked for."""

    def __init__(self, factory: pytest.TempPathFactory, server: Callable[[], Server]) -> None:
        self._factory = factory
        self._server = server
        self._made: dict[str, dict[str, Pair]] = {}

    def on(self, database: str) -> dict[str, Pair]:
        """Those whose rows lie in ``SQLite`` or in ``PostgreSQL``."""
        if database not in self._made:
            new = harness.in_file if database == "SQLite" else self._server().create
            self._made[database] = asyncio.run(make_bases(self._factory.mktemp("bases"), new))
        return self._made[database]


@pytest.fixture(scope="session")
def bases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bases:
    """One set for the whole run."""
    return Bases(tmp_path_factory, lambda: request.getfixturevalue("postgresql_server"))


@contextmanager
def _copies(base: Pair, folder: Path) -> Iterator[Callable[[str], Pair]]:
    """Makes fresh copies of a pair in folders of the names given; their processes end with the block."""
    made: list[Node] = []

    def copy(name: str) -> Pair:
        nodes = harness.clone(base, folder / name)
        made.extend(nodes)
        return nodes

    try:
        yield copy
    finally:
        for node in made:
            node.drop()


@pytest.fixture
def pair(base_pair: Pair, tmp_path: Path) -> Iterator[Callable[[str], Pair]]:
    """Makes a fresh copy of the pair in a folder of that name; its processes end with the test."""
    with _copies(base_pair, tmp_path) as copy:
        yield copy


@pytest.fixture
def remote(bases: Bases, tmp_path: Path) -> Iterator[Callable[[str], Pair]]:
    """The same with rows in PostgreSQL, whatever the run is on."""
    with _copies(bases.on("PostgreSQL")["pair"], tmp_path) as copy:
        yield copy


@pytest.fixture(params=["pair", "remote"], ids=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest) -> Callable[[str], Pair]:
    """For a rule that every run tries on both databases."""
    found: Callable[[str], Pair] = request.getfixturevalue(request.param)
    return found


NEEDS = {
    "needs_strace": (inject.CAN_INJECT, "strace, and the right to use it (apt install strace)"),
    "needs_mount": (inject.CAN_MOUNT, "the right to mount a file system"),
}
"""Marks of cases that not every machine can try: whether this one can, and what it takes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what this machine cannot try: a skipped test would fail the run, and the end of it says so."""
    missing = [mark for mark, (can, _) in NEEDS.items() if not can]
    items[:] = [item for item in items if not any(item.get_closest_marker(mark) for mark in missing)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says which cases this machine could not try."""
    for can, what in NEEDS.values():
        if not can:
            terminalreporter.write_line(f"Left out: the fault cases that need {what}.", yellow=True)
