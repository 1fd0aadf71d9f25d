"""Homes that are opened at once in one process."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from passerelle.storage.database import Database, sqlite_url
from passerelle.storage.postgresql import Access
from tests.postgresql import Server


async def opened(place: str | Access) -> None:
    database = Database(place)
    try:
        async with asyncio.timeout(40):
            await database.open()
    finally:
        await database.close()


def some(folder: Path, server: Server) -> list[str | Access]:
    return [*(sqlite_url(folder / f"{number}.sqlite") for number in range(3)), Access(server.create())]


async def test_several_at_once(tmp_path: Path, postgresql_server: Server) -> None:
    """The tool that migrates keeps its state in its module: one at a time."""
    await asyncio.gather(*(opened(place) for place in some(tmp_path, postgresql_server)))


def test_several_in_loops_of_their_own(tmp_path: Path, postgresql_server: Server) -> None:
    """Across threads too, each with its loop."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda place: asyncio.run(opened(place)), some(tmp_path, postgresql_server)))
