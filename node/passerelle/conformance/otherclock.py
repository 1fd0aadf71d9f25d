"""A server whose clock is another: the node signs its requests by it, and by its own clock everything else (Q-15).

While the kit says that it is later than it is, everything is looked at that a node dates or
judges by a clock: its receipts, the records that it writes, the requests that it lets
through, and the time that it tells.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Final

from passerelle.conformance import partner as partners
from passerelle.conformance import steps
from passerelle.conformance.asking import NoAnswer
from passerelle.conformance.partner import Partner
from passerelle.conformance.plan import Plan
from passerelle.conformance.posting import good_notice
from passerelle.conformance.stand import created
from passerelle.errors import ProtocolError
from passerelle.protocol.profile import parse_time

AHEAD: Final = timedelta(minutes=30)
BEHIND: Final = timedelta(minutes=-40)
SOON: Final = 10.0
"""Seconds between the first unsigned request of a visit and the first signed one."""
_SENT: Final = "401 request.time, {} minutes {}"


async def set_clock(partner: Partner, offset: timedelta, look: Awaitable[object]) -> bool:
    """Go by another clock from now on; whether the node comes to sign by it. Where it does not, the clock is set right.

    Args:
        partner: The kit as a partner.
        offset: How far ahead of the true clock.
        look: Has the node come.
    """
    moment, before = _moment(partner), len(partner.stand.late)
    partner.stand.clock = offset
    await look
    if not await _is_told(partner, before):
        partner.stand.clock = timedelta()
        partner.notes.unseen("Q-15", why="no-answer")
        return False
    later = [call for call in partner.stand.calls if call.at > moment and created(call.headers)]
    kept = any(call.took for call in later)
    partner.notes.judge(kept, "Q-15", sent=_told(offset), got=f"{len(later)} requests, none signed by it")
    if kept:
        await _gate(partner, offset)
    else:
        set_right(partner)
    return kept


async def _is_told(partner: Partner, before: int) -> bool:
    """Whether a request comes that is signed by another clock, at the latest soon after the unsigned ones of a visit."""
    deadline = time.monotonic() + SOON
    while len(partner.stand.late) == before:
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)
    await partner.stand.quiet(partners.SETTLE_SECONDS, 20.0)
    return True


def _moment(partner: Partner) -> float:
    return partner.stand.calls[-1].at if partner.stand.calls else 0.0


def _told(offset: timedelta) -> str:
    minutes = int(offset.total_seconds() / 60)
    return _SENT.format(abs(minutes), "ahead" if minutes > 0 else "behind")


async def _gate(partner: Partner, offset: timedelta) -> None:
    """What the kit signs is let through by the node's clock, and that is the time that it tells."""
    notes, seconds = partner.notes, offset.total_seconds()
    partner.sent += 2
    try:
        now = await partner.post(good_notice(partner))
        shifted = await partner.post(good_notice(partner).at(seconds))
    except NoAnswer:
        return
    sent = f"{_told(offset)}, and a notice"
    notes.judge(now.code != "request.time", "Q-15", sent=f"{sent} of now", got=now.brief())
    notes.judge(shifted.status >= 400, "Q-15", sent=f"{sent} signed by that clock", got=shifted.brief())
    try:
        told = parse_time(str(shifted.problem.get("serverTime")))
    except ProtocolError:
        return
    got = f"serverTime {shifted.problem.get('serverTime')}"
    notes.judge(not _is_off(told.timestamp(), offset), "Q-15", sent=sent, got=got)


def _is_off(when: float, offset: timedelta) -> bool:
    """Whether a time of just now is nearer to the clock that was told than to the kit's own."""
    now, seconds = datetime.now(UTC).timestamp(), offset.total_seconds()
    return (when - now) / seconds > 0.5


def judge_dates(partner: Partner, plan: Plan | None) -> None:
    """The receipts and records that were made while the clock was ahead."""
    for path, receipt in partner.last.items():
        got = f"a cosignature of {datetime.fromtimestamp(receipt.time, UTC):%H:%M:%S} at {datetime.now(UTC):%H:%M:%S}"
        is_ours = not _is_off(receipt.time, AHEAD)
        partner.notes.judge(is_ours, "Q-15", sent=f"{_told(AHEAD)}, then GET {path}", got=got)
    for record in plan.rejections if plan is not None else []:
        is_ours = not _is_off(record.issued.timestamp(), AHEAD)
        got = f"issued {record.issued:%H:%M:%S} at {datetime.now(UTC):%H:%M:%S}"
        partner.notes.judge(is_ours, "Q-15", sent=f"{_told(AHEAD)}, then its {record.type}", got=got)


def set_right(partner: Partner) -> None:
    """Go by the true clock again: whoever signs by another one is told so."""
    partner.stand.clock = timedelta()


async def behind(partner: Partner, *, seconds: float) -> None:
    """The clock is behind for one visit."""
    feed = partner.agency.public
    steps.grow(partner, feed)
    await set_clock(partner, BEHIND, partner.visit(feed, seconds))
    set_right(partner)
