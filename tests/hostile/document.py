"""Writes the table of behaviours for people: ``python -m tests.hostile.document`` renews docs/developer."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.hostile.behaviours import BEHAVIOURS
from tests.hostile.table import Behaviour

PATH: Final = Path(__file__).parents[2] / "docs" / "developer" / "hostile-partners.md"

_HEAD: Final = """# Hostile partners

What a partner of a federation can do to a node, what stops it, and how it ends. Each row is a behaviour of a scripted
partner with a real identity and real feeds (`tests/hostile`); a test holds the row, and a mutant of the node without the
guard is seen to break it. This page is written by `python -m tests.hostile.document` and compared by a test.

*Ends in* is the state of the worst of its feeds (spec/09-following.md) and the code that says why. *Costs at most* is
what one visit may take: bytes that the partner sends, of which some megabytes may only have lain in buffers of the
kernel, and rows that stay. Meanwhile the node serves and publishes, and other partners are followed.

The tests use smaller limits than a node does (`tests/hostile/launch.py`); the true ones stand in
spec/10-requests-and-errors.md.

| behaviour | the partner | what stops it | ends in | costs at most |
|---|---|---|---|---|
"""


_TAIL: Final = """
## How long another partner waits

F-3: who attacks delays nobody else's sync. `tests/hostile/delay.py` measures it: an honest partner in a process of its
own shows new records, and its sync is timed in peace and beside an attack, in pairs, the first of a pair being now the
one and now the other. An attack has gone on for two seconds then; it sends notices as fast as they are answered, and
its partner was honest before the pair, so that no pause after failures protects our node. The node has one core to
itself, with its workers: the least favourable case, in which every processor second that an attack has it spend is
missing. What counts is the median of the pairs, in seconds, and in processor seconds of the node meanwhile, which a
busy machine changes less. `make soak` holds the first one to less than 1.1, on a machine
that does nothing else: three pairs look for what may be slow, and eleven fresh ones judge it.

Not shown yet: that every behaviour stays below 1.1. The figures below are from a machine that was busy with other work
(five to fifteen other processes on its two cores), where a partner that only keeps silent and sends notices was at 1.11
processor seconds: differences below a tenth are lost in that.

```
python -m tests.hostile.delay --rank 0 --pairs 5 NAME…
```

| behaviour | sync in peace | times, seconds | times, processor seconds | each pair, seconds |
|---|---|---|---|---|
"""

_MEASURED: Final = """\
| silence | 0.80 s | 1.03 | 1.11 | 1.08 1.03 0.97 1.28 0.92 |
| identity-of-a-mebibyte | 0.86 s | 1.10 | 1.11 | 2.04 2.50 1.10 0.69 0.99 |
| quarantine-flood | 0.71 s | 1.26 | 1.11 | 1.26 1.76 0.92 1.01 1.45 |
| many-questions | 0.58 s | 1.12 | 1.14 | 1.00 0.93 1.46 1.44 1.12 |
| validator-of-the-moment | 0.54 s | 0.86 | 1.26 | 1.53 1.08 0.86 0.72 0.81 |
| large-sealed-objects | 0.60 s | 0.94 | 1.21 | 1.18 0.90 1.28 0.94 0.51 |
| thousands-of-notices | 0.91 s | 1.12 | 1.05 | 1.12 0.89 1.24 1.20 1.04 |
| records-of-256-kib | 0.77 s | 1.05 | 1.11 | 1.91 1.92 1.05 0.89 0.96 |
| identity-of-many-keys | 0.66 s | 0.83 | 1.05 | 1.26 1.19 0.83 0.83 0.82 |
"""


def written() -> str:
    """The whole page."""
    return _HEAD + "".join(_row(row) for row in BEHAVIOURS) + _TAIL + _MEASURED


def _row(row: Behaviour) -> str:
    code = f", `{row.code}`" if row.code else ""
    return f"| {row.name} | {row.does} | {row.guard} | `{row.state}`{code} | {_size(row.sent)}, {row.rows} rows |\n"


def _size(count: int) -> str:
    for unit, name in ((2**20, "MiB"), (2**10, "KiB")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count} bytes"


if __name__ == "__main__":
    PATH.write_text(written(), "utf-8")
