"""Great numbers of new public records, signed by a process of its own while this one writes.

Signing a record holds the interpreter's lock nearly all the time, so beside it nothing
else of this process would get on: neither the requests nor the rows (docs/performance.md).
Where many records come in a row, a scribe is started (:mod:`passerelle.desk.scribe`), and
the calls that follow go to it as they came.

It only saves time. Before it is there, where it declines, dies or does not answer in time,
and where what it signed has been overtaken, the call is taken as every other is. What it
signed and nobody published is forgotten: it stands in no feed, and its ids are in no other.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine

import structlog

from passerelle.desk.dictation import Group, Hello, Question
from passerelle.protocol.records import Heading
from passerelle.sync.pen import Asked, Signed, Stand, origin_of
from passerelle.sync.pipes import frame
from passerelle.sync.publisher import Publisher
from passerelle.sync.signing import Early, Tools, earliest
from passerelle.sync.workers import Worker

PROGRAM = "passerelle.desk.scribe"
LEAST_BYTES = 32 * 2**10
"""Of a call from which on it is worth its way."""
MOST_BYTES = 8 * 2**20
"""Of a call that a scribe takes: what it makes of one lies in memory, and others wait behind it."""
MANY_BYTES = 2**19
"""Of calls in a row from which on a scribe is started: as long as starting one takes, so many are signed here."""
ANSWER_SECONDS = 5.0
"""Longest work on one call; then the call is taken here. One of `MOST_BYTES` takes about half of it (two cores, both busy)."""
IDLE_SECONDS = 20.0
"""How long a scribe stays without work."""
REST_SECONDS = 60.0
"""After one was lost, until the next is started."""
END_SECONDS = 2.0
TURNS = 2
"""How often a call that was overtaken goes to the scribe, before it is taken here."""

_log = structlog.get_logger()


class Scribing:
    """Takes calls to publish, as they came, to a scribe.

    Args:
        publisher: Publishes what was signed.
        tools: Key, directory and clock.
        hello: What a new scribe is told.
        cores: Processors of this machine; with one, nothing is gained.
    """

    def __init__(
        self, publisher: Publisher, tools: Tools, hello: Callable[[], Hello], cores: int | None = None
    ) -> None:
        self._publisher = publisher
        self._tools = tools
        self._hello = hello
        self._useful = (cores or os.cpu_count() or 1) > 1
        self._worker: Worker | None = None
        self._ready = False
        self._seen_bytes = 0
        self._end: asyncio.TimerHandle | None = None
        self._rests_until = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def process(self) -> int | None:
        """Process id of the scribe, where there is one that is ready."""
        worker = self._worker
        return worker.process.pid if self._ready and worker is not None and worker.process else None

    async def publish(self, body: bytes) -> list[dict[str, object]] | None:
        """Publish what a call asks for, or None where it is to be taken as every other.

        Args:
            body: The arguments of the call, JSON, as they came.

        Raises:
            PasserelleError: As :meth:`passerelle.sync.publisher.Publisher.publish`.
        """
        if not self._useful or not LEAST_BYTES <= len(body) <= MOST_BYTES:
            return None
        self._stay(len(body))
        for _ in range(TURNS):
            worker = self._worker
            if worker is None or not self._ready:
                return None
            self._publisher.refuse_closed()
            signed = await self._signed(worker, body)
            if signed is None:
                return None
            group, early = signed
            asked = [Asked(made[0], made[1]) for made in group.made]
            told = await self._publisher.publish_early(asked, early, key=group.key, request=group.request)
            if told is not None:
                return told
        return None

    async def _signed(self, worker: Worker, body: bytes) -> tuple[Group, Early] | None:
        own = self._tools.directory.own
        under, issued = own.newest, earliest(self._tools, self._publisher.last_issued)
        answer = await self._ask(worker, Question(body, own.did, issued))
        if not isinstance(answer, Group):
            return None
        origin = origin_of(own.scid, None)
        signed = [
            Signed(Heading(*heading), data, (Stand(origin, salt, committed, leaf, None),))
            for _key, _request, heading, data, salt, committed, leaf in answer.made
        ]
        return answer, Early(signed, issued, under)

    async def _ask(self, worker: Worker, question: Hello | Question) -> object:
        """What a scribe answers; a word where it was lost, which ends it."""
        answer: object = None
        lost = "cancelled"
        try:
            answer = await worker.ask(frame(question), ANSWER_SECONDS)
            lost = ""
        except (OSError, EOFError) as error:  # a timeout is an OSError
            lost = type(error).__name__
            return lost
        finally:
            if lost:
                self._lose(worker, lost)
        return answer

    # --- its life ------------------------------------------------------------------------------------------

    def _stay(self, size: int) -> None:
        """There is work: what there is stays, and a scribe is started where much came in a row."""
        loop = asyncio.get_running_loop()
        if self._end is not None:
            self._end.cancel()
        self._end = loop.call_later(IDLE_SECONDS, self._let_go)
        self._seen_bytes += size
        if self._worker is None and self._seen_bytes >= MANY_BYTES and loop.time() >= self._rests_until:
            self._worker = Worker(PROGRAM)
            self._run(self._greet(self._worker))

    async def _greet(self, worker: Worker) -> None:
        answer = await self._ask(worker, self._hello())
        if answer is None and worker is self._worker:
            self._ready = True
        elif worker is self._worker:
            self._lose(worker, str(answer))

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _lose(self, worker: Worker, why: str) -> None:
        """Nobody knows what it would say next."""
        if worker is self._worker:
            _log.warning("worker-lost", detail=why)
            self._rests_until = asyncio.get_running_loop().time() + REST_SECONDS
            self._let_go()

    def _let_go(self) -> None:
        worker, self._worker, self._ready, self._seen_bytes = self._worker, None, False, 0
        if worker is not None:
            self._run(worker.finish(END_SECONDS))

    async def close(self) -> None:
        """End the scribe."""
        if self._end is not None:
            self._end.cancel()
        self._let_go()
        await asyncio.gather(*self._tasks, return_exceptions=True)
