"""The fault table: what befalls each durable write, and where that ends. Data; the tests and the documentation read it.

A line is one write × one fault. It says three things: what becomes of the process, what
whoever asked for it is told, and what the next start finds before anybody has asked again.
After every case both homes are audited, the work is asked for again, and all of it must be
there once and of one history.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

Process = Literal["dead", "works", "signs nothing"]
Found = Literal["absent", "whole"]
FAULTS = {
    "killed before": "killed, or without power, just before the write",
    "killed after": "killed, or without power, just after it",
    "flush fails, kept": "`fsync` says EIO, and what was written is on the disk all the same",
    "flush fails, lost": "`fsync` says EIO, and what was written is not on the disk",
    "disk full": "`write` says ENOSPC",
}
OF_SERVER = {
    "server killed before": "the server is killed while it commits, its log not yet written",
    "server killed after": "the server is killed when its log is written, before it answers",
}
SIDES = {
    "init-home": "a new home",
    "peer-rows": "publishing",
    "peer-head": "publishing",
    "publish-rows": "publishing",
    "publish-head": "publishing",
    "learn-head": "publishing",
    "learn-fork": "publishing",
    "follow-rows": "following",
    "follow-receipt": "following",
    "follow-fork": "following",
    "follow-identity": "following",
    "follow-descriptor": "following",
    "keep-receipt": "following",
}
DATABASES = ("SQLite", "PostgreSQL")


@dataclass(frozen=True, slots=True)
class Case:
    """One line.

    Args:
        write: Which durable write, by its name in ``storage/crash.py``.
        fault: What befalls it, a key of :data:`FAULTS` or :data:`OF_SERVER`.
        process: What becomes of the process.
        told: The code that whoever asked is told; empty where nobody is left to tell it.
        found: What the next start finds of the write, or has made of it before it answers.
        rule: The rule that says so.
        database: Under which database it was so.
    """

    write: str
    fault: str
    process: Process
    told: str
    found: Found
    rule: str
    database: str = "SQLite"

    @property
    def name(self) -> str:
        """For reports of tests."""
        return f"{self.database} {self.write} {self.fault}".lower().replace(",", "").replace(" ", "-")

    @property
    def hurts_server(self) -> bool:
        """Whether it ends the server for everybody who uses it."""
        return self.told == "storage.connection-lost"

    @property
    def shares_server(self) -> bool:
        """Whether it needs the server to stay."""
        return self.database == "PostgreSQL" and not self.hurts_server


@dataclass(frozen=True, slots=True)
class _Write:
    """Where one write ends under each fault: what the start finds, and what is told.

    Args:
        found: For the five faults in their order, ``-`` for absent and ``+`` for whole.
        flush: The code where the flush fails.
        full: The code where the disk is full.
        rules: For a write that is lost, one that is whole, a flush that fails, a full disk.
        after_full: What becomes of the process when the disk is full.
    """

    found: str
    flush: str
    full: str
    rules: tuple[str, str, str, str]
    after_full: Process = "works"


_ROWS = ("storage.disk-error", "storage.disk-full")
_HEAD = ("publish.stopped", "publish.stopped")
_TABLE = {
    "init-home": _Write("-++--", *_ROWS, ("W-33", "W-33", "W-33", "W-33")),
    "peer-rows": _Write("-++--", *_ROWS, ("W-34", "W-34", "W-31", "W-34")),
    "peer-head": _Write("+++++", *_HEAD, ("W-34", "W-34", "W-9", "W-9"), "signs nothing"),
    "publish-rows": _Write("-++--", *_ROWS, ("W-6", "W-7", "W-31", "W-6")),
    "publish-head": _Write("+++++", *_HEAD, ("W-7", "W-7", "W-9", "W-9"), "signs nothing"),
    "learn-head": _Write("-++--", *_ROWS, ("W-18", "W-19", "W-19", "W-19"), "signs nothing"),
    "learn-fork": _Write("-++--", *_ROWS, ("W-18", "W-20", "W-20", "W-20"), "signs nothing"),
    "follow-rows": _Write("-++--", *_ROWS, ("F-10", "F-10", "W-31", "F-10")),
    "follow-receipt": _Write("-++--", *_ROWS, ("F-26", "F-26", "W-31", "F-26")),
    "follow-fork": _Write("-++--", *_ROWS, ("F-47", "F-20", "W-31", "F-47")),
    "follow-identity": _Write("-++--", *_ROWS, ("F-47", "F-47", "W-31", "F-47")),
    "follow-descriptor": _Write("-++--", *_ROWS, ("F-47", "F-47", "W-31", "F-47")),
    "keep-receipt": _Write("-++--", *_ROWS, ("F-47", "F-47", "W-31", "F-47")),
}


def _cases() -> Iterator[Case]:
    for write, row in _TABLE.items():
        lost, whole, flush, full = row.rules
        ends: tuple[tuple[Process, str, str], ...] = (
            ("dead", "", lost),
            ("dead", "", whole),
            ("signs nothing", row.flush, flush),
            ("signs nothing", row.flush, flush),
            (row.after_full, row.full, full),
        )
        for fault, mark, (process, told, rule) in zip(FAULTS, row.found, ends, strict=True):
            # The command that makes a home ends, whatever became of it.
            left: Process = "dead" if write == "init-home" else process
            yield Case(write, fault, left, told, "whole" if mark == "+" else "absent", rule)


_IN_FILES = frozenset({"init-home", "peer-head", "publish-head", "learn-head"})
"""Writes to the folder of the home, whatever the database is."""
OF_ROWS = SIDES.keys() - _IN_FILES
"""Writes to the database."""
_STOPPED = frozenset({"peer-rows", "publish-rows"})
"""Where the node must know how a COMMIT ended before it signs again."""


def _with_server() -> Iterator[Case]:
    """The folder is the same beside PostgreSQL; the rows are the server's, and so is the disk that fails under them."""
    for case in _cases():
        if case.write in _IN_FILES or case.fault.startswith("killed"):
            yield replace(case, database="PostgreSQL")
    for write, row in _TABLE.items():
        if write in OF_ROWS:
            lost, whole, *_ = row.rules
            yield from _hurt_server(write, lost, whole)


def _hurt_server(write: str, lost: str, whole: str) -> Iterator[Case]:
    """The connection breaks during COMMIT, and the node is told no more than that."""
    process: Process = "works"
    if write in _STOPPED:
        process, lost, whole = "signs nothing", "W-9", "W-9"
    elif write == "learn-fork":
        process = "signs nothing"
    ends: tuple[tuple[str, Found], ...] = (
        ("flush fails, kept", "whole"),
        ("flush fails, lost", "absent"),
        ("disk full", "absent"),
        ("server killed before", "absent"),
        ("server killed after", "whole"),
    )
    for fault, found in ends:
        rule = lost if found == "absent" else whole
        yield Case(write, fault, process, "storage.connection-lost", found, rule, "PostgreSQL")


CASES = (*_cases(), *_with_server())


def as_markdown() -> str:
    """The table as it stands in docs/reliability.md."""
    head = "| write | fault | database | the process | who asked is told | the next start finds | rule |"
    lines = [head, "|" + "---|" * 7]
    for case in CASES:
        told = f"`{case.told}`" if case.told else ""
        lines.append(
            f"| {case.write} | {case.fault} | {case.database} | {case.process} | {told} | {case.found} | {case.rule} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
