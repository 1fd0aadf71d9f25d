"""Reads the chapters of ``spec/``: sections and their status, rules, the words of obligation, codes, blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias, cast

ROOT: Final = Path(__file__).resolve().parents[2]
SPEC: Final = ROOT / "spec"

RULE_ID: Final = re.compile(r"\b[A-Z]-[1-9][0-9]*\b")
_RULE: Final = re.compile(r"^\*\*([A-Z]-[1-9][0-9]*)\*\* (.+)$", re.MULTILINE)
_HEADING: Final = re.compile(r"^(#{1,4}) (.+)$")
_STATUS: Final = re.compile(r"^Status: (built|designed, not built|explains)\.(?: .+)?$")
_FENCE: Final = re.compile(r"^```(.*)$")
_WORDS: Final = re.compile(r"\b(?:MUST NOT|MUST|SHOULD NOT|SHOULD|MAY)\b")
_CODE: Final = re.compile(r"`([a-z]+\.[a-z]+(?:-[a-z0-9]+)*)`")

# Members of documents, written with a point, have the form of codes; these are none.
_MEMBERS: Final = {
    *("body.addresses", "proof.created", "state.id"),
    *("issuer.id",),
    *("direction.from", "direction.to", "quota.persons"),
}


Status: TypeAlias = Literal["built", "designed, not built", "explains"]
"""
``built``                the reference node does it; each rule has a test
``designed, not built``  the law that the code will follow; its rules have no test yet
``explains``             holds no rule
"""

DESIGNED: Final = "designed, not built"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it, up to the next heading of any level.

    Args:
        chapter: File name of the chapter.
        heading: The heading's words.
        status: Its own status line, or that of the section or chapter around it; None where nothing says any.
        text: The lines under the heading.
    """

    chapter: str
    heading: str
    status: Status | None
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One numbered rule: ``**J-3** An object MUST NOT …``.

    Args:
        identifier: Letter of the chapter and number.
        chapter: File name of the chapter.
        text: The paragraph after the identifier.
        status: Of the section that it stands in.
    """

    identifier: str
    chapter: str
    text: str
    status: Status | None

    @property
    def obligations(self) -> list[str]:
        """The words of RFC 2119 in the rule, in order."""
        return _WORDS.findall(self.text)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its words after the fence, and its lines.

    Args:
        chapter: File name of the chapter.
        line: Line of the opening fence, from 1.
        words: ``json record`` is ``("json", "record")``.
        text: What stands between the fences, each line ended by a line feed.
    """

    chapter: str
    line: int
    words: tuple[str, ...]
    text: str


def chapters() -> list[Path]:
    """The numbered chapters, in order."""
    return sorted(SPEC.glob("[0-9][0-9]-*.md"))


@cache
def sections(chapter: Path) -> list[Section]:
    """The sections of a chapter, in order; a status holds for what stands under its heading at any level."""
    found: list[Section] = []
    around: list[tuple[int, Status | None]] = []
    for level, heading, lines in _parts(chapter.read_text("utf-8").splitlines()):
        while around and around[-1][0] >= level:
            around.pop()
        stated = next((match[1] for line in lines if (match := _STATUS.match(line))), None)
        inherited = around[-1][1] if around else None
        status = inherited if stated is None else cast("Status", stated)
        around.append((level, status))
        found.append(Section(chapter.name, heading, status, "\n".join(lines)))
    return found


def _parts(lines: list[str]) -> Iterator[tuple[int, str, list[str]]]:
    """Level, heading and lines; a line of a fenced block is no heading."""
    level, heading, held, fenced = 0, "", list[str](), False
    for line in lines:
        fenced ^= bool(_FENCE.match(line))
        match = None if fenced else _HEADING.match(line)
        if match is None:
            held.append(line)
            continue
        if level:
            yield level, heading, held
        level, heading, held = len(match[1]), match[2], []
    yield level, heading, held


@cache
def rules() -> list[Rule]:
    """Every rule of every chapter, in order, repeated identifiers included."""
    return [
        Rule(match[1], section.chapter, match[2], section.status)
        for chapter in chapters()
        for section in sections(chapter)
        for match in _RULE.finditer(section.text)
    ]


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of a chapter, in order."""
    found: list[Block] = []
    opened, words, held = 0, "", list[str]()
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        match = _FENCE.match(line)
        if match is None:
            held.append(line)
        elif opened:
            text = "".join(f"{one}\n" for one in held)
            found.append(Block(path.name, opened, tuple(words.split()), text))
            opened = 0
        else:
            opened, words, held = number, match[1], []
    if opened:
        raise ValueError(f"{path.name}: the block of line {opened} does not end")
    return found


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
