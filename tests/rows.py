"""The rows of a home at rest or running, read past the node's own code, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import re
import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from passerelle import config
from passerelle.storage.home import Paths
from tests.postgresql import in_a_loop, name_in

LEAVING_SECONDS = 10.0


class Found(list[Any]):
    """The rows of an answer, in the words of a cursor."""

    def fetchone(self) -> Any:
        """The first row, or None."""
        return self[0] if self else None

    def fetchall(self) -> list[Any]:
        """All of them."""
        return self


class Rows:
    """One home's rows. Questions are written for SQLite, with ``?`` for each value.

    Args:
        home: The folder of the home.
    """

    def __init__(self, home: Path) -> None:
        self._database = config.load(home).database
        self._file = Paths(home).database

    @property
    def is_remote(self) -> bool:
        """Whether they lie outside the folder."""
        return self._database != config.SQLITE

    def execute(self, query: str, values: Sequence[Any] = ()) -> Found:
        """Run one statement to its end; the rows that it gives."""
        if self._database == config.SQLITE:
            with closing(sqlite3.connect(self._file)) as connection, connection:
                return Found(connection.execute(query, values).fetchall())
        numbers = iter(range(1, len(values) + 1))
        return Found(run(self._database, re.sub(r"\?", lambda _: f"${next(numbers)}", query), *values))

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


def copy_database(address: str, name: str = "") -> str:
    """A copy of a database of which nobody is a user any more, beside it; its address."""
    name = name or f"copy_{secrets.token_hex(6)}"
    deadline = time.monotonic() + LEAVING_SECONDS
    while True:
        try:
            run(_at(address, "postgres"), f'create database "{name}" template "{name_in(address)}"')
            return _at(address, name)
        except asyncpg.ObjectInUseError:  # a session that was hung up is still on its way out
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def drop_database(address: str) -> None:
    """Delete a database, whoever is connected to it."""
    run(_at(address, "postgres"), f'drop database if exists "{name_in(address)}" with (force)')


def _at(address: str, name: str) -> str:
    return urlunsplit(urlsplit(address)._replace(path=f"/{name}"))
