"""Chapter 18 of the law: states and figures."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter

CHAPTER: Final = Chapter(
    "18",
    not_yet="S-59 S-57 S-58 S-60 S-63 S-61 S-64 S-62 S-65 S-66 S-75",
    most=11,
)
