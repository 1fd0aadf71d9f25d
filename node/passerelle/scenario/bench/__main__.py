"""``python -m passerelle.scenario.bench``: measure, print, and say what misses its bar."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from passerelle.config import SQLITE
from passerelle.scenario.bench.folding import BESIDE, RECORDS, Folding, measure_fold
from passerelle.scenario.bench.run import Result, run
from passerelle.scenario.bench.steps import Step, measure
from passerelle.scenario.databases import VARIABLE

LARGE: Final = 100_000
MOST_BYTES_ABOVE_PACKED: Final = 130


@dataclass(frozen=True, slots=True)
class Line:
    """One figure for a person.

    Args:
        name: What was measured.
        value: The figure with its unit.
        bar: What it is to be, empty where nothing is asked.
        met: Whether it is.
    """

    name: str
    value: str
    bar: str = ""
    met: bool = True


def lines_of(result: Result) -> list[Line]:
    """The figures of one run."""
    pss = result.follower_peak_pss_bytes
    most_http = result.packed_bytes_per_record + MOST_BYTES_ABOVE_PACKED
    offers = (
        f"{result.offers:,}, {result.distinct_words:,} distinct words, {result.body_bytes:,} bytes a body"
    )
    return [
        Line("offers", offers),
        Line(
            "published in batches",
            f"{result.published_per_second:,.0f} records/s",
            "8,000 or more",
            result.published_per_second >= 8_000,
        ),
        Line("processor time of that, a record", _processor(result)),
        Line(
            "one record published, p99",
            f"{result.single_p99_seconds * 1e3:.0f} ms",
            "under 100",
            result.single_p99_seconds < 0.1,
        ),
        Line(
            "the same beside the batches",
            f"{result.beside_p99_seconds * 1e3:.0f} ms",
            "under 100",
            result.beside_p99_seconds < 0.1,
        ),
        Line("cold sync, publisher included", f"{result.synced_per_second:,.0f} records/s"),
        Line("bare Ed25519, two processes", f"{result.bare_verifications_per_second:,.0f} checks/s"),
        Line("cold sync / bare Ed25519", f"{result.ratio:.3f}", "0.40 or more", result.ratio >= 0.4),
        Line(
            "follower, peak sum of PSS",
            "not told" if pss is None else f"{pss / 1e6:.0f} MB",
            "220 or less",
            pss is None or pss <= 220e6,
        ),
        Line(
            "HTTP",
            f"{result.http_bytes_per_record:,.0f} bytes/record",
            f"{most_http:,.0f} or less",
            result.http_bytes_per_record <= most_http,
        ),
        Line(
            "a poll that finds nothing",
            f"{result.idle_poll_bytes:,} bytes",
            "1,024 or less",
            result.idle_poll_bytes <= 1_024,
        ),
    ]


def _processor(result: Result) -> str:
    spent = ", ".join(f"{name} {each:.0f}" for name, each in result.publish_processor.items())
    return f"{spent} us" if spent else "not told"


def show(lines: list[Line]) -> None:
    """Print figures beside their bars."""
    wide = max(len(line.name) for line in lines)
    for line in lines:
        bar = f"  ({line.bar}{'' if line.met else ': MISSED'})" if line.bar else ""
        sys.stdout.write(f"{line.name:<{wide}}  {line.value}{bar}\n")


def at_length(small: Result, large: Result) -> Line:
    """How a large feed compares with a small one, the speed of the machine taken out."""
    change = large.ratio / small.ratio
    return Line(f"{large.offers:,} against {small.offers:,}", f"{change:.2f}", "0.85 or more", change >= 0.85)


def lines_of_fold(folding: Folding) -> list[Line]:
    """The figures of the fold."""
    each = folding.record_bytes / folding.records
    one = folding.one_more_seconds * 1e3
    return [
        Line("records folded", f"{folding.records:,}, {each:,.0f} bytes each"),
        Line("fold / json.loads", f"{folding.ratio:.2f}", "0.25 or more", folding.ratio >= 0.25),
        Line("kept by the fold", f"{folding.kept_bytes / folding.records:,.0f} bytes a record"),
        Line(
            "most held on the way",
            f"{folding.peak_bytes / folding.kept_bytes:.2f} of that",
            "1.50 or less",
            folding.peak_bytes <= 1.5 * folding.kept_bytes,
        ),
        Line("one record more, median", f"{one:.2f} ms", "under 2", one < 2),
        Line("one record more, p99", f"{folding.one_more_p99_seconds * 1e3:.2f} ms"),
        Line("one public record more", f"{folding.one_public_seconds * 1e3:.2f} ms"),
    ]


def on_server(file: Result, server: Result) -> list[Line]:
    """How rows on a server compare with rows in a file, on the same machine."""
    pairs = (
        ("published in batches", server.published_per_second / file.published_per_second),
        ("cold sync", server.synced_per_second / file.synced_per_second),
    )
    return [
        Line(f"{name}, PostgreSQL to SQLite", f"{part:.2f}", "0.80 or more", part >= 0.8)
        for name, part in pairs
    ]


def show_steps(steps: list[Step]) -> None:
    """Print what each step costs, and how it compares with the first."""
    wide = max(len(step.name) for step in steps)
    for step in steps:
        part = step.microseconds / steps[0].microseconds
        sys.stdout.write(f"{step.name:<{wide}}  {step.microseconds:6.1f} us  {part:5.2f}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m passerelle.scenario.bench", description=__doc__)
    parser.add_argument("--offers", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--large", action="store_true", help=f"then the same with {LARGE:,} offers")
    parser.add_argument("--steps", action="store_true", help="what each step costs, without nodes")
    told = f"only the fold, over about so many generated records; {RECORDS:,} where no number is given"
    parser.add_argument("--fold", type=int, nargs="?", const=RECORDS, help=told)
    parser.add_argument("--json", action="store_true")
    both = f"on SQLite, then on the server that {VARIABLE} names, and how the two compare"
    parser.add_argument("--postgresql", action="store_true", help=both)
    server = os.environ.get(VARIABLE, SQLITE)
    parser.add_argument("--database", default=server, help="sqlite, or the address of a server's database")
    return parser


def main() -> int:
    """Measure and print."""
    parser = _parser()
    wish = parser.parse_args()
    if wish.steps:
        show_steps(measure())
        return 0
    if wish.fold is not None:
        _show_fold(wish.fold, wish.seed, as_json=wish.json)
        return 0
    if wish.postgresql and wish.database == SQLITE:
        parser.error(f"--postgresql: {VARIABLE} names no server")
    runs = [(wish.offers, SQLITE if wish.postgresql else wish.database)]
    if wish.large:
        runs.append((LARGE, runs[0][1]))
    if wish.postgresql:
        runs.append((wish.offers, wish.database))
    results = [_run(count, wish.seed, database) for count, database in runs]
    if wish.json:
        sys.stdout.write(json.dumps([asdict(result) for result in results], indent=2) + "\n")
        return 0
    for result in results:
        show(lines_of(result))
    show(lines_of_fold(measure_fold(BESIDE, wish.seed)))
    if wish.large:
        show([at_length(*results[:2])])
    if wish.postgresql:
        show(on_server(results[0], results[-1]))
    return 0


def _show_fold(records: int, seed: int, *, as_json: bool) -> None:
    folding = measure_fold(records, seed)
    if as_json:
        sys.stdout.write(json.dumps(asdict(folding), indent=2) + "\n")
    else:
        show(lines_of_fold(folding))


def _run(count: int, seed: int, database: str) -> Result:
    with tempfile.TemporaryDirectory(prefix="passerelle-bench-", ignore_cleanup_errors=True) as work:
        return asyncio.run(run(Path(work), count, seed, database))


if __name__ == "__main__":
    sys.exit(main())
