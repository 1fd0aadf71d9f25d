"""The fault table, line by line, with real processes and real failures of the calls that write."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import settings

from passerelle.storage.crash import WRITES
from tests.faults import harness, inject
from tests.faults.bases import Pair, make_bases
from tests.faults.drives import DRIVES, Drive
from tests.faults.table import CASES, FAULTS, SIDES, Case, as_markdown
from tests.postgresql import Server

ROOT = Path(__file__).parents[2]
AT_ONCE = 3
"""Cases under way together: they wait for one another's processes more than for the processor."""
AT_LENGTH = settings.get_current_profile_name() == "soak"
"""Whether every line is run on both databases: else PostgreSQL has one crash point for each write."""
RUN = [
    case
    for case in CASES
    if (inject.CAN_INJECT or case.fault.startswith("killed"))
    and (AT_LENGTH or case.database == "SQLite" or case.fault == "killed after")
]

Bases = dict[str, dict[str, Pair]]
Outcomes = dict[str, "Future[None]"]


@pytest.fixture(scope="session")
def bases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bases:
    """The homes that the cases begin from, by database."""
    wanted = [item.name for item in request.session.items]
    made = {"SQLite": asyncio.run(make_bases(tmp_path_factory.mktemp("bases")))}
    if any("[postgresql-" in name for name in wanted):
        server: Server = request.getfixturevalue("postgresql_server")
        made["PostgreSQL"] = asyncio.run(make_bases(tmp_path_factory.mktemp("bases"), server.create))
    return made


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, bases: Bases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Outcomes]:
    """Every case that was asked for, begun at once, a few at a time."""
    wanted = {item.name for item in request.session.items}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            case.name: pool.submit(_run, case, bases, tmp_path_factory.mktemp("case"))
            for case in RUN
            if f"test_a_write_ends_as_the_table_says[{case.name}]" in wanted
        }
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("case", RUN, ids=lambda case: case.name)
def test_a_write_ends_as_the_table_says(case: Case, outcomes: Outcomes) -> None:
    """docs/reliability.md: the process, what is told, what the next start finds; then all of it is there once."""
    outcomes[case.name].result()


def _run(case: Case, bases: Bases, folder: Path) -> None:
    asyncio.run(_case(case, bases, folder))


async def _case(case: Case, bases: Bases, folder: Path) -> None:
    kind = DRIVES[case.write]
    first, second = harness.clone(bases[case.database][kind.base], folder)
    drive = kind(second, first) if kind.follower else kind(first, second)
    try:
        await drive.prepare()
        if kind.partner_serves:
            await drive.partner.start()
        if case.fault.startswith("killed"):
            await _killed(case, drive)
        else:
            await _refused(case, drive, folder)
        if case.process != "works":
            await drive.starts()
            assert await drive.found() == (case.found == "whole")
        await drive.finish(folder / "audit")
    finally:
        for node in (drive.hurt, drive.partner):
            node.drop()


async def _killed(case: Case, drive: Drive) -> None:
    side = case.fault.removeprefix("killed ")
    drive.begin(f"{side}-{case.write}")
    asked = asyncio.create_task(drive.act())
    assert await drive.hurt.ended() == -signal.SIGKILL, drive.hurt.last_words()
    assert await asked == case.told == ""


async def _refused(case: Case, drive: Drive, folder: Path) -> None:
    drive.begin(f"stop before-{case.write}")
    asked = asyncio.create_task(drive.act())
    pid = drive.hurt.process.pid
    assert await inject.halted(pid), drive.hurt.last_words()
    put_back = drive.save(folder / "saved")
    calls, files = drive.no_room() if case.fault == "disk full" else drive.no_flush()
    async with inject.failing(pid, calls, files, folder / "calls"):
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


def test_the_table_has_every_write_under_every_fault() -> None:
    """Each numbered write of the node × each fault, once."""
    assert set(SIDES) == set(WRITES) == set(DRIVES)
    lines = Counter((case.write, case.fault, case.database) for case in CASES)
    expected = Counter((write, fault, "SQLite") for write in WRITES for fault in FAULTS)
    expected.update(
        (write, fault, "PostgreSQL")
        for write in WRITES
        for fault in FAULTS
        if fault.startswith("killed") and write != "init-home"
    )
    assert lines == expected


def test_the_documentation_prints_the_table() -> None:
    """docs/reliability.md carries exactly what the tests hold: `python -m tests.faults.table` writes it."""
    assert as_markdown() in (ROOT / "docs" / "reliability.md").read_text("utf-8")


@pytest.mark.parametrize("write", WRITES)
def test_the_specification_names_every_write(write: str) -> None:
    """Chapters 08 and 09 number what the table is about."""
    chapter = "09-following.md" if SIDES[write] == "following" else "08-publishing.md"
    assert f"`{write}`" in (ROOT / "spec" / chapter).read_text("utf-8")
