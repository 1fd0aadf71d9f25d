"""PostgreSQL behind the same adapter: the address, the secret, the connection, the owner.

The address is a libpq URI and means what it means to ``psql``: several hosts, ``sslmode``,
``passfile``, ``service``, ``options`` and the PG… variables of the environment are read by
the driver. Two things are stricter here. A password in the address is refused, for the
address stands in a file and in what people copy; it comes from a file, ``PGPASSFILE`` or
``PGPASSWORD``. And an address on another machine says how the road to it is protected.

One node owns a database. The session that writes holds an advisory lock on the schema: the
right to write ends with the connection that writes, at the same instant, so a node that was
cut off cannot come back and write beside its successor.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from passerelle.errors import ConfigError, StorageError
from passerelle.storage.failures import of_sqlstate

if TYPE_CHECKING:
    import asyncpg

SCHEMES: Final = ("postgresql://", "postgres://")
CONNECT_SECONDS: Final = 10.0
STATEMENT_SECONDS: Final = 120.0
"""A statement that takes longer has met a server that is gone without a word."""
OWNER_SECONDS: Final = 3.0
"""How long a former owner's session may take to end: a server sees a killed client at once, not a cut cable."""
_LOCK: Final = int.from_bytes(b"pass", "big")
_SECRETS: Final = frozenset({"password", "sslpassword"})
_BOTH: Final = {
    "application_name": "passerelle",
    "jit": "off",  # our statements are short; compiling them costs more than it saves
    "tcp_keepalives_idle": "30",  # a machine that vanished frees its lock within a minute, not two hours
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
_WRITER: Final = {
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
}
_READER: Final = {
    "default_transaction_isolation": "repeatable read",
    "default_transaction_read_only": "on",
}
# In the order of their code points, which is that of SQLite; every order of a language differs somewhere.
_IN_ORDER: Final = ("-b", "0", "A", "Z", "_c", "a", "b", "z", "~", "é", "ก", "\ue000", "\U0001f600")


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach a database of PostgreSQL.

    Args:
        address: A libpq URI without a password.
        password_file: A file that holds the password and nothing else, or None.
    """

    address: str
    password_file: Path | None = None

    @property
    def name(self) -> str:
        """What to call it before people: where it is and its name, no account and no setting."""
        parts = urlsplit(self.address)
        hosts = parts.netloc.rpartition("@")[2] or ",".join(parse_qs(parts.query).get("host", [])) or "local"
        return f"{hosts}{parts.path}"

    def password(self) -> str | None:
        """The password of the file; read at each connection, so that it can be changed under way.

        Raises:
            ConfigError: ``config.secret-unreadable``, ``config.secret-readable-by-others``.
        """
        path = self.password_file
        if path is None:
            return None
        try:
            if path.stat().st_mode & 0o077:
                raise ConfigError("config.secret-readable-by-others", path=str(path))
            return path.read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as exc:
            raise ConfigError("config.secret-unreadable", path=str(path)) from exc


def check_address(address: str) -> None:
    """Refuse an address that cannot be one, or that holds a secret.

    Raises:
        ConfigError: ``config.database-address``, ``config.password-in-address``.
    """
    try:
        parts = urlsplit(address)
        given = parse_qs(parts.query, strict_parsing=bool(parts.query))
        parts.netloc.encode("idna")
    except ValueError as exc:
        raise ConfigError("config.database-address") from exc
    if parts.password is not None or _SECRETS & given.keys():
        raise ConfigError("config.password-in-address")
    if not address.startswith(SCHEMES) or parts.fragment:
        raise ConfigError("config.database-address")


def refuse_open_road(address: str) -> None:
    """Refuse an address on another machine that does not say how the road to it is protected.

    The driver's own default takes TLS where it is offered and does without where it is
    not, which protects from nobody.

    Raises:
        ConfigError: ``config.database-without-tls``.
    """
    parts = urlsplit(address)
    given = parse_qs(parts.query)
    said = "sslmode" in given or "PGSSLMODE" in os.environ
    if not said and not all(_is_here(host) for host in _hosts(parts, given)):
        raise ConfigError("config.database-without-tls", database=Access(address).name)


def _hosts(parts: SplitResult, given: dict[str, list[str]]) -> list[str]:
    if "service" in given or "PGSERVICE" in os.environ:
        return ["named by a service file"]
    listed = (
        parts.netloc.rpartition("@")[2] or ",".join(given.get("host", [])) or os.environ.get("PGHOST", "")
    )
    return listed.split(",")


def _is_here(host: str) -> bool:
    """Whether a host of an address, perhaps with its port, is a socket in a folder or this machine."""
    if not host or host.startswith(("/", "%2F", "%2f", "@")):
        return True
    name = host.partition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
    return name in {"", "localhost", "127.0.0.1", "::1"}


def new_engine(access: Access, *, writer: bool, pool_size: int) -> AsyncEngine:
    """An engine whose every connection is checked, and made anew after the server was gone.

    Args:
        access: Where.
        writer: True for the session that owns the database and commits durably; False for
            readers, whose every transaction is one snapshot.
        pool_size: Connections held at the most.
    """

    async def connect() -> asyncpg.Connection[Any]:
        return await _connect(
            access, _own if writer else _leave, {**_BOTH, **(_WRITER if writer else _READER)}
        )

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "handle_error", _keep_rows_out)
    if writer:
        event.listen(engine.sync_engine, "begin", _begin_now)
    return engine


def _begin_now(connection: Connection) -> None:
    """The adapter begins with its first statement, and :func:`copy_rows`, past it, would be alone."""
    connection.exec_driver_sql("select 1")


async def copy_rows(
    connection: AsyncConnection, table: str, columns: Sequence[str], rows: Sequence[tuple[object, ...]]
) -> None:
    """Add rows by COPY, the fastest way in, within the writer's transaction.

    Raises:
        StorageError: As everywhere; what the table itself refuses is `storage.unusable` with the SQLSTATE.
    """
    import asyncpg  # noqa: PLC0415  a home on SQLite never loads it

    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    if driver is None:
        raise RuntimeError("a connection in a transaction has a driver's")
    try:
        await driver.copy_records_to_table(table, records=rows, columns=columns)
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        _forget_values(error)
        state = "08003" if driver.is_closed() else str(getattr(error, "sqlstate", None) or "")
        raise of_sqlstate(state) or StorageError("storage.unusable", detail=state) from error


async def _leave(_connection: asyncpg.Connection[Any], _access: Access) -> None:
    """A reader asks nothing of its connection."""


async def _connect(
    access: Access,
    prepare: Callable[[asyncpg.Connection[Any], Access], Awaitable[None]],
    settings: dict[str, str],
) -> asyncpg.Connection[Any]:
    """One connection, or the code of what stands in its way; the driver's own words may name the account."""
    import asyncpg  # noqa: PLC0415  a home on SQLite never loads it

    refuse_open_road(access.address)
    try:
        connection = await asyncpg.connect(
            access.address,
            password=access.password(),
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            server_settings=settings,
        )
    except asyncpg.InvalidAuthorizationSpecificationError as exc:
        raise StorageError("storage.login-refused", database=access.name) from exc
    except asyncpg.InvalidCatalogNameError as exc:
        raise StorageError("storage.no-such-database", database=access.name) from exc
    except (OSError, asyncpg.PostgresError) as exc:
        raise StorageError("storage.unreachable", database=access.name) from exc
    except (asyncpg.InterfaceError, ValueError) as exc:
        raise ConfigError("config.database-address") from exc
    try:
        await prepare(connection, access)
    except BaseException as error:
        connection.terminate()
        if isinstance(error, OSError | asyncpg.PostgresError | asyncpg.InterfaceError):
            raise StorageError("storage.unreachable", database=access.name) from error
        raise
    return connection


async def _own(connection: asyncpg.Connection[Any], access: Access) -> None:
    """Make sure that a commit lasts, that text sorts as on SQLite, and that nobody else writes.

    Raises:
        StorageError: ``storage.not-durable``, ``storage.wrong-order``, ``storage.in-use``.
    """
    await connection.execute(
        # remote_apply waits for more than we ask and is left; everything weaker is raised.
        "select set_config('synchronous_commit', 'on', false)"
        " where current_setting('synchronous_commit') <> 'remote_apply'"
    )
    fsync, encoding = await connection.fetchrow(
        "select current_setting('fsync'), current_setting('server_encoding')"
    )
    if fsync != "on":
        raise StorageError("storage.not-durable", database=access.name)
    ordered = "select array(select word from unnest($1::text[]) word order by word)"
    if encoding != "UTF8" or await connection.fetchval(ordered, sorted(_IN_ORDER, reverse=True)) != [
        *_IN_ORDER
    ]:
        raise StorageError("storage.wrong-order", database=access.name, encoding=str(encoding))
    deadline = asyncio.get_running_loop().time() + OWNER_SECONDS
    take = "select pg_try_advisory_lock($1, hashtext(coalesce(current_schema(), '')))"
    while not await connection.fetchval(take, _LOCK):
        if asyncio.get_running_loop().time() > deadline:
            raise StorageError("storage.in-use", database=access.name)
        await asyncio.sleep(0.1)


def _keep_rows_out(context: ExceptionContext) -> None:
    """An error of the driver may quote a value of a row, which holds people's data: leave its kind alone."""
    error = context.original_exception
    for one in (context.sqlalchemy_exception, error, error.__cause__):
        if one is not None:
            _forget_values(one)


def _forget_values(error: BaseException) -> None:
    """The server quotes in DETAIL, the driver in its message about an argument."""
    state = getattr(error, "sqlstate", None) or getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    error.args = (f"{type(error).__name__} {state}".rstrip(),)
    for quoted in ("detail", "hint", "where"):
        if isinstance(getattr(error, quoted, None), str):
            setattr(error, quoted, None)
