"""What is due, for the desk: a list by day, with who must act and how late it is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import TypeAlias

from passerelle.desk import looking
from passerelle.desk.context import Context
from passerelle.desk.due_view import DueView
from passerelle.desk.findings import known_by
from passerelle.desk.ledger import Ledger
from passerelle.errors import InputError
from passerelle.exchange.due import Due, shifted
from passerelle.exchange.due import due as list_due
from passerelle.exchange.rules.book import Rulebook
from passerelle.exchange.rules.holdings import Holdings
from passerelle.exchange.state import State

Listed: TypeAlias = tuple[Due, Mapping[str, str]]
"""What is due, and what a person knows the record by."""

WITHIN_DAYS = 60
"""How far ahead is looked, where nobody says."""
MOST_DAYS = 3660


async def due(
    context: Context, ledger: Ledger, as_of: date, *, within: int = WITHIN_DAYS, all_agencies: bool = False
) -> list[DueView]:
    """What is overdue and what comes due, by day.

    Args:
        context: The node.
        ledger: The records held.
        as_of: The day of the look: what is held now, without what happened, was checked or was decided later.
        within: Days ahead that are looked at.
        all_agencies: What partners must do too; else only what we must.

    Raises:
        InputError: ``due.range``.
    """
    if not 0 <= within <= MOST_DAYS:
        raise InputError("due.range", limit=MOST_DAYS)
    until = shifted(as_of, within)

    async def list_all(state: State) -> list[Listed]:
        held = await looking.holdings_of(context, ledger, state)
        return await asyncio.to_thread(_listed, context.rules, held, as_of)

    return [
        _answer(context, item, about)
        for item, about in await ledger.once("due", as_of, list_all)
        if item.day <= until and (all_agencies or context.own in item.who)
    ]


def _listed(rules: Rulebook, held: Holdings, as_of: date) -> list[Listed]:
    """Everything that is due, and what a person knows it by."""
    found: list[Listed] = []
    for item in list_due(rules, held, as_of):
        record = held.record(item.type, item.issuer, item.id)
        found.append((item, {} if record is None else known_by(record)))
    return found


def _answer(context: Context, item: Due, about: Mapping[str, str]) -> DueView:
    step = context.rules.steps[item.step]
    sender, host = item.direction or (None, None)
    return DueView(
        step=item.step,
        text=dict(step.text),
        day=item.day.isoformat(),
        days_late=item.days_late,
        who=list(item.who),
        who_codes=[context.code_of(scid) or scid for scid in item.who],
        ours=context.own in item.who,
        type=item.type or None,
        id=item.id or None,
        about=dict(about),
        sender=sender,
        host=host,
    )
