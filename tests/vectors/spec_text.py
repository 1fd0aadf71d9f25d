"""Reads the chapters of ``spec/``: rules, the words of obligation, codes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SPEC: Final = ROOT / "spec"

RULE_ID: Final = re.compile(r"\b[A-Z]-[1-9][0-9]*\b")
_RULE: Final = re.compile(r"^\*\*([A-Z]-[1-9][0-9]*)\*\* (.+)$", re.MULTILINE)
_WORDS: Final = re.compile(r"\b(?:MUST NOT|MUST|SHOULD NOT|SHOULD|MAY)\b")
_CODE: Final = re.compile(r"`([a-z]+\.[a-z]+(?:-[a-z0-9]+)*)`")

# Members of documents, written with a point, have the form of codes; these are none.
_MEMBERS: Final = {
    *("body.addresses", "proof.created", "state.id"),
    *("direction.from", "direction.to", "quota.persons"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One numbered rule: ``**J-3** An object MUST NOT …``.

    Args:
        identifier: Letter of the chapter and number.
        chapter: File name of the chapter.
        text: The paragraph after the identifier.
    """

    identifier: str
    chapter: str
    text: str

    @property
    def obligations(self) -> list[str]:
        """The words of RFC 2119 in the rule, in order."""
        return _WORDS.findall(self.text)


def chapters() -> list[Path]:
    """The numbered chapters, in order."""
    return sorted(SPEC.glob("[0-9][0-9]-*.md"))


def rules() -> list[Rule]:
    """Every rule of every chapter, in order, repeated identifiers included."""
    return [
        Rule(match[1], chapter.name, match[2])
        for chapter in chapters()
        for match in _RULE.finditer(chapter.read_text("utf-8"))
    ]


def obligations_outside_rules(chapter: Path) -> list[str]:
    """Lines with a word of RFC 2119 that belong to no rule."""
    text = _RULE.sub("", chapter.read_text("utf-8"))
    return [line for line in text.splitlines() if _WORDS.search(line)]


def codes_named(chapter: Path) -> set[str]:
    """Codes in backquotes: ``json.nul``. File names such as ``json.json`` are not codes."""
    found = set(_CODE.findall(chapter.read_text("utf-8")))
    return {
        code
        for code in found - _MEMBERS
        if not code.endswith((".json", ".md", ".py")) and not code.startswith("passerelle.")
    }
