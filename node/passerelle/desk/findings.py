"""What the rules of the field say of all that is held, for the desk: a list to work through."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TypeAlias

from passerelle.desk import looking
from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.exchange.rules import findings as judging
from passerelle.exchange.rules.findings import Found, Subject
from passerelle.exchange.rules.holdings import Holdings
from passerelle.exchange.rules.table import Finding
from passerelle.exchange.state import State
from passerelle.protocol.records import Record

Answer = dict[str, object]

Shown: TypeAlias = tuple[Found, Mapping[str, str]]
"""A finding, and what a person knows the record by."""


async def findings(context: Context, ledger: Ledger, as_of: date) -> list[Answer]:
    """Findings as of a day: errors before warnings, what was waived last.

    Each holds the rule, its severity, code and values, the codes of agencies among these, the record with its
    issuer, and who waived it.
    """

    async def judge(state: State) -> list[Shown]:
        held = await looking.holdings_of(context, ledger, state)
        blocked = await _blocked(context, ledger, state)
        return await asyncio.to_thread(_shown, context, held, blocked, as_of)

    return [_answer(context, item, about) for item, about in await ledger.once("findings", as_of, judge)]


def _shown(context: Context, held: Holdings, blocked: Mapping[str, Record], as_of: date) -> list[Shown]:
    """All findings, and what a person knows their records by."""
    found = judging.findings(context.rules, held, as_of)
    known = {record.digest: record for records in held.records.values() for record in records.values()}
    shown: list[Shown] = []
    for item in (*_of_fold(context, held.state, blocked.values()), *found):
        record = known.get(item.subject.digest) or blocked.get(item.subject.digest)
        shown.append((item, {} if record is None else known_by(record)))
    return shown


async def _blocked(context: Context, ledger: Ledger, state: State) -> Mapping[str, Record]:
    """Records that the fold blocks by one of the rules of the table."""
    codes = {code for rule in context.rules.rules.values() if rule.computed == "fold" for code in rule.codes}
    return await ledger.records_of(
        digest
        for digest, verdict in state.verdicts.items()
        if verdict.status == "blocked" and verdict.code in codes
    )


def _of_fold(context: Context, state: State, records: Iterable[Record]) -> list[Found]:
    """V01 and V02, which the law itself asks: its verdict is the finding."""
    rule_of = {
        code: rule.number
        for rule in context.rules.rules.values()
        if rule.computed == "fold"
        for code in rule.codes
    }
    found = []
    for record in sorted(records, key=lambda item: (item.issued, item.digest)):
        verdict = state.verdicts[record.digest]
        if verdict.code is not None:
            finding = Finding(rule_of[verdict.code], verdict.code, "error", "", dict(verdict.params))
            found.append(Found(finding, Subject.of(record), None))
    return found


def _answer(context: Context, item: Found, about: Mapping[str, str]) -> Answer:
    finding, subject, waiver = item.finding, item.subject, item.waiver
    rule = context.rules.rules[finding.rule]
    named = {value: context.code_of(value) for value in _texts(finding.params.values())}
    return {
        "rule": finding.rule,
        "name": rule.name,
        "severity": finding.severity,
        "waivable": rule.is_waivable,
        "code": finding.code,
        "params": {"rule": finding.rule, "path": finding.path, **finding.params},
        "type": subject.type,
        "id": subject.id,
        "digest": subject.digest,
        "issuer": subject.issuer,
        "issuer_code": context.code_of(subject.issuer),
        "agencies": {scid: code for scid, code in named.items() if code is not None},
        "about": dict(about),
        "waived": None if waiver is None else {"function": waiver.function, "by": waiver.by},
    }


def _texts(values: Iterable[object]) -> Iterator[str]:
    """What may name an agency: texts, and the texts of lists."""
    for value in values:
        listed = value if isinstance(value, list | tuple) else [value]
        yield from (item for item in listed if isinstance(item, str))


def known_by(record: Record) -> dict[str, str]:
    """What a person knows a record by: its title or names, or the pseudonym of a volunteer; by language."""
    for member in ("title", "names"):
        named = record.body.get(member)
        if isinstance(named, dict):
            return {tag: str(text) for tag, text in named.items()}
    for member in ("volunteer", "pseudonym", "kind", "outcome"):
        told = record.body.get(member)
        if isinstance(told, str):
            return {"und": told}
    return {}
