"""A node whose rows are in PostgreSQL: made, owned, hurt."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from passerelle import app, descriptor
from passerelle.config import Agency, Console, Server
from passerelle.errors import InputError, PasserelleError, StorageError
from passerelle.node import Node, open_node
from passerelle.storage import postgresql as adapter
from passerelle.storage import records as rows
from passerelle.storage.postgresql import Access
from passerelle.sync.batch import Batch
from passerelle.sync.signing import Draft
from tests import postgresql

AGENCY = Agency(code="TG-FICT", country="TG", names={"fr": "Agence"}, fictitious=True)


async def make(home: Path, access: Access, **more: Any) -> None:
    server = Server(public_address="https://tg.example", port=0)
    await app.init_home(
        home, agency=AGENCY, server=server, console=Console(port=0), database=access.address, **more
    )


@pytest.fixture
async def made(home: Path, access: Access) -> Path:
    """A home in PostgreSQL, at rest."""
    await make(home, access)
    return home


async def failing(work: Callable[[], Any]) -> PasserelleError:
    with pytest.raises(PasserelleError) as caught:
        await work()
    return caught.value


def held(server: postgresql.Server, access: Access) -> int:
    found = server.run("select count(*) from record", database=postgresql.name_in(access.address))
    return int(found[0][0])


async def publish(node: Node) -> list[dict[str, object]]:
    """Something that passes every check, once more."""
    return await node.publisher.publish([Draft("agency", "public", descriptor.agency_body(node.config))])


# --- made --------------------------------------------------------------------------------------------------


async def test_a_home_is_made_in_a_database(made: Path, access: Access) -> None:
    """`init --database`: keys, settings and heads in the folder, the rows on the server."""
    assert tomllib.loads((made / "passerelle.toml").read_text())["database"] == access.address
    assert not (made / "passerelle.sqlite").exists()
    assert (made / "head.sqlite").exists()
    async with open_node(made) as node:
        assert node.publisher.closed is None
        async with node.database.reading() as connection:
            assert await rows.count(connection) == {"agency": 1, "node": 1}


async def test_a_database_that_holds_something_is_not_taken(
    made: Path, access: Access, tmp_path: Path, postgresql_server: postgresql.Server
) -> None:
    """storage.not-empty: the first home loses nothing, the second is not made."""
    before = held(postgresql_server, access)
    error = await failing(lambda: make(tmp_path / "second", access))
    assert error.code == "storage.not-empty"
    assert not (tmp_path / "second").exists()
    assert held(postgresql_server, access) == before


async def test_an_init_that_fails_leaves_the_database_empty(
    home: Path, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next attempt finds it so."""

    async def fail(_self: Node) -> None:
        raise InputError("init.invalid", option="--name", problem="")

    with monkeypatch.context() as patched:
        patched.setattr(Node, "say_who_we_are", fail)
        assert (await failing(lambda: make(home, access))).code == "init.invalid"
    await make(home, access)
    async with open_node(home) as node:
        assert node.publisher.closed is None


# --- owned -------------------------------------------------------------------------------------------------


async def test_a_home_cloned_to_another_machine_is_refused(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W-2: its own lock is free, the database's is not."""
    monkeypatch.setattr(adapter, "OWNER_SECONDS", 0.2)
    clone = tmp_path / "clone"
    shutil.copytree(made, clone)
    async with open_node(made), AsyncExitStack() as stack:
        error = await failing(lambda: stack.enter_async_context(open_node(clone)))
    assert error.code == "storage.in-use"
    async with open_node(made) as node:
        assert node.publisher.closed is None


async def test_keys_and_rows_are_of_one_node(
    made: Path, tmp_path: Path, postgresql_server: postgresql.Server, access: Access
) -> None:
    """home.database-of-another: two homes on one server, and a line copied from the one to the other."""
    address = postgresql_server.create()
    other = tmp_path / "other"
    await make(other, Access(address))
    path = other / "passerelle.toml"
    path.write_text(path.read_text().replace(address, access.address))
    async with AsyncExitStack() as stack:
        error = await failing(lambda: stack.enter_async_context(open_node(other)))
    assert error.code == "home.database-of-another"
    postgresql_server.drop(address)


# --- hurt --------------------------------------------------------------------------------------------------


async def test_publishing_goes_on_when_the_server_is_back(
    made: Path,
    access: Access,
    postgresql_server: postgresql.Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A connection lost before COMMIT is a known end: nothing happened, and nothing is closed."""
    async with open_node(made) as node:
        real = Batch.place

        async def place(self: Batch, early: Any) -> Any:
            composed = await real(self, early)
            hang_up(postgresql_server, access)
            return composed

        with monkeypatch.context() as patched:
            patched.setattr(Batch, "place", place)
            error = await failing(lambda: publish(node))
        assert error.code == "storage.connection-lost"
        assert node.publisher.closed is None
        before = held(postgresql_server, access)
        await publish(node)
        assert held(postgresql_server, access) == before + 1


def hang_up(server: postgresql.Server, access: Access) -> None:
    server.run(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        f" where datname = '{postgresql.name_in(access.address)}' and pid <> pg_backend_pid()"
    )


DIE = """
create function die() returns trigger language plpgsql as
$$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$
"""
AT_COMMIT = """
create constraint trigger late after insert on record
deferrable initially deferred for each row execute function die()
"""


async def test_an_unknown_end_of_commit_stops_publishing(made: Path) -> None:
    """W-6, W-9: the connection broke while COMMIT was under way; only a new start finds out how it ended."""
    async with open_node(made) as node:
        async with node.database.writing() as connection:
            for statement in (DIE, AT_COMMIT):
                await connection.execute(text(statement))
        error = await failing(lambda: publish(node))
        assert error.code == "storage.connection-lost"
        closed = node.publisher.closed
        assert isinstance(closed, StorageError)
        assert (closed.code, closed.params["cause"]) == ("publish.stopped", "storage.connection-lost")
        async with node.database.writing() as connection:
            await connection.execute(text("drop trigger late on record"))
        assert (await failing(lambda: publish(node))).code == "publish.stopped"
    async with open_node(made) as again:
        assert again.publisher.closed is None
        await publish(again)
