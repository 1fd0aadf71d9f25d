"""Doing what comes next while what came before is kept: a window over a sequence, in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeVar

from passerelle.errors import TransportError

Item = TypeVar("Item")
Result = TypeVar("Result")


async def ahead(
    source: AsyncIterator[Item], act: Callable[[Item], Awaitable[Result]], width: Callable[[], int]
) -> AsyncGenerator[Result, None]:
    """The result of `act` for each item of `source`, in order, some of them under way at a time.

    Close the iterator (`contextlib.aclosing`): what is under way then is cancelled.

    Args:
        source: The items. Where it ends with a TransportError, what came before is given first.
        act: What is done with each.
        width: How many may be under way at the most, asked before each begins.

    Raises:
        TransportError: As `source` or `act` raised it, in its turn.
    """
    under_way: deque[asyncio.Future[Result]] = deque()
    failed: TransportError | None = None
    try:
        while failed is None:
            try:
                item = await anext(source)
            except StopAsyncIteration:
                break
            except TransportError as error:
                failed = error
                break
            while len(under_way) >= max(1, width()):
                yield await under_way.popleft()
            under_way.append(asyncio.ensure_future(act(item)))
        while under_way:
            yield await under_way.popleft()
        if failed is not None:
            raise failed
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
