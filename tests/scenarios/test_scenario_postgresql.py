"""The pilot on PostgreSQL: every node with a database of its own, every figure the same."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from passerelle import config
from passerelle.errors import ConfigError, StorageError
from passerelle.scenario.databases import Databases
from passerelle.scenario.nodes import staged
from passerelle.scenario.play import Play
from passerelle.scenario.player import play
from tests.postgresql import Server

LISTED = "select datname from pg_database where datname like 'passerelle_play_%'"


def test_the_pilot_holds_on_postgresql(pilot: Play, tmp_path: Path, postgresql_server: Server) -> None:
    """Quota 4 and 2, realised 4 and 2, index 0.500, at both parties; afterwards no database is left."""

    async def run() -> None:
        async with staged(pilot, tmp_path, database=postgresql_server.address()) as nodes:
            outcome = await play(pilot, nodes, watch=lambda _entry: None)
            assert [finding for finding in outcome.findings if not finding.ok] == []
            assert outcome.ok
            homes = {name: config.load(tmp_path / name).database for name in nodes.processes}
            assert len(set(homes.values())) == len(homes) == 3
            told: list[Any] = [
                await nodes.call(
                    here, "statement", partner=outcome.cast.agencies[there].code, as_of="2018-12-31"
                )
                for here, there in (("anvt", "cnpv"), ("cnpv", "anvt"))
            ]
            assert told[0]["figures"] == told[1]["figures"]
            assert told[0]["figures"]["index"] == "0.500"

    asyncio.run(run())
    assert not list(tmp_path.rglob("passerelle.sqlite"))
    assert postgresql_server.run(LISTED) == []


async def test_databases_of_a_play_are_made_and_dropped(postgresql_server: Server) -> None:
    """Each another, in the order of text that a node asks for."""
    databases = Databases(postgresql_server.address())
    first, second = await databases.make(), await databases.make()
    assert first != second
    query = "select datcollate, pg_encoding_to_char(encoding) from pg_database where datname like 'passerelle_play_%'"
    assert postgresql_server.run(query) == [("C", "UTF8")] * 2
    await databases.drop()
    assert postgresql_server.run(LISTED) == []


async def test_a_server_that_is_not_there_has_a_code(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught:
        await Databases(f"postgresql:///rows?host={tmp_path}").make()
    assert caught.value.code == "storage.unreachable"
    with pytest.raises(ConfigError):
        Databases("mysql:///rows")
    assert await Databases().make() == "sqlite"
