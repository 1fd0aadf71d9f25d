"""The node as a client: what it does with answers that are none, and with the kit's identity as it changes."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from aiohttp import web

from passerelle.conformance import chains
from passerelle.conformance.asking import NoAnswer
from passerelle.conformance.author import Feed
from passerelle.conformance.chains import IDENTITY
from passerelle.conformance.partner import Partner
from passerelle.conformance.posting import good_notice
from passerelle.conformance.signing import Signature
from passerelle.conformance.stand import Override
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.notes import MAX_NOTE_BYTES

SILENCE_SECONDS: Final = 130.0
"""Until when a node must have given up a server that says nothing."""
IDENTITY_GAP: Final = 61.0
"""A node looks at a log for an unknown key at most once a minute (Q-11)."""
IN_FLIGHT_BYTES: Final = 16 * 2**20
"""What may lie in buffers on the way to a node that has stopped reading."""
MOST_BYTES: Final = 64 * 2**20

# --- answers that are none ---------------------------------------------------------------------------------


async def redirect(partner: Partner, *, seconds: float) -> None:
    """P-15: a redirect is not followed, be it of a signed request or of another."""
    for feed, status in (
        (partner.agency.public, 302),
        (partner.agency.bilateral, 307),
        (partner.agency.public, 308),
    ):
        await _redirected(partner, feed, status, seconds=seconds)


async def _redirected(partner: Partner, feed: Feed, status: int, *, seconds: float) -> None:
    elsewhere = f"/elsewhere/{secrets.token_hex(8)}"

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": elsewhere})

    partner.stand.overrides[f"/{feed.origin.path}/checkpoint"] = answer
    came = await partner.visit(feed, seconds)
    partner.stand.overrides.clear()
    if came:
        followed = bool(partner.stand.since(0.0, elsewhere))
        partner.notes.judge(not followed, "P-15", sent=f"{status} to {elsewhere}", got="it was asked for")


async def endless(partner: Partner, *, seconds: float) -> None:
    """Q-21: reading stops at the limit of what is read."""
    feed = partner.followed
    path = f"/{feed.origin.path}/checkpoint"
    written: list[int] = []
    over = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        total = 0
        try:
            while total < MOST_BYTES:
                await response.write(b"x" * 65_536)
                total += 65_536
        except ConnectionError:
            pass  # it has had enough
        finally:
            written.append(total)
            over.set()
        return response

    partner.stand.overrides[path] = answer
    came = await partner.visit(feed, seconds)
    if came:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), seconds)
    partner.stand.overrides.clear()
    if came and written:
        most = MAX_NOTE_BYTES + IN_FLIGHT_BYTES
        got = f"{max(written)} bytes were taken"
        partner.notes.judge(max(written) <= most, "Q-21", sent="a checkpoint without end", got=got)


async def silence(partner: Partner, *, seconds: float) -> None:
    """Q-22: every read has a deadline, whether nothing comes or a byte now and then."""
    for answer, sent in ((_silent, "no answer at all"), (_dripping, "an answer of a byte now and then")):
        await _waited_for(partner, answer, sent, seconds=seconds)


async def _silent(request: web.Request) -> web.StreamResponse:
    for _ in range(int(10 * SILENCE_SECONDS)):
        await asyncio.sleep(0.1)
        if _is_gone(request):
            break
    return web.Response(status=503)


async def _dripping(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(MAX_NOTE_BYTES)})
    with contextlib.suppress(ConnectionError):
        await response.prepare(request)
        while not _is_gone(request):
            await response.write(b"x")
            await asyncio.sleep(0.25)
    return response


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


async def _waited_for(partner: Partner, answer: Override, sent: str, *, seconds: float) -> None:
    feed = partner.followed
    path = f"/{feed.origin.path}/checkpoint"
    left: list[float] = []
    over = asyncio.Event()

    async def timed(request: web.Request) -> web.StreamResponse:
        began = time.monotonic()
        try:
            return await asyncio.wait_for(answer(request), SILENCE_SECONDS)
        except TimeoutError:
            return web.Response(status=503)
        finally:
            left.append(time.monotonic() - began)
            over.set()

    timed.__name__ = answer.__name__
    partner.stand.overrides[path] = timed
    began = time.monotonic()
    try:
        await partner.notice(feed)
    except NoAnswer:
        return
    came = await partner.stand.until(began, path, seconds)
    if came:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), SILENCE_SECONDS + 5.0)
    partner.stand.overrides.clear()
    if left:
        got = f"still waiting after {SILENCE_SECONDS:.0f} s"
        partner.notes.judge(min(left) < SILENCE_SECONDS, "Q-22", sent=sent, got=got)


# --- the kit's identity over time --------------------------------------------------------------------------


async def identity_changes(partner: Partner, *, seconds: float) -> None:
    """Q-11, I-21, I-11, I-12: new keys, an old log, entries of one second, and a log of the future."""
    await _new_request_key(partner)
    if await _is_taken(partner) != "202":
        partner.notes.unseen("I-21", "I-12", why="no-answer")
        return
    await _shorter_log(partner, seconds=seconds)
    await _within_a_second(partner)
    await _future_entry(partner, seconds=seconds)


async def gap(partner: Partner) -> None:
    """Wait until a node that has just looked at the log in vain may look again."""
    looks = partner.stand.since(0.0, IDENTITY)
    last = looks[-1].at if looks else 0.0
    await asyncio.sleep(max(0.0, last + IDENTITY_GAP - time.monotonic()))


async def _new_request_key(partner: Partner) -> None:
    agency, notes = partner.agency, partner.notes
    agency.log = agency.rotated(2, agency.now - timedelta(minutes=1), request=agency.next_request)
    agency.request = agency.next_request
    sent = "a request by a key that stands in the newest entry of the log"
    await gap(partner)
    began = time.monotonic()
    try:
        await partner.notice(agency.public)
        if not notes.judge(
            await partner.stand.until(began, IDENTITY, 15.0), "Q-11", sent=sent, got="no look at the log"
        ):
            return
        taken = await partner.asker.patiently(lambda: partner.notice(agency.public))
        for _ in range(20):  # the log that has just been asked for is still to be read
            if taken.status == 202:
                break
            await asyncio.sleep(0.25)
            taken = await partner.notice(agency.public)
    except NoAnswer:
        return
    if notes.judge(taken.status == 202, "Q-11", sent=f"{sent}, once more", got=taken.brief()):
        await _after_rotation(partner)


async def _after_rotation(partner: Partner) -> None:
    """Q-10, I-5, I-8: the key of before counts no more, and the log that is kept is the newest, as it was served."""
    status = await _is_taken(partner, partner.agency.first_request)
    if status:
        sent = "a request by the key that the newest entry no longer names"
        partner.notes.judge(status != "202", "Q-10", sent=sent, got=status)
    path = f"/mirrors/{partner.agency.scid}/did.jsonl"
    try:
        mirrored = await partner.get(path)
    except NoAnswer:
        return
    notes, log, sent = partner.notes, partner.agency.log, f"GET {path}, after a new entry was taken"
    kept = mirrored.status == 200 and chains.says_the_same(mirrored.body, log)
    if notes.judge(kept, "I-5", sent=sent, got=f"{mirrored.status}"):
        notes.judge(mirrored.body == log, "I-8", sent=sent, got="other bytes than were served")


async def _provoke(partner: Partner, feed: Feed, *, seconds: float) -> bool:
    """Have the node look at the log: a checkpoint by an unknown log key may mean new keys."""
    await gap(partner)
    began = time.monotonic()
    feed.append(b'{"kind":"later","n":%d}' % len(feed.leaves))
    feed.note = feed.checkpoint(key=partner.agency.retired)
    await partner.visit(feed, seconds)
    came = await partner.stand.until(began, IDENTITY, 8.0)
    feed.note = None
    await partner.stand.quiet(0.5, 5.0)
    return came


async def _is_taken(partner: Partner, key: SigningKey | None = None) -> str:
    """What is answered to a notice by a request key: its status, empty where there is none."""

    def made() -> tuple[Signature, None]:
        good = good_notice(partner)
        if key is None:
            return good, None
        return replace(good, key=key, key_id=partner.agency.request_key_id(key)), None

    try:
        return str((await partner.post_patiently(made)).status)
    except NoAnswer:
        return ""


async def _shorter_log(partner: Partner, *, seconds: float) -> None:
    agency, whole = partner.agency, partner.agency.log
    agency.log = agency.first_log
    came = await _provoke(partner, agency.public, seconds=seconds)
    agency.log = whole
    if came:
        status = await _is_taken(partner)
        partner.notes.judge(
            status == "202",
            "I-21",
            sent="an identity log shorter than before",
            got=f"its newest key: {status}",
        )
    await partner.comes_after(agency.public, seconds)


async def _within_a_second(partner: Partner) -> None:
    """I-11: moments count, whatever their texts are; each entry is later than the one before by less than a second."""
    agency, before = partner.agency, partner.agency.log
    entries = parse_identity(before, now=None).entries
    times = [chains.second_of(entries[-1]) + ending for ending in chains.LATER]
    longer = before + chains.chain(entries, times, agency.coming)
    await gap(partner)
    try:
        if not await chains.is_mirrored(partner, before):
            return  # its mirror tells nothing of what it takes (I-5)
        agency.log = longer
        looked = await chains.looks(partner)
        taken = looked and await chains.is_mirrored(partner, longer)
    except NoAnswer:
        agency.log = before
        return
    if not taken:
        agency.log = before
    if looked:
        got = "its mirror is the log of before"
        partner.notes.judge(taken, "I-11", sent=f"entries of {', '.join(times)}, in this order", got=got)


async def _future_entry(partner: Partner, *, seconds: float) -> None:
    agency = partner.agency
    key = SigningKey.generate(secrets.token_bytes)
    number = len(parse_identity(agency.log, now=None).entries)  # the last one announces this update key
    agency.log = agency.rotated(number, datetime.now(UTC) + timedelta(hours=1), request=key)
    came = await _provoke(partner, agency.public, seconds=seconds)
    if came:
        then, now = await _is_taken(partner, key), await _is_taken(partner)
        got = f"a key of the future: {then}, the key of today: {now}"
        partner.notes.judge(
            then != "202" and now == "202", "I-12", sent="an entry that begins in an hour", got=got
        )
    await partner.comes_after(agency.public, seconds)


async def two_logs(partner: Partner, *, seconds: float) -> None:
    """I-23: two logs of one identity; its feeds stop. Seen on the bilateral feed, for the public one has forked."""
    agency, feed = partner.agency, partner.agency.bilateral
    partner.stand.log = None
    common = b"".join(agency.log.splitlines(keepends=True)[:2])
    when = agency.now - timedelta(seconds=30)
    agency.log = agency.rotated(2, when, request=agency.request, log=common, spare=agency.retired)
    if not await _provoke(partner, feed, seconds=seconds):
        return
    feed.append(b'{"kind":"later","n":0}')
    moved = await partner.holds(feed, len(feed.leaves), 6.0)
    partner.notes.judge(not moved, "I-23", sent="two identity logs", got=f"size {len(feed.leaves)} is held")
