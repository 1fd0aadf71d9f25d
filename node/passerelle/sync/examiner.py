"""Examining what a pull brings: a little in a thread, much in worker processes.

Checking a signature is most of the work of following, and Python does it on one core. So
a long pull of a public feed hands its bundles, as received, to a few worker processes,
which hold no secret: what is sealed is opened here. The workers are started when they
are first needed and end when they have had nothing to do for a while.

A worker that dies (the machine had no memory left, an operator was too zealous) costs
time and nothing else: its bundle is examined here. One that does not answer in time is
given up, and so is the visit: what holds a worker would hold this process, and all partners.

Partners take turns, at the workers and at the threads, each in portions: who has had least
of late goes first (F-3). A giant feed, or a flood, delays another partner by what is just
under way and no more.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence

import structlog

from passerelle.protocol.schemas import Schemas
from passerelle.sync.findings import Finding, Terms, examine_all
from passerelle.sync.pipes import frame
from passerelle.sync.turns import Turns
from passerelle.sync.worker import Answer
from passerelle.sync.workers import Worker

MANY = 128
"""Leaves of one call from which on a worker process is worth its way."""
MAX_WORKERS = 4
PORTION = 32
"""Leaves that a thread examines in one turn, at the most."""
PORTION_BYTES = 2**20
"""Bytes of objects that end a portion, however few leaves it has."""
DEPTH = 2
"""Calls that one worker is given at a time: it begins the next while we read what it found."""
ANSWER_SECONDS = 120.0
"""Longest work of a worker on one call, which takes it a tenth of a second or less."""
IDLE_SECONDS = 20.0
"""How long workers stay without work; starting one takes a quarter of a second."""
END_SECONDS = 5.0
PROGRAM = "passerelle.sync.worker"

_log = structlog.get_logger()


class Examiner:
    """Examines leaves with their objects.

    Args:
        schemas: What this version knows of record types.
        workers: Processes at the most, 0 for none; without it, one for each core where there are several.
    """

    def __init__(self, schemas: Schemas, workers: int | None = None) -> None:
        cores = os.cpu_count() or 1
        self._most = (min(cores, MAX_WORKERS) if cores > 1 else 0) if workers is None else workers
        self._schemas = schemas
        self._turns = Turns(self._most * DEPTH)
        self._thread_turns = Turns(1)  # more would only contend for one interpreter
        self._workers: list[Worker] = []
        self._end: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def processes(self) -> tuple[int, ...]:
        """Process ids of the workers that there are now."""
        return tuple(worker.process.pid for worker in self._workers if worker.process is not None)

    @property
    def at_once(self) -> int:
        """How many calls keep all workers busy."""
        return max(1, self._most * DEPTH)

    def expect(self, leaves: int) -> None:
        """Start the workers now, if so many leaves that will soon come are worth it."""
        while leaves >= MANY and len(self._workers) < self._most:
            self._add()
            leaves -= MANY

    async def examine(
        self, terms: Terms, leaves: Sequence[bytes], objects: Sequence[bytes | None]
    ) -> list[Finding]:
        """Examine leaves, each with its object, in order.

        Raises:
            TimeoutError: A worker hangs.
        """
        if self._most and len(leaves) >= MANY and not terms.sealing_keys:
            async with self._turns.of(terms.origin.author):
                found = await self._in_worker(frame((terms, leaves, objects)))
            if found is not None:
                return found
        return await self._in_threads(terms, leaves, objects)

    async def _in_threads(
        self, terms: Terms, leaves: Sequence[bytes], objects: Sequence[bytes | None]
    ) -> list[Finding]:
        """Examined by this process beside its loop, a portion a turn."""
        found: list[Finding] = []
        for part in portions(objects):
            async with self._thread_turns.of(terms.origin.author):
                found += await asyncio.to_thread(
                    examine_all, terms, leaves[part], objects[part], self._schemas
                )
        return found

    def _add(self) -> Worker:
        self._stay()
        worker = Worker(PROGRAM)
        self._workers.append(worker)
        return worker

    def _stay(self) -> None:
        if self._end is not None:
            self._end.cancel()
        self._end = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._let_idle_go)

    async def _in_worker(self, asked: bytes) -> list[Finding] | None:
        """What a worker found, or None where it was lost.

        Raises:
            TimeoutError: It did not answer in time.
        """
        worker = min(self._workers, key=lambda worker: worker.asked, default=None)
        if worker is None or (worker.asked and len(self._workers) < self._most):
            worker = self._add()
        answer: Answer = "cancelled"
        try:
            answer = await worker.ask(asked, ANSWER_SECONDS)  # type: ignore[assignment]  # our own child's
        except TimeoutError:
            _log.warning("worker-hangs", seconds=ANSWER_SECONDS)
            raise
        except (OSError, EOFError) as error:
            answer = type(error).__name__
        finally:
            self._stay()
            if isinstance(answer, str):  # nobody knows what it will say next
                self._let_go([worker])
        if isinstance(answer, str):
            _log.warning("worker-lost", detail=answer)
            return None
        return answer

    def _let_idle_go(self) -> None:
        if any(worker.asked for worker in self._workers):
            self._stay()
        else:
            self._let_go(list(self._workers))

    def _let_go(self, workers: Sequence[Worker]) -> None:
        for worker in workers:
            if worker in self._workers:
                self._workers.remove(worker)
                task = asyncio.create_task(worker.finish(END_SECONDS))
                self._ending.add(task)
                task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """End the workers."""
        if self._end is not None:
            self._end.cancel()
        self._let_go(list(self._workers))
        await asyncio.gather(*self._ending)


def portions(objects: Sequence[bytes | None]) -> Iterator[slice]:
    """Cuts objects into portions of a bounded number, and of bounded bytes but for the last object of each."""
    start = size = 0
    for index, item in enumerate(objects, start=1):
        size += len(item or b"")
        if index - start >= PORTION or size >= PORTION_BYTES:
            yield slice(start, index)
            start, size = index, 0
    if start < len(objects):
        yield slice(start, len(objects))
