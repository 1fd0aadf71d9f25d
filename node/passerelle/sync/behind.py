"""Ending one piece of work while the next one is prepared: never two of them at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Behind:
    """Work that is under way behind whoever gave it. Close it (`contextlib.aclosing`): what is under way then is cancelled."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    async def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin a piece of work when the one before has ended; what that raised is raised here."""
        try:
            await self.end()
        except BaseException:
            work.close()
            raise
        self._task = asyncio.create_task(work)

    async def end(self) -> None:
        """Wait for what is under way; what it raised is raised here."""
        if self._task is not None:
            await self._task
            self._task = None

    async def aclose(self) -> None:
        """Cancel what is under way, and wait for it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
