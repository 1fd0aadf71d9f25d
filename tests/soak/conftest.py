"""Soaks work on a pair of nodes, as the fault tests do, and say how far they are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import base_pair, pair
from tests.hostile.scene import make_home
from tests.soak.lanes import note

__all__ = ["base_pair", "pair"]


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Prints a line at once, whatever pytest captures."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def print_now(line: str) -> None:
        with capture.global_and_fixture_disabled():
            print(line, flush=True)  # noqa: T201  the progress and the summary of a soak

    return print_now


@pytest.fixture
def conclude(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Says a line and lets the summary of the whole soak carry it."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def conclude_now(line: str) -> None:
        with capture.global_and_fixture_disabled():
            note(line)

    return conclude_now


@pytest.fixture(scope="session")
def target_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of our node, at rest, to be copied."""
    home = tmp_path_factory.mktemp("hostile") / "home"
    asyncio.run(make_home(home))
    return home
