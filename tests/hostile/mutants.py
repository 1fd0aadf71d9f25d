"""Guards taken out, one by one: with its mutant each behaviour must be seen to do harm.

A mutant patches the node before it starts, in its own process (`launch.py`); what it lets
through shows as another state or code, a higher cost, or a broken promise of the row.
"""

from __future__ import annotations

import dataclasses
import os
import resource
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import aiohttp
from aiohttp import web

from passerelle import errors
from passerelle.errors import ProtocolError, TransportError
from passerelle.protocol import (
    identity,
    intake,
    keydocuments,
    leaves,
    records,
    requests,
    schemafaults,
    schemas,
)
from passerelle.protocol.checkpoints import Checkpoint
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.notes import SignedNote
from passerelle.server import listening
from passerelle.server.federation import app as federation
from passerelle.server.federation import asking
from passerelle.server.federation import doorman as doors
from passerelle.storage import gaps
from passerelle.sync import allowance, client, contact, fetch, guard, identities, keeping, pull, receipts
from passerelle.sync.allowance import Limit

Mutant = Callable[[], None]
MEMORY_BYTES: Final = 2 * 2**30
"""What a mutant may take of this machine."""


def apply(name: str) -> None:
    """Take the guard out of this process, and keep the machine out of danger."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    os.cpu_count = lambda: 1  # no workers: a patch of this process would not reach them
    MUTANTS[name][0]()


def _set(target: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(target, name, value)


# --- the road ----------------------------------------------------------------------------------------------


def no_byte_limit() -> None:
    """Whatever length an answer has, it is read; and dropped, for the sake of this machine."""

    async def read(response: Any, _max_bytes: int, _spend: Any) -> bytes:
        async for _ in response.content.iter_chunked(65_536):
            pass
        return b""

    _set(client, _read=read)


def no_deadline() -> None:
    """A request may last for ten minutes."""
    made = client.Client.__init__

    def patient(self: Any, *args: Any, **named: Any) -> None:
        made(self, *args, **{**named, "deadline": timedelta(minutes=10)})

    _set(client.Client, __init__=patient)


def long_headers() -> None:
    """Header lines of any length."""
    made = aiohttp.ClientSession.__init__

    def session(self: Any, *args: Any, **named: Any) -> None:
        made(self, *args, **named, max_line_size=2**23, max_field_size=2**23)

    _set(aiohttp.ClientSession, __init__=session)


def broken_is_empty() -> None:
    """A broken answer is taken for an empty one."""
    send = client.Client._send

    async def tolerant(self: Any, *args: Any, **named: Any) -> Any:
        try:
            return await send(self, *args, **named)
        except TransportError as error:
            if error.code != "road.unreachable":
                raise
            return client.Answer(200, {}, b"")

    _set(client.Client, _send=tolerant)


def _inflated(raw: bytes, coding: str, max_bytes: int) -> bytes:
    for name in reversed(coding.split(", ")):
        if name not in client._ENGINES:
            continue
        try:
            raw = client._ENGINES[name]().decompress(raw)
        except Exception:  # noqa: BLE001  that is the mutation
            continue
    return raw


def any_coding() -> None:
    """Codings are undone as far as they can be, without a limit."""
    _set(client, inflate=_inflated)


def follow_redirects() -> None:
    """Redirects lead on."""
    request = aiohttp.ClientSession.request

    def leading(self: Any, method: str, url: Any, **named: Any) -> Any:
        return request(self, method, url, **{**named, "allow_redirects": True})

    _set(aiohttp.ClientSession, request=leading)


def any_status() -> None:
    """Any status is as good as the one that was asked for."""

    async def get(
        self: Any, tail: str, max_bytes: int, headers: Any = None, *, also: tuple[int, ...] = ()
    ) -> Any:
        answer = await self._client.get(
            self._road,
            f"/{self._origin.path}/{tail}",
            max_bytes=max_bytes,
            signed=not self._origin.is_public,
            headers=headers,
        )
        return dataclasses.replace(answer, status=answer.status if answer.status in also else 200)

    _set(fetch.FeedReader, get=get)


def not_modified_is_new() -> None:
    """304 is taken for a new checkpoint."""
    get = fetch.FeedReader.get

    async def asked(self: Any, *args: Any, **named: Any) -> Any:
        answer = await get(self, *args, **named)
        return dataclasses.replace(answer, status=200) if answer.status == 304 else answer

    _set(fetch.FeedReader, get=asked)


def any_part() -> None:
    """A part is taken for the one that was asked for."""
    _set(fetch, _is_part=lambda answer, _offset: answer.status == 206)


def private_addresses() -> None:
    """Every address counts as public."""
    _set(guard, is_public=lambda _address: True, refuse_inward=lambda *_: None)
    _set(client, refuse_inward=lambda *_: None)


def no_allowance() -> None:
    """A partner may cost what it likes."""
    allowance.LIMITS["bytes"] = Limit(2**50, 2**50)


# --- trees -------------------------------------------------------------------------------------------------


def faults_of_the_author() -> None:
    """Bytes that do not parse are held against the author."""
    _set(fetch, _parsed=lambda parse: parse())


def no_growth_limit() -> None:
    """A pull takes as many leaves as are signed."""
    _set(pull, MAX_GROWTH=2**54)


def no_root() -> None:
    """Leaves are believed without the root."""
    _set(fetch.FeedReader, _prove=lambda *_: None)


class _Equal:
    """Equal to everything."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, _other: object) -> bool:
        return True

    def __ne__(self, _other: object) -> bool:
        return False


def no_bundle_root() -> None:
    """A full bundle is believed without its hash."""
    _set(fetch, root_of=lambda _hashes: _Equal())


def unknown_is_wrong() -> None:
    """A leaf of an unknown kind is a fault."""
    parse = leaves.parse_leaf

    def strict(data: bytes, *args: Any) -> Any:
        if b'"later"' in data:
            raise ProtocolError("leaf.malformed")
        return parse(data, *args)

    _set(intake, parse_leaf=strict)


def large_leaves() -> None:
    """A leaf may be as large as a bundle can hold."""
    _set(leaves, MAX_LEAF_BYTES=2**16)


def labels_believed() -> None:
    """A leaf says what it likes of its record."""
    _set(intake, _check_leaf=lambda *_: None)


def commitments_repeat() -> None:
    """A commitment counts as often as it comes."""

    async def none(*_args: Any) -> set[int]:
        return set()

    _set(keeping, _repeated=none)


def forks_unseen() -> None:
    """Two histories are no matter."""

    async def nothing(*_args: Any) -> None:
        return None

    _set(pull.Pull, _prove_fork_from_rows=nothing, _diagnose=nothing)


def old_news_is_alarm() -> None:
    """A smaller tree is a fault of the author."""

    async def alarm(*_args: Any) -> None:
        raise ProtocolError("feed.blocked")

    _set(pull.Pull, _compare_with_ours=alarm)


def any_checkpoint(*modules: Any) -> Mutant:
    """A note is believed whatever it says and whoever signed it."""

    def mutant() -> None:
        for module in modules:
            _set(module, verify_checkpoint=lambda data, *_: Checkpoint.parse(SignedNote.parse(data).text))

    return mutant


# --- floods ------------------------------------------------------------------------------------------------


def faults_stop() -> None:
    """One bad object stops its feed."""

    def stop(*_args: Any) -> Any:
        raise ProtocolError("feed.blocked")

    _set(keeping, setback_of=stop)


def no_room_limit() -> None:
    """Everything is kept."""
    _set(keeping, MAX_QUARANTINED_BYTES=2**40, MAX_WAITING_BYTES=2**40)


def long_reasons() -> None:
    """Reasons are kept as long as they are: three guards back one another up, and all are out."""
    _set(keeping, bounded=dict)
    _set(errors, _cut=lambda value: value)
    _set(schemafaults, _SHOWN_NAME_CHARS=10**9)


def any_time() -> None:
    """A record may be of any day."""
    _set(records, AHEAD=timedelta(days=10_000))


def receipts_of_anything() -> None:
    """A receipt covers what never opened."""

    async def none(*_args: Any) -> list[int]:
        return []

    _set(gaps, lowest=none)


def no_schema() -> None:
    """Whatever a record holds is accepted."""
    _set(schemas.Schemas, check_incoming=lambda *_: "known")


def any_depth() -> None:
    """What nests deeper than a parser of JSON can go ends as it would there."""
    made = ProtocolError.__init__

    def init(self: Any, code: str, /, **params: object) -> None:
        if code == "json.too-deep":
            raise RecursionError
        made(self, code, **params)

    _set(ProtocolError, __init__=init)


# --- identities --------------------------------------------------------------------------------------------


def in_the_loop() -> None:
    """Identity logs are verified by the loop itself."""

    async def at_once(act: Any, *args: Any, **named: Any) -> Any:
        return act(*args, **named)

    class Loop:
        to_thread = staticmethod(at_once)

    _set(identities, asyncio=Loop)


def many_in_a_log() -> None:
    """A log may have as many entries and keys as fit into it; the limits back one another up, and all are out."""
    _set(keydocuments, MAX_LISTED=10**6)
    _set(identity, MAX_ENTRIES=10**6, MAX_KEYS=10**6)


def first_line_believed() -> None:
    """Of an identity log only the first entry is looked at."""

    def lenient(log: bytes, **named: Any) -> Any:
        return parse_identity(log.split(b"\n")[0] + b"\n", **named)

    _set(identities, parse_identity=lenient)


def any_identity() -> None:
    """An identity is whoever it says."""

    def lenient(log: bytes, **named: Any) -> Any:
        return dataclasses.replace(parse_identity(log, **named), scid=_Equal())  # type: ignore[arg-type]

    _set(identities, parse_identity=lenient)


def newest_log_counts() -> None:
    """The last identity log that came is the one."""
    _set(identities, compare_logs=lambda *_: "newer")


def any_address() -> None:
    """An address belongs to whoever claims it."""
    _set(contact, owner_of_site=lambda *_, **__: None)


def any_receipt_time() -> None:
    """A receipt may be of any day."""
    _set(receipts, AHEAD=timedelta(days=100_000))


# --- requests ----------------------------------------------------------------------------------------------


def replays_pass() -> None:
    """A nonce counts as often as it comes."""
    _set(requests.ReplayCache, remember=lambda *_: None)


def late_requests_pass() -> None:
    """A signature lives for ever, and beyond the start of a process: two guards that back each other up."""
    _set(requests, TOLERANCE=timedelta(days=1))
    _set(asking, _full_second=lambda began: began - timedelta(days=1))


def anybody_reads() -> None:
    """Whoever signs well may read what is another's."""

    async def bilateral(self: Any, request: Any, _scid: str) -> None:
        await self._verify(request, b"")

    _set(asking.Gate, bilateral=bilateral)


def notices_uncounted() -> None:
    """Notices as many as come."""
    _set(federation, NOTICES_PER_MINUTE=10**9)


def large_bodies() -> None:
    """A body may have any size."""
    _set(federation, MAX_NOTICE_BYTES=2**30)


def coded_bodies() -> None:
    """A content coding is no reason to refuse."""
    verify = requests.verify_request

    def lenient(method: str, target: str, headers: Any, body: bytes, **named: Any) -> Any:
        plain = {name: value for name, value in headers.items() if name.lower() != "content-encoding"}
        return verify(method, target, plain, body, **named)

    async def notice(self: Any, request: web.Request) -> web.Response:
        await self._gate.posting(request, await request.read())
        return web.Response(status=202)

    _set(asking, verify_request=lenient)
    _set(federation.Federation, notice=notice)


def slow_bodies() -> None:
    """A body has all the time."""
    _set(federation, BODY_SECONDS=600.0)


def no_patience_limit() -> None:
    """A connection has all the time."""
    _set(doors.Door, is_overdue=lambda *_: False)


def no_places_by_address() -> None:
    """One address may take every place."""
    _set(doors, MAX_CONNECTIONS_OF_ADDRESS=10**9)


def nobody_makes_room() -> None:
    """Who came first stays."""
    _set(doors.Doorman, _make_room=lambda _self: False)


def no_rate() -> None:
    """Questions as many as come."""
    _set(doors.Doorman, _spend=lambda *_: True)


def any_header() -> None:
    """Request lines and header fields of any size and number."""
    made = listening._Connection.__init__

    def generous(self: Any, *args: Any, **named: Any) -> None:
        made(self, *args, **named, max_line_size=2**20, max_field_size=2**20, max_headers=10_000)

    _set(listening._Connection, __init__=generous)


MUTANTS: Final[Mapping[str, tuple[Mutant, tuple[str, ...]]]] = {
    "no-byte-limit": (
        no_byte_limit,
        ("endless-body", "endless-checkpoint", "chunked-without-end", "identity-without-end"),
    ),
    "no-deadline": (
        no_deadline,
        (
            "chunk-of-exabytes",
            "dripping-body",
            "dripping-headers",
            "silence",
            "length-too-long",
            "no-length-kept-open",
            "slow-tls",
        ),
    ),
    "long-headers": (long_headers, ("huge-header",)),
    "broken-is-empty": (broken_is_empty, ("length-too-short", "length-negative", "reset-in-mid-body")),
    "any-coding": (
        any_coding,
        ("gzip-bomb", "zstd-bomb", "nested-codings", "unknown-coding", "wrong-coding"),
    ),
    "follow-redirects": (follow_redirects, ("redirect-loop", "redirect-inwards", "redirect-to-a-file")),
    "any-status": (any_status, ("size-jump", "not-modified-unasked", "part-unasked")),
    "not-modified-is-new": (not_modified_is_new, ("not-modified-for-ever",)),
    "any-part": (any_part, ("another-part",)),
    "private-addresses": (private_addresses, ("name-that-points-inwards", "number-that-points-inwards")),
    "no-allowance": (no_allowance, ("validator-of-the-moment",)),
    "faults-of-the-author": (
        faults_of_the_author,
        ("html-with-200", "bundle-too-narrow", "bundle-too-wide", "tile-of-wrong-width"),
    ),
    "no-growth-limit": (no_growth_limit, ("size-of-2-to-the-53",)),
    "no-root": (no_root, ("tile-that-lies",)),
    "no-bundle-root": (no_bundle_root, ("bundle-that-lies",)),
    "unknown-is-wrong": (unknown_is_wrong, ("unknown-kinds",)),
    "large-leaves": (large_leaves, ("leaves-too-large",)),
    "labels-believed": (labels_believed, ("mislabelled-leaf",)),
    "commitments-repeat": (commitments_repeat, ("commitment-repeated",)),
    "forks-unseen": (forks_unseen, ("fork-of-one-size", "fork-of-two-sizes", "alternating-views")),
    "old-news-is-alarm": (old_news_is_alarm, ("rollback",)),
    "any-checkpoint": (
        any_checkpoint(pull),
        ("checkpoint-of-another-feed", "checkpoint-by-another-key"),
    ),
    "faults-stop": (faults_stop, ("quarantine-flood", "objects-withheld")),
    "no-room-limit": (
        no_room_limit,
        ("quarantine-of-large-objects", "pending-flood", "large-sealed-objects"),
    ),
    "long-reasons": (long_reasons, ("reasons-without-end",)),
    "any-time": (any_time, ("held-flood",)),
    "receipts-of-anything": (receipts_of_anything, ("never-opening",)),
    "no-schema": (no_schema, ("records-of-256-kib", "audience-of-thousands", "descriptor-of-thousands")),
    "any-depth": (any_depth, ("deep-nesting", "identity-deeply-nested")),
    "in-the-loop": (in_the_loop, ("identity-of-a-mebibyte",)),
    "many-in-a-log": (many_in_a_log, ("identity-of-many-entries", "identity-of-many-keys")),
    "first-line-believed": (first_line_believed, ("identity-repeats-itself",)),
    "any-identity": (any_identity, ("identity-of-another",)),
    "newest-log-counts": (newest_log_counts, ("identity-shortened", "identity-forked")),
    "any-address": (any_address, ("descriptor-of-our-address",)),
    "any-receipt": (any_checkpoint(receipts), ("receipt-of-nothing",)),
    "any-receipt-time": (any_receipt_time, ("receipt-of-the-future",)),
    "replays-pass": (replays_pass, ("replayed-request",)),
    "late-requests-pass": (late_requests_pass, ("expired-request",)),
    "anybody-reads": (anybody_reads, ("request-for-another",)),
    "notices-uncounted": (notices_uncounted, ("thousands-of-notices",)),
    "large-bodies": (large_bodies, ("notice-of-a-mebibyte",)),
    "coded-bodies": (coded_bodies, ("notice-as-a-bomb",)),
    "slow-bodies": (slow_bodies, ("dripping-request-body",)),
    "no-patience-limit": (no_patience_limit, ("dripping-request-header", "never-reading")),
    "no-places-by-address": (no_places_by_address, ("silent-connections",)),
    "nobody-makes-room": (nobody_makes_room, ("crowd-of-strangers",)),
    "no-rate": (no_rate, ("many-questions",)),
    "any-header": (any_header, ("huge-path", "thousands-of-headers")),
}
"""By name: what takes the guard out, and the behaviours that must then be seen to do harm."""
