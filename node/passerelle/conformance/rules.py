"""The table of rules, ``spec/rules.json``: what an examination looks for, and what it cannot see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final, Literal, TypeAlias

import orjson

Role: TypeAlias = Literal["follower", "partner"]
"""As whom the kit looks: as anybody who follows the public feed, or as a partner whom the node has added."""

_LAW: Final = "passerelle.law"


@dataclass(frozen=True, slots=True)
class Rule:
    """One numbered rule of the law.

    Args:
        id: Letter and number, such as ``L-14``.
        chapter: Name of the chapter's file, without its ending.
        level: ``MUST``, ``MUST NOT``, ``SHOULD``, ``SHOULD NOT`` or ``MAY``.
        status: ``built`` or ``designed``.
        text: The rule.
        duty: Whose it is: ``publisher``, ``follower``, ``client``, ``server``, ``verifier``, ``writer``.
        seen: Roles in which it is seen from outside; empty where it is not.
        hidden: Why it is not seen, as a word; None where it is.
    """

    id: str
    chapter: str
    level: str
    status: str
    text: str
    duty: str
    seen: tuple[Role, ...]
    hidden: str | None

    @property
    def is_mandatory(self) -> bool:
        """Whether who breaks it does not conform."""
        return self.level.startswith("MUST") and self.status == "built"


@dataclass(frozen=True, slots=True)
class Table:
    """All rules, in the order of the chapters.

    Args:
        spec: Name of the protocol on the wire.
        rules: By identifier.
        codes: The registry of codes (chapter 12).
        digest: SHA-256 of the file, as hex: verdicts of two tables are not compared.
    """

    spec: str
    rules: Mapping[str, Rule]
    codes: frozenset[str]
    digest: str

    @staticmethod
    @cache
    def packaged() -> Table:
        """The table that came with this version."""
        data = files(_LAW).joinpath("rules.json").read_bytes()
        told = orjson.loads(data)
        rules = {row["id"]: Rule(**{**row, "seen": tuple(row["seen"])}) for row in told["rules"]}
        return Table(told["spec"], rules, frozenset(told["codes"]), sha256(data).hexdigest())

    def seen_as(self, role: Role) -> frozenset[str]:
        """Rules that are looked at in a role."""
        return frozenset(rule.id for rule in self.rules.values() if role in rule.seen)
