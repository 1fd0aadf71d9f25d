"""Which faults are tried in each run, and what a report must say of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from passerelle.conformance.report import Report
from tests.conformance import follower_faults, partner_faults

FOLLOWER_KINDS = ("IDENTITIES", "DESCRIPTORS", "FEEDS", "RECORDS", "SERVING")
PARTNER_KINDS = ("REQUESTS", "FLAWED", "STEPS", "ASKING", "IDENTITY", "CLOCK", "ELSEWHERE")


def named() -> dict[str, set[str]]:
    """What the kit must name for each fault, by the fault's name."""
    told = {fault.name: fault.named for fault in follower_faults.FAULTS}
    return told | {fault.name: {fault.rule, *fault.also} for fault in partner_faults.PARTNER_FAULTS}


def kinds() -> list[Sequence[str]]:
    """The names of all faults, kind by kind; those of one part of the examination are a kind."""
    found: list[Sequence[str]] = [
        [one.name for one in getattr(follower_faults, kind)] for kind in FOLLOWER_KINDS
    ]
    parts: dict[str, list[str]] = {}
    for fault in partner_faults.PARTNER_FAULTS:
        parts.setdefault(fault.part, []).append(fault.name)
    return [*found, *parts.values()]


def sample() -> list[str]:
    """The first, the middle and the last of each kind: what every run of the tests tries."""
    chosen = [{kind[0], kind[len(kind) // 2], kind[-1]} for kind in kinds()]
    return [name for kind, some in zip(kinds(), chosen, strict=True) for name in kind if name in some]


def check(name: str, reports: Mapping[str, Report | Exception]) -> None:
    """One rule broken, that rule named, no other."""
    report = reports[name]
    if isinstance(report, Exception):
        raise report
    broken = {finding.rule.id: finding.faults for finding in report.of("broken")}
    assert set(broken) == named()[name], broken
