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


def written() -> str:
    """The whole page."""
    return _HEAD + "".join(_row(row) for row in BEHAVIOURS)


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
