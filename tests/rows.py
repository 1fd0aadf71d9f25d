"""The rows of a home at rest or running, read past the node's own code, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from passerelle import config
from passerelle.storage.home import Paths
from tests.postgresql import in_a_loop


class Rows:
    """One home's rows. Questions are written for SQLite, with ``?`` for each value.

    Args:
        home: The folder of the home.
    """

    def __init__(self, home: Path) -> None:
        self._database = config.load(home).database
        self._file = Paths(home).database

    def execute(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """Run one statement to its end; the rows that it gives."""
        if self._database == config.SQLITE:
            with closing(sqlite3.connect(self._file)) as connection, connection:
                return connection.execute(query, values).fetchall()
        numbers = iter(range(1, len(values) + 1))
        return run(self._database, re.sub(r"\?", lambda _: f"${next(numbers)}", query), *values)

    def one(self, query: str, values: Sequence[Any] = ()) -> Any:
        """The first value of the first row, or None."""
        found = self.execute(query, values)
        return found[0][0] if found else None

    def tables(self) -> list[str]:
        """The names of all tables."""
        query = (
            "select name from sqlite_master where type = 'table'"
            if self._database == config.SQLITE
            else "select tablename::text from pg_tables where schemaname = 'public'"
        )
        return [row[0] for row in self.execute(query)]


@contextmanager
def rows_of(home: Path) -> Iterator[Rows]:
    """The rows of a home, in the form of a connection."""
    yield Rows(home)


def run(address: str, query: str, *values: Any) -> list[Any]:
    """One statement at a server of PostgreSQL."""

    async def work() -> list[Any]:
        connection = await asyncpg.connect(address, timeout=20)
        try:
            return [tuple(row) for row in await connection.fetch(query, *values)]
        finally:
            await connection.close()

    return in_a_loop(work)


def copy_database(address: str, name: str) -> str:
    """A copy of a database that nobody is connected to, beside it; its address."""
    old = urlsplit(address).path.removeprefix("/")
    run(_at(address, "postgres"), f'create database "{name}" template "{old}"')
    return _at(address, name)


def drop_database(address: str) -> None:
    """Delete a database, whoever is connected to it."""
    name = urlsplit(address).path.removeprefix("/")
    run(_at(address, "postgres"), f'drop database if exists "{name}" with (force)')


def _at(address: str, name: str) -> str:
    return urlunsplit(urlsplit(address)._replace(path=f"/{name}"))
