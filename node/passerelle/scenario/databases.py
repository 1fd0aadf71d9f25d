"""Where the nodes of a play keep their rows: a file in each home, or a database each on one server.

The databases of a play are made for it, in the order of text that a node asks for, and
dropped when it is over; nothing else on the server is touched.
"""

from __future__ import annotations

import secrets
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from passerelle.config import SQLITE
from passerelle.errors import StorageError
from passerelle.storage.postgresql import Access, check_address, refuse_open_road

VARIABLE: Final = "PASSERELLE_SCENARIO_DATABASE"
"""Environment variable that names the server where no option does."""


class Databases:
    """A database for each node of one play.

    Args:
        address: ``sqlite``, or the address of any database on a server of PostgreSQL, with an
            account that may create others.

    Raises:
        ConfigError: ``config.*`` where the address cannot be used.
    """

    def __init__(self, address: str = SQLITE) -> None:
        if address != SQLITE:
            check_address(address)
            refuse_open_road(address)
        self._address = address
        self._made: list[str] = []

    async def make(self) -> str:
        """What the setting `database` of a new home is to be."""
        if self._address == SQLITE:
            return SQLITE
        name = f"passerelle_play_{secrets.token_hex(6)}_{len(self._made)}"
        await self._run(
            f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
        )
        self._made.append(name)
        return urlunsplit(urlsplit(self._address)._replace(path=f"/{name}"))

    async def drop(self) -> None:
        """Delete every database that was made, whoever is connected to it."""
        while self._made:
            await self._run(f'DROP DATABASE IF EXISTS "{self._made[-1]}" WITH (FORCE)')
            self._made.pop()

    async def _run(self, statement: str) -> None:
        import asyncpg  # noqa: PLC0415  a play on SQLite never loads it

        try:
            connection = await asyncpg.connect(self._address)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()
        except asyncpg.InsufficientPrivilegeError as exc:
            raise StorageError("storage.not-permitted") from exc
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as exc:
            raise StorageError("storage.unreachable", database=Access(self._address).name) from exc
