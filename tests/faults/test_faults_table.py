"""The fault table, line by line, with real processes and real failures of the calls that write."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from passerelle import config
from passerelle.storage.crash import WRITES
from tests.faults import harness, inject
from tests.faults.bases import Pair
from tests.faults.conftest import Bases
from tests.faults.drives import DRIVES, Drive
from tests.faults.server import hurt
from tests.faults.table import CASES, DATABASES, FAULTS, OF_ROWS, OF_SERVER, SIDES, Case, as_markdown
from tests.postgresql import Server

ROOT = Path(__file__).parents[2]
AT_ONCE = 3
"""Cases under way together: they wait for one another's processes more than for the processor."""
AT_LENGTH = settings.get_current_profile_name() == "soak"
"""Whether every line is run."""
LEFT_TO_SOAK = frozenset({"killed before", "flush fails, kept", "server killed before"})
"""On PostgreSQL; of each kind of end another one is run every time."""
RUN = [
    case
    for case in CASES
    if (inject.CAN_INJECT or case.fault.startswith("killed"))
    and (AT_LENGTH or case.database == "SQLite" or case.fault not in LEFT_TO_SOAK)
]

Outcomes = dict[str, "Future[None]"]


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, bases: Bases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Outcomes]:
    """Every case that was asked for, begun at once, a few at a time; what hurts the server when nobody else uses it."""
    wanted = {item.name for item in request.session.items}
    cases = [case for case in RUN if f"test_a_write_ends_as_the_table_says[{case.name}]" in wanted]
    remote = any(case.database == "PostgreSQL" for case in cases)
    server: Server | None = request.getfixturevalue("postgresql_server") if remote else None
    begun: Outcomes = {}
    with ThreadPoolExecutor(AT_ONCE) as pool, ThreadPoolExecutor(1) as alone:
        for case in sorted(cases, key=lambda case: (case.hurts_server, case.database == "SQLite")):
            others = [begun[other.name] for other in cases if other.shares_server and other.name in begun]
            begun[case.name] = (alone if case.hurts_server else pool).submit(
                _run,
                Trial(case, bases.on(case.database), tmp_path_factory.mktemp("case"), server),
                others if case.hurts_server else [],
            )
        yield begun
        for pool_ in (pool, alone):
            pool_.shutdown(cancel_futures=True)


@pytest.mark.parametrize("case", RUN, ids=lambda case: case.name)
def test_a_write_ends_as_the_table_says(case: Case, outcomes: Outcomes) -> None:
    """docs/reliability.md: the process, what is told, what the next start finds; then all of it is there once."""
    outcomes[case.name].result()


@dataclass(frozen=True, slots=True)
class Trial:
    """One case with what it needs.

    Args:
        case: The line of the table.
        bases: The homes that it may begin from.
        folder: Its own.
        server: Of PostgreSQL, or None.
    """

    case: Case
    bases: dict[str, Pair]
    folder: Path
    server: Server | None

    def drive(self) -> Drive:
        """The write, in fresh homes."""
        kind = DRIVES[self.case.write]
        first, second = harness.clone(self.bases[kind.base], self.folder)
        hurt, partner = (second, first) if kind.follower else (first, second)
        if self.case.database == "SQLite" or self.server is None:
            return kind(hurt, partner)
        return kind(hurt, partner, self.server.create)


def _run(trial: Trial, before: Sequence[Future[None]]) -> None:
    wait(before)
    asyncio.run(_try(trial))


async def _try(trial: Trial) -> None:
    case, drive = trial.case, trial.drive()
    try:
        await drive.prepare()
        if drive.partner_serves:
            await drive.partner.start()
        if case.fault.startswith("killed"):
            await _killed(case, drive)
        elif case.hurts_server:
            await _server_hurt(trial, drive)
        else:
            await _refused(case, drive, trial.folder)
        if case.process != "works":
            await drive.starts()
            if not (case.hurts_server and drive.visits):  # the next visit may have made it good meanwhile
                assert await drive.found() == (case.found == "whole")
        await drive.finish(trial.folder / "audit")
    finally:
        for node in (drive.hurt, drive.partner):
            node.drop()


async def _killed(case: Case, drive: Drive) -> None:
    side = case.fault.removeprefix("killed ")
    drive.begin(f"{side}-{case.write}")
    answer = await drive.act()
    assert await drive.hurt.ended() == -signal.SIGKILL, drive.hurt.last_words()
    assert answer == case.told == ""


async def _halted(case: Case, drive: Drive) -> asyncio.Task[str]:
    """Let it come as far as the write; what it was asked for."""
    drive.begin(f"stop before-{case.write}")
    asked = asyncio.create_task(drive.act())
    assert await inject.is_halted(drive.hurt.process.pid), drive.hurt.last_words()
    return asked


async def _refused(case: Case, drive: Drive, folder: Path) -> None:
    asked = await _halted(case, drive)
    put_back = drive.save(folder / "saved")
    calls, files = drive.no_room() if case.fault == "disk full" else drive.no_flush()
    async with inject.failing(drive.hurt.process.pid, calls, files, folder / "calls"):
        assert await asked == case.told, drive.hurt.last_words()
    assert "(INJECTED)" in (folder / "calls").read_text("utf-8", errors="replace")
    if case.process == "dead":
        assert await drive.hurt.ended() != 0
    else:
        assert (await drive.hurt.read_only() is not None) == (case.process == "signs nothing")
    if case.process == "works":
        return
    drive.hurt.kill()
    if case.fault == "flush fails, lost":
        put_back()


async def _server_hurt(trial: Trial, drive: Drive) -> None:
    """The server fails under the COMMIT, recovers, and is looked at before the node can have tried once more."""
    case, calls = trial.case, trial.folder / "calls"
    assert trial.server is not None
    asked = await _halted(case, drive)
    pid = drive.hurt.process.pid
    address = config.load(drive.hurt.home).database
    async with hurt(trial.server, address, case.fault, pid, calls):
        told = calls.read_text("utf-8", errors="replace")
        assert "(INJECTED)" in told or "killed by SIGKILL" in told
        assert await drive.found() == (case.found == "whole")
    answer = await asked
    if drive.visits:  # the visit that broke may have been the node's own, and the next one has made it good
        assert f'"code": "{case.told}"' in drive.hurt.log.read_text("utf-8")
    else:
        assert answer == case.told, drive.hurt.last_words()
    assert (await drive.hurt.read_only() is not None) == (case.process == "signs nothing")
    if case.process != "works":
        drive.hurt.kill()


def test_the_table_has_every_write_under_every_fault() -> None:
    """Each numbered write of the node × each fault, once."""
    assert set(SIDES) == set(WRITES) == set(DRIVES)
    lines = Counter((case.write, case.fault, case.database) for case in CASES)
    assert lines == Counter(
        (write, fault, database)
        for database in DATABASES
        for write in WRITES
        for fault in (*FAULTS, *(OF_SERVER if database == "PostgreSQL" and write in OF_ROWS else ()))
    )


def test_the_documentation_prints_the_table() -> None:
    """docs/reliability.md carries exactly what the tests hold: `python -m tests.faults.table` writes it."""
    assert as_markdown() in (ROOT / "docs" / "reliability.md").read_text("utf-8")


@pytest.mark.parametrize("write", WRITES)
def test_the_specification_names_every_write(write: str) -> None:
    """Chapters 08 and 09 number what the table is about."""
    chapter = "09-following.md" if SIDES[write] == "following" else "08-publishing.md"
    assert f"`{write}`" in (ROOT / "spec" / chapter).read_text("utf-8")
