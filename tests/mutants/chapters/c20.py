"""Chapter 20 of the law: versions and extension."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter

CHAPTER: Final = Chapter(
    "20",
    not_yet="X-17",
    most=1,
)
