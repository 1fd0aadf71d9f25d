"""A server of PostgreSQL that is hurt under one COMMIT: its own process that serves the node's writer, and no other.

The node is halted before the write; `strace` is attached to the process of the server that
holds the node's lock, and changes what the kernel says of the files of the write-ahead log.
After a failed flush or write of its log PostgreSQL trusts nothing any more (PANIC): it hangs
up on everybody and recovers from what is on the disk, as after a kill. The node sees a
connection that broke during COMMIT.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tests.faults import inject
from tests.postgresql import Server, name_in

PAGE: Final = 8192
"""What the server writes of its log at once, or a multiple: a write that is swallowed claims so much."""
_WRITES: Final = "pwrite64,pwritev,write"
_WROTE_NOTHING: Final = f"{_WRITES}:retval={PAGE}"
CALLS: Final = {
    "flush fails, kept": (inject.FLUSH_FAILS,),
    "flush fails, lost": (_WROTE_NOTHING, inject.FLUSH_FAILS),
    "disk full": (f"{_WRITES}:error=ENOSPC",),
    "server killed before": (f"{_WRITES}:signal=SIGKILL",),
    "server killed after": (f"{inject.FLUSHES}:signal=SIGKILL",),
}
"""By fault, how the calls of the server's process on its log end."""
_LOG_FILES: Final = (
    "select setting || '/pg_wal/' || pg_walfile_name(pg_current_wal_insert_lsn() + step * 16777216)"
    " from pg_settings, generate_series(0, 2) step where name = 'data_directory'"
)


def writer(server: Server, address: str) -> int:
    """The process of the server that serves the session with the right to write."""
    ((process,),) = server.run(
        "select pid from pg_locks where locktype = 'advisory' and granted and database ="
        f" (select oid from pg_database where datname = '{name_in(address)}')"
    )
    return int(process)


@asynccontextmanager
async def hurt(server: Server, address: str, fault: str, node: int, log: Path) -> AsyncIterator[None]:
    """A halted node goes on, and the COMMIT that comes next meets the fault; in the block the server has recovered.

    For the length of the block the node is halted again: what it will find is looked at before it can
    try once more. The server's own first process is halted until then, or it would be back too soon.
    """
    process, postmaster = writer(server, address), first_process(server)
    server.run("checkpoint")  # so that the recovery has nothing to do but this
    files = [Path(path) for (path,) in server.run(_LOG_FILES)]
    os.kill(postmaster, signal.SIGSTOP)
    try:
        async with inject.failing(process, CALLS[fault], files, log, halted=node):
            await inject.until(lambda: inject.state_of(process) in {"Z", ""}, "the server's process has died")
            os.kill(node, signal.SIGSTOP)
    finally:
        os.kill(postmaster, signal.SIGCONT)
    server.wait()
    yield
    os.kill(node, signal.SIGCONT)


def first_process(server: Server) -> int:
    """The process that starts all others, and starts them again."""
    ((process,),) = server.run("select split_part(pg_read_file('postmaster.pid'), chr(10), 1)")
    return int(process)
