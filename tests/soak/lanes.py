"""Parts of a soak in lanes beside each other: shown live, kept in a log for each lane, counted up at the end.

A part is a process of its own, in a session of its own, so that Ctrl-C reaches it once, from
here. A part that fails fails the soak; the others are still run.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TextIO

from tests.soak.parts import Part

NOTES: Final = "SOAK_NOTES"
"""Names the file to which a test adds the lines that the summary is to carry."""
ENDING_SECONDS: Final = 120.0
"""How long an interrupted part may take to end its processes before it is killed."""
NOTHING_CHOSEN: Final = 5
"""How pytest ends where no test was selected."""
_COUNTS: Final = re.compile(r"\b(?:\d+ (?:passed|failed|errors?|skipped|deselected)(?:, )?)+")


@dataclass(slots=True)
class Result:
    """What became of a part.

    Args:
        name: The part.
        code: Its exit code, negative for a signal; None where it was never begun.
        counted: How many tests passed and failed, in pytest's words.
        seconds: How long it took.
        processor: Seconds of processor time that it and its processes took.
        notes: What its tests had to say.
        is_cut_short: Whether it was interrupted.
    """

    name: str
    code: int | None = None
    counted: str = ""
    seconds: float = 0.0
    processor: float = 0.0
    notes: list[str] = field(default_factory=list)
    is_cut_short: bool = False

    @property
    def word(self) -> str:
        """How it ended."""
        match self.code:
            case 0:
                return "passed"
            case None:
                return "not run"
            case code if code == NOTHING_CHOSEN:
                return "none chosen"
            case _:
                return "interrupted" if self.is_cut_short else "FAILED"

    @property
    def lines(self) -> list[str]:
        """For the summary."""
        head = f"{self.word:<12}{self.name:<34}{minutes(self.seconds):>8} {minutes(self.processor):>10}  {self.counted}"
        return [head.rstrip(), *(f"{'':<12}  {note}" for note in self.notes)]


class Soak:
    """Runs lanes of parts.

    Args:
        folder: For the logs.
        command: The command of a part.
        environment: For every part.
    """

    def __init__(
        self, folder: Path, command: Callable[[Part], Sequence[str]], environment: Mapping[str, str]
    ) -> None:
        self._folder = folder
        self._command = command
        self._environment = environment
        self._running: set[int] = set()
        self._guard = threading.Lock()
        self._interrupted = threading.Event()
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def is_interrupted(self) -> bool:
        """Whether somebody wants it to end."""
        return self._interrupted.is_set()

    def interrupt(self) -> None:
        """End every part that runs, and begin no other."""
        self._interrupted.set()
        with self._guard:
            for process in self._running:
                _send(process, signal.SIGINT)

    def run(self, lanes: Mapping[str, Sequence[Part]]) -> list[Result]:
        """All lanes at once, to their ends."""
        results = {name: [Result(part.name) for part in parts] for name, parts in lanes.items()}
        threads = [
            threading.Thread(target=self._lane, args=(name, parts, results[name]), name=name)
            for name, parts in lanes.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():  # in short waits, so that a signal is handled between them
                thread.join(0.2)
        return [result for lane in results.values() for result in lane]

    def _lane(self, name: str, parts: Sequence[Part], results: Sequence[Result]) -> None:
        with (self._folder / f"{name}.log").open("w", encoding="utf-8") as log:
            for part, result in zip(parts, results, strict=True):
                if not self.is_interrupted:
                    self._part(name, part, result, partial(_show, name, log))

    def _part(self, lane: str, part: Part, result: Result, show: Callable[[str], None]) -> None:
        notes = self._folder / f"{lane}.notes"
        notes.unlink(missing_ok=True)
        show(f"=== {part.name}")
        began = time.monotonic()
        process = subprocess.Popen(
            self._command(part),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**self._environment, NOTES: str(notes), "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        with self._guard:
            self._running.add(process.pid)
            if self.is_interrupted:
                _send(process.pid, signal.SIGINT)
        watch = threading.Thread(target=self._hurry, args=(process,), daemon=True)
        watch.start()
        if process.stdout is None:
            raise RuntimeError("a part has an output")
        with process.stdout:
            for raw in process.stdout:
                line = raw.decode("utf-8", "replace").rstrip()
                result.counted = _counted(line) or result.counted
                show(line)
        _, status, usage = os.wait4(process.pid, 0)
        with self._guard:
            self._running.discard(process.pid)
        result.code = process.returncode = os.waitstatus_to_exitcode(status)
        result.is_cut_short = self.is_interrupted
        watch.join()
        result.seconds = time.monotonic() - began
        result.processor = usage.ru_utime + usage.ru_stime
        result.notes = notes.read_text("utf-8").splitlines() if notes.exists() else []
        notes.unlink(missing_ok=True)
        show(f"=== {part.name}: {result.word} after {minutes(result.seconds)}")

    def _hurry(self, process: subprocess.Popen[bytes]) -> None:
        """Kill an interrupted part that does not end."""
        deadline = None
        while process.returncode is None:
            if self.is_interrupted:
                deadline = deadline or time.monotonic() + ENDING_SECONDS
                if time.monotonic() > deadline:
                    _send(process.pid, signal.SIGKILL)
                    return
            time.sleep(0.1)


def _send(process: int, number: signal.Signals) -> None:
    """To a part alone: it ends its own children, as it does after each test."""
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return


def _counted(line: str) -> str:
    """The counts in the last line that pytest says."""
    found = _COUNTS.search(line) if " in " in line else None
    return found[0].rstrip(", ") if found else ""


def _show(lane: str, log: TextIO, line: str) -> None:
    """On the terminal with its lane before it, in the log of the lane without."""
    sys.stdout.write(f"{lane:>6} | {line}\n")
    sys.stdout.flush()
    log.write(f"{line}\n")
    log.flush()


def minutes(seconds: float) -> str:
    """For a table."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def note(line: str) -> None:
    """Let the summary carry a line, and print it where there is none."""
    name = os.environ.get(NOTES)
    if name:
        with Path(name).open("a", encoding="utf-8") as out:
            out.write(f"{line}\n")
    sys.stdout.write(f"{line}\n")
