"""Finds the codes that the node can report: literals of the form ``area.words-with-hyphens``."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import passerelle
from tests.vectors.spec_text import DESIGNED, SPEC, sections

PACKAGE: Final = Path(passerelle.__file__).parent

_CODE: Final = re.compile(r"[a-z]+\.[a-z]+(?:-[a-z0-9]+)*")
_ROW: Final = re.compile(r"^\| `([a-z]+\.[a-z0-9-]+)` \| (.+?) \| (.+?) \|$", re.MULTILINE)

# Names of files, packages, columns and made-up hosts have the same form.
_FILE_ENDINGS: Final = (
    ".css",
    ".csv",
    ".example",
    ".html",
    ".po",
    ".sock",
    ".json",
    ".sqlite",
    ".svg",
    ".toml",
    ".yaml",
)
_NOT_REPORTING: Final = ("words", "storage/tables.py", "storage/migrations")


def registry_rows() -> list[tuple[str, str, str]]:
    """The rows of the registry: code, meaning, what follows."""
    return _ROW.findall((SPEC / "12-codes.md").read_text("utf-8"))


def registry_section(title: str) -> set[str]:
    """The codes of one section of the registry, by its heading."""
    text = (SPEC / "12-codes.md").read_text("utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return {code for code, _, _ in _ROW.findall(text)}


def registered() -> dict[str, str]:
    """The codes of the registry with their meaning; two rows of one code are a mistake."""
    rows = registry_rows()
    codes = {code: meaning for code, meaning, _ in rows}
    if len(codes) != len(rows):
        raise ValueError("a code stands twice in the registry")
    return codes


def designed() -> set[str]:
    """Codes of the registry that no node can report yet: those of its section of designs."""
    part = next(part for part in sections(SPEC / "12-codes.md") if part.heading == "Codes of designs")
    if part.status != DESIGNED:
        return set()
    return {code for code, _, _ in _ROW.findall(part.text)}


def local_areas() -> set[str]:
    """Areas of codes that no partner sees."""
    text = (SPEC / "12-codes.md").read_text("utf-8").partition("## Local areas")[2]
    return set(re.findall(r"`([a-z]+)`", text))


def codes_in_code() -> dict[str, set[str]]:
    """Every literal that is a code, with the files that hold it."""
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name.startswith(_NOT_REPORTING):
            continue
        for code in _literals(path):
            found.setdefault(code, set()).add(name)
    return found


def _literals(path: Path) -> set[str]:
    texts = {
        node.value
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {
        text
        for text in texts
        if _CODE.fullmatch(text) and not text.endswith(_FILE_ENDINGS) and not text.startswith("passerelle.")
    }
