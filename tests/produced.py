"""Which test produces which code of the registry: recorded as tests run, and held to a table.

A code counts as produced where the node makes the error, verdict or finding that carries it, in this process,
while the test runs, in a module that holds the code as a literal. A test that only names the code, raises it
itself, or has it repeated from a partner's answer, produces nothing.
``produced.json`` names for each code one test that produces it and whose own text or case names it, so that it
looks at what came. A test named there fails where either is no longer so.

``python -m pytest --write-produced tests/…`` adds what the table lacks and drops what no longer holds.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest

import passerelle
from passerelle.errors import PasserelleError

TABLE: Final = Path(__file__).with_suffix(".json")
PACKAGE: Final = str(Path(passerelle.__file__).parent)

# What carries a code besides errors, by module.
_CARRIERS: Final = {
    "passerelle.audit.report": "Finding",
    "passerelle.audit.shelf": "FileFault",
    "passerelle.exchange.verdicts": "Verdict",
    "passerelle.server.federation.errors": "Problem",
    "passerelle.storage.setbacks": "Setback",
    "passerelle.sync.pull": "Pulled",
}
# Between who finds a fault and the carrier of its code: constructors that a decorator wrote, and ours below.
_PASSED_ON: Final = {__file__, "<string>", dataclasses.__file__}

_seen: set[str] = set()


@cache
def _text(file: str) -> str:
    return Path(file).read_text("utf-8")


def _is_ours(frame: FrameType | None, code: str) -> bool:
    """Whether the node made what carries a code, somewhere where the code stands as a literal.

    Whoever repeats a code that came from elsewhere, from a partner's answer or a row, has not found anything.
    """
    while frame is not None:
        file, name = frame.f_code.co_filename, frame.f_code.co_name
        if file.startswith(PACKAGE) and name != "__init__" and f'"{code}"' in _text(file):
            return True
        if not file.startswith(PACKAGE) and file not in _PASSED_ON:
            return False
        frame = frame.f_back
    return False


def _note(code: object) -> None:
    if isinstance(code, str) and code not in _seen and _is_ours(sys._getframe(2), code):
        _seen.add(code)


def _watch(carrier: type[Any]) -> None:
    """Notes the code of every instance that the node makes."""
    name = "__new__" if issubclass(carrier, tuple) else "__init__"
    made: Callable[..., Any] = getattr(carrier, name)

    def noting(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        result = made(self, *args, **kwargs)
        _note((self if result is None else result).code)
        return result

    setattr(carrier, name, noting)


_watch(PasserelleError)
for _module, _name in _CARRIERS.items():
    _watch(getattr(importlib.import_module(_module), _name))


def table() -> dict[str, str]:
    """The test of each code."""
    found: dict[str, str] = json.loads(TABLE.read_text("utf-8")) if TABLE.exists() else {}
    return found


def _by_test(codes: Mapping[str, str]) -> dict[str, set[str]]:
    tests: dict[str, set[str]] = {}
    for code, test in codes.items():
        tests.setdefault(test, set()).add(code)
    return tests


class Recorder:
    """Holds tests to the table, or writes it.

    Args:
        writes: True to write the table anew.
    """

    def __init__(self, *, writes: bool) -> None:
        self.writes: Final = writes
        self.wanted: Final = _by_test(table())
        self.found: Final[dict[str, set[str]]] = {}

    def missing(self, test: pytest.Function) -> set[str]:
        """Codes that a test is to produce and to look for, and has not."""
        wanted = _seen if self.writes else self.wanted.get(test.nodeid, set())
        held = {code for code in wanted & _seen if _looks_for(test, code)}
        self.found[test.nodeid] = held
        return set() if self.writes else wanted - held

    def lost(self, collected: Sequence[pytest.Item]) -> set[str]:
        """Tests that the table names, and that their files do not hold."""
        tests = {item.nodeid for item in collected}
        files = {test.partition("::")[0] for test in tests}
        return {test for test in self.wanted if test.partition("::")[0] in files} - tests

    def write(self) -> None:
        """Writes the table: what still holds stays, what is new is added."""
        from tests.vectors.code_base import registered as read  # noqa: PLC0415  only where the table is written

        registered = read().keys()
        codes = {
            code: test
            for code, test in table().items()
            if code in registered and (test not in self.found or code in self.found[test])
        }
        for test in sorted(self.found, key=lambda one: ("[" in one, len(one), one)):
            if "\\" not in test:  # bytes in a name may be others at the next run
                codes |= dict.fromkeys((self.found[test] & registered) - codes.keys(), test)
        TABLE.write_text(
            json.dumps(dict(sorted(codes.items())), indent=1, ensure_ascii=False) + "\n", "utf-8"
        )


def _looks_for(test: pytest.Function, code: str) -> bool:
    """Whether the test's own statements or its case name the code, as a text or in a pattern."""
    (function,) = ast.parse(textwrap.dedent(inspect.getsource(test.function))).body
    texts = {
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    } - {test.function.__doc__}
    case = test.callspec.params if hasattr(test, "callspec") else {}
    named = re.compile(rf"(?<![\w.-]){re.escape(code)}(?![\w.-])")
    return any(named.search(text.replace("\\", "")) for text in [*texts, repr(case)])


@pytest.fixture(autouse=True)
def codes_are_produced(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that the table names produces its codes."""
    _seen.clear()
    yield
    missing = request.config.stash[RECORDER].missing(request.node)
    if missing:
        pytest.fail(f"tests/produced.json says that this test produces and looks for {sorted(missing)}")


RECORDER: Final = pytest.StashKey[Recorder]()
