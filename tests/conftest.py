"""Rules that hold for every test: no road out of this machine, no skip, no setting from outside.

A test gets a fresh folder for each home (``home``), and Node.js by its path (``node_js``); where a test needs
something that is missing it fails, for a check that did not run is not a check that passed.
"""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import settings

from tests.produced import RECORDER, Recorder, codes_are_produced

if TYPE_CHECKING:
    from tests.postgresql import Server

__all__ = ["codes_are_produced"]

ROOT = Path(__file__).parent.parent

# Repeatable by default; `make soak` draws anew at every run and looks longer.
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None, print_blob=True)
settings.register_profile("soak", deadline=None, max_examples=5_000, print_blob=True)
settings.load_profile("repeatable")


# --- no road out -------------------------------------------------------------------------------------------


def _is_loopback(host: object) -> bool:
    if host in {"", None, "localhost"}:
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse_foreign_hosts(event: str, args: tuple[object, ...]) -> None:
    """Audit hook: a test talks to loopback and to Unix sockets only, whatever library does the talking."""
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = args[1]
        host = address[0] if isinstance(address, tuple) and address else None
    elif event == "socket.getaddrinfo":
        host = args[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode("idna")
    if not _is_loopback(host):
        msg = f"a test reached for {host}: tests stay on this machine"
        raise RuntimeError(msg)


sys.addaudithook(_refuse_foreign_hosts)


# --- which test produces which code ------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """The table of codes and tests is read once (tests/produced.py)."""
    config.stash[RECORDER] = Recorder(writes=config.getoption("--write-produced"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A run of whole files holds every test that the table names in them."""
    recorder = config.stash[RECORDER]
    lost = set() if recorder.writes or any("::" in arg for arg in config.args) else recorder.lost(items)
    if lost:
        raise pytest.UsageError(f"tests/produced.json names what is not there: {sorted(lost)}")


# --- which database ----------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--database=postgresql``: homes that tests make for themselves keep their rows there."""
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.addoption("--write-produced", action="store_true", help="write tests/produced.json anew")


@pytest.fixture(scope="session")
def new_database(request: pytest.FixtureRequest) -> Callable[[], str]:
    """The setting `database` of a new home, each time another."""
    if request.config.getoption("--database") == "sqlite":
        return lambda: "sqlite"
    server: Server = request.getfixturevalue("postgresql_server")
    return server.create


# --- no log of another test ------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """A command run in this process sets up its log; the next test starts without."""
    yield
    structlog.reset_defaults()


# --- no skip -----------------------------------------------------------------------------------------------


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run in which a test was skipped, or none ran, has failed."""
    if session.config.getoption("--write-produced"):
        session.config.stash[RECORDER].write()
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or session.config.option.collectonly:
        return
    if reporter.stats.get("skipped") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says why a run without a failed test has failed."""
    if terminalreporter.stats.get("skipped"):
        terminalreporter.write_line(
            "Skipped tests count as failed: a check that did not run did not pass.", red=True
        )


# --- surroundings ------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's own language, zone and Passerelle settings change no test."""
    for name in list(os.environ):
        if name.startswith("PASSERELLE_"):
            monkeypatch.delenv(name)
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TZ", "UTC")


@pytest.fixture(scope="session", autouse=True)
def _secrets_of_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home that is no demonstration keeps its secret in the account's folder of states: not in the developer's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty folder for a node's home, not yet made."""
    return tmp_path / "home"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A server of PostgreSQL for the whole run; a test makes itself a database in it."""
    from tests import postgresql  # noqa: PLC0415  most runs of a part need none

    with postgresql.server() as running:
        yield running


@pytest.fixture(scope="session")
def node_js() -> Path:
    """The Node.js that ``make test`` set up, version 20 to 22 (scripts/node.sh says why)."""
    script = ROOT / "scripts" / "node.sh"
    found = subprocess.run([script], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.fail("no Node.js of version 20 to 22: run `make test`, which sets one up")
    return Path(found.stdout.strip())
