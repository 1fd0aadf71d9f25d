"""Chapter 12 of the law: the registry of codes."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

CHAPTER: Final = Chapter(
    "12",
    mutants=(
        Mutant(
            "C-2",
            "sync/pull.py",
            "if answer.status == 404:",
            'if answer.status == 404 and b"path.not-found" in answer.body:',
        ),
        Mutant("C-3", "protocol/intake.py", '"leaf.record-mismatch"', '"leaf.record-differs"'),
        Mutant(
            "C-4",
            "protocol/fingerprints.py",
            r'_PREFIX: Final = b"passerelle/fingerprint/v1\0"',
            r'_PREFIX: Final = b"passerelle/commitment/v1\0"',
        ),
    ),
    people={
        "C-1": "whoever writes the law or a node gives a code its one meaning; tests/vectors/test_spec_codes.py compares the registry with the node",
    },
)
