"""What an examination found: a verdict for each rule, and for each fault what was sent and what came back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from passerelle.conformance.rules import Role, Rule, Table
from passerelle.protocol.profile import Json

KIT_VERSION: Final = 4
"""Of what is looked at: two certificates of one kit and one table mean the same."""

MAX_SHOWN: Final = 300
"""Characters of what was sent, and of what came back, in a report."""
MAX_FAULTS: Final = 5
"""Kept of one rule; the others are counted."""
IN_PART: Final = "in-part"
"""Said of a rule that was seen kept in what the limits of the kit let it look at, and not in all there is."""

Verdict: TypeAlias = Literal["held", "broken", "unseen"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One time that a rule was seen broken.

    Args:
        sent: What the kit sent or showed, in a few words; never a signature or a key.
        got: What the node answered or did, cut.
    """

    sent: str
    got: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one rule.

    Args:
        rule: The rule.
        verdict: ``held`` where it was seen kept and never broken, ``broken``, ``unseen``.
        why: Of ``unseen``, a word: one of the table, or ``role``, ``no-occasion``, ``no-answer``, ``cut``, ``allowed``;
            of ``held``, ``in-part`` where not all there is was looked at.
        faults: Of ``broken``, the first few.
        more: How many faults were left out.
    """

    rule: Rule
    verdict: Verdict
    why: str | None = None
    faults: tuple[Fault, ...] = ()
    more: int = 0

    def to_json(self) -> dict[str, Json]:
        """As JSON."""
        told: dict[str, Json] = {
            "id": self.rule.id,
            "chapter": self.rule.chapter,
            "level": self.rule.level,
            "duty": self.rule.duty,
            "verdict": self.verdict,
        }
        if self.why is not None:
            told["why"] = self.why
        if self.verdict == "broken":
            told["text"] = self.rule.text
            told["faults"] = [{"sent": fault.sent, "got": fault.got} for fault in self.faults]
            told["more"] = self.more
        return told


def shown(value: object) -> str:
    """A short printable form of whatever came back."""
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
    plain = "".join(char if char.isprintable() else "\N{MIDDLE DOT}" for char in text[: MAX_SHOWN + 1])
    return plain if len(plain) <= MAX_SHOWN else plain[:MAX_SHOWN] + "\N{HORIZONTAL ELLIPSIS}"


@dataclass
class Notes:
    """Collects while the node is looked at.

    Args:
        table: The rules; another identifier is a mistake of the kit.
    """

    table: Table
    _held: set[str] = field(default_factory=set)
    _broken: dict[str, list[Fault]] = field(default_factory=dict)
    _unseen: dict[str, str] = field(default_factory=dict)
    _in_part: set[str] = field(default_factory=set)

    def held(self, *rules: str) -> None:
        """They were seen kept."""
        self._held.update(self._known(rules))

    def broken(self, *rules: str, sent: str, got: object) -> None:
        """They were seen broken."""
        for rule in self._known(rules):
            self._broken.setdefault(rule, []).append(Fault(shown(sent), shown(got)))

    def judge(self, is_kept: bool, *rules: str, sent: str, got: object) -> bool:  # noqa: FBT001  the question itself
        """Kept or broken, by a question; gives the answer back."""
        if is_kept:
            self.held(*rules)
        else:
            self.broken(*rules, sent=sent, got=got)
        return is_kept

    def unseen(self, *rules: str, why: str) -> None:
        """There was no way to see them; the first word stays."""
        for rule in self._known(rules):
            self._unseen.setdefault(rule, why)

    def in_part(self, *rules: str) -> None:
        """Not all there is was looked at, because it is more than the kit reads."""
        self._in_part.update(self._known(rules))

    def is_open(self, rule: str) -> bool:
        """Whether nothing was found about a rule yet."""
        return rule not in self._held and rule not in self._broken

    def _known(self, rules: Iterable[str]) -> list[str]:
        listed = list(rules)
        for rule in listed:
            if rule not in self.table.rules:
                raise ValueError(f"no rule {rule}")
        return listed

    def findings(self, roles: Collection[Role], *, cut: bool = False) -> tuple[Finding, ...]:
        """A verdict for every rule of the table.

        Args:
            roles: As whom the kit has looked, to the end or not.
            cut: Whether something was left out that would have been looked at.
        """
        otherwise = "cut" if cut else "no-occasion"
        return tuple(self._finding(rule, roles, otherwise) for rule in self.table.rules.values())

    def _finding(self, rule: Rule, roles: Collection[Role], otherwise: str) -> Finding:
        faults = self._broken.get(rule.id, [])
        if faults:
            return Finding(rule, "broken", None, tuple(faults[:MAX_FAULTS]), max(0, len(faults) - MAX_FAULTS))
        if rule.id in self._held:
            return Finding(rule, "held", IN_PART if rule.id in self._in_part else None)
        why = rule.hidden or ("role" if not set(rule.seen) & set(roles) else None)
        return Finding(rule, "unseen", why or self._unseen.get(rule.id, otherwise))


@dataclass(frozen=True, slots=True)
class Report:
    """The whole examination.

    Args:
        url: Where the node was looked at.
        scid: Who it is, None where its identity log proved nobody.
        date: When the examination ended, ``YYYY-MM-DDThh:mm:ssZ``.
        spec: Name of the protocol.
        table: Digest of the table of rules.
        roles: As whom the kit looked, to the end.
        cut: Why it ended early, as a word; None where it did not.
        findings: One for each rule.
    """

    url: str
    scid: str | None
    date: str
    spec: str
    table: str
    roles: tuple[Role, ...]
    cut: str | None
    findings: tuple[Finding, ...]

    def of(self, verdict: Verdict) -> list[Finding]:
        """The findings with one verdict."""
        return [finding for finding in self.findings if finding.verdict == verdict]

    @property
    def broken(self) -> list[str]:
        """Identifiers of the mandatory rules that are broken."""
        return [finding.rule.id for finding in self.of("broken") if finding.rule.is_mandatory]

    @property
    def conforms(self) -> bool:
        """Whether the node was looked at in both roles to the end, and no mandatory rule is broken."""
        return not self.broken and self.cut is None and set(self.roles) == {"follower", "partner"}

    @property
    def counts(self) -> Mapping[str, int]:
        """How many mandatory rules got which verdict."""
        mandatory = [finding for finding in self.findings if finding.rule.is_mandatory]
        verdicts: tuple[Verdict, ...] = ("held", "broken", "unseen")
        return {verdict: sum(one.verdict == verdict for one in mandatory) for verdict in verdicts}

    def to_json(self) -> dict[str, Json]:
        """The report as JSON."""
        return {
            "kit": KIT_VERSION,
            "url": self.url,
            "scid": self.scid,
            "date": self.date,
            "spec": self.spec,
            "table": self.table,
            "roles": list(self.roles),
            "cut": self.cut,
            "conforms": self.conforms,
            "counts": dict(self.counts),
            "rules": [finding.to_json() for finding in self.findings],
        }
