"""Requests that are played again: late, and across methods (Q-12).

Whenever it comes, a request that was accepted must not be accepted again: until 30 seconds after
its `expires` because its nonce is remembered, and afterwards because of its time. So nothing is
asked here of the clocks: neither of the two answers is wrong at any moment.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from passerelle.conformance.asking import Answer, NoAnswer
from passerelle.conformance.partner import Partner
from passerelle.conformance.signing import Signature, fresh_nonce

LIFE: Final = 3
"""Seconds from `created` to `expires` of what is played again after it."""
MOMENTS: Final = (1.2, 10.0, 25.0)
"""Seconds after `expires`, all within the tolerance: it is then that a node may have forgotten and still accept."""

_REFUSED: Final = frozenset({"request.replayed", "request.time"})


async def after_expiry(partner: Partner) -> None:
    """One request, again at some moments after it has expired."""
    made: list[tuple[Signature, dict[str, str]]] = []

    def sent() -> tuple[Signature, dict[str, str]]:
        good = replace(_notice(partner), life=LIFE)
        made.append((good, good.headers()))
        return made[-1]

    try:
        if (await partner.post_patiently(sent)).status != 202:
            return
        good, fields = made[-1]
        expires = int(good.now.timestamp()) + LIFE
        for moment in MOMENTS:
            await asyncio.sleep(expires + moment - datetime.now(UTC).timestamp())
            again = await partner.asker.patiently(lambda: partner.post(good, fields))
            _judge(partner, again, f"one request once more, {moment:.0f} s after it expired")
    except NoAnswer:
        partner.notes.unseen("Q-12", why="no-answer")


async def of_reading(partner: Partner) -> None:
    """A GET twice, and its nonce once more under another request."""
    nonce, path = fresh_nonce(), f"{partner.own_path}/checkpoint"
    fields = replace(partner.signature("GET", path), nonce=nonce).headers()
    other = replace(_notice(partner), nonce=nonce)
    try:
        if (await partner.asker.get(path, headers=fields)).status != 200:
            return
        again = await partner.asker.patiently(lambda: partner.asker.get(path, headers=fields))
        _judge(partner, again, f"GET {path} twice")
        partner.sent += 1
        under = await partner.asker.patiently(lambda: partner.post(other))
        _judge(partner, under, "a notice under the nonce of a GET")
    except NoAnswer:
        partner.notes.unseen("Q-12", why="no-answer")


def _notice(partner: Partner) -> Signature:
    return partner.signature("POST", "/notices", partner.notice_body(partner.agency.public))


def _judge(partner: Partner, again: Answer, sent: str) -> None:
    """A node that refused it for want of time was asked again until it had time: see `Asker.patiently`."""
    notes = partner.notes
    if notes.judge(again.status >= 400, "Q-12", sent=sent, got=again.brief()):
        fits = again.status == 401 and again.code in _REFUSED
        notes.judge(fits, "Q-16", sent=sent, got=again.brief())
