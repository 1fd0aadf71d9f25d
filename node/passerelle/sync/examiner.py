"""Examining what a pull brings: a little in a thread, much in worker processes.

Checking a signature is most of the work of following, and Python does it on one core. So
a long pull of a public feed hands its bundles, as received, to a few worker processes,
which hold no secret: what is sealed is opened here. The workers are started when they
are first needed and end when they have had nothing to do for a while.

A worker that dies (the machine had no memory left, an operator was too zealous) costs
time and nothing else: its bundle is examined here.

Partners take turns, at the workers and at the threads, each in portions: who has had least
of late goes first (F-3). A giant feed, or a flood, delays another partner by what is just
under way and no more.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator, Sequence

import structlog

from passerelle.protocol.schemas import Schemas
from passerelle.sync.findings import Finding, Terms, examine_all
from passerelle.sync.turns import Turns
from passerelle.sync.worker import LENGTH_BYTES, Answer, frame

MANY = 128
"""Leaves of one call from which on a worker process is worth its way."""
MAX_WORKERS = 4
PORTION = 32
"""Leaves that a thread examines in one turn, at the most."""
PORTION_BYTES = 2**20
"""Bytes of objects that end a portion, however few leaves it has."""
IDLE_SECONDS = 20.0
"""How long workers stay without work; starting one takes a quarter of a second."""
END_SECONDS = 5.0

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
        self._turns = Turns(self._most)
        self._thread_turns = Turns(1)  # more would only contend for one interpreter
        self._idle: list[Process] = []
        self._busy: set[Process] = set()
        self._end: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def processes(self) -> tuple[int, ...]:
        """Process ids of the workers that there are now."""
        return tuple(worker.pid for worker in (*self._idle, *self._busy))

    async def examine(
        self, terms: Terms, leaves: Sequence[bytes], objects: Sequence[bytes | None]
    ) -> list[Finding]:
        """Examine leaves, each with its object, in order."""
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

    async def _in_worker(self, asked: bytes) -> list[Finding] | None:
        """What a worker found, or None where it could not."""
        if self._end is not None:
            self._end.cancel()
        worker: Process | None = None
        answer: Answer = "cancelled"
        try:
            worker = self._idle.pop() if self._idle else await _start()
            self._busy.add(worker)
            answer = await _ask(worker, asked)
        except (OSError, EOFError) as error:
            answer = type(error).__name__
        finally:
            self._give_back(worker, answer)
        if isinstance(answer, str):
            _log.warning("worker-lost", detail=answer)
            return None
        return answer

    def _give_back(self, worker: Process | None, answer: Answer) -> None:
        """A worker that has answered waits for more; of another nobody knows what it will say next."""
        if worker is not None:
            self._busy.discard(worker)
            if isinstance(answer, str):
                self._let_go([worker])
            else:
                self._idle.append(worker)
        if not self._busy:
            self._end = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._let_idle_go)

    def _let_idle_go(self) -> None:
        workers, self._idle = self._idle, []
        self._let_go(workers)

    def _let_go(self, workers: Sequence[Process]) -> None:
        for worker in workers:
            task = asyncio.create_task(_finish(worker))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """End the workers."""
        if self._end is not None:
            self._end.cancel()
        self._let_idle_go()
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


async def _start() -> Process:
    # In a session of its own: Ctrl-C at the terminal is its parent's matter, and so is its end.
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "passerelle.sync.worker"), stdin=PIPE, stdout=PIPE, start_new_session=True
    )


async def _ask(worker: Process, asked: bytes) -> Answer:
    """One question and its answer.

    Raises:
        OSError: The worker has ended.
        EOFError: It ended before it had answered.
    """
    if worker.stdin is None or worker.stdout is None:
        raise RuntimeError("a worker is started with both pipes")
    worker.stdin.write(asked)
    await worker.stdin.drain()
    length = await worker.stdout.readexactly(LENGTH_BYTES)
    data = await worker.stdout.readexactly(int.from_bytes(length, "big"))
    answer: Answer = pickle.loads(data)  # noqa: S301  from our own child
    return answer


async def _finish(worker: Process) -> None:
    if worker.stdin is not None:
        worker.stdin.close()
    try:
        await asyncio.wait_for(worker.wait(), END_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()
