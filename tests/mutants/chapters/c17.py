"""Chapter 17 of the law: joint facts."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

_AGREEMENTS: Final = "exchange/agreements.py"
_DECISIONS: Final = "exchange/decisions.py"

CHAPTER: Final = Chapter(
    "17",
    mutants=(
        Mutant(
            "S-29",
            "exchange/judging.py",
            "if view.agencies != entry.reaches or len(view.parties) != len(view.agencies):",
            "if False:",
        ),
        Mutant(
            "S-74",
            _DECISIONS,
            "if other.number == version.number and other.digest != version.digest and other.digest in taken:",
            "if False:",
        ),
        Mutant(
            "S-30",
            _AGREEMENTS,
            "    if missing(case, version, cut):\n        return None\n    start",
            "    start",
        ),
        Mutant(
            "S-32",
            _AGREEMENTS,
            "        if withdrawn is None or withdrawn > on:\n",
            "        latest = edtf.parse(version.view.period).latest\n"
            "        if (withdrawn is None or withdrawn > on) and (latest is None or latest >= on):\n",
        ),
        Mutant("S-31", _AGREEMENTS, "if latest is not None and latest < on:", "if False:"),
    ),
    not_yet=(
        "S-33 S-35 S-36 S-37 S-38 S-39 S-28 S-27 S-69 S-40 S-42 S-41 S-43 S-45 S-46 S-47 S-48 S-49 S-54 "
        "S-51 S-52 S-53 S-50 S-55 S-56"
    ),
    most=25,
)
