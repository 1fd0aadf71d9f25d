"""What a driver says when something fails, as codes of ours with what a person can do.

SQLite says it in words, PostgreSQL in SQLSTATE (its manual, appendix A). The table names
what a person can act on; whatever else a driver raises is `storage.unusable`.
"""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, OperationalError

from passerelle.errors import StorageError

_LOST_STATES = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03", "25P04"})
"""Shut down, crashed elsewhere, starting up, idle for longer than the server allows."""


class storage_errors:  # noqa: N801  reads as a statement: `with storage_errors():`
    """Turn the driver's errors into ours, with what a person can do about them.

    Args:
        remote: Whether the rows lie behind a connection, which can break or fall silent.
    """

    def __init__(self, *, remote: bool = False) -> None:
        self._remote = remote

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, DBAPIError):
            found = _of_server(error) if self._remote else _of_words(error)
            if found is not None:
                raise found from error
        if self._remote and isinstance(error, OSError):  # TimeoutError is one
            raise StorageError("storage.connection-lost") from error


def _of_words(error: DBAPIError) -> StorageError | None:
    """SQLite."""
    text = str(error.orig).lower()
    if "full" in text or "no space" in text:
        return StorageError("storage.disk-full")
    if "readonly" in text or "read-only" in text:
        return StorageError("storage.read-only-disk")
    if "disk i/o" in text:
        return StorageError("storage.disk-error", fatal=True)
    if "malformed" in text or "not a database" in text:
        return StorageError("storage.damaged", fatal=True)
    if isinstance(error, OperationalError):
        return StorageError("storage.unusable", detail=type(error.orig).__name__)
    return None


def _of_server(error: DBAPIError) -> StorageError | None:
    """PostgreSQL, through the adapter."""
    if error.connection_invalidated:
        return StorageError("storage.connection-lost")
    return of_sqlstate(str(getattr(error.orig, "sqlstate", None) or type(error.orig).__name__))


def of_sqlstate(state: str) -> StorageError | None:
    """What a SQLSTATE of PostgreSQL means here; None where it is our own fault."""
    if state.startswith("08") or state in _LOST_STATES:
        return StorageError("storage.connection-lost")
    match state:
        case "53100":  # disk_full
            return StorageError("storage.disk-full")
        case "25006":  # read_only_sql_transaction: a standby, or an operator who said so
            return StorageError("storage.read-only-disk")
        case "58030":  # io_error
            return StorageError("storage.disk-error", fatal=True)
        case "XX001" | "XX002":  # data_corrupted, index_corrupted
            return StorageError("storage.damaged", fatal=True)
        case "42501":  # insufficient_privilege
            return StorageError("storage.not-permitted")
        case _ if state.startswith(("23", "42")):  # a constraint or a statement
            return None
        case _:
            return StorageError("storage.unusable", detail=state)
