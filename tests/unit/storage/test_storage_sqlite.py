"""SQLite's connection with one trip for a statement: the rows are the same, however many there are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from passerelle.storage import sqlite
from passerelle.storage.database import new_engine, sqlite_url

ROWS = sqlite.AT_ONCE * 2 + 7


@pytest.fixture
async def engine(tmp_path: Path) -> Any:
    made = new_engine(sqlite_url(tmp_path / "rows.sqlite"), begin="BEGIN IMMEDIATE", pool_size=1)
    async with made.begin() as connection:
        await connection.execute(text("CREATE TABLE row (number INTEGER PRIMARY KEY)"))
        await connection.exec_driver_sql("INSERT INTO row VALUES (?)", [(at,) for at in range(ROWS)])
    yield made
    await made.dispose()


@contextmanager
def trips_of(driver: Any) -> Iterator[list[str]]:
    """What goes to the connection's thread within the block."""
    trips: list[str] = []
    real = driver._execute

    async def counted(work: Any, *given: Any) -> Any:
        trips.append(str(work))
        return await real(work, *given)

    driver._execute = counted
    yield trips
    del driver._execute


@pytest.mark.parametrize("count", [0, 1, sqlite.AT_ONCE - 1, sqlite.AT_ONCE, sqlite.AT_ONCE + 1, ROWS])
async def test_every_row_comes_once_and_in_order(engine: Any, count: int) -> None:
    """A result that is longer than one trip carries is read to its end, at once or streamed."""
    query = text("SELECT number FROM row WHERE number < :count ORDER BY number")
    async with engine.begin() as connection:
        rows = (await connection.execute(query, {"count": count})).scalars().all()
        assert rows == list(range(count))
        async with connection.stream(query, {"count": count}) as streamed:
            assert [row.number async for row in streamed] == rows


async def test_a_statement_is_one_trip(engine: Any) -> None:
    """Opening, executing, fetching and closing are not four (docs/performance.md)."""
    async with engine.begin() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        with trips_of(driver) as trips:
            await connection.execute(text("SELECT number FROM row LIMIT 3"))
            await connection.execute(text("DELETE FROM row WHERE number = 1"))
        assert len(trips) == 2, trips


async def test_what_gives_no_rows_goes_with_the_next_statement(engine: Any) -> None:
    """BEGIN, rows and changes wait for a statement of which something is asked, and are executed before it, in order."""
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
    with trips_of(driver) as trips:
        async with engine.begin() as connection:
            driver.execute_with_next("INSERT INTO row VALUES (?)", [(-1,), (-2,)], many=True)
            driver.execute_with_next("DELETE FROM row WHERE number = :number", {"number": -1}, many=False)
            assert not driver.in_transaction
            below = await connection.execute(text("SELECT number FROM row WHERE number < 0"))
            assert below.scalars().all() == [-2]
            assert driver.in_transaction
            driver.execute_with_next("DELETE FROM row WHERE number = -2", (), many=False)
    assert len(trips) == 2, trips  # the query, and the COMMIT with what waited for it
    async with engine.begin() as connection:
        counted = await connection.execute(text("SELECT count(*) FROM row"))
        assert counted.scalar_one() == ROWS


async def test_a_transaction_in_which_nothing_is_done_takes_no_trip(engine: Any) -> None:
    """Neither its BEGIN nor its COMMIT is worth one."""
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
    with trips_of(driver) as trips:
        async with engine.begin():
            pass
    assert trips == []


@pytest.mark.parametrize("then", ["SELECT 1", "COMMIT"])
async def test_what_waited_and_is_refused_rolls_back_the_transaction(engine: Any, then: str) -> None:
    """What is wrong with a row is told at the next statement, or at the COMMIT, and nothing of the block is kept."""

    async def refused() -> None:
        async with engine.begin() as connection:
            await connection.execute(text("DELETE FROM row WHERE number > 0"))
            driver = (await connection.get_raw_connection()).driver_connection
            driver.execute_with_next("INSERT INTO row VALUES (?)", [(-1,), (0,)], many=True)
            if then != "COMMIT":
                await connection.execute(text(then))

    with pytest.raises(IntegrityError):
        await refused()
    async with engine.begin() as connection:
        counted = await connection.execute(text("SELECT count(*) FROM row WHERE number >= 0"))
        assert counted.scalar_one() == ROWS


async def test_what_waits_is_forgotten_with_its_transaction(engine: Any) -> None:
    """A block that ends with an error writes nothing, not even with the next transaction's first statement."""

    async def given_up() -> None:
        async with engine.begin() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            driver.execute_with_next("DELETE FROM row", (), many=False)
            raise LookupError

    with pytest.raises(LookupError):
        await given_up()
    async with engine.begin() as connection:
        counted = await connection.execute(text("SELECT count(*) FROM row"))
        assert counted.scalar_one() == ROWS


async def test_what_is_left_of_a_stream_is_given_up(engine: Any) -> None:
    """A stream that is not read to its end leaves the connection free for the next statement."""
    async with engine.begin() as connection:
        async with connection.stream(text("SELECT number FROM row ORDER BY number")) as streamed:
            assert (await streamed.fetchone()).number == 0
        await connection.execute(text("DROP TABLE row"))


async def test_a_refused_row_rolls_back_the_transaction(engine: Any) -> None:
    """An error of SQLite arrives as one of SQLAlchemy's, and what the block wrote is gone."""

    async def refused() -> None:
        async with engine.begin() as connection:
            await connection.execute(text("DELETE FROM row WHERE number > 0"))
            await connection.execute(text("INSERT INTO row VALUES (0)"))

    with pytest.raises(IntegrityError):
        await refused()
    async with engine.begin() as connection:
        counted = await connection.execute(text("SELECT count(*) FROM row"))
        assert counted.scalar_one() == ROWS


async def test_a_statement_that_nobody_waits_for_is_rolled_back(tmp_path: Path) -> None:
    """A BEGIN that was still to be executed when its caller was cancelled leaves no transaction behind."""
    connection = await sqlite.connect(tmp_path / "rows.sqlite")
    busy = asyncio.create_task(connection._execute(time.sleep, 0.2))  # type: ignore[no-untyped-call]
    begin = asyncio.create_task(connection.execute_at_once("BEGIN", (), many=False))
    await asyncio.sleep(0.05)
    begin.cancel()
    await asyncio.gather(begin, return_exceptions=True)
    await connection.rollback()
    await busy
    assert not connection.in_transaction
    await connection.execute_at_once("BEGIN", (), many=False)
    await connection.close()


async def test_a_connection_that_is_closed_holds_nothing(tmp_path: Path) -> None:
    """A long result that nobody has read to its end does not keep the transaction, and so its locks, alive."""
    path = tmp_path / "rows.sqlite"
    given_up, next_one = await sqlite.connect(path), await sqlite.connect(path)
    for connection in (given_up, next_one):
        connection.isolation_level = None
    await given_up.execute_at_once("CREATE TABLE row (number INTEGER)", (), many=False)
    await given_up.execute_at_once("INSERT INTO row VALUES (?)", [(at,) for at in range(ROWS)], many=True)
    await given_up.execute_at_once("BEGIN IMMEDIATE", (), many=False)
    unread = await given_up.execute_at_once("SELECT number FROM row", (), many=False)
    assert not unread.is_at_end
    await given_up.close()
    await next_one.execute_at_once("PRAGMA busy_timeout=0", (), many=False)
    await next_one.execute_at_once("BEGIN IMMEDIATE", (), many=False)
    await next_one.close()
