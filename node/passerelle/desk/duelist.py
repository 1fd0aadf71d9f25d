"""What is due, for the desk: a list by day, with who must act and how late it is."""

from __future__ import annotations

from datetime import date

from passerelle.desk import looking
from passerelle.desk.context import Context
from passerelle.desk.due_view import DueView
from passerelle.desk.findings import known_by
from passerelle.desk.ledger import Ledger
from passerelle.errors import InputError
from passerelle.exchange.due import Due, shifted
from passerelle.exchange.due import due as list_due
from passerelle.exchange.rules.holdings import Holdings

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
        as_of: The day of the look.
        within: Days ahead that are looked at.
        all_agencies: What partners must do too; else only what we must.

    Raises:
        InputError: ``due.range``.
    """
    if not 0 <= within <= MOST_DAYS:
        raise InputError("due.range", limit=MOST_DAYS)
    held = await looking.holdings(context, ledger, as_of)
    until = shifted(as_of, within)
    return [
        _answer(context, held, item)
        for item in list_due(context.rules, held, as_of)
        if item.day <= until and (all_agencies or context.own in item.who)
    ]


def _answer(context: Context, held: Holdings, item: Due) -> DueView:
    record = held.records.get(item.type, {}).get(item.id)
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
        about={} if record is None else known_by(record),
        sender=sender,
        host=host,
    )
