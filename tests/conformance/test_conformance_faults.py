"""The kit names the rule that a node breaks, that one alone, and nothing on a node that is well."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from passerelle.conformance import Report, Table, certificate
from passerelle.conformance.rules import Role
from passerelle.protocol.profile import parse_canonical
from tests.conformance.conftest import WHOLE
from tests.conformance.follower_faults import FAULTS
from tests.conformance.naming import check, kinds, named, sample
from tests.conformance.partner_faults import PARTNER_FAULTS
from tests.conformance.world import World

SELDOM = {"R-27"}
"""What a node does not do in every examination: R-27 takes two records of the node to the kit."""


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("name", [WHOLE])
async def test_a_node_that_is_well_gets_its_certificate(
    name: str, world: World, reports: Mapping[str, Report | Exception]
) -> None:
    """Both roles to the end: nothing is broken, everything that can be seen is seen, and the certificate says so."""
    report = reports[name]
    if isinstance(report, Exception):
        raise report
    assert [(finding.rule.id, finding.faults) for finding in report.of("broken")] == []
    assert report.conforms
    held = {finding.rule.id for finding in report.of("held")}
    assert {rule.id for rule in Table.packaged().rules.values() if rule.seen} - held == SELDOM
    told = parse_canonical(certificate(report))
    assert isinstance(told, dict)
    assert (told["scid"], told["table"]) == (world.author.scid, Table.packaged().digest)
    rules = told["rules"]
    assert isinstance(rules, dict)
    assert (rules["L-14"], rules["W-6"], rules["R-27"]) == ("held", "unseen: inside", "unseen: no-occasion")


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("name", sample())
async def test_a_fault_is_named_by_its_rule(name: str, reports: Mapping[str, Report | Exception]) -> None:
    """One rule broken, that rule named, no other; `make soak` tries every fault."""
    check(name, reports)


@pytest.mark.parametrize("role", ["follower", "partner"])
def test_each_rule_that_is_seen_has_its_fault(role: Role) -> None:
    """The table of faults is made from the table of rules: each mandatory rule that a role sees is broken once."""
    table = Table.packaged()
    mandatory = {rule.id for rule in table.rules.values() if rule.is_mandatory}
    listed = FAULTS if role == "follower" else PARTNER_FAULTS
    broken = {fault.rule for fault in listed} | {rule for fault in PARTNER_FAULTS for rule in fault.also}
    assert sorted(table.seen_as(role) & mandatory - broken) == []


def test_no_two_faults_have_one_name() -> None:
    """A report is found by the name of its fault."""
    assert len(named()) == len(FAULTS) + len(PARTNER_FAULTS)
    assert sum(len(kind) for kind in kinds()) == len(named())
