"""What a process takes as time goes on: memory, open files, and the size of its home."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.harness import Node

MEMORY_GROWTH = 1.25
"""By how much memory may grow from the second quarter of a long life to its last."""
MEMORY_SLACK_MIB = 24.0
FILES_SLACK = 8
LOG_MIB = 64.0
"""Of write-ahead log, at any time: more means that nothing folds it into the file."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a node.

    Args:
        memory_mib: Proportional share (PSS) of the process, in MiB.
        files: Open file descriptors.
        rows_mib: The database file, in MiB.
        log_mib: Its write-ahead log, in MiB.
        records: Records of this node that were acknowledged by then.
    """

    memory_mib: float
    files: int
    rows_mib: float
    log_mib: float
    records: int


def look(node: Node, records: int) -> Sample:
    """Look at a running node."""
    process = Path(f"/proc/{node.process.pid}")
    rows = node.paths.database
    log = rows.with_name(f"{rows.name}-wal")
    return Sample(
        _pss(process) / 1024,
        len(list((process / "fd").iterdir())),
        rows.stat().st_size / 2**20,
        log.stat().st_size / 2**20 if log.exists() else 0.0,
        records,
    )


def _pss(process: Path) -> int:
    """In KiB."""
    for line in (process / "smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise ValueError("the kernel tells no Pss")


def assert_no_leak(samples: Sequence[Sample]) -> None:
    """From the second quarter of one life to the last, nothing grows but the rows."""
    quarter = len(samples) // 4
    assert quarter >= 2, "too short a life to tell"
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    before = statistics.median(sample.memory_mib for sample in early)
    after = statistics.median(sample.memory_mib for sample in late)
    assert after <= before * MEMORY_GROWTH + MEMORY_SLACK_MIB, (before, after)
    most = max(sample.files for sample in early)
    assert max(sample.files for sample in late) <= most + FILES_SLACK, (early, late)
    assert max(sample.log_mib for sample in samples) <= LOG_MIB


def summary(name: str, samples: Sequence[Sample]) -> str:
    """One line of what was seen."""
    first, last = samples[len(samples) // 4], samples[-1]
    return (
        f"{name}: memory {first.memory_mib:.0f} MiB after a quarter, {last.memory_mib:.0f} at the end; "
        f"open files at most {max(sample.files for sample in samples)}; "
        f"database {first.rows_mib:.1f} to {last.rows_mib:.1f} MiB, "
        f"log at most {max(sample.log_mib for sample in samples):.1f} MiB"
    )
