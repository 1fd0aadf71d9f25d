"""One contract, two databases: a test that asks for ``place`` or ``database`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from passerelle.storage.database import Database, sqlite_url
from passerelle.storage.postgresql import Access
from tests.postgresql import Server


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str | Access:
    """Where an empty database is, without tables."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "rows.sqlite")
    access: Access = request.getfixturevalue("access")
    return access


@pytest.fixture
def access(postgresql_server: Server) -> Iterator[Access]:
    """An empty database of PostgreSQL, gone with the test."""
    address = postgresql_server.create()
    yield Access(address)
    postgresql_server.drop(address)


@pytest.fixture
async def database(place: str | Access) -> AsyncIterator[Database]:
    """A database with its tables, open."""
    opened = Database(place)
    await opened.open()
    yield opened
    await opened.close()
