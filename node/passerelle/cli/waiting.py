"""Tell somebody who waits what is being waited for, from the second second on."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable
from typing import Final, TypeVar

from rich.console import Console

from passerelle.words import Words

T = TypeVar("T")

PATIENCE_SECONDS: Final = 2.0
REPEAT_SECONDS: Final = 15.0


async def waiting(work: Awaitable[T], words: Words, doing: str, *, patience: float = PATIENCE_SECONDS) -> T:
    """Await ``work``. What is said goes to standard error, so that answers stay clean.

    On a terminal a line that moves; elsewhere (a log, a pipe) one sentence now and then.

    Args:
        work: What to wait for.
        words: The language to speak.
        doing: msgid of the sentence, without its full stop.
        patience: Seconds before the first word.
    """
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=patience)
        if not done:
            await _tell(task, words.text(doing))
        return await task
    finally:
        # Ctrl-C reaches us here: what was begun is ended before the command does.
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _tell(task: asyncio.Future[T], sentence: str) -> None:
    console = Console(stderr=True, highlight=False, markup=False)
    if console.is_terminal:
        with console.status(sentence):
            await asyncio.wait({task})
        return
    began = time.monotonic() - PATIENCE_SECONDS
    while not task.done():
        console.print(f"{sentence}… ({time.monotonic() - began:.0f} s)", soft_wrap=True)
        await asyncio.wait({task}, timeout=REPEAT_SECONDS)
