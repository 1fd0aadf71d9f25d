"""Soaks work on a pair of nodes, as the fault tests do, and say how far they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.conftest import base_pair, pair

__all__ = ["base_pair", "pair"]


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Prints a line at once, whatever pytest captures."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def print_now(line: str) -> None:
        with capture.global_and_fixture_disabled():
            print(line, flush=True)  # noqa: T201  the progress and the summary of a soak

    return print_now
