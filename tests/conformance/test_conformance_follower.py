"""As a follower, the kit names the rule that a fault breaks, that one alone, and nothing on a node that is well."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from passerelle.conformance.report import Report
from passerelle.conformance.rules import Table
from tests.conformance.conftest import examined
from tests.conformance.follower_faults import FAULTS, Fault
from tests.conformance.world import World


@pytest.mark.asyncio(loop_scope="session")
async def test_a_node_that_is_well_breaks_nothing(world: World) -> None:
    """The kit passes a real node, and every rule that it says it sees is seen, but for those without an occasion."""
    report = await examined(world.node.address)
    assert [(finding.rule.id, finding.faults) for finding in report.of("broken")] == []
    seen = Table.packaged().seen_as("follower")
    held = {finding.rule.id for finding in report.of("held")}
    assert seen - held == {"L-12"}
    assert held <= {rule.id for rule in Table.packaged().rules.values() if rule.seen}


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.rule} {fault.name}")
async def test_a_fault_is_named_by_its_rule(fault: Fault, found: Mapping[str, Report | Exception]) -> None:
    """One rule broken, that rule named, no other."""
    report = found[fault.name]
    if isinstance(report, Exception):
        raise report
    broken = {finding.rule.id: finding.faults for finding in report.of("broken")}
    assert set(broken) == fault.named, broken


def test_each_rule_that_a_follower_sees_has_its_fault() -> None:
    """The table of faults is as long as the table of rules."""
    mandatory = {rule.id for rule in Table.packaged().rules.values() if rule.is_mandatory}
    assert sorted(Table.packaged().seen_as("follower") & mandatory - {fault.rule for fault in FAULTS}) == []
    names = [fault.name for fault in FAULTS]
    assert len(names) == len(set(names))
