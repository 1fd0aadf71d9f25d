"""Rules that a named function waived for one version of a record, with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from passerelle.exchange.rules.references import Body, ref_digest
from passerelle.exchange.state import State
from passerelle.protocol.records import Record


@dataclass(frozen=True, slots=True)
class Waiver:
    """A rule that a named function waived for one version of a record, with a reason.

    Args:
        rule: ``V06``.
        about: Digest of the version; the next one may say something else, and is waived anew or not at all.
        by: SCID of the agency.
        function: Code.
    """

    rule: str
    about: str
    by: str
    function: str


Waivers: TypeAlias = Mapping[tuple[str, str, str], Waiver]
"""By rule, digest of the version and SCID of who waived."""


def counted(state: State, records: Iterable[Record]) -> Iterator[Record]:
    """Those that the fold accepts: a decision by somebody who may not decide waives nothing."""
    for record in records:
        verdict = state.verdicts.get(record.digest)
        if verdict is not None and verdict.is_accepted:
            yield record


def waivers_in(records: Iterable[Record]) -> dict[tuple[str, str, str], Waiver]:
    """Waivers by rule, version and author: decisions, for the version that they name, and a nomination's own checks.

    One without a function or a reason waives nothing.
    """
    found = (waiver for record in records for waiver in _waivers_of(record))
    return {(waiver.rule, waiver.about, waiver.by): waiver for waiver in found}


def _waivers_of(record: Record) -> Iterator[Waiver]:
    body, author = record.body, record.issuer_scid
    if (
        record.type == "decision"
        and body.get("outcome") == "waive"
        and (body.get("reason") or body.get("text"))
    ):
        about, rule = ref_digest(body, "about"), body.get("rule")
        if about is not None and isinstance(rule, str):
            yield Waiver(rule, about, author, str(body.get("actingFunction")))
    checks = body.get("checks") if record.type == "nomination" else None
    for rule, check in checks.items() if isinstance(checks, dict) else ():
        if isinstance(check, dict) and is_waived(check):
            yield Waiver(rule, record.digest, author, str(check["actingFunction"]))


def is_waived(check: Body) -> bool:
    """Whether a check of a nomination names who waived its rule, and why."""
    return check.get("result") == "waived" and bool(check.get("reason")) and bool(check.get("actingFunction"))
