"""Chapter 15 of the law: bundles, mirrors, inbox."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter

CHAPTER: Final = Chapter(
    "15",
    not_yet="P-18",
    most=1,
)
