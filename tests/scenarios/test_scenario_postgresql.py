"""The databases of a play on PostgreSQL: made for it, gone with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from passerelle import config
from passerelle.errors import ConfigError, StorageError
from passerelle.scenario.databases import Databases
from passerelle.scenario.nodes import staged
from passerelle.scenario.play import Play
from passerelle.storage.home import Paths
from tests.postgresql import Server

LISTED = "select datname from pg_database where datname like 'passerelle_play_%'"


async def test_a_play_leaves_no_database_behind(
    pilot: Play, tmp_path: Path, postgresql_server: Server
) -> None:
    """Every agency has one of its own while it plays; what the play must show on them is test_scenario_pilot's."""
    before = set(postgresql_server.run(LISTED))
    async with staged(pilot, tmp_path, database=postgresql_server.address()) as nodes:
        homes = {name: config.load(tmp_path / name).database for name in nodes.processes}
        assert len(set(homes.values())) == len(homes) == 3
        assert set(postgresql_server.run(LISTED)) > before
    assert set(postgresql_server.run(LISTED)) == before
    assert not any(Paths(tmp_path / name).database.exists() for name in homes)


async def test_databases_of_a_play_are_made_and_dropped(postgresql_server: Server) -> None:
    """Each another, in the order of text that a node asks for."""
    before = set(postgresql_server.run(LISTED))
    databases = Databases(postgresql_server.address())
    first, second = await databases.make(), await databases.make()
    assert first != second
    made = set(postgresql_server.run(LISTED)) - before
    query = "select datname, datcollate, pg_encoding_to_char(encoding) from pg_database"
    found = {name: how for name, *how in postgresql_server.run(query)}
    assert [found[name] for (name,) in made] == [["C", "UTF8"]] * 2
    await databases.drop()
    assert set(postgresql_server.run(LISTED)) == before


async def test_a_server_that_is_not_there_has_a_code(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught:
        await Databases(f"postgresql:///rows?host={tmp_path}").make()
    assert caught.value.code == "storage.unreachable"
    with pytest.raises(ConfigError):
        Databases("mysql:///rows")
    assert await Databases().make() == "sqlite"
