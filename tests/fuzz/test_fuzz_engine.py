"""What the engine says of an input: slow is what is slow every time."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.fuzz.engine import MAX_SECONDS, Target, fuzz


def spent(seconds: float) -> None:
    """Keeps the processor busy."""
    began = time.thread_time()
    while time.thread_time() - began < seconds:
        pass


def reader(is_slow: Callable[[int], bool]) -> Callable[[bytes], object]:
    """Reads anything; the reads of which ``is_slow`` says so, counted from 1, take too long."""
    reads = 0

    def read(_: bytes) -> object:
        nonlocal reads
        reads += 1
        if is_slow(reads):
            spent(MAX_SECONDS * 1.05)
        return None

    return read


@pytest.mark.parametrize(
    ("is_slow", "is_found"),
    [(lambda _: True, True), (lambda number: number == 1, False)],
    ids=["slow every time", "slow once"],
)
def test_an_input_is_slow_that_is_slow_again(is_slow: Callable[[int], bool], is_found: bool) -> None:
    """A collection of other tests' leavings falls into one reading by chance; an attack is slow each time."""
    target = Target("a reader", "bytes", lambda: [b"seed"], reader(is_slow), refuses=False)
    summary = fuzz(target, 1, "once")
    assert (summary.slowest_seconds > MAX_SECONDS) is is_found
    assert summary.inputs == 1
