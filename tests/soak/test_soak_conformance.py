"""Every fault of every rule that can be seen from outside, each by itself; and the command as a person runs it."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from passerelle import app
from passerelle.cli.exits import Exit
from passerelle.conformance import Report, plan
from passerelle.conformance.partner import VISIT_SECONDS
from passerelle.protocol.profile import parse_canonical
from passerelle.scenario.nodes import free_port
from tests.conformance import partnering
from tests.conformance.conftest import _hasty_kit, reports, world
from tests.conformance.naming import check, named
from tests.conformance.world import World

__all__ = ["_hasty_kit", "reports", "world"]

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(3_600)]


@pytest.fixture(scope="session", autouse=True)
def _patient_kit(_hasty_kit: None) -> Iterator[None]:
    """One node has ten kits for partners, beside the other lanes of the soak: a visit may take as long as the kit allows any node."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partnering, "PATIENCE", VISIT_SECONDS)
        patch.setattr(partnering, "BRIEF", 30.0)
        patch.setattr(plan, "REPORT_SECONDS", VISIT_SECONDS)
        yield


@pytest.mark.parametrize("name", named())
async def test_every_fault_is_named_by_its_rule(
    name: str,
    reports: Mapping[str, Report | Exception],
) -> None:
    """One rule broken, that rule named, no other."""
    check(name, reports)


async def test_the_command_ends_with_a_certificate(world: World, tmp_path: Path) -> None:
    """As its operator would: start it, add what it says, wait for the end; with the pauses that the law asks for."""
    file = tmp_path / "certificate.json"
    place = f"127.0.0.1:{free_port()}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "passerelle", "conformance", world.node.address, "--json"),
        *("--listen", place, "--certificate", str(file)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    found = None
    while found is None:
        line = await process.stderr.readline()
        assert line, "it ended before it said what to add"
        found = re.search(rb"peer add (\S+) --code (\S+)", line)
    await app.call(world.node.home, "peer_add", url=found[1].decode(), code=found[2].decode())
    out, _ = await process.communicate()
    told = json.loads(out)
    assert [row for row in told["rules"] if row["verdict"] == "broken"] == []
    assert process.returncode == Exit.DONE
    assert parse_canonical(file.read_bytes())
