"""The soak's own machinery: no test is left out of it, a failure is not lost, Ctrl-C ends all of it."""

from __future__ import annotations

import signal
import sys
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.soak.lanes import Soak
from tests.soak.parts import ALONE, LANES, SOAK, Part
from tests.whole import LANES as WHOLE

ROOT = Path(__file__).parents[3]
PARTS = [*(part for parts in LANES.values() for part in parts), *ALONE]


def test_every_test_of_the_soak_is_in_one_part() -> None:
    """Each file of tests/soak runs once, whole; the properties and the faults run whole."""
    run = Counter(
        path
        for part in PARTS
        for path in part.arguments
        if path.startswith("tests/soak/") and "--database=postgresql" not in part.arguments
    )
    assert run == Counter(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/soak/test_*.py"))
    for whole in ("tests/unit", "tests/faults"):
        assert [part for part in PARTS if part.arguments == (SOAK, whole)]
    assert not [
        part for part in PARTS if part.arguments[0].startswith("tests/soak/") and "-k" in part.arguments
    ]


def test_every_folder_of_tests_is_in_one_lane() -> None:
    """`make test` runs all that a bare pytest would, each once."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"][
        "testpaths"
    ]
    assert sorted(path for parts in WHOLE.values() for part in parts for path in part.arguments) == sorted(
        named
    )


@pytest.fixture
def soak(tmp_path: Path) -> Callable[[], Soak]:
    """A soak whose parts run what they name as Python."""

    def command(part: Part) -> list[str]:
        return [sys.executable, "-c", *part.arguments]

    return lambda: Soak(tmp_path / "logs", command, {})


def test_a_part_that_fails_does_not_end_the_others(
    soak: Callable[[], Soak], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Both lanes go on, each with its log, and the results say what was counted, noted and how it ended."""
    noting = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.soak.lanes import note; note('a thousand')"
    results = soak().run({
        "one": (
            Part("fails", ("print('2 failed, 3 passed in 0.1s'); raise SystemExit(1)",)),
            Part("follows", (f"{noting}; print('1 passed in 2.0s')",)),
        ),
        "other": (Part("passes", ("print('7 passed in 1.0s')",)),),
    })  # fmt: skip
    assert [(result.name, result.word, result.counted) for result in results] == [
        ("fails", "FAILED", "2 failed, 3 passed"),
        ("follows", "passed", "1 passed"),
        ("passes", "passed", "7 passed"),
    ]
    assert [result.notes for result in results] == [[], ["a thousand"], []]
    assert "a thousand" in results[1].lines[1]
    assert "   one | 2 failed, 3 passed" in capfd.readouterr().out
    assert "7 passed" in (tmp_path / "logs" / "other.log").read_text("utf-8")


def test_an_interruption_ends_both_lanes(soak: Callable[[], Soak]) -> None:
    """What runs is asked to end, what was to follow is not begun."""
    sleeping = Part("sleeps", ("import time; print('up', flush=True); time.sleep(60)",))
    running = soak()
    threading.Timer(1.0, running.interrupt).start()
    began = time.monotonic()
    results = running.run({"one": (sleeping, sleeping), "other": (sleeping,)})
    assert time.monotonic() - began < 30
    assert [result.word for result in results] == ["interrupted", "not run", "interrupted"]
    assert {result.code for result in results} <= {None, 1, -signal.SIGINT}
