"""Disks that fail under one write: the process is halted before it, the kernel's answers are changed, it goes on.

`strace` gives the answers in the kernel's place. It is attached while the process is halted
at a point (``PASSERELLE_CRASH_AT=stop …``), and changes calls on the files of one database
alone, so the fault meets exactly the write that is meant. A flush that fails leaves it open
whether the bytes are on the disk: both are tried, the second by putting the files back as
they were when the process was halted.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

SECONDS = 60.0
WRITES = "write,pwrite64,writev,pwritev,fallocate"
FLUSHES = "fsync,fdatasync"
FLUSH_FAILS = f"{FLUSHES}:error=EIO"
FULL = f"{WRITES}:error=ENOSPC"
NO_NAME = "?rename,?renameat,?renameat2:error=ENOSPC"
STRACE = "strace"


def state_of(pid: int) -> str:
    """The letter of the kernel: R, S, D, T (halted), t (traced), Z; empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


async def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(SECONDS):
        while not holds():  # noqa: ASYNC110  another process sets no event of ours
            await asyncio.sleep(0.01)
    assert holds(), what


async def is_halted(pid: int) -> bool:
    """Wait until a process is halted; False where it ended instead."""
    await until(lambda: state_of(pid) in {"T", "Z", ""}, "halted")
    return state_of(pid) == "T"


def _is_traced(pid: int) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return any(line.startswith("TracerPid:") and line.split()[1] != "0" for line in lines)


@asynccontextmanager
async def failing(
    pid: int, calls: str | Sequence[str], files: Sequence[Path], log: Path, *, halted: int = 0
) -> AsyncIterator[None]:
    """A halted process goes on, and for as long as the block lasts, calls on these files fail: on all, where none is named.

    Args:
        pid: Whose calls fail.
        calls: Which, and how, in the words of strace.
        files: On what.
        log: Where strace says what it did.
        halted: The process that goes on, where it is another one.
    """
    paths = [part for path in files for part in ("-P", str(path))]
    failures = [
        part for each in ([calls] if isinstance(calls, str) else calls) for part in ("-e", f"inject={each}")
    ]
    command = [STRACE, "-f", "-qq", "-o", str(log), *paths, *failures, "-p", str(pid)]
    tracer = subprocess.Popen(  # noqa: ASYNC220  its start is waited for below
        command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        await until(lambda: tracer.poll() is not None or _is_traced(pid), "traced")
        assert tracer.poll() is None, tracer.stderr.read() if tracer.stderr else b""
        await asyncio.sleep(0.05)  # its threads follow the process at once
        os.kill(halted or pid, signal.SIGCONT)
        yield
    finally:
        tracer.terminate()
        tracer.wait(SECONDS)
        if tracer.stderr is not None:
            tracer.stderr.close()


def _can_inject() -> bool:
    """Whether this machine has strace and lets a test use it on a process of its own."""
    if shutil.which(STRACE) is None:
        return False
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    command = [STRACE, "-qq", "-o", os.devnull, "-p", str(child.pid)]
    tracer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            if tracer.poll() is not None or _is_traced(child.pid):
                break
            asyncio.run(asyncio.sleep(0.01))
        return tracer.poll() is None
    finally:
        tracer.terminate()
        tracer.wait(SECONDS)
        child.kill()
        child.communicate()


def files_of(database: Path) -> list[Path]:
    """The files of an SQLite database that bytes are flushed to."""
    return [database, database.with_name(f"{database.name}-wal")]


def flush_of_commit(database: Path) -> int:
    """Which flush of the next transaction is the one of its COMMIT: a log that begins anew is flushed once before."""
    log = files_of(database)[1]
    return 1 if log.exists() and log.stat().st_size else 2


def save(database: Path, folder: Path) -> Callable[[], None]:
    """Copy the files of a database as they are now; returns what puts them back."""
    folder.mkdir()
    for path in files_of(database):
        if path.exists():
            shutil.copy2(path, folder / path.name)

    def put_back() -> None:
        for path in database.parent.glob(f"{database.name}*"):
            path.unlink()
        for path in folder.iterdir():
            shutil.copy2(path, database.parent / path.name)

    return put_back


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """A file system of so many bytes in a folder."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _can_mount() -> bool:
    """Whether this machine lets a test mount a file system."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with small_disk(Path(folder), 4096):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False


CAN_INJECT = _can_inject()
CAN_MOUNT = _can_mount()
