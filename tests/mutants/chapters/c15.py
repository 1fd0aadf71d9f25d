"""Chapter 15 of the law: bundles, mirrors, inbox."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

CHAPTER: Final = Chapter(
    "15",
    mutants=(
        Mutant(
            "P-18",
            "sync/copying.py",
            "            await _write(folder / name, log)\n",
            "            if scid == own:\n                await _write(folder / name, log)\n",
        ),
    ),
)
