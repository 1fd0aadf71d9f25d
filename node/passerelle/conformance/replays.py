"""Requests that are played again: late, as long as they are good, and across methods (Q-12).

Whenever it comes, a request that was accepted must not be accepted again: until 30 seconds after
its `expires` because its nonce is remembered, and afterwards because of its time. So nothing is
asked here of the clocks: neither of the two answers is wrong at any moment.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from passerelle.conformance.asking import Answer, NoAnswer
from passerelle.conformance.partner import Partner
from passerelle.conformance.signing import Signature, fresh_nonce

LIFE: Final = 3
"""Seconds from `created` to `expires` of what is played again after it."""
MOMENTS: Final = (1.2, 10.0, 25.0)
"""Seconds after `expires`, all within the tolerance: it is then that a node may have forgotten and still accept."""
EVERY: Final = 62.0
"""Seconds from one time to the next that what is good for long is played again: who remembers a nonce for some time after
it came, and not until its `expires`, most likely does so for a minute, or for some."""
TOLERANCE: Final = 30
"""Seconds after `expires` in which a request may still be taken."""

_REFUSED: Final = frozenset({"request.replayed", "request.time"})


async def after_expiry(partner: Partner) -> None:
    """One request, again at some moments after it has expired."""
    try:
        taken = await _taken(partner, lambda: replace(_notice(partner), life=LIFE))
        if taken is None:
            return
        expires = int(taken[0].now.timestamp()) + LIFE
        for moment in MOMENTS:
            await asyncio.sleep(expires + moment - datetime.now(UTC).timestamp())
            again = await partner.asker.patiently(lambda: _send(partner, *taken))
            _judge(partner, again, f"one request once more, {moment:.0f} s after it expired")
    except NoAnswer:
        partner.notes.unseen("Q-12", why="no-answer")


async def lasting(partner: Partner, over: asyncio.Event) -> None:
    """A notice and a GET that are good as long as any may be: again and again, once at least, until all else is over."""
    path = f"{partner.own_path}/checkpoint"
    await asyncio.gather(
        _lasting(partner, lambda: _notice(partner), over),
        _lasting(partner, lambda: partner.signature("GET", path), over),
    )


async def _lasting(partner: Partner, make: Callable[[], Signature], over: asyncio.Event) -> None:
    try:
        taken = await _taken(partner, make)
        if taken is None:
            return
        good, _ = taken
        await asyncio.sleep(EVERY)
        while (age := datetime.now(UTC) - good.now) < timedelta(seconds=good.life + TOLERANCE):
            if (
                partner.agency.request is not good.key
            ):  # a key of before is refused whatever was sent under it
                return
            again = await _send(partner, *taken)
            sent = f"one {good.method} of {good.life} s once more, after {age.total_seconds():.0f} s"
            if not again.is_put_off:
                partner.notes.judge(again.status >= 400, "Q-12", sent=sent, got=again.brief())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), EVERY)
                return
    except NoAnswer:
        partner.notes.unseen("Q-12", why="no-answer")


async def _taken(
    partner: Partner, make: Callable[[], Signature]
) -> tuple[Signature, Mapping[str, str]] | None:
    """A request that was taken, made anew each time that it is put off; None where it was refused.

    Raises:
        NoAnswer: As the asker.
    """
    made: list[tuple[Signature, Mapping[str, str]]] = []

    async def ask() -> Answer:
        good = make()
        made.append((good, good.headers()))
        return await _send(partner, *made[-1])

    answer = await partner.asker.patiently(ask)
    return made[-1] if answer.status in {200, 202} else None


async def _send(partner: Partner, good: Signature, fields: Mapping[str, str]) -> Answer:
    """A request, with the header fields that were made for it."""
    partner.sent += good.method == "POST"
    path = good.target.removeprefix(partner.address)
    return await partner.asker.send(good.method, path, headers=fields, body=good.body or None)


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
