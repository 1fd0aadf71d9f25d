"""What a measurement is compared with, and what it costs in memory."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import time
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha512
from pathlib import Path
from typing import Final

from passerelle.protocol.keys import SigningKey, verify_signature

_SAMPLE_SECONDS: Final = 0.2
_BATCH: Final = 250


class Memory:
    """Proportional set size of a process and its descendants, the largest sum seen.

    PSS shares a page's size among the processes that map it, so the sum over a node and its
    workers counts nothing twice. Linux tells it; elsewhere ``peak_bytes`` stays None.
    """

    def __init__(self) -> None:
        self.peak_bytes: int | None = None

    def sample(self, pid: int) -> None:
        """Look once."""
        total = sum(filter(None, map(_pss_bytes, family(pid))))
        if total:
            self.peak_bytes = max(total, self.peak_bytes or 0)


@contextlib.asynccontextmanager
async def watched(pid: int) -> AsyncIterator[Memory]:
    """Memory of a process for the length of the block."""
    memory = Memory()

    async def watch() -> None:
        while True:
            memory.sample(pid)
            await asyncio.sleep(_SAMPLE_SECONDS)

    task = asyncio.create_task(watch())
    try:
        yield memory
    finally:
        memory.sample(pid)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, children.read_text("ascii").split())
    return found


def processor_seconds(pid: int) -> dict[str, float]:
    """Processor time so far, user and system: of a process, of its children, and of ourselves. Linux tells it; elsewhere empty."""
    children = family(pid)[1:]
    spent = {"node": _spent(pid), "scribe": sum(map(_spent, children)), "caller": _spent(os.getpid())}
    return spent if spent["caller"] else {}


def _spent(pid: int) -> float:
    with contextlib.suppress(OSError):
        members = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(members[11]) + int(members[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _pss_bytes(pid: int) -> int | None:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return None


def bare_verifications_per_second(count: int) -> float:
    """Ed25519 checks with the node's own library in two processes, and nothing else.

    The inputs (64 bytes, as of a proof) are signed beforehand and handed over in batches.
    """
    key = SigningKey(bytes(32))
    messages = [sha512(number.to_bytes(8)).digest() for number in range(count)]
    signed = [(message, key.sign(message)) for message in messages]
    batches = [signed[start : start + _BATCH] for start in range(0, count, _BATCH)]
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        for _ in pool.map(_verify, [key.public] * 2, [signed[:1]] * 2):
            pass  # both workers are up and have loaded the library
        began = time.perf_counter()
        good = sum(pool.map(_verify, [key.public] * len(batches), batches))
        spent = time.perf_counter() - began
    if good != count:
        raise RuntimeError("every signature is good")
    return count / spent


def _verify(public: bytes, signed: list[tuple[bytes, bytes]]) -> int:
    return sum(verify_signature(public, message, signature) for message, signature in signed)
