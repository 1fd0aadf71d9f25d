"""The rules of the law as data: ``spec/rules.json``, made from the chapters and from what people have judged.

``python -m tests.vectors.rule_table`` writes it anew, and the count in the README: identifier, chapter, level, status and
text come from the chapters, the codes from their registry; whose duty a rule is and how it is seen from outside stay as they
stand. A rule that is new and designed gets its row by itself; one that is built is to be judged.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from tests.vectors.code_base import registered
from tests.vectors.spec_text import SPEC, chapters, rules

PATH: Final = SPEC / "rules.json"
README: Final = SPEC.parent / "README.md"
UNJUDGED: Final = "unjudged"
HIDDEN: Final = {
    "inside": "it is about what a node does inside, and leaves no trace in what it serves or asks",
    "verdict": "what the fold makes of a record is shown to the node's own people and to no partner",
    "person": "it is about what a person sees or decides",
    "restart": "it takes a restart, a restored copy or a wrong clock of the node examined",
    "third": "it takes more than one partner",
    "cost": "it takes more load or time than an examination may cost a node",
    "text": "it binds whoever writes the law, schemas or codes",
    "optional": "no act that it is about need happen while anybody looks",
    "not-looked": "it could be seen, and this version of the kit does not look",
    "designed": "its section is designed, not built",
}
"""Why a rule is not seen from outside."""

_FENCE: Final = re.compile(r"^```")
_HEADING: Final = re.compile(r"^(#{1,4}) (.+)$")
_STATUS: Final = re.compile(r"^Status: (designed|later)\b")
_BUILT: Final = re.compile(r"^Status: ")
_RULE: Final = re.compile(r"^\*\*([A-Z]-[1-9][0-9]*)\*\* ")
_DUTIES: Final = (
    ("follower", r"\bfollower\b|\ba reader\b|\bA reader\b"),
    ("server", r"\bserver\b|MUST serve|MUST answer|\bAn answer\b"),
    ("client", r"\bclient\b|\bA request\b"),
    ("verifier", r"\bverifier\b|\bfold\b|MUST be (?:blocked|refused)"),
    ("publisher", r"\bauthor\b|\bcheckpoint\b|\bsign\b"),
)

Row = dict[str, Any]


def statuses() -> dict[str, str]:
    """``built`` or ``designed`` of each rule, by the status line or heading of the section that it stands in."""
    found: dict[str, str] = {}
    for chapter in chapters():
        around: list[tuple[int, str]] = []
        fenced = False
        for line in chapter.read_text("utf-8").splitlines():
            fenced ^= bool(_FENCE.match(line))
            heading = None if fenced else _HEADING.match(line)
            if heading is not None:
                around = [one for one in around if one[0] < len(heading[1])]
                inherited = around[-1][1] if around else "built"
                is_later = heading[2].endswith("(later)")
                around.append((len(heading[1]), "designed" if is_later else inherited))
            elif around and _BUILT.match(line):
                around[-1] = (around[-1][0], "designed" if _STATUS.match(line) else "built")
            elif rule := _RULE.match(line):
                found[rule[1]] = around[-1][1]
    return found


def from_chapters() -> list[Row]:
    """What the chapters say of each rule, in their order."""
    status = statuses()
    return [
        {
            "id": rule.identifier,
            "chapter": rule.chapter.removesuffix(".md"),
            "level": rule.obligations[0],
            "status": status[rule.identifier],
            "text": rule.text,
        }
        for rule in rules()
    ]


def judged() -> dict[str, Row]:
    """The table as it lies there, by identifier."""
    table = json.loads(PATH.read_text("utf-8"))["rules"] if PATH.exists() else []
    return {row["id"]: row for row in table}


def written() -> str:
    """The whole file, one row a line."""
    kept = judged()
    lines = [json.dumps(_row(row, kept.get(row["id"])), ensure_ascii=False) for row in from_chapters()]
    head = json.dumps({"spec": "passerelle-v1", "hidden": HIDDEN}, ensure_ascii=False, indent=1)
    codes = json.dumps(list(registered()))
    parts = [head.removesuffix("\n}"), f' "codes": {codes}', ' "rules": [\n' + ",\n".join(lines) + "\n]}\n"]
    return ",\n".join(parts)


def _row(row: Row, kept: Row | None) -> Row:
    if row["status"] == "designed":
        duty = kept["duty"] if kept else _guess(row["text"])
        return {**row, "duty": duty, "seen": [], "hidden": "designed"}
    if kept is None or kept["hidden"] == "designed":
        return {**row, "duty": _guess(row["text"]), "seen": [], "hidden": UNJUDGED}
    return {**row, "duty": kept["duty"], "seen": kept["seen"], "hidden": kept["hidden"]}


def _guess(text: str) -> str:
    """Whose duty, by the words of the rule; a person puts it right."""
    return next((duty for duty, words in _DUTIES if re.search(words, text)), "writer")


def counted(readme: str, table: str) -> str:
    """The README with the numbers of a table: how many mandatory rules of what is built are seen from outside."""
    rows = [
        row
        for row in json.loads(table)["rules"]
        if row["level"].startswith("MUST") and row["status"] == "built"
    ]
    seen = sum(bool(row["seen"]) for row in rows)
    return re.sub(
        r"[0-9]+ of the [0-9]+ mandatory rules", f"{seen} of the {len(rows)} mandatory rules", readme
    )


if __name__ == "__main__":
    PATH.write_text(written(), "utf-8")
    README.write_text(counted(README.read_text("utf-8"), PATH.read_text("utf-8")), "utf-8")
