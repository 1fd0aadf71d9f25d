"""The doors of the public listener: who may hold a connection, for how long, and who is asked to wait.

Anybody may knock. What a caller can take from the node is bounded before the HTTP library
sees a byte: connections in all and for each address, the time for a header, the time in
which nothing is asked, and the least that a reader takes of an answer. When all places are
taken, the connection that has been idle for longest without ever having carried a good
signature makes room: partners are never kept out by strangers.

Behind a proxy all callers have one address; bounds by address are then the proxy's task.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn, cast

from aiohttp import web
from aiohttp.typedefs import Middleware

from passerelle.server.federation.errors import Handler, Refusal

MAX_CONNECTIONS: Final = 512
MAX_CONNECTIONS_OF_ADDRESS: Final = 64
HEAD_SECONDS: Final = 10.0
"""From the first byte of a request, or of a connection, to the end of its header."""
IDLE_SECONDS: Final = 75.0
"""Between two requests on one connection."""
STALL_SECONDS: Final = 30.0
STALL_BYTES: Final = 65_536
"""What a reader takes of an answer in that time, at least, where there is as much."""
LOOK_SECONDS: Final = 1.0
ANONYMOUS_IN_FLIGHT: Final = 32
REQUESTS_AT_ONCE: Final = 1_000
REQUESTS_PER_SECOND: Final = 100.0
"""Unsigned requests of one address: so many in a burst, then so many a second."""
REFUSAL_SECONDS: Final = 1.0
"""How long the answer to one request too many is kept back."""
MAX_ADDRESSES: Final = 4_096
"""Addresses of which the rate is remembered; those that asked longest ago are forgotten first."""


class Door(asyncio.Protocol):
    """One connection: passes on to the HTTP library what may pass.

    Args:
        doorman: Keeps count.
        inner: The protocol of the HTTP library.
    """

    def __init__(self, doorman: Doorman, inner: asyncio.Protocol) -> None:
        self._doorman = doorman
        self._inner = inner
        self.transport: asyncio.Transport | None = None
        self.address = ""
        self.signed = False
        self.busy = False
        self.asking = True  # a connection without a byte is as slow as a header without an end
        self.since = time.monotonic()
        self._unsent = 0
        self._unsent_since = self.since

    # --- what the event loop calls -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let in, or hang up."""
        self.transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        if self._doorman.admit(self):
            self._inner.connection_made(transport)
        else:
            self._inner = asyncio.Protocol()
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request: the time for its header begins with the first."""
        if not self.busy and not self.asking:
            self.asking, self.since = True, time.monotonic()
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """The other side sends no more."""
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room."""
        self._doorman.forget(self)
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """The reader is slow."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """The reader has caught up."""
        self._inner.resume_writing()

    # --- what the doorman asks -----------------------------------------------------------------------------

    def asked(self) -> None:
        """A header is whole, and its handler runs."""
        self.busy, self.asking = True, False

    def answered(self) -> None:
        """The handler has done; what it wrote may still be on its way."""
        self.busy, self.since = False, time.monotonic()

    def is_overdue(self, now: float) -> bool:
        """Whether this connection has had its time."""
        if self.transport is None or self._is_stalled(self.transport.get_write_buffer_size(), now):
            return True
        if self.busy or self._unsent:
            return False
        return now - self.since > (HEAD_SECONDS if self.asking else IDLE_SECONDS)

    def _is_stalled(self, unsent: int, now: float) -> bool:
        if unsent == 0 or unsent > self._unsent or self._unsent - unsent >= STALL_BYTES:
            self._unsent, self._unsent_since = unsent, now
            if unsent:
                self.since = now
            return False
        return now - self._unsent_since > STALL_SECONDS

    def hang_up(self) -> None:
        """Close at once, whatever is under way."""
        if self.transport is not None:
            self.transport.abort()


class Doorman:
    """Keeps count of connections and of unsigned requests.

    Args:
        by_address: Whether callers have addresses of their own; not behind a proxy.
    """

    def __init__(self, *, by_address: bool) -> None:
        self._by_address = by_address
        self._doors: dict[Door, None] = {}
        self._of_address: Counter[str] = Counter()
        self._in_flight = 0
        self._rates: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admit(self, door: Door) -> bool:
        """Whether there is a place for a new connection."""
        if self._by_address and self._of_address[door.address] >= MAX_CONNECTIONS_OF_ADDRESS:
            return False
        if len(self._doors) >= MAX_CONNECTIONS and not self._make_room():
            return False
        self._doors[door] = None
        self._of_address[door.address] += 1
        return True

    def _make_room(self) -> bool:
        """Hang up on a stranger: the one who has been silent for longest."""
        strangers = [door for door in self._doors if not door.signed and not door.busy]
        if not strangers:
            return False
        chosen = min(strangers, key=lambda door: door.since)
        self.forget(chosen)
        chosen.hang_up()
        return True

    def forget(self, door: Door) -> None:
        """A connection is gone."""
        if door in self._doors:
            del self._doors[door]
            self._of_address[door.address] -= 1
            if not self._of_address[door.address]:
                del self._of_address[door.address]

    async def watch(self) -> None:
        """Hang up on whoever has had his time, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = time.monotonic()
            for door in [door for door in self._doors if door.is_overdue(now)]:
                door.hang_up()

    def middleware(self, recognise: Callable[[web.Request], Awaitable[bool]]) -> Middleware:
        """Tells the door that its request is under way, and bounds what strangers have under way.

        Args:
            recognise: Whether a request that is signed, at a path that asks for no signature, is a partner's
                (Q-32): such a one is counted among nobody's else.
        """

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            door = door_of(request)
            if door is not None:
                door.asked()
            try:
                if not _is_public(request.path) or (
                    "Signature-Input" in request.headers and await recognise(request)
                ):
                    return await handler(request)
                return await self._for_strangers(request, handler)
            finally:
                if door is not None:
                    door.answered()

        return middleware

    async def _for_strangers(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._in_flight >= ANONYMOUS_IN_FLIGHT:
            await refuse(ANONYMOUS_IN_FLIGHT)
        if self._by_address and not self._spend(request.remote or ""):
            await refuse(REQUESTS_AT_ONCE)
        self._in_flight += 1
        try:
            return await handler(request)
        finally:
            self._in_flight -= 1

    def _spend(self, address: str) -> bool:
        """Take one request from what an address may ask, False where there is none; it grows back with time."""
        now = time.monotonic()
        left, then = self._rates.pop(address, (float(REQUESTS_AT_ONCE), now))
        left = min(float(REQUESTS_AT_ONCE), left + (now - then) * REQUESTS_PER_SECOND)
        self._rates[address] = (max(0.0, left - 1.0), now)
        while len(self._rates) > MAX_ADDRESSES:
            self._rates.popitem(last=False)
        return left >= 1.0


async def refuse(limit: int) -> NoReturn:
    """Say that it was too much, and not at once: who asks again with each answer is slowed to the pace of these.

    Raises:
        Refusal: ``request.too-many``.
    """
    await asyncio.sleep(REFUSAL_SECONDS)
    raise Refusal("request.too-many", limit=limit)


def _is_public(path: str) -> bool:
    """Whether anybody may ask for it without a signature."""
    return not path.startswith(("/feeds/to/", "/received/", "/notices"))


def door_of(request: web.Request) -> Door | None:
    """The connection on which a request came; None where another listener serves the routes."""
    transport = request.transport
    protocol = transport.get_protocol() if transport is not None else None
    return protocol if isinstance(protocol, Door) else None


class GuardedSite(web.TCPSite):
    """A listener whose every connection goes through a door.

    Args:
        runner: Serves the routes.
        host: Interface to bind.
        port: TCP port; 0 takes a free one.
        doorman: Keeps count.
        tls: Ends TLS here; a handshake has as long as a header.
    """

    __slots__ = ("_doorman", "_watch")

    def __init__(
        self,
        runner: web.AppRunner,
        host: str,
        port: int,
        doorman: Doorman,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(runner, host, port, ssl_context=tls)
        self._doorman = doorman
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen."""
        await web.BaseSite.start(self)
        inner: Callable[[], asyncio.Protocol] | None = self._runner.server
        if inner is None:
            raise RuntimeError("a runner is set up before its site starts")
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Door(self._doorman, inner()),
            self._host,
            self._port,
            ssl=self._ssl_context,
            ssl_handshake_timeout=None if self._ssl_context is None else HEAD_SECONDS,
            backlog=self._backlog,
        )
        self._watch = asyncio.create_task(self._doorman.watch(), name="doors")

    async def stop(self) -> None:
        """Stop to listen."""
        if self._watch is not None:
            self._watch.cancel()
        await super().stop()
