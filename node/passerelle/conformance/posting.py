"""Signed requests, right and wrong: what the node answers to each."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from passerelle.conformance import closed, replays
from passerelle.conformance.asking import Answer, NoAnswer
from passerelle.conformance.forms import is_private
from passerelle.conformance.partner import Partner
from passerelle.conformance.refusals import WRONG, Wrong, by_record_key
from passerelle.conformance.serving import stranger
from passerelle.conformance.signing import Signature, fresh_nonce
from passerelle.errors import ProtocolError
from passerelle.protocol.profile import parse_time

TRIES: Final = 3
"""How often three requests under one nonce are sent anew, where the node had no time for one of them."""


async def examine(partner: Partner) -> None:
    """Every request of the table, replays, and what only a partner may read."""
    late = asyncio.create_task(replays.after_expiry(partner))
    try:
        for wrong in (*WRONG, by_record_key(partner.agency)):
            await refused(partner, wrong)
        await closed.examine(partner)
        await _taken(partner)
        await _replayed(partner)
        await replays.of_reading(partner)
        await _told_time(partner)
        await _bodies(partner)
        await _own_things(partner)
        await late
    finally:
        late.cancel()


def good_notice(partner: Partner, body: bytes | None = None) -> Signature:
    """A good notice, signed."""
    told = partner.notice_body(partner.agency.public) if body is None else body
    return partner.signature("POST", "/notices", told)


async def _fresh(partner: Partner, body: bytes) -> Answer:
    """What is answered to a good signature over a body, once the node has time for it."""
    return await partner.post_patiently(lambda: (good_notice(partner, body), None))


async def refused(partner: Partner, wrong: Wrong, nonce: Callable[[], str] = str) -> None:
    """Send one request that must be refused, under a nonce that is made for it; any where it is empty."""

    def made() -> tuple[Signature, Mapping[str, str]]:
        good = replace(good_notice(partner), nonce=nonce())
        return good, wrong.make(good)

    try:
        answer = await partner.post_patiently(made)
    except NoAnswer:
        partner.notes.unseen(wrong.rule, why="no-answer")
        return
    # That it is refused is the rule; by which status and code is Q-16.
    is_refused = answer.status >= 400
    sent = f"POST /notices with {wrong.what}"
    if partner.notes.judge(is_refused, wrong.rule, sent=sent, got=answer.brief()):
        fits = answer.status == 401 and answer.code in wrong.codes
        partner.notes.judge(fits, "Q-16", sent=sent, got=answer.brief())


async def _taken(partner: Partner) -> None:
    """F-29, and P-17: a good notice, of whatever origin, signed for the address that the descriptor gives first."""
    unknown, node, kit = stranger(), partner.node, partner.agency.scid
    for origin in (
        partner.agency.public.origin.encode(),
        f"passerelle/{unknown}/public/1",
        f"passerelle/{unknown}/to/{node}/1",
        f"passerelle/{node}/to/{kit}/1",
        f"passerelle/{kit}/public/7",
    ):
        body = json.dumps({"origin": origin, "size": 1}).encode()
        try:
            answer = await _fresh(partner, body)
        except NoAnswer:
            partner.notes.unseen("F-29", "P-17", why="no-answer")
            continue
        if answer.status == 401 and answer.code == "request.signature":
            partner.notes.broken("P-17", sent=f"signed for {partner.address}", got=answer.brief())
            continue
        partner.notes.held("P-17")
        partner.notes.judge(answer.status == 202, "F-29", sent=f"notice of {origin}", got=answer.brief())


async def _replayed(partner: Partner) -> None:
    """Q-12 and Q-13: a nonce counts once, and only where the signature held."""
    notes = partner.notes
    try:
        answers = await _three_times(partner)
    except NoAnswer:
        answers = []
    if not answers:
        notes.unseen("Q-12", "Q-13", why="no-answer")
        return
    bad, first, again = answers
    if bad.status >= 400:
        got = first.brief()
        notes.judge(first.status == 202, "Q-13", sent="a nonce seen under a bad signature", got=got)
    if first.status == 202:
        refused = again.status >= 400
        if notes.judge(refused, "Q-12", sent="one request twice", got=again.brief()):
            fits = (again.status, again.code) == (401, "request.replayed")
            notes.judge(fits, "Q-16", sent="one request twice", got=again.brief())


async def _three_times(partner: Partner) -> list[Answer]:
    """What is answered to one nonce under a bad signature, a good one, and the same again; none where one was put off to the end.

    Raises:
        NoAnswer: As the asker.
    """
    for _ in range(TRIES):
        good = replace(good_notice(partner), nonce=fresh_nonce())
        spoilt = {**good.headers()}
        spoilt["Signature"] = "sig1=:" + base64.b64encode(secrets.token_bytes(64)).decode() + ":"
        partner.sent += 3
        answers = [await partner.post(good, headers) for headers in (spoilt, good.headers(), good.headers())]
        put_off = [answer for answer in answers if answer.is_put_off]
        if not put_off:
            return answers
        await asyncio.sleep(put_off[-1].retry_after)
    return []


async def _told_time(partner: Partner) -> None:
    """Q-24: who is told a time and signs with it is taken."""
    try:
        late = await partner.post_patiently(lambda: (good_notice(partner).at(-3_600), None))
        told = late.problem.get("serverTime")
        if late.code != "request.time":
            return
        sent = "a signature made at the serverTime that it told"
        try:
            theirs = parse_time(str(told))
        except ProtocolError:
            partner.notes.broken("Q-24", sent=sent, got=late.brief())
            return
        partner.sent += 1
        again = await partner.post(replace(good_notice(partner), now=theirs))
        await _near_limits(partner, theirs)
    except NoAnswer:
        return
    if again.is_put_off:  # a little later that time would be past
        partner.notes.unseen("Q-24", why="no-answer")
        return
    partner.notes.judge(again.status == 202, "Q-24", sent=f"{sent}, {told}", got=again.brief())


async def _near_limits(partner: Partner, theirs: datetime) -> None:
    """Q-6: by the clock of the node itself, a little beyond the 30 seconds on either side.

    Raises:
        NoAnswer: As the asker.
    """
    for seconds, what in ((75, "made 75 seconds ahead"), (-375, "that expired 75 seconds ago")):
        partner.sent += 1
        answer = await partner.post(replace(good_notice(partner), now=theirs + timedelta(seconds=seconds)))
        if not answer.is_put_off:
            partner.notes.judge(answer.status >= 400, "Q-6", sent=f"a signature {what}", got=answer.brief())


async def _bodies(partner: Partner) -> None:
    """Q-16: a body that is no notice."""
    origin = json.dumps(partner.agency.public.origin.encode()).encode()
    for body in (
        b'{"origin":"x"}',
        b"no json at all",
        b'{"origin":"x","size":1}',
        b'{"origin":%b,"size":-1}' % origin,
        b'{"origin":%b,"size":"1"}' % origin,
        b'{"origin":%b,"size":true}' % origin,
        b'{"origin":%b,"size":1,"more":1}' % origin,
        b"[]",
    ):
        try:
            answer = await _fresh(partner, body)
        except NoAnswer:
            continue
        fits = answer.status == 400 and (answer.code or "").startswith(("notice.", "json."))
        partner.notes.judge(fits, "Q-16", sent=f"a notice that says {body!r}", got=answer.brief())


async def _own_things(partner: Partner) -> None:
    """I-5, I-8, P-4, P-14, P-27, P-28: what is for this partner alone."""
    notes, agency = partner.notes, partner.agency
    mirror = f"/mirrors/{agency.scid}/did.jsonl"
    try:
        signed, unsigned = await partner.get(mirror), await partner.asker.get(mirror)
        own = await partner.get(f"{partner.own_path}/checkpoint")
        others = await partner.get(f"/received/{partner.node}/public/1/checkpoint")
        foreign = await partner.get(f"/feeds/to/{stranger()}/1/checkpoint")
    except NoAnswer:
        return
    notes.judge(unsigned.status == 404, "P-27", sent=f"GET {mirror} unsigned", got=unsigned.brief())
    if notes.judge(signed.status == 200, "I-5", sent=f"GET {mirror} signed", got=signed.brief()):
        notes.judge(
            signed.body == agency.log, "I-8", sent=f"GET {mirror}", got="other bytes than were served"
        )
        caching = signed.headers.get("cache-control")
        notes.judge(is_private(signed), "P-28", sent=f"GET {mirror}", got=caching)
    if own.status == 200:
        caching = own.headers.get("cache-control")
        notes.judge(is_private(own), "P-4", sent=f"GET {partner.own_path}/checkpoint", got=caching)
    for answer in (others, foreign):
        notes.judge(answer.status == 404, "P-14", sent="GET of what is another's, signed", got=answer.brief())


async def flood(partner: Partner) -> None:
    """F-44 and Q-17: many notices lead to few visits, and too many are told to wait."""
    began, path = asyncio.get_running_loop().time(), f"/{partner.agency.public.origin.path}/checkpoint"
    before = len(partner.stand.since(0.0, path))
    refused = 0
    for _ in range(16):
        batch = [partner.notice(partner.agency.public) for _ in range(10)]
        for answer in await asyncio.gather(*batch, return_exceptions=True):
            refused += isinstance(answer, Answer) and answer.status == 429
        if refused > 10:
            break
    visits = len(partner.stand.since(0.0, path)) - before
    seconds = asyncio.get_running_loop().time() - began
    got = f"{visits} visits in {seconds:.1f} s"
    partner.notes.judge(visits < 40, "F-44", sent="notices as fast as they are answered", got=got)
