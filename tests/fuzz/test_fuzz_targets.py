"""style: parsers of foreign bytes raise one tree of errors, soon, in little memory. The light pass."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Final

import pytest

import passerelle.protocol
from passerelle.errors import ProtocolError
from tests.fuzz.engine import MAX_GROWTH_BYTES, MAX_SECONDS, Summary, Target, fuzz
from tests.fuzz.targets import TARGETS

INPUTS: Final = 200

VERBS: Final = re.compile("(?:parse|open|verify|check|examine|compare|explain)(?:_.*)?|scid_of|sealed_to")
OURS: Final = {"codelists.parse_code_list": "reads the lists that are packaged with this version"}


def _public_parsers(module: ModuleType) -> Iterator[str]:
    """Public functions and methods that begin with a verb of reading, by name below the package."""
    short = module.__name__.rpartition(".")[2]
    for name, found in vars(module).items():
        if getattr(found, "__module__", None) != module.__name__ or name.startswith("_"):
            continue
        if inspect.isclass(found):
            yield from (f"{short}.{name}.{inner}" for inner, at in vars(found).items() if _reads(inner, at))
        elif _reads(name, found):
            yield f"{short}.{name}"


def _reads(name: str, found: object) -> bool:
    function = inspect.unwrap(getattr(found, "__func__", found))  # type: ignore[arg-type]  # any object will do
    return isinstance(function, FunctionType) and VERBS.fullmatch(name) is not None


def test_every_parser_of_the_protocol_is_fuzzed() -> None:
    """CONTRIBUTING.md: a public function of ``protocol`` that reads or verifies stands in the registry."""
    modules = [
        importlib.import_module(f"passerelle.protocol.{module.name}")
        for module in pkgutil.iter_modules(passerelle.protocol.__path__)
    ]
    found = {name for module in modules for name in _public_parsers(module)} - OURS.keys()
    covered = {name for target in TARGETS for name in target.covers}
    assert len(found) > 40
    assert (found - covered, covered - found) == (set(), set())


def test_the_names_of_the_targets_are_one_each() -> None:
    names = [target.name for target in TARGETS]
    assert len(set(names)) == len(names)


def assert_held(summary: Summary) -> None:
    """Nothing escaped, nothing was slow, nothing grew."""
    assert not summary.escapes, "\n\n".join(summary.escapes)
    assert summary.slowest_seconds <= MAX_SECONDS, f"{summary.slowest_seconds:.2f} s: {summary.slowest_input}"
    assert summary.grown_bytes <= MAX_GROWTH_BYTES, f"grew by {summary.grown_bytes} bytes"


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_nothing_escapes(target: Target) -> None:
    """Whatever is read, it is taken, or refused with a code that has sentences; within a second, within memory."""
    summary = fuzz(target, max(40, int(INPUTS * target.share)), "light")
    assert_held(summary)
    accepted = summary.outcomes["accepted"]
    assert accepted, "no input was good: everything behind the first check went unseen"
    assert (accepted < summary.inputs) is target.refuses


def _bad(error: BaseException) -> Target:
    def call(data: bytes) -> None:
        if len(data) > 3:
            raise error

    return Target("planted", "bytes", lambda: [b"abc"], call)


@pytest.mark.parametrize(
    "error", [ValueError("planted"), UnicodeError(), RecursionError(), KeyError("a"), MemoryError()]
)
def test_what_escapes_is_found(error: Exception) -> None:
    """The engine reports every error outside the tree, with the input."""
    summary = fuzz(_bad(error), 200, 1)
    assert len(summary.escapes) == 3
    assert type(error).__name__ in summary.escapes[0]
    with pytest.raises(AssertionError):
        assert_held(summary)


def test_a_code_without_sentences_is_found() -> None:
    """The engine refuses a refusal that nobody could read."""
    summary = fuzz(_bad(ProtocolError("planted.code")), 200, 1)
    assert "no sentence" in summary.escapes[0]


def test_a_hang_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An input that never ends is stopped, and found."""
    monkeypatch.setattr("tests.fuzz.engine._HANG_SECONDS", 0.05)

    def call(data: bytes) -> None:
        while data == b"abc":
            pass

    summary = fuzz(Target("planted", "bytes", lambda: [b"abc"], call), 1, 1)
    assert "Hang" in summary.escapes[0]


def test_the_inputs_follow_from_the_seed() -> None:
    """A finding can be had again: the same seed gives the same inputs."""
    runs: list[list[bytes]] = [[], [], []]
    for run, seed in zip(runs, ("a", "a", "b"), strict=True):
        fuzz(Target("planted", "bytes", lambda: [b"abcdef"], run.append), 50, seed)
    assert runs[0] == runs[1] != runs[2]
