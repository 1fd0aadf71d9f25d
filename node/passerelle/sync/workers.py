"""A worker process as its parent sees it: started, asked, given up, ended. What it does is its own program's."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process

from passerelle.sync.pipes import LENGTH_BYTES, widen

READ_BYTES = 2**20
"""Of an answer that lie here before its pipe is left alone for a moment: most fit in, and are read in few turns."""


class Worker:
    """One worker process. It is asked again before it has answered, so that it never waits for us.

    Args:
        program: The module that it runs, which ends in :func:`passerelle.sync.pipes.main`.
    """

    def __init__(self, program: str) -> None:
        self.process: Process | None = None
        self.asked = 0
        self._program = program
        self._started: asyncio.Task[tuple[Process, asyncio.StreamWriter]] = asyncio.create_task(self._start())
        self._writing = asyncio.Lock()
        self._reading = asyncio.Lock()
        self._lost = False

    async def _start(self) -> tuple[Process, asyncio.StreamWriter]:
        self.process, questions = await start(self._program)
        return self.process, questions

    async def ask(self, asked: bytes, seconds: float) -> object:
        """One question and its answer. Whoever gives up waiting takes the worker from all others: it would answer them wrongly.

        Args:
            asked: From :func:`passerelle.sync.pipes.frame`.
            seconds: How long it may take nothing, or work on one question, before it is given up.

        Raises:
            TimeoutError: It takes no more, or does not answer, for so long.
            OSError: The worker has ended, could not be started, or was given up.
            EOFError: It ended before it had answered.
        """
        self.asked += 1
        answered = False
        try:
            process, questions = await asyncio.shield(self._started)
            if process.stdout is None:
                raise RuntimeError("a worker is started with both pipes")
            async with self._writing:
                self._refuse_lost()
                questions.write(asked)
                async with asyncio.timeout(seconds):
                    await questions.drain()
            # Locks are given in the order in which they are asked for, so answers are read in that of the questions.
            async with self._reading:
                self._refuse_lost()
                async with asyncio.timeout(seconds):
                    length = await process.stdout.readexactly(LENGTH_BYTES)
                    data = await process.stdout.readexactly(int.from_bytes(length, "big"))
            answered = True
        finally:
            self.asked -= 1
            self._lost |= not answered
        answer: object = pickle.loads(data)  # noqa: S301  from our own child
        return answer

    def _refuse_lost(self) -> None:
        if self._lost:
            raise BrokenPipeError

    async def finish(self, seconds: float) -> None:
        """Let it end, and see that it has; after so many seconds it is killed."""
        try:
            process, questions = await self._started
        except OSError:
            return
        questions.close()
        try:
            await asyncio.wait_for(process.wait(), seconds)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def start(program: str) -> tuple[Process, asyncio.StreamWriter]:
    """A process of this program's own that runs a module, and what it is asked through."""
    # A pipe of our own: through what the library makes, a question of some bundles passes in six or seven parts.
    taken, given = os.pipe()
    end = os.fdopen(given, "wb", buffering=0)
    try:
        widen(given)
        # In a session of its own: Ctrl-C at the terminal is its parent's matter, and so is its end. And it loads
        # nothing from the folder in which the node was started (-P), where anybody may have laid a module.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", program),
            stdin=taken,
            stdout=PIPE,
            limit=READ_BYTES,
            start_new_session=True,
        )
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.connect_write_pipe(
            lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), end
        )
    except BaseException:
        end.close()
        raise
    finally:
        os.close(taken)
    return process, asyncio.StreamWriter(transport, protocol, None, loop)
