"""Moving a home between databases: everything arrives, nothing is lost on the way, the old one stays."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, insert, select

from passerelle import app, config, descriptor, relocation
from passerelle.config import Agency, Console, Server
from passerelle.errors import PasserelleError
from passerelle.node import Node, open_node
from passerelle.protocol.origins import Origin
from passerelle.relocation import move_database
from passerelle.storage import moving, tables
from passerelle.storage.database import Database, sqlite_url
from passerelle.storage.home import Paths
from passerelle.storage.moving import Content
from passerelle.storage.postgresql import Access
from passerelle.sync.signing import Draft
from tests.postgresql import Server as PostgreSQL
from tests.postgresql import name_in

AGENCY = Agency(code="TG-FICT", country="TG", names={"fr": "Agence"}, fictitious=True)
PARTNER = "Qm" + "P" * 44


def quiet(_step: str, _table: str, _done: int, _total: int) -> None:
    """Nobody looks on."""


def value_for(column: Any, number: int) -> object:
    """Something that the column takes, different for each number; what sorts is sorted by code point."""
    kind = column.type.python_type
    if kind is int:
        return number
    if kind is bytes:
        return bytes([number % 256]) * 700
    return "-Zaé~"[number % 5] + str(number)


async def fill(database: Database) -> None:
    """A few rows in every table beside those of the node, so that none is moved empty."""
    async with database.writing() as connection:
        for table in tables.metadata.sorted_tables:
            rows = [row_for(table, number) for number in range(901, 907)]
            if table is tables.peer:
                for row in rows:
                    row["scid"] = f"Qm{'P' * 43}{row['added'] % 10}"
            if table is tables.feed:
                for row in rows:
                    row["origin"] = Origin(PARTNER, None, int(row["number"])).encode()
                    row["role"] = "followed"
            await connection.execute(insert(table), rows)


def row_for(table: Table, number: int) -> dict[str, Any]:
    return {column.name: value_for(column, number) for column in table.columns}


@pytest.fixture
async def made(home: Path) -> Path:
    """A home in SQLite that has rows in every table, at rest, with a comment in its settings."""
    server = Server(public_address="https://tg.example", port=0)
    await app.init_home(home, agency=AGENCY, server=server, console=Console(port=0))
    async with open_node(home) as node:
        await publish(node)
    database = Database(sqlite_url(Paths(home).database))
    await fill(database)
    await database.close()
    path = home / "passerelle.toml"
    path.write_text("# our node\n" + path.read_text() + "# the end\n")
    return home


async def publish(node: Node) -> None:
    await node.publisher.publish([Draft("agency", "public", descriptor.agency_body(node.config))])


async def failing(work: Callable[[], Any]) -> PasserelleError:
    with pytest.raises(PasserelleError) as caught:
        await work()
    return caught.value


async def contents(home: Path) -> Mapping[str, Content]:
    database = Database(config.load(home).place(Paths(home)))
    try:
        async with database.reading() as connection:
            return await moving.inspect(connection, quiet)
    finally:
        await database.close()


def file_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def setting(home: Path) -> str:
    return str(tomllib.loads((home / "passerelle.toml").read_text()).get("database", "sqlite"))


def put_away(home: Path) -> None:
    """What a person does with the old file before moving back."""
    Paths(home).database.rename(home / "before.sqlite")


async def test_a_home_moves_there_and_back(made: Path, access: Access) -> None:
    """Every row of every table; the node goes on where it stopped, and the old database is untouched."""
    before, old = await contents(made), file_digest(Paths(made).database)
    assert all(content.rows >= 6 for content in before.values())
    told = await move_database(made, access.address, progress=quiet)
    assert told["rows"] == {name: content.rows for name, content in before.items()}
    assert told["old"] == str(Paths(made).database)
    assert await contents(made) == before
    assert file_digest(Paths(made).database) == old
    put_away(made)
    async with open_node(made) as node:
        assert node.publisher.closed is None
        await publish(node)
        await node.publisher.open_feed(Origin(node.directory.own_scid, PARTNER, 1))
    grown = await contents(made)
    assert grown["leaf"].rows == before["leaf"].rows + 1
    assert grown["feed"].rows == before["feed"].rows + before["peer"].rows + 1
    await move_database(made, "sqlite", progress=quiet)
    assert (setting(made), await contents(made)) == ("sqlite", grown)
    async with open_node(made) as node:
        await publish(node)


async def test_only_the_setting_changes_in_the_file(made: Path, access: Access, tmp_path: Path) -> None:
    """Comments, order and permissions stay; the other settings are the same."""
    path = made / "passerelle.toml"
    path.chmod(0o640)
    text, before = path.read_text(), config.load(made)
    secret = tmp_path / "secret"
    secret.write_text("any\n")
    secret.chmod(0o600)
    await move_database(made, access.address, password_file=secret, progress=quiet)
    added = f'database = "{access.address}"\ndatabase_password_file = "{secret}"\n'
    assert path.read_text() == added + text
    assert path.stat().st_mode & 0o777 == 0o640
    put_away(made)
    await move_database(made, "sqlite", progress=quiet)
    assert path.read_text() == f'database = "sqlite"\n{text}'
    assert config.load(made) == before


async def test_a_setting_written_in_another_way_is_found(made: Path) -> None:
    """Over several lines, quoted: what counts is what the file says afterwards."""
    path = made / "passerelle.toml"
    path.write_text(f'"database" = """\\\n  sqlite"""\n{path.read_text()}')
    before = config.load(made)
    after = before.model_copy(update={"database": "postgresql:///rows"})
    config.switch_database(made, after)
    assert config.load(made) == after


@pytest.mark.parametrize("step", [1, 8, 20, 28])
async def test_a_move_that_was_interrupted_begins_again(made: Path, access: Access, step: int) -> None:
    """Killed while copying or while reading again, in either direction: the setting is the old one."""
    for target, old in ((access.address, "sqlite"), ("sqlite", access.address)):
        before, seen = await contents(made), 0

        def stop(_step: str, _table: str, _done: int, _total: int) -> None:
            nonlocal seen
            seen += 1
            if seen == step:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            await move_database(made, target, progress=stop)
        assert setting(made) == old
        assert await contents(made) == before
        await move_database(made, target, progress=quiet)
        assert (setting(made), await contents(made)) == (target, before)
        if target != "sqlite":
            put_away(made)


async def test_a_move_that_fell_short_of_the_setting_is_finished(
    made: Path, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All is there, and is recognised as what it is."""

    def fail(_home: Path, _config: object) -> None:
        raise KeyboardInterrupt

    for target, old in ((access.address, "sqlite"), ("sqlite", access.address)):
        before = await contents(made)
        with monkeypatch.context() as patched:
            patched.setattr(config, "switch_database", fail)
            with pytest.raises(KeyboardInterrupt):
                await move_database(made, target, progress=quiet)
        assert setting(made) == old
        await move_database(made, target, progress=quiet)
        assert (setting(made), await contents(made)) == (target, before)
        if target != "sqlite":
            put_away(made)


async def test_a_database_with_something_in_it_is_left_alone(
    made: Path, access: Access, tmp_path: Path, postgresql_server: PostgreSQL
) -> None:
    """storage.not-empty: another node's rows, or another program's tables of the same name."""
    other = tmp_path / "other"
    server = Server(public_address="https://ml.example", port=0)
    await app.init_home(other, agency=AGENCY, server=server, console=Console(port=0), database=access.address)
    theirs = await contents(other)
    assert (
        await failing(lambda: move_database(made, access.address, progress=quiet))
    ).code == "storage.not-empty"
    assert (setting(made), await contents(other)) == ("sqlite", theirs)
    foreign = postgresql_server.create()
    postgresql_server.run("create table feed (id int)", database=name_in(foreign))
    assert (await failing(lambda: move_database(made, foreign, progress=quiet))).code == "storage.not-empty"
    listed = "select tablename from pg_tables where schemaname = 'public'"
    assert postgresql_server.run(listed, database=name_in(foreign)) == [("feed",)]
    postgresql_server.drop(foreign)


async def test_the_file_of_an_earlier_move_is_no_target(made: Path, access: Access) -> None:
    """storage.not-empty: it is an old state of this very node."""
    await move_database(made, access.address, progress=quiet)
    async with open_node(made) as node:
        await publish(node)
    old = file_digest(Paths(made).database)
    assert (await failing(lambda: move_database(made, "sqlite", progress=quiet))).code == "storage.not-empty"
    assert (setting(made), file_digest(Paths(made).database)) == (access.address, old)


async def test_a_running_node_is_not_moved(made: Path, access: Access) -> None:
    async with open_node(made):
        error = await failing(lambda: move_database(made, access.address, progress=quiet))
    assert error.code == "home.in-use"
    assert (await failing(lambda: move_database(made, "sqlite", progress=quiet))).code == "storage.same"


async def test_what_arrived_otherwise_is_noticed(
    made: Path, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    """storage.copy-differs: the setting is the old one."""
    real = moving.copy

    async def copy(source: Any, target: Any, progress: Any) -> Any:
        found = await real(source, target, progress)
        await target.execute(tables.answered.update().values(answer="{}"))
        return found

    monkeypatch.setattr(moving, "copy", copy)
    error = await failing(lambda: move_database(made, access.address, progress=quiet))
    assert (error.code, error.params["table"]) == ("storage.copy-differs", "answered")
    assert setting(made) == "sqlite"


async def test_heads_are_held_against_the_leaves(made: Path, access: Access) -> None:
    """A damage that the old database had brought along unnoticed does not pass for a good copy."""
    database = Database(sqlite_url(Paths(made).database))
    async with database.writing() as connection:
        own = (
            (await connection.execute(select(tables.feed.c.id).where(tables.feed.c.role == "own")))
            .scalars()
            .first()
        )
        await connection.execute(
            tables.leaf.update()
            .where(tables.leaf.c.feed_id == own, tables.leaf.c.idx == 0)
            .values(data=b"{}")
        )
    await database.close()
    error = await failing(lambda: move_database(made, access.address, progress=quiet))
    assert (error.code, error.params["table"]) == ("storage.copy-differs", "leaf")
    assert setting(made) == "sqlite"


async def test_a_sick_home_is_not_moved(made: Path, access: Access) -> None:
    """What the fence says at a start, it says here: an old state is not carried on."""
    (made / "head.sqlite").unlink()
    assert (
        await failing(lambda: move_database(made, access.address, progress=quiet))
    ).code == "fence.head-missing"
    assert setting(made) == "sqlite"


async def test_memory_is_bounded(made: Path, access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows go in stretches of bytes, however many there are."""
    monkeypatch.setattr(moving, "BATCH_BYTES", 2_000)
    told: list[tuple[str, str, int, int]] = []
    await move_database(made, access.address, progress=lambda *step: told.append(step))
    steps = [done for step, table, done, _ in told if (step, table) == ("copy", "vault_object")]
    assert steps == [3, 6, 6]
    assert relocation.LEAVES_AT_ONCE <= 65_536
