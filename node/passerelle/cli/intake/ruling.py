"""What the rules of the field say of rows, with the row and the column: the desk would refuse the whole file for it.

Rule V06 is left to the desk, which knows the packs of the agency's own.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from passerelle.cli.intake.columns import heading_at
from passerelle.cli.intake.faults import Fault
from passerelle.cli.intake.files import Reading, Wish
from passerelle.exchange.rules.book import Rulebook
from passerelle.exchange.rules.record import Asked, judge_record

_OF_PACKS: Final = frozenset({"V06", "V26"})


def judged(reading: Reading, today: date) -> Reading:
    """The rows that no rule refuses, and every fault."""
    good: list[Wish] = []
    faults = list(reading.faults)
    for wish in reading.wishes:
        wrong = rule_faults(wish, today)
        faults += wrong
        if not wrong:
            good.append(wish)
    return Reading(tuple(good), tuple(sorted(faults, key=lambda fault: (fault.file, fault.row or 0))))


def rule_faults(wish: Wish, today: date) -> list[Fault]:
    """What the rules say against one row."""
    body = wish.item.get("body")
    if not isinstance(body, dict) or wish.item.get("type") != "offer":
        return []
    asked = Asked("offer", body, is_public=True, today=today)
    return [
        Fault(
            wish.file,
            wish.row,
            heading_at(found.path, wish.headings) or found.path,
            found.code,
            {"rule": found.rule, "path": found.path, **found.params},
        )
        for found in judge_record(Rulebook.packaged(), asked)
        if found.severity == "error" and found.rule not in _OF_PACKS
    ]
