"""Examining what a pull brings: a little in a thread, much in worker processes.

Checking a signature is most of the work of following, and Python does it on one core. So
a long pull of a public feed hands its bundles, as received, to a few worker processes,
which hold no secret: what is sealed is opened here. The workers are started when they
are first needed and end when they have had nothing to do for a while, with this process
at the latest, however it ends.

A worker that dies (the machine had no memory left, an operator was too zealous) costs
time and nothing else: its bundle is examined here.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait

import structlog

from passerelle.protocol.schemas import Schemas
from passerelle.sync.findings import Finding, Terms, examine_all

MANY = 128
"""Leaves of one call from which on a worker process is worth its way."""
MAX_WORKERS = 4
IDLE_SECONDS = 20.0
"""How long workers stay without work; starting them takes half a second."""

_log = structlog.get_logger()


class Examiner:
    """Examines leaves with their objects.

    Args:
        schemas: What this version knows of record types.
        workers: Processes at the most; 0 for none. One core is kept no worker for.
    """

    def __init__(self, schemas: Schemas, workers: int | None = None) -> None:
        cores = os.cpu_count() or 1
        self._workers = (min(cores, MAX_WORKERS) if cores > 1 else 0) if workers is None else workers
        self._schemas = schemas
        self._pool: ProcessPoolExecutor | None = None
        self._busy = 0
        self._end: asyncio.TimerHandle | None = None

    @property
    def processes(self) -> tuple[int, ...]:
        """Process ids of the workers that there are now."""
        # The executor names them to nobody, and what an operator sees in a process list should be explained.
        known = getattr(self._pool, "_processes", None) or {}
        return tuple(known)

    async def examine(
        self, terms: Terms, leaves: Sequence[bytes], objects: Sequence[bytes | None]
    ) -> list[Finding]:
        """Examine leaves, each with its object, in order."""
        if self._workers and len(leaves) >= MANY and not terms.sealing_keys:
            try:
                return await self._in_worker(terms, leaves, objects)
            except (BrokenProcessPool, OSError) as error:
                _log.warning("worker-lost", detail=type(error).__name__)
                self._drop()
        return await asyncio.to_thread(examine_all, terms, leaves, objects, self._schemas)

    async def _in_worker(
        self, terms: Terms, leaves: Sequence[bytes], objects: Sequence[bytes | None]
    ) -> list[Finding]:
        if self._end is not None:
            self._end.cancel()
        self._busy += 1
        try:
            pool = self._pool = self._pool or _new_pool(self._workers)
            return await asyncio.get_running_loop().run_in_executor(pool, examine_all, terms, leaves, objects)
        finally:
            self._busy -= 1
            if self._busy == 0:
                self._end = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._drop)

    def _drop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    async def close(self) -> None:
        """End the workers."""
        if self._end is not None:
            self._end.cancel()
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)


def _new_pool(workers: int) -> ProcessPoolExecutor:
    # Not fork: this process has threads. The fork server has loaded the modules, and its children share them.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["passerelle.sync.findings"])
    return ProcessPoolExecutor(workers, context, initializer=_begin)


def _begin() -> None:
    """In a worker, before its first work: Ctrl-C is its parent's matter, and so is its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    Schemas.packaged()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os._exit(0)
