"""The tests' own PostgreSQL: where it comes from, who runs it, and that it ends with whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests import postgresql

ROOT = Path(__file__).parents[3]
START = """
import sys, time
from tests.postgresql import Server
server = Server()
print(server.folder, flush=True)
time.sleep(600)
"""


def test_the_wheel_carries_a_server() -> None:
    """A machine without PostgreSQL runs every test; as root too, under another account."""
    taken = postgresql.bundled()
    assert taken is not None
    with postgresql.server(taken) as running:
        assert running.run("select 1") == [(1,)]
        (pid,) = running.run("select pg_backend_pid()")[0]
        assert isinstance(pid, int)
        assert running.folder.stat().st_uid != 0
    assert not running.folder.exists()


def test_a_server_ends_with_a_starter_that_was_killed() -> None:
    """SIGKILL leaves neither a process nor a folder."""
    starter = subprocess.Popen(
        [sys.executable, "-c", START], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert starter.stdout is not None
    with starter.stdout:
        folder = Path(starter.stdout.readline().strip())
    assert (folder / ".s.PGSQL.5432").exists()
    os.kill(starter.pid, signal.SIGKILL)
    starter.wait()
    deadline = time.monotonic() + 60
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not folder.exists()
