"""Chapter 12 of the law: the registry of codes."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter

CHAPTER: Final = Chapter(
    "12",
    not_yet="C-1 C-2 C-3 C-4",
    most=4,
)
