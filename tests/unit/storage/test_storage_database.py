"""Opening a database: new, current, newer than this code."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from passerelle.errors import StorageError
from passerelle.storage import tables
from passerelle.storage.database import MIGRATIONS, Database, sqlite_url


async def reopened(path: Path) -> None:
    database = Database(sqlite_url(path))
    try:
        await database.open()
    finally:
        await database.close()


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as rows, rows:
        rows.execute(statement)


def test_the_newest_migration_is_the_one_that_this_code_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [tables.REVISION]


async def test_a_database_is_made_once_and_opened_ever_after(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite"
    await reopened(path)
    await reopened(path)
    with closing(sqlite3.connect(path)) as rows:
        assert rows.execute("select version_num from alembic_version").fetchall() == [(tables.REVISION,)]


async def test_newer_tables_are_opened_while_their_makers_allow_it(tmp_path: Path) -> None:
    """A migration that this code does not know, and may run beside."""
    path = tmp_path / "rows.sqlite"
    await reopened(path)
    change(path, "update alembic_version set version_num = '9999'")
    await reopened(path)
    change(path, "update node_fact set value = '99' where name = 'oldest-code-that-may-run'")
    with pytest.raises(StorageError) as caught:
        await reopened(path)
    assert caught.value.code == "storage.newer-schema"


def test_a_start_does_not_load_what_only_migrations_need() -> None:
    code = "import sys, passerelle.node; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
