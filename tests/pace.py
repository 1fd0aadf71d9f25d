"""Work measured against a fixed piece of work in the same run: how busy a machine is must decide no test.

Two threads of one core, or caches that others fill, make processor time itself grow. They do so for the fixed
piece too, so a bound in its units holds on a machine that does other things, and is as strict on an idle one.
"""

from __future__ import annotations

import gc
import hashlib
import json
import time
from collections.abc import Callable
from typing import Final

A_SECOND: Final = 65.0
"""Units in a second of one core of an idle server of 2023."""
_ROUNDS: Final = 40
_PIECE: Final = {f"name {number}": {"digest": "0" * 64, "at": list(range(10))} for number in range(100)}


def units(work: Callable[[], object]) -> float:
    """How many fixed pieces one run of ``work`` takes, in processor time of this thread.

    The fixed piece is measured before and after, and the slower counts. What other tests have left on the heap is
    kept out of the collector's way meanwhile: ten thousand tests leave enough to take a second.
    """
    gc.collect()
    gc.freeze()
    try:
        before = _seconds(_piece)
        took = _seconds(work)
        return took / max(before, _seconds(_piece))
    finally:
        gc.unfreeze()


def _seconds(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began


def _piece() -> None:
    """About 15 ms on one core of a server of 2023: reading, writing, sorting and hashing in Python's own pace."""
    for _ in range(_ROUNDS):
        text = json.dumps(_PIECE, sort_keys=True)
        names = sorted(json.loads(text), key=lambda name: hashlib.sha256(name.encode()).digest())
        if len(names) != len(_PIECE):
            raise RuntimeError("a piece is a piece")
