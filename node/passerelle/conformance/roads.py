"""The node as a client: what it does with answers that are none, and how it asks."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from aiohttp import web

from passerelle.conformance.asking import NoAnswer
from passerelle.conformance.author import Feed
from passerelle.conformance.partner import Partner
from passerelle.conformance.posting import good_notice
from passerelle.conformance.stand import Call, problem
from passerelle.errors import ProtocolError
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.notes import MAX_NOTE_BYTES
from passerelle.protocol.profile import format_time
from passerelle.protocol.requests import verify_request

SILENCE_SECONDS: Final = 130.0
"""Until when a node must have given up a server that says nothing."""
IDENTITY_GAP: Final = 61.0
"""A node looks at a log for an unknown key at most once a minute (Q-11)."""
IN_FLIGHT_BYTES: Final = 16 * 2**20
"""What may lie in buffers on the way to a node that has stopped reading."""
MOST_BYTES: Final = 64 * 2**20
IDENTITY: Final = "/.well-known/did.jsonl"

_PARTIAL: Final = re.compile(
    r"/(feeds/.+)/(tile/entries|tile/0|objects)/((?:x[0-9]{3}/)*[0-9]{3})\.p/([0-9]+)"
)


# --- answers that are none ---------------------------------------------------------------------------------


async def redirect(partner: Partner, *, seconds: float) -> None:
    """P-15: a redirect is not followed."""
    path = f"/{partner.agency.public.origin.path}/checkpoint"
    elsewhere = f"/elsewhere/{secrets.token_hex(8)}"

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": elsewhere})

    partner.stand.overrides[path] = answer
    came = await partner.visit(partner.agency.public, seconds)
    partner.stand.overrides.clear()
    if came:
        followed = bool(partner.stand.since(0.0, elsewhere))
        partner.notes.judge(not followed, "P-15", sent=f"302 to {elsewhere}", got="it was asked for")


async def endless(partner: Partner, *, seconds: float) -> None:
    """Q-21: reading stops at the limit of what is read."""
    path = f"/{partner.agency.public.origin.path}/checkpoint"
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
    came = await partner.visit(partner.agency.public, seconds)
    if came:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), seconds)
    partner.stand.overrides.clear()
    if came and written:
        most = MAX_NOTE_BYTES + IN_FLIGHT_BYTES
        got = f"{max(written)} bytes were taken"
        partner.notes.judge(max(written) <= most, "Q-21", sent="a checkpoint without end", got=got)


async def silence(partner: Partner, *, seconds: float) -> None:
    """Q-22: every read has a deadline."""
    path = f"/{partner.agency.public.origin.path}/checkpoint"
    left: list[float] = []
    over = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        began = time.monotonic()
        while time.monotonic() - began < SILENCE_SECONDS:
            await asyncio.sleep(0.1)
            if request.transport is None or request.transport.is_closing():
                break
        left.append(time.monotonic() - began)
        over.set()
        return web.Response(status=503)

    partner.stand.overrides[path] = answer
    began = time.monotonic()
    try:
        await partner.notice(partner.agency.public)
    except NoAnswer:
        return
    came = await partner.stand.until(began, path, seconds)
    if came:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), SILENCE_SECONDS + 5.0)
    partner.stand.overrides.clear()
    if left:
        got = f"still waiting after {SILENCE_SECONDS:.0f} s"
        partner.notes.judge(min(left) < SILENCE_SECONDS, "Q-22", sent="no answer at all", got=got)


async def other_clock(partner: Partner, *, seconds: float) -> None:
    """Q-15: who is told that its time is wrong signs again by the time that it is told."""
    path = f"/{partner.agency.bilateral.origin.path}/checkpoint"
    ahead = timedelta(hours=1)
    told: list[float] = []
    over = asyncio.Event()

    async def answer(_request: web.Request) -> web.StreamResponse:
        if not told:
            told.append(time.monotonic())
            over.set()
            return problem(401, "request.time", serverTime=format_time(datetime.now(UTC) + ahead))
        return web.Response(body=partner.agency.bilateral.checkpoint())

    partner.stand.overrides[path] = answer
    await partner.visit(partner.agency.bilateral, seconds)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(over.wait(), 10.0)
    if not told:
        partner.stand.overrides.clear()
        return
    await partner.stand.until(told[0], path, 5.0)
    partner.stand.overrides.clear()
    later = partner.stand.since(told[0], path)
    created = [_created(call) - call.wall for call in later]
    kept = any(abs(offset - ahead.total_seconds()) < 30 for offset in created)
    partner.notes.judge(
        kept, "Q-15", sent="401 request.time, an hour ahead", got=f"{len(later)} requests after it"
    )


def _created(call: Call) -> float:
    match = re.search(r";created=([0-9]{1,12})", call.headers.get("signature-input", ""))
    return float(match[1]) if match else 0.0


# --- how it asks -------------------------------------------------------------------------------------------


def judge_calls(partner: Partner, *, but_for: float) -> None:
    """P-7, P-11, P-23, Q-2 to Q-8, Q-10, Q-12: every request that came.

    Args:
        partner: The kit as a partner.
        but_for: Requests after this moment may be signed by another clock, which the kit told.
    """
    notes, nonces = partner.notes, set[str]()
    for call in partner.stand.calls:
        _judge_range(partner, call)
        _judge_width(partner, call)
        if not _is_bilateral(partner, call):
            continue
        if call.at < but_for:
            _judge_signature(partner, call)
        nonce = re.search(r';nonce="([^"]+)"', call.headers.get("signature-input", ""))
        if nonce is not None:
            fresh = nonce[1] not in nonces
            notes.judge(
                fresh, "Q-12", sent=f"its {call.method} {call.path}", got="a nonce that it used before"
            )
            nonces.add(nonce[1])


def _is_bilateral(partner: Partner, call: Call) -> bool:
    private = (f"/{partner.agency.bilateral.origin.path}/", "/received/")
    return call.method == "POST" or call.path.startswith(private)


def _judge_range(partner: Partner, call: Call) -> None:
    if "range" in call.headers and "/objects/" in call.path:
        has = "if-range" in call.headers
        partner.notes.judge(
            has, "P-7", sent=f"its GET {call.path}", got=f"Range {call.headers['range']}, no If-Range"
        )


def _judge_width(partner: Partner, call: Call) -> None:
    match = _PARTIAL.fullmatch(call.path)
    if match is None:
        return
    number = int(match[3].replace("/", "").replace("x", ""))
    size = number * 256 + int(match[4])
    shown = (match[1], size) in partner.stand.sizes
    partner.notes.judge(
        shown, "P-11", sent=f"its GET {call.path}", got=f"no checkpoint of size {size} was shown"
    )


def _judge_signature(partner: Partner, call: Call) -> None:
    identity = partner.seen.identity
    if identity is None:
        return
    sent = f"its {call.method} {call.path}"
    try:
        verify_request(
            call.method,
            partner.agency.address + call.path,
            _Fields(call.fields),
            call.body,
            resolve_key=identity.newest.request_keys.get,
            now=datetime.fromtimestamp(call.wall, UTC),
        )
    except ProtocolError as error:
        partner.notes.broken(_rule_of_request(error, call), sent=sent, got=error)
        return
    held = ("Q-2", "Q-3", "Q-4", "Q-5", "Q-10", "P-23") + (("Q-7", "Q-8") if call.body else ())
    partner.notes.held(*held)


def _rule_of_request(error: ProtocolError, call: Call) -> str:
    reasons = {"components": "Q-3", "content-encoding": "Q-8", "signatures": "Q-2"}
    if error.code == "request.malformed":
        reason = str(error.params.get("reason"))
        if reason == "parameters" and _life(call) > 300:
            return "Q-5"
        return reasons.get(reason, "Q-4")
    by_code = {
        "request.unsigned": "Q-2",
        "request.digest": "Q-7",
        "request.key-unknown": "Q-10",
        "request.time": "Q-6",
        "request.signature": "P-23",
    }
    return by_code.get(error.code, "Q-2")


def _life(call: Call) -> float:
    match = re.search(r";expires=([0-9]{1,12})", call.headers.get("signature-input", ""))
    return (float(match[1]) if match else 0.0) - _created(call)


class _Fields(dict[str, str]):
    """Header fields of which repeated ones are told one by one."""

    def __init__(self, fields: tuple[tuple[str, str], ...]) -> None:
        super().__init__(fields)
        self._fields = fields

    def items(self) -> object:  # type: ignore[override]  # the one way in which it differs
        """Name and value of each field."""
        return self._fields


# --- the kit's identity over time --------------------------------------------------------------------------


async def identity_changes(partner: Partner, *, seconds: float) -> None:
    """Q-11, I-21, I-12: new keys, an old log, and a log of the future."""
    await _new_request_key(partner)
    if await _is_taken(partner) != "202":
        partner.notes.unseen("I-21", "I-12", why="no-answer")
        return
    await _shorter_log(partner, seconds=seconds)
    await _future_entry(partner, seconds=seconds)


async def _gap(partner: Partner) -> None:
    """Wait until a node that has just looked at the log in vain may look again."""
    looks = partner.stand.since(0.0, IDENTITY)
    last = looks[-1].at if looks else 0.0
    await asyncio.sleep(max(0.0, last + IDENTITY_GAP - time.monotonic()))


async def _new_request_key(partner: Partner) -> None:
    agency, notes = partner.agency, partner.notes
    agency.log = agency.rotated(2, agency.now - timedelta(minutes=1), request=agency.next_request)
    agency.request = agency.next_request
    sent = "a request by a key that stands in the newest entry of the log"
    await _gap(partner)
    began = time.monotonic()
    try:
        await partner.notice(agency.public)
        if not notes.judge(
            await partner.stand.until(began, IDENTITY, 15.0), "Q-11", sent=sent, got="no look at the log"
        ):
            return
        taken = await partner.notice(agency.public)
        for _ in range(20):  # the log that has just been asked for is still to be read
            if taken.status == 202:
                break
            await asyncio.sleep(0.25)
            taken = await partner.notice(agency.public)
    except NoAnswer:
        return
    notes.judge(taken.status == 202, "Q-11", sent=f"{sent}, once more", got=taken.brief())


async def _provoke(partner: Partner, feed: Feed, *, seconds: float) -> bool:
    """Have the node look at the log: a checkpoint by an unknown log key may mean new keys."""
    await _gap(partner)
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
    good = good_notice(partner)
    if key is not None:
        good = replace(good, key=key, key_id=partner.agency.request_key_id(key))
    partner.sent += 1
    try:
        return str((await partner.post(good)).status)
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
    await partner.moves(agency.public, len(agency.public.leaves), seconds)


async def _future_entry(partner: Partner, *, seconds: float) -> None:
    agency = partner.agency
    key = SigningKey.generate(secrets.token_bytes)
    agency.log = agency.rotated(3, datetime.now(UTC) + timedelta(hours=1), request=key)
    came = await _provoke(partner, agency.public, seconds=seconds)
    if came:
        then, now = await _is_taken(partner, key), await _is_taken(partner)
        got = f"a key of the future: {then}, the key of today: {now}"
        partner.notes.judge(
            then != "202" and now == "202", "I-12", sent="an entry that begins in an hour", got=got
        )
    await partner.moves(agency.public, len(agency.public.leaves), seconds)


async def two_logs(partner: Partner, *, seconds: float) -> None:
    """I-23: two logs of one identity; its feeds stop. Seen on the bilateral feed, for the public one has forked."""
    agency, feed = partner.agency, partner.agency.bilateral
    common = b"".join(agency.log.splitlines(keepends=True)[:2])
    when = agency.now - timedelta(seconds=30)
    agency.log = agency.rotated(2, when, request=agency.request, log=common, spare=agency.retired)
    if not await _provoke(partner, feed, seconds=seconds):
        return
    feed.append(b'{"kind":"later","n":0}')
    moved = await partner.holds(feed, len(feed.leaves), 6.0)
    partner.notes.judge(not moved, "I-23", sent="two identity logs", got=f"size {len(feed.leaves)} is held")
