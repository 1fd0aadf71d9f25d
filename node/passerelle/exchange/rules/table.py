"""The table of the rules, ``schemas/rules/rules.json``: what each asks, how severe it is, who may waive it.

::

    {"rule": "V04", "name": "tutor", "severity": "error", "waivable": false, "computed": "record",
     "codes": ["rule.no-tutor"], "text": {"fr": …, "en": …}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from passerelle.protocol.profile import Json

Severity: TypeAlias = Literal["error", "warning"]
Computed: TypeAlias = Literal["fold", "record", "records", "none"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Args:
        number: ``V01`` to ``V32``.
        name: What it is called, in kebab-case.
        severity: An ``error`` stops publishing, a ``warning`` is shown.
        is_waivable: Whether a named function may waive it, with a reason.
        computed: ``fold``: by the law's own verdicts; ``record``: from one record and what it names;
            ``records``: from all that is held; ``none``: not to be had from records.
        codes: What a finding says.
        text: What it asks, by language.
        note: Why it is not computed, or stops nothing, by language; empty for most.
    """

    number: str
    name: str
    severity: Severity
    is_waivable: bool
    computed: Computed
    codes: tuple[str, ...]
    text: Mapping[str, str]
    note: Mapping[str, str]


def parse_rules(document: Json) -> dict[str, Rule]:
    """Reads the packaged table, by number.

    Raises:
        ValueError: It is not in the form above: our own mistake.
    """
    rows = document.get("rules") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise ValueError("no list of rules")  # noqa: TRY004 - own mistakes are ValueError
    rules = [_rule(row) for row in rows if isinstance(row, dict)]
    if len(rules) != len(rows) or len({rule.number for rule in rules}) != len(rules):
        raise ValueError("a rule stands twice, or is none")
    return {rule.number: rule for rule in rules}


def _rule(row: Mapping[str, Json]) -> Rule:
    codes = row["codes"]
    if not isinstance(codes, list):
        raise ValueError("codes is no list")  # noqa: TRY004 - own mistakes are ValueError
    return Rule(
        number=str(row["rule"]),
        name=str(row["name"]),
        severity=cast("Severity", row["severity"]),
        is_waivable=row["waivable"] is True,
        computed=cast("Computed", row["computed"]),
        codes=tuple(map(str, codes)),
        text=_words(row["text"]),
        note=_words(row.get("note", {})),
    )


def _words(value: Json) -> Mapping[str, str]:
    return {tag: str(text) for tag, text in value.items()} if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class Finding:
    """A record, or what is missing of one, that a rule has something to say about.

    Args:
        rule: ``V01`` to ``V32``.
        code: Stable code, with its sentences in the catalogues.
        severity: ``error`` or ``warning``.
        path: Place in the body of the record, ``/tutor``; empty where it is about the whole.
        params: Values for the sentence, JSON-able. Never what is personal.
    """

    rule: str
    code: str
    severity: Severity
    path: str
    params: Mapping[str, object]


def error(rule: str, code: str, path: str = "", **params: object) -> Finding:
    """A finding that stops publishing, unless it is waived."""
    return Finding(rule, code, "error", path, params)


def warning(rule: str, code: str, path: str = "", **params: object) -> Finding:
    """A finding that is shown."""
    return Finding(rule, code, "warning", path, params)
