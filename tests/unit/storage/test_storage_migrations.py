"""Homes that are opened at once in one process."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from passerelle.storage.database import Database, sqlite_url


async def opened(path: Path) -> None:
    database = Database(sqlite_url(path))
    try:
        async with asyncio.timeout(40):
            await database.open()
    finally:
        await database.close()


async def test_several_at_once(tmp_path: Path) -> None:
    """The tool that migrates keeps its state in its module: one at a time."""
    await asyncio.gather(*(opened(tmp_path / f"{number}.sqlite") for number in range(3)))


def test_several_in_loops_of_their_own(tmp_path: Path) -> None:
    """Across threads too, each with its loop."""
    with ThreadPoolExecutor(3) as pool:
        paths = [tmp_path / f"{number}.sqlite" for number in range(3)]
        list(pool.map(lambda path: asyncio.run(opened(path)), paths))
