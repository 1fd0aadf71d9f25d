"""The contract of the database, held on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, select, text

from passerelle.errors import StorageError
from passerelle.storage import records as rows
from passerelle.storage import tables
from passerelle.storage.database import MIGRATIONS, Database
from passerelle.storage.postgresql import Access
from passerelle.storage.tables import identity_log, node_fact


async def reopened(place: str | Access, *statements: str) -> str:
    """Open, run statements, close; the revision of the tables."""
    database = Database(place)
    try:
        await database.open()
        async with database.writing() as connection:
            for statement in statements:
                await connection.execute(text(statement))
            return str(
                (await connection.execute(text("select version_num from alembic_version"))).scalar_one()
            )
    finally:
        await database.close()


async def fact(database: Database, name: str = "mark") -> str | None:
    async with database.reading() as connection:
        return await rows.get_fact(connection, name)


# --- opening -----------------------------------------------------------------------------------------------


def test_the_newest_migration_is_the_one_that_this_code_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [tables.REVISION]


async def test_a_database_is_made_once_and_opened_ever_after(place: str | Access) -> None:
    assert await reopened(place) == tables.REVISION
    assert await reopened(place) == tables.REVISION


async def test_a_database_of_before_gets_what_it_lacks(place: str | Access) -> None:
    """0002: a home of the first release gains the table of certificates, and loses nothing."""
    await reopened(place, "insert into node_fact (name, value) values ('mark', 'kept')")
    await reopened(place, "drop table certificate", "update alembic_version set version_num = '0001'")
    assert await reopened(place, "select digest from certificate") == tables.REVISION
    database = Database(place)
    try:
        await database.open()
        assert await fact(database) == "kept"
    finally:
        await database.close()


async def test_migrations_make_the_tables_that_the_code_declares(database: Database) -> None:
    """Column by column, index by index."""

    def differences(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), tables.metadata))

    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []


async def test_newer_tables_are_opened_while_their_makers_allow_it(place: str | Access) -> None:
    """A migration that this code does not know, and may run beside."""
    await reopened(place, "update alembic_version set version_num = '9999'")
    await reopened(place, "update node_fact set value = '99' where name = 'oldest-code-that-may-run'")
    with pytest.raises(StorageError) as caught:
        await reopened(place)
    assert caught.value.code == "storage.newer-schema"


@pytest.mark.parametrize("module", ["alembic", "asyncpg"])
def test_a_start_does_not_load_what_it_may_not_need(module: str) -> None:
    """Migrations are seldom due, and a home on SQLite never speaks to a server."""
    code = f"import sys, passerelle.node; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- transactions ------------------------------------------------------------------------------------------


async def test_what_the_block_wrote_stands_when_it_has_left(place: str | Access) -> None:
    """W-6: and is there for who opens next."""
    database = Database(place)
    await database.open()
    async with database.writing() as connection:
        await rows.put_fact(connection, "mark", "kept")
    assert await fact(database) == "kept"
    await database.close()
    assert await fact(database) == "kept"
    await database.close()


async def test_a_block_that_fails_has_written_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.writing() as connection:
            await rows.put_fact(connection, "mark", "lost")
            assert await rows.get_fact(connection, "mark") == "lost"
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await fact(database) is None


async def test_a_cancelled_block_has_written_nothing(database: Database) -> None:
    """And the next writer has its turn."""
    inside = asyncio.Event()

    async def write() -> None:
        async with database.writing() as connection:
            await rows.put_fact(connection, "mark", "lost")
            assert await rows.get_fact(connection, "mark") == "lost"
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(write())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.writing() as connection:
        await rows.put_fact(connection, "other", "kept")
    assert (await fact(database), await fact(database, "other")) == (None, "kept")


async def test_a_reading_block_is_one_snapshot(database: Database) -> None:
    """What is committed after its first look is not seen within it."""
    async with database.reading() as reader:
        assert await rows.get_fact(reader, "mark") is None
        async with database.writing() as writer:
            await rows.put_fact(writer, "mark", "new")
        assert await rows.get_fact(reader, "mark") is None
    assert await fact(database) == "new"


async def test_a_reader_never_waits_for_the_writer(database: Database) -> None:
    """Nor sees what is not committed."""
    async with database.writing() as writer:
        await rows.put_fact(writer, "mark", "coming")
        assert await rows.get_fact(writer, "mark") == "coming"
        async with asyncio.timeout(5):
            assert await fact(database) is None


async def test_writers_take_turns_and_none_is_sent_away(database: Database) -> None:
    """W-1: read, change and write is safe within one block, however many want to."""

    async def add_one() -> None:
        async with database.writing() as connection:
            value = int(await rows.get_fact(connection, "mark") or 0)
            await asyncio.sleep(0)
            await rows.put_fact(connection, "mark", str(value + 1))

    await asyncio.gather(*(add_one() for _ in range(20)))
    assert await fact(database) == "20"


async def test_a_reading_block_writes_nothing(database: Database) -> None:
    """Whatever is done in it, nothing stays."""

    async def write() -> None:
        async with database.reading() as connection:
            await rows.put_fact(connection, "mark", "strayed")

    try:
        await write()
    except StorageError as error:
        assert error.code == "storage.read-only-disk"  # noqa: PT017  PostgreSQL says so, SQLite rolls back
    assert await fact(database) is None


# --- values ------------------------------------------------------------------------------------------------


WORDS = ["", "-b", "0", "A", "Z", "_c", "a", "b", "z", "~", "é", "ก", "\ue000", "\U0001f600"]


async def test_text_sorts_by_code_point(database: Database) -> None:
    """The same order on every machine and in every version of its libraries."""
    async with database.writing() as connection:
        await connection.execute(
            insert(node_fact), [{"name": word, "value": "x"} for word in reversed(WORDS)]
        )
    async with database.reading() as connection:
        found = (
            (await connection.execute(select(node_fact.c.name).order_by(node_fact.c.name))).scalars().all()
        )
    assert [name for name in found if name != "oldest-code-that-may-run"] == WORDS


async def test_values_come_back_as_they_went_in(database: Database) -> None:
    values = [
        {"scid": "a", "log": bytes(range(256)) * 5_000, "etag": "\x01\x7f é \U0001f600", "fetched": 2**62},
        {"scid": "b", "log": b"", "etag": "", "fetched": -(2**62)},
    ]
    async with database.writing() as connection:
        await connection.execute(insert(identity_log), values)
    async with database.reading() as connection:
        found = await connection.execute(select(identity_log).order_by(identity_log.c.scid))
        assert [dict(row._mapping) for row in found] == values
