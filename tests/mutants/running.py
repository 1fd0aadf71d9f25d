"""Runs mutants: in a copy of the node's package, by pytest in a process of its own.

A mutant is killed where a test that names its rule fails in it. It is not killed where the
tests cannot be collected or set up, nor where they hang: then it broke more than a rule.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, Final, Literal

from tests.mutants.model import DEADLINE_SECONDS, Mutant
from tests.mutants.naming import places
from tests.mutants.selecting import ASKED, COPY, PAGE, TOLD
from tests.vectors.spec_text import ROOT

_PACKAGES: Final = {"schemas": "schemas", "examples": "examples", "law": "spec"}
"""As setup.py lays them into the package."""
_FOLDERS: Final = {**_PACKAGES, "auditor": "docs/auditor"}
"""And beside these the page by which an auditor checks a folder or a certificate."""

_NONE_CHOSEN: Final = 5
"""How pytest ends where no test was selected."""

Word = Literal["killed", "survived", "broken", "late", "unnamed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run of tests.

    Args:
        word: ``survived`` where all passed, ``unnamed`` where no test names the rule, ``broken`` where the run itself failed.
        failed: The tests that failed.
        run: How many were chosen.
        processor: Seconds of processor time of the run and its processes.
        output: What pytest said.
    """

    word: Word
    failed: tuple[str, ...]
    run: int
    processor: float
    output: str


def source(file: str) -> Path:
    """Where the file of a mutant stands in this clone."""
    folder, _, below = file.partition("/")
    return ROOT / _FOLDERS[folder] / below if folder in _FOLDERS else ROOT / "node" / "passerelle" / file


def patched(mutant: Mutant) -> str:
    """The text of the file with the check switched off.

    Raises:
        ValueError: What is to be replaced does not stand there exactly once.
    """
    text = source(mutant.file).read_text("utf-8")
    if text.count(mutant.old) != 1 or mutant.old == mutant.new:
        raise ValueError(
            f"{mutant.rule}: the text of the mutant stands {text.count(mutant.old)} times in {mutant.file}"
        )
    return text.replace(mutant.old, mutant.new)


def asked(mutant: Mutant) -> dict[str, Any]:
    """Which tests are to fail, for the plugin `tests.mutants.selecting`."""
    return {"rule": mutant.rule, "places": list(mutant.tests or places(mutant.rule))}


class Copy:
    """The node's package, copied, in which one mutant at a time lives."""

    def __init__(self, folder: Path) -> None:
        self.package: Final = folder / "passerelle"
        self._folder: Final = folder
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "node" / "passerelle", self.package, ignore=ignored)
        for name, place in _FOLDERS.items():
            shutil.copytree(
                ROOT / place, self.package / name, ignore=shutil.ignore_patterns("__pycache__", "vectors")
            )

    def run(self, mutant: Mutant, deadline: float = DEADLINE_SECONDS) -> Outcome:
        """The tests that name its rule, up to the first that fails."""
        with self._living(mutant):
            return self._pytest([asked(mutant)], ["-x"], deadline)

    def run_unharmed(self, mutants: Iterable[Mutant]) -> Outcome:
        """The tests of all of them, with no check switched off: all are to pass."""
        return self._pytest([asked(mutant) for mutant in mutants], [], 3 * DEADLINE_SECONDS)

    @contextlib.contextmanager
    def _living(self, mutant: Mutant) -> Iterator[None]:
        path = self.package / mutant.file
        kept = path.read_bytes()
        compiled = Path(cache_from_source(str(path)))
        # Compiled code is told from its source by a time in whole seconds and a size: both may be those of the mutant.
        compiled.unlink(missing_ok=True)
        path.write_text(patched(mutant), "utf-8")
        try:
            yield
        finally:
            path.write_bytes(kept)
            compiled.unlink(missing_ok=True)

    def _pytest(self, wanted: list[dict[str, Any]], arguments: list[str], deadline: float) -> Outcome:
        files = sorted({place for one in wanted for place in one["places"]}, key=_quickest_first)
        if not files:
            return Outcome("unnamed", (), 0, 0.0, "no test names the rule")
        told = self._folder / "told.json"
        told.unlink(missing_ok=True)
        (self._folder / "asked.json").write_text(json.dumps(wanted), "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        # No test has a deadline of its own: it would fail there, and what hangs has shown nothing of the rule.
        command += ["-o", "timeout=0", "-o", "faulthandler_timeout=0"]
        command += ["-p", "tests.mutants.selecting", "--tb=line", *arguments, *files]
        began = resource.getrusage(resource.RUSAGE_CHILDREN)
        code, output = _ended(command, self._environment(told), deadline)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime
        found: dict[str, Any] = json.loads(told.read_text("utf-8")) if told.exists() else {}
        failed = tuple(found.get("failed", ()))
        return Outcome(_word(code, failed), failed, found.get("run", 0), spent, output)

    def _environment(self, told: Path) -> dict[str, str]:
        # Compiled code is kept, unlike in a run of `make test`: the next mutant differs in one file.
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        given = {ASKED: str(self._folder / "asked.json"), TOLD: str(told), COPY: str(self.package)}
        given[PAGE] = str(self.package / "auditor" / "verify.html")
        return {**kept, **given, "PYTHONPATH": str(self._folder)}


@contextlib.contextmanager
def new_copy() -> Iterator[Copy]:
    """A copy that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        yield Copy(Path(folder).resolve())


def _quickest_first(place: str) -> tuple[bool, bool, str]:
    """A vector takes no time; what is outside of these two folders starts processes."""
    return not place.startswith("tests/vectors/"), not place.startswith("tests/unit/"), place


def _word(code: int | None, failed: tuple[str, ...]) -> Word:
    match code:
        case None:
            return "late"
        case 0:
            return "survived"
        case 1 if failed:
            return "killed"
        case number if number == _NONE_CHOSEN:
            return "unnamed"
        case _:
            return "broken"


def _ended(command: list[str], environment: dict[str, str], deadline: float) -> tuple[int | None, str]:
    """The exit code and the output; None for one that was not done in time, which is ended with all its processes."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )  # fmt: skip
        until = time.monotonic() + deadline
        code: int | None
        try:
            code = process.wait(until - time.monotonic())
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        out.seek(0)
        return code, out.read().decode("utf-8", "replace")
