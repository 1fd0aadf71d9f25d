"""A run that looked at the table says at its end which rules are not covered."""

from __future__ import annotations

import pytest

from tests.mutants.model import TOLD


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says it below what failed."""
    if told := config.stash.get(TOLD, None):
        terminalreporter.section("rules of the law")
        terminalreporter.write_line(told)
