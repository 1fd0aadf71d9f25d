"""A node that dies while it issues a certificate: the document and the event about it are both there, or neither."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from passerelle.storage.crash import POINTS
from tests.rows import rows_of
from tests.unit.desk.story import Pair
from tests.unit.desk.test_desk_certificates import over
from tests.unit.federation.world import MALI, TOGO, agencies, homes_once, introduce

PUBLISHING = [point for point in POINTS if point.endswith(("publish-rows", "publish-head"))]
WHO = {"name": "Afi Akouvi Mensah-Kpodo", "birthDate": "1998-04-07"}
SECONDS = 120.0


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home at rest whose placement is over, and the placement's id."""
    homes, folder = homes_once(tmp_path_factory), tmp_path_factory.mktemp("served")

    async def make() -> str:
        async with agencies({code: homes[code] for code in (TOGO, MALI)}, folder) as found:
            await introduce(found[TOGO], found[MALI])
            return str((await over(Pair(found[TOGO], found[MALI])))["id"])

    placement = asyncio.run(make())
    return folder / MALI, placement


def _issue(home: Path, placement: str, person: Path, out: Path, crash: str = "") -> int:
    """``certificate issue`` in a process of its own, which owns the home; its exit code, negative for a signal."""
    command = (
        "certificate",
        "issue",
        placement,
        "--person",
        str(person),
        "--out",
        str(out),
        "--home",
        str(home),
    )
    done = subprocess.run(
        [sys.executable, "-m", "passerelle", *command, "--json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, "PASSERELLE_CRASH_AT": crash, "LC_ALL": "C.UTF-8"},
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr.decode()
    return done.returncode


def _held(home: Path) -> tuple[list[str], list[str]]:
    """Digests of the documents in a home, and those that its events tell of; as they lie on the disk."""
    with rows_of(home) as rows:
        documents = [bytes(data) for (data,) in rows.execute("select data from certificate").fetchall()]
        query = "select data from vault_record join record on record.number = vault_record.record where type = 'event'"
        bodies = [json.loads(bytes(data))["body"] for (data,) in rows.execute(query).fetchall()]
    told = [digest for body in bodies for digest in body.get("certificates", [])]
    return sorted(sha256(data).hexdigest() for data in documents), sorted(told)


@pytest.mark.parametrize("point", PUBLISHING)
def test_a_node_killed_while_it_issues_has_both_or_neither(
    point: str, served: tuple[Path, str], tmp_path: Path
) -> None:
    """W-6, W-31: and the volunteer's file is there in any case, with which the same command goes on and signs nothing twice."""
    at_rest, placement = served
    home, out, person = tmp_path / "home", tmp_path / "out", tmp_path / "person.json"
    shutil.copytree(at_rest, home)
    person.write_text(json.dumps(WHO), "utf-8")
    assert _issue(home, placement, person, out, point) == -signal.SIGKILL
    (holder,) = out.glob("*.holder.json")
    assert [*out.iterdir()] == [holder]
    documents, told = _held(home)
    assert documents == told
    assert len(documents) == (0 if point == "before-publish-rows" else 1)

    assert _issue(home, placement, holder, out) == 0
    (file,) = (path for path in out.iterdir() if path != holder)
    again, told = _held(home)
    assert again == told == [sha256(file.read_bytes()).hexdigest()]
    assert documents in ([], again)
