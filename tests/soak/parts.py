"""What `make soak` consists of: parts, each one run of pytest, and the lanes that they run in. Data.

Every test of tests/soak belongs to a part. The lanes run side by side; what measures time to the
tenth runs alone when all have ended.
"""

from __future__ import annotations

from dataclasses import dataclass

SOAK = "--hypothesis-profile=soak"


@dataclass(frozen=True, slots=True)
class Part:
    """One run of pytest.

    Args:
        name: What it is called in the summary.
        arguments: For pytest.
    """

    name: str
    arguments: tuple[str, ...]


ON_POSTGRESQL = tuple(
    f"tests/faults/test_faults_{name}.py" for name in ("clock", "crash", "fence", "homes", "start")
)
"""Rules that hold whatever the database is; the table has lines of its own, and a disk is the server's."""

LANES: dict[str, tuple[Part, ...]] = {
    # It waits much of its time; what follows it is short.
    "load": (
        Part("an hour of mixed load", ("tests/soak/test_soak_load.py",)),
        Part("every decision left out", ("tests/soak/test_soak_decisions.py",)),
        Part("the same on PostgreSQL", ("--database=postgresql", "tests/soak/test_soak_decisions.py")),
    ),
    # It reckons, and waits for nothing.
    "properties": (Part("properties at length", (SOAK, "tests/unit")),),
    # They start very many processes.
    "faults": (
        Part("faults", (SOAK, "tests/faults")),
        Part("every rule switched off", ("tests/soak/test_soak_mutants.py",)),
    ),
    # The kit waits, for what a node may do once a minute; so work for a processor comes after it.
    "kit": (
        Part("every planted fault", ("tests/soak/test_soak_planted.py",)),
        Part("conformance at length", ("tests/soak/test_soak_conformance.py",)),
        Part("every guard left out", ("tests/soak/test_soak_hostile.py",)),
        Part("faults on PostgreSQL", ("--database=postgresql", *ON_POSTGRESQL)),
        Part("a million inputs", ("tests/soak/test_soak_fuzz.py",)),
    ),
    # It waits between the kills.
    "kills": (
        Part("a thousand kills", ("tests/soak/test_soak_kills.py",)),
        Part("every scenario", ("tests/soak/test_soak_scenarios.py",)),
    ),
}

ALONE = (Part("delay of another partner's sync", ("tests/soak/test_soak_delay.py",)),)
