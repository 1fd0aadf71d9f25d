"""What the fold costs on generated data: its pace, its memory, and what one record more takes.

``make bench`` prints it for a set of 20,000 records beside the other figures; ``make bench ARGS=--fold`` prints it
alone, for 100,000. The pace is told as
a part of that of ``json.loads`` over the same bytes, for machines differ and are busy.
"""

from __future__ import annotations

import gc
import json
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from passerelle.exchange.growing import Growing
from passerelle.exchange.held import Held
from passerelle.protocol.records import Record
from passerelle.scenario.generated.making import make
from passerelle.scenario.generated.sizes import SIZES

RECORDS: Final = 100_000
BESIDE: Final = 20_000
"""As many as take less than a minute beside the other figures."""
ROUNDS: Final = 3
LAST: Final = 200
"""Records of pairs that come one by one when all before them are held."""

PUBLIC: Final = 10
"""Public records after them."""


@dataclass(frozen=True, slots=True)
class Folding:
    """What folding a generated set took, in processor time.

    Args:
        records: How many places were folded.
        record_bytes: All of their records together.
        json_seconds: ``json.loads`` over every record.
        fold_seconds: Taking up and judging them, parsed before.
        kept_bytes: What the fold keeps when it is done, the records themselves not counted.
        peak_bytes: The most that it held on the way.
        one_more_seconds: Median of taking up and judging one record of a pair more, at the end of its feed.
        one_more_p99_seconds: And the 99th percentile.
        one_public_seconds: Median of one public record more.
    """

    records: int
    record_bytes: int
    json_seconds: float
    fold_seconds: float
    kept_bytes: int
    peak_bytes: int
    one_more_seconds: float
    one_more_p99_seconds: float
    one_public_seconds: float

    @property
    def ratio(self) -> float:
        """Pace of the fold over that of ``json.loads``."""
        return self.json_seconds / self.fold_seconds


def measure_fold(records: int, seed: int) -> Folding:
    """Make a set of about so many records, fold it, then let the last ones come one by one.

    Args:
        records: About how many.
        seed: The same seed gives the same set.
    """
    held: list[Held] = []
    network = make(SIZES["M"].of_records(records), seed, held.append)
    data = [item.record.data for item in held if isinstance(item.record, Record)]
    read = min(_seconds(lambda: [json.loads(each) for each in data]) for _ in range(ROUNDS))
    folded = min(_seconds(lambda: _folded(held)) for _ in range(ROUNDS))
    kept, peak = _memory(held)
    at = next(number for number, item in enumerate(held) if item.record.type == "statistic")
    growing = _folded(held[: at - LAST])
    ones = [_seconds(partial(_take, growing, item)) for item in held[at - LAST : at]]
    public = [_seconds(partial(_take, growing, item)) for item in held[at:][:PUBLIC]]
    return Folding(
        records=sum(network.counts.values()),
        record_bytes=sum(map(len, data)),
        json_seconds=read,
        fold_seconds=folded,
        kept_bytes=kept,
        peak_bytes=peak,
        one_more_seconds=statistics.median(ones),
        one_more_p99_seconds=sorted(ones)[len(ones) * 99 // 100],
        one_public_seconds=statistics.median(public),
    )


def _folded(held: Sequence[Held]) -> Growing:
    growing = Growing()
    growing.grow(held, {})
    growing.judged()
    return growing


def _memory(held: Sequence[Held]) -> tuple[int, int]:
    """What the fold keeps, and its peak: of what it allocates itself."""
    gc.collect()
    tracemalloc.start()
    growing = _folded(held)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del growing
    return kept, peak


def _take(growing: Growing, item: Held) -> None:
    growing.grow([item], {})
    growing.judged()


def _seconds(work: Callable[[], object]) -> float:
    """Processor time."""
    began = time.process_time()
    work()
    return time.process_time() - began
