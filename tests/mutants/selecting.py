"""Plugin of the run of pytest under a mutant: only what names the rule is run, and what failed is written down.

It looks first whether the code under test is the copy: a mutant that nobody runs would survive in silence.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

import pytest

from tests.mutants.naming import rules_in, rules_of, single_rules_in

ASKED: Final = "MUTANTS_ASKED"
"""Names the file that says what to run: a list of objects with ``rule`` and ``places``."""
TOLD: Final = "MUTANTS_TOLD"
"""Names the file for what came of it: ``run`` tests, and those that ``failed``."""
COPY: Final = "MUTANTS_COPY"
"""The package whose code is to be run."""
PAGE: Final = "VERIFY_PAGE"
"""The auditor's page that is to be run, for tests/verify/run.mjs."""

_told: dict[str, Any] = {"run": 0, "failed": []}


def pytest_configure() -> None:
    """The code is the copy's."""
    import passerelle  # noqa: PLC0415  found by the path that the run was given

    if Path(passerelle.__file__).parent != Path(os.environ[COPY]):
        raise pytest.UsageError(f"the code under test is {passerelle.__file__}")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves what names a rule that is asked for."""
    asked = json.loads(Path(os.environ[ASKED]).read_text("utf-8"))
    chosen = [item for item in items if _is_asked(item, asked)]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen
    _told["run"] = len(chosen)


def _is_asked(item: pytest.Item, asked: list[Any]) -> bool:
    named = _named(item)
    return any(one["rule"] in named and _is_in(item.nodeid, one["places"]) for one in asked)


def _is_in(nodeid: str, places: list[str]) -> bool:
    return any(nodeid == place or nodeid.startswith((f"{place}::", f"{place}[")) for place in places)


def _named(item: pytest.Item) -> set[str]:
    """By its row or case, by its name, and by the docstring of the test."""
    case = item.callspec.params if hasattr(item, "callspec") else {}
    cases = rules_in(item.name).union(*map(rules_of, case.values()))
    said = getattr(getattr(item, "function", None), "__doc__", None) or ""
    return cases | (single_rules_in(said) if cases else rules_in(said))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A test itself has failed; what cannot be set up has shown nothing of the rule."""
    if report.failed and report.when == "call":
        _told["failed"].append(report.nodeid)


def pytest_sessionfinish() -> None:
    """Writes it down."""
    Path(os.environ[TOLD]).write_text(json.dumps(_told), "utf-8")
