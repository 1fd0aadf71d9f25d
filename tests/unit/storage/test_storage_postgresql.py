"""PostgreSQL: who gets in, who owns, what lasts, and what a failing server is called."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from passerelle.errors import PasserelleError, StorageError
from passerelle.storage import bulk
from passerelle.storage import postgresql as adapter
from passerelle.storage import records as rows
from passerelle.storage.database import Database
from passerelle.storage.postgresql import Access
from passerelle.storage.tables import identity_log, node_fact, record
from tests import postgresql
from tests.postgresql import Server

PASSWORD = "hunter2-canary"


@pytest.fixture
async def database(access: Access) -> AsyncIterator[Database]:
    """One with its tables, open."""
    opened = Database(access)
    await opened.open()
    yield opened
    await opened.close()


def name_of(access: Access) -> str:
    return postgresql.name_in(access.address)


async def refused(access: Access) -> PasserelleError:
    database = Database(access)
    try:
        with pytest.raises(PasserelleError) as caught:
            await database.open()
        return caught.value
    finally:
        await database.close()


async def opened(access: Access) -> None:
    database = Database(access)
    try:
        await database.open()
    finally:
        await database.close()


async def ask(database: Database, statement: str) -> Any:
    async with database.writing() as connection:
        return (await connection.execute(text(statement))).scalar_one()


# --- getting in --------------------------------------------------------------------------------------------


@pytest.fixture
def locked(postgresql_server: Server, access: Access) -> Iterator[Access]:
    """A database whose owner has a password."""
    postgresql_server.run(
        f"create role locked login password '{PASSWORD}'", f"alter database {name_of(access)} owner to locked"
    )
    yield Access(access.address.replace("admin@", "locked@"))
    postgresql_server.drop(access.address)
    postgresql_server.run("drop role locked")


async def test_the_password_opens(locked: Access, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a file of its own, from a libpq password file, from the environment; without it, a code."""
    assert (await refused(locked)).code == "storage.login-refused"
    secret = tmp_path / "secret"
    secret.write_text(f"{PASSWORD}\n")
    secret.chmod(0o600)
    await opened(Access(locked.address, secret))
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"*:*:*:locked:{PASSWORD}\n")
    passfile.chmod(0o600)
    await opened(Access(f"{locked.address}&passfile={passfile}"))
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    await opened(locked)
    secret.write_text("wrong")
    told = await refused(Access(locked.address, secret))
    assert told.code == "storage.login-refused"
    assert "wrong" not in "".join(traceback.format_exception(told))


async def test_what_stands_in_the_way_has_a_code(
    postgresql_server: Server, access: Access, tmp_path: Path
) -> None:
    """No server, no database, no account, an unknown setting."""
    nobody = Access(f"postgresql:///rows?host={tmp_path}")
    assert (await refused(nobody)).code == "storage.unreachable"
    missing = await refused(Access(postgresql_server.address("missing")))
    assert (missing.code, missing.params["database"]) == (
        "storage.no-such-database",
        f"{postgresql_server.folder}/missing",
    )
    stranger = access.address.replace("admin@", "stranger@")
    assert (await refused(Access(stranger))).code == "storage.login-refused"
    assert (await refused(Access(f"{access.address}&no_such_setting=1"))).code == "storage.unreachable"
    assert (await refused(Access(f"{access.address}&sslmode=whatever"))).code == "config.database-address"


async def test_an_account_that_may_not_make_tables(postgresql_server: Server, access: Access) -> None:
    """storage.not-permitted: most databases were made by somebody else than the node's account."""
    postgresql_server.run("drop role if exists guest", "create role guest login")
    postgresql_server.run("revoke create on schema public from public", database=name_of(access))
    guest = Access(access.address.replace("admin@", "guest@"))
    assert (await refused(guest)).code == "storage.not-permitted"


async def test_another_encoding_or_order_is_refused(
    postgresql_server: Server, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    """storage.wrong-order: the order of a language changes with its library and damages indexes."""
    postgresql_server.run(
        "drop database if exists latin",
        "create database latin template template0 encoding 'LATIN1' locale 'C'",
    )
    told = await refused(Access(postgresql_server.address("latin")))
    assert (told.code, told.params["encoding"]) == ("storage.wrong-order", "LATIN1")
    monkeypatch.setattr(adapter, "_IN_ORDER", ("a", "Z"))  # as a dictionary has it
    assert (await refused(access)).code == "storage.wrong-order"


# --- what lasts --------------------------------------------------------------------------------------------


async def test_a_server_that_forgets_is_refused(access: Access, postgresql_server: Server) -> None:
    """storage.not-durable: with fsync off, what was answered may be gone after a power cut."""
    postgresql_server.configure("fsync", "off")
    try:
        assert (await refused(access)).code == "storage.not-durable"
    finally:
        postgresql_server.configure("fsync", "on")
    await opened(access)


@pytest.mark.parametrize(
    ("given", "held"), [("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")]
)
async def test_a_commit_waits_for_the_disk(
    access: Access, postgresql_server: Server, given: str, held: str
) -> None:
    """W-6: whatever the database's own setting is, weaker than that is raised."""
    postgresql_server.run(f"alter database {name_of(access)} set synchronous_commit = {given}")
    database = Database(access)
    await database.open()
    assert await ask(database, "show synchronous_commit") == held
    await database.close()


# --- who owns ----------------------------------------------------------------------------------------------


async def test_one_node_owns_a_database(
    access: Access, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W-2: a home copied to another machine meets the lock of the first."""
    monkeypatch.setattr(adapter, "OWNER_SECONDS", 0.2)
    assert (await refused(access)).code == "storage.in-use"
    onlooker = Database(access)
    async with onlooker.reading() as reader:
        assert await rows.get_fact(reader, "own-scid") is None, "a reader owns nothing"
    await onlooker.close()
    await database.close()
    await opened(access)


async def test_two_schemas_are_two_databases(
    access: Access, postgresql_server: Server, database: Database
) -> None:
    postgresql_server.run("create schema second", database=name_of(access))
    await opened(Access(f"{access.address}&search_path=second"))


async def test_who_lost_the_connection_has_lost_the_right_to_write(
    access: Access, database: Database, postgresql_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W-1, W-2: lock and writer are one session, so there is no moment in which two can write."""
    monkeypatch.setattr(adapter, "OWNER_SECONDS", 0.2)
    hang_up(postgresql_server, access)
    successor = Database(access)
    await successor.open()
    with pytest.raises(StorageError) as caught:
        await ask(database, "select 1")
    assert caught.value.code == "storage.in-use"
    await successor.close()
    assert await ask(database, "select 1") == 1


# --- a server that fails -----------------------------------------------------------------------------------


def hang_up(server: Server, access: Access) -> None:
    """What an administrator does, and what a restart does to each connection."""
    server.run(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        f" where datname = '{name_of(access)}' and pid <> pg_backend_pid()"
    )


async def test_a_connection_lost_at_rest_is_made_anew(
    access: Access, database: Database, postgresql_server: Server
) -> None:
    """Nobody notices."""
    async with database.reading() as connection:
        await rows.get_fact(connection, "mark")
    hang_up(postgresql_server, access)
    assert await ask(database, "select 1") == 1
    async with database.reading() as connection:
        assert await rows.get_fact(connection, "mark") is None


async def test_a_connection_lost_under_way_has_a_code_and_no_effect(
    access: Access, database: Database, postgresql_server: Server
) -> None:
    """storage.connection-lost: the block is rolled back, the next one works."""

    async def interrupted() -> None:
        async with database.writing() as connection:
            await rows.put_fact(connection, "mark", "half")
            hang_up(postgresql_server, access)
            await rows.put_fact(connection, "other", "half")

    with pytest.raises(StorageError) as caught:
        await interrupted()
    assert caught.value.code == "storage.connection-lost"
    assert await ask(database, "select count(*) from node_fact") == 1


async def test_a_silent_server_is_a_lost_one(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cable that was cut tells nobody."""
    monkeypatch.setattr(adapter, "STATEMENT_SECONDS", 0.3)
    database = Database(access)
    with pytest.raises(StorageError) as caught:
        await ask(database, "select pg_sleep(30)")
    assert caught.value.code == "storage.connection-lost"
    assert await ask(database, "select 1") == 1
    await database.close()


async def test_a_node_outlives_its_server(tmp_path: Path) -> None:
    """While the server is away everything has a code; when it is back everything works, by itself."""
    with postgresql.server() as server:
        database = Database(Access(server.create()))
        await database.open()
        async with database.writing() as connection:
            await rows.put_fact(connection, "mark", "before")
        server.stop()
        for _ in range(2):
            with pytest.raises(StorageError) as caught:
                await ask(database, "select 1")
            assert caught.value.code in {"storage.unreachable", "storage.connection-lost"}
            with pytest.raises(StorageError) as read:
                async with database.reading() as connection:
                    await rows.get_fact(connection, "mark")
            assert read.value.code in {"storage.unreachable", "storage.connection-lost"}
        server.start()
        async with database.reading() as connection:
            assert await rows.get_fact(connection, "mark") == "before"
        assert await ask(database, "select count(*) from node_fact") == 2
        await database.close()


RAISE = "do $$ begin raise exception 'told by the server' using errcode = '{}'; end $$"


@pytest.mark.parametrize(
    ("state", "code", "fatal"),
    [
        ("53100", "storage.disk-full", False),
        ("25006", "storage.read-only-disk", False),
        ("58030", "storage.disk-error", True),
        ("XX001", "storage.damaged", True),
        ("XX002", "storage.damaged", True),
        ("42501", "storage.not-permitted", False),
        ("57P01", "storage.connection-lost", False),
        ("57P02", "storage.connection-lost", False),
        ("57P03", "storage.connection-lost", False),
        ("08006", "storage.connection-lost", False),
        ("53200", "storage.unusable", False),
        ("40001", "storage.unusable", False),
    ],
)
async def test_what_the_server_says_has_a_code(
    database: Database, state: str, code: str, *, fatal: bool
) -> None:
    """And who failed writes nothing; who comes next works, unless what the disk holds is unknown (W-31)."""
    with pytest.raises(StorageError) as caught:
        await ask(database, RAISE.format(state))
    assert (caught.value.code, caught.value.fatal) == (code, fatal)
    if fatal:
        with pytest.raises(StorageError) as again:
            await ask(database, "select 1")
        assert again.value is caught.value
    else:
        assert await ask(database, "select 1") == 1


REFUSE = """
create function refuse() returns trigger language plpgsql as
$$ begin raise exception 'no room' using errcode = '53100'; end $$
"""
AT_COMMIT = """
create constraint trigger late after insert on node_fact
deferrable initially deferred for each row execute function refuse()
"""


async def test_a_commit_that_the_server_refuses_has_written_nothing(database: Database) -> None:
    """storage.disk-full is a known end: an error of COMMIT, other than a hang-up, is a roll-back."""
    async with database.writing() as connection:
        for statement in (REFUSE, AT_COMMIT):
            await connection.execute(text(statement))
    complete = False

    async def write() -> None:
        nonlocal complete
        async with database.writing() as connection:
            await rows.put_fact(connection, "mark", "lost")
            complete = True

    with pytest.raises(StorageError) as caught:
        await write()
    assert complete
    assert caught.value.code == "storage.disk-full"
    assert await ask(database, "select count(*) from node_fact where name = 'mark'") == 0


async def test_a_batch_is_part_of_its_transaction(database: Database) -> None:
    """COPY goes past the adapter: as the first thing in a block that fails, it has written nothing either."""

    async def write() -> None:
        async with database.writing() as connection:
            await bulk.insert_rows(connection, node_fact, ["name", "value"], [("mark", "lost")])
            raise LookupError

    with pytest.raises(LookupError):
        await write()
    assert await ask(database, "select count(*) from node_fact where name = 'mark'") == 0


async def test_a_batch_that_loses_its_connection(
    access: Access, database: Database, postgresql_server: Server
) -> None:
    async def write() -> None:
        async with database.writing() as connection:
            hang_up(postgresql_server, access)
            await bulk.insert_rows(connection, node_fact, ["name", "value"], [("mark", "lost")])

    with pytest.raises(StorageError) as caught:
        await write()
    assert caught.value.code == "storage.connection-lost"
    assert await ask(database, "select 1") == 1


CANARY = "canari-a7f3"


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (insert(node_fact), [{"name": CANARY, "value": CANARY}] * 2),
        (insert(identity_log), [{"scid": CANARY * 9, "log": b"", "etag": CANARY, "fetched": 1}]),
        (insert(record), [{"digest": CANARY, "version": CANARY}]),
        (text(f"select '{CANARY}'::int"), None),
    ],
    ids=["a-key-twice", "too-long", "of-another-type", "not-a-number"],
)
async def test_an_error_tells_no_value_of_a_row(database: Database, statement: Any, values: Any) -> None:
    """Rows hold people's data, and errors go to logs: neither DETAIL nor the driver's message comes along."""

    async def fail() -> None:
        async with database.writing() as connection:
            await connection.execute(statement, values)

    with pytest.raises(Exception) as caught:  # whatever it is, it tells nothing
        await fail()
    assert_silent(caught.value)


@pytest.mark.parametrize("row", [(CANARY, CANARY), (CANARY * 99, "x")])
async def test_an_error_of_a_batch_tells_no_value_either(database: Database, row: tuple[Any, Any]) -> None:
    """A key twice, a text too long."""

    async def fail() -> None:
        async with database.writing() as connection:
            await bulk.insert_rows(connection, node_fact, ["name", "value"], [row, row])

    with pytest.raises(StorageError) as caught:
        await fail()
    assert caught.value.code == "storage.unusable"
    assert_silent(caught.value)


def assert_silent(error: BaseException) -> None:
    told = "".join(traceback.format_exception(error))
    lines = [line for line in told.splitlines() if "[SQL:" not in line]
    assert CANARY not in "\n".join(lines)
