"""Who asks: the checks of spec/10-requests-and-errors.md on a signed request, in their order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from aiohttp import web

from passerelle.errors import ProtocolError
from passerelle.protocol.keydocuments import scid_of
from passerelle.protocol.profile import format_time
from passerelle.protocol.requests import ReplayCache, VerifiedRequest, verify_request
from passerelle.server.federation.doorman import door_of
from passerelle.server.federation.errors import Refusal
from passerelle.sync.directory import Directory

_RECOGNISED = web.RequestKey("recognised", VerifiedRequest)

_log = structlog.get_logger()


def target_of(request: web.Request) -> str:
    """Path and query as received; whatever authority the request line names decides nothing (RFC 9112 3.2.2)."""
    raw = request.raw_path
    if raw.startswith("/"):
        return raw
    _, _, after = raw.partition("://")
    return "/" + after.partition("/")[2]


class Onward:
    """A clock that never goes back: where the one it looks at does, it goes on at the pace of time.

    Else a clock set right would lock all partners out until it has made up for what it was
    ahead, or a nonce would be taken twice (Q-34). Partners are told this time and keep to it.

    Args:
        clock: Gives the present, aware, UTC; it may step.
        ticks: Seconds that pass, from anywhere.
    """

    def __init__(self, clock: Callable[[], datetime], ticks: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ticks = ticks
        self._last, self._tick = clock(), ticks()

    def __call__(self) -> datetime:
        """The present, never before any that was given."""
        tick = self._ticks()
        self._last = max(self._clock(), self._last + timedelta(seconds=tick - self._tick))
        self._tick = tick
        return self._last


class Gate:
    """Says whose request it is, or refuses it.

    Args:
        directory: The partners' request keys.
        public_address: What signatures must cover, never taken from the request.
        clock: Gives the present, aware, UTC.
        refresh: Pulls a partner's identity log, for a key that is not known yet.
        began: When this process began; whatever an earlier one accepted is forgotten.
    """

    def __init__(
        self,
        directory: Directory,
        public_address: str,
        clock: Callable[[], datetime],
        refresh: Callable[[str], Awaitable[None]],
        *,
        began: datetime,
    ) -> None:
        self._directory = directory
        self._public_address = public_address
        self._clock = Onward(clock)
        self._refresh = refresh
        self._replays = ReplayCache()
        self._earliest = _full_second(began)
        self._pulls: set[asyncio.Task[None]] = set()

    async def bilateral(self, request: web.Request, scid: str) -> None:
        """Let a partner read what is its own: whatever else it is, one and the same 404; see `partner`."""
        await self.partner(request, only=scid)

    async def partner(self, request: web.Request, *, only: str | None = None) -> None:
        """Let any partner read, or one alone: whatever else it is, one and the same 404.

        Args:
            request: A GET.
            only: The SCID of that one.

        Raises:
            Refusal: ``path.not-found``; to a good signature with a wrong time or a repeated nonce
                ``request.time`` or ``request.replayed`` with our time, or ``request.too-many``.
        """
        if only is None and _RECOGNISED in request:
            return  # looked at when it came, and looked at once more it would be a replay
        try:
            await self._verify(request, b"", only)
        except Refusal:
            raise
        except ProtocolError as exc:
            raise Refusal("path.not-found") from exc

    async def recognises(self, request: web.Request) -> bool:
        """Whether a request at a path that anybody may ask for is a partner's; its nonce is used up then (Q-32).

        Why it is none is nobody's business here: who must sign is told by `partner`.
        """
        try:
            request[_RECOGNISED] = await self._verify(request, b"")
        except ProtocolError:
            return False
        return True

    async def posting(self, request: web.Request, body: bytes) -> str:
        """The SCID of the partner that posts; the codes say what is wrong."""
        return (await self._verify(request, body)).scid

    async def _verify(self, request: web.Request, body: bytes, only: str | None = None) -> VerifiedRequest:
        """The request's signer; where `only` is given, nobody else is told even that its clock is wrong."""
        now = self._clock()
        target = self._public_address + target_of(request)
        try:
            verified = self._with_known_key(request, target, body, now, only)
        except ProtocolError as exc:
            if exc.code == "request.time":
                raise self._late("request.time", now) from exc
            raise
        if verified.created < self._earliest:
            # What was accepted before this process began is forgotten: ask for a fresh signature.
            raise self._late("request.time", now)
        try:
            self._replays.remember(verified, now)
        except ProtocolError as exc:
            if exc.code == "request.too-many":
                raise Refusal(exc.code) from exc
            raise self._late(exc.code, now) from exc
        door = door_of(request)
        if door is not None:
            door.signed = True
        return verified

    def _with_known_key(
        self, request: web.Request, target: str, body: bytes, now: datetime, only: str | None
    ) -> VerifiedRequest:
        unknown: list[str] = []
        try:
            return self._verify_once(request, target, body, now, only, unknown)
        except ProtocolError:
            if unknown:
                self._pull_identity(unknown[0])
            raise

    def _verify_once(
        self,
        request: web.Request,
        target: str,
        body: bytes,
        now: datetime,
        only: str | None,
        unknown: list[str],
    ) -> VerifiedRequest:
        def resolve(key_id: str) -> bytes | None:
            if only is not None and scid_of(key_id.partition("#")[0]) != only:
                return None
            public = self._directory.request_key(key_id)
            if public is None:
                unknown.append(key_id)
            return public

        return verify_request(
            request.method,
            target,
            request.headers,
            body,
            resolve_key=resolve,
            now=now,
        )

    def _pull_identity(self, key_id: str) -> None:
        """Begin to pull the log of a partner whose new key we do not know, at most once a minute.

        Nobody waits for it: the time of an answer would tell a stranger who is our partner.
        A partner that has changed its key is answered when it asks again.
        """
        try:
            scid = scid_of(key_id.partition("#")[0])
        except ProtocolError:
            return
        if self._directory.peer(scid) is None or not self._directory.out_of_turn.begin(scid):
            return
        task = asyncio.create_task(self._refreshed(scid), name=f"identity {scid}")
        self._pulls.add(task)  # the loop alone would not keep it
        task.add_done_callback(self._pulls.discard)

    async def _refreshed(self, scid: str) -> None:
        try:
            await self._refresh(scid)
        except Exception:  # noqa: BLE001  nobody waits for it, so it is told here
            _log.exception("identity-not-pulled", peer=scid)

    def _late(self, code: str, now: datetime) -> Refusal:
        """What is told to sign anew is told a time at which its next request is taken (Q-24)."""
        return Refusal(code, extra={"serverTime": format_time(max(now, self._earliest))})


def _full_second(when: datetime) -> datetime:
    """The first full second from a moment on: a request states its own without the fraction."""
    whole = when.replace(microsecond=0)
    return whole if whole == when else whole + timedelta(seconds=1)
