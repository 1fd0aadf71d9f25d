"""The kit's own server: its agency's documents and feeds, and whatever else a step lets it answer.

Every request is kept: what a node asks, and how, is what is seen of it as a client.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from aiohttp import web

from passerelle.conformance.author import Agency, Feed
from passerelle.errors import ProtocolError
from passerelle.protocol.profile import format_time

MAX_CALLS: Final = 20_000
"""Requests that are kept, the newest: of a node that asks more the first are forgotten."""
MAX_BODY: Final = 65_536
MOMENT: Final = 0.05
"""Seconds between two looks at what has come."""
_IDENTITY: Final = "/.well-known/did.jsonl"
CLOCK_SECONDS: Final = 30
"""By which a request may be signed before or after the clock of the stand."""

Override = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the node.

    Args:
        at: When, in seconds of a clock that only goes on.
        method: As received.
        path: Path and query, as received.
        headers: Names in lower case.
        fields: The same with repeated fields one by one.
        body: As received.
        wall: When, in POSIX seconds of the clock that the stand goes by.
        ends: IP addresses of the connection: the kit's, and the node's.
        took: Whether its time was right by that clock.
    """

    at: float
    method: str
    path: str
    headers: dict[str, str]
    fields: tuple[tuple[str, str], ...]
    body: bytes
    wall: float
    ends: tuple[str, ...] = ()
    took: bool = True


@dataclass
class Stand:
    """Answers on one address.

    Args:
        agency: Whose documents and feeds.
        host: Where to listen.
        port: 0 for any.
        clock: How far ahead of the true clock the stand says that it is; of what is signed by another one it
            says so. None where it looks at no times.
        log: The identity log that is shown, the agency's own where None.
        late: Paths of the requests to which it has said so.
    """

    agency: Agency
    host: str
    port: int
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=MAX_CALLS))
    overrides: dict[str, Override] = field(default_factory=dict)
    sizes: set[tuple[str, int]] = field(default_factory=set)
    clock: timedelta | None = None
    log: bytes | None = None
    late: list[str] = field(default_factory=list)
    _last: float = 0.0
    _runner: web.AppRunner | None = None

    async def open(self) -> None:
        """Listen.

        Raises:
            OSError: The address cannot be had.
        """
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_route("*", "/{tail:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        self.port = int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Hang up."""
        if self._runner is not None:
            await self._runner.cleanup()

    def since(self, moment: float, path: str = "", method: str = "GET") -> list[Call]:
        """The requests that came after a moment, to a path that ends so."""
        return [
            call
            for call in self.calls
            if call.at > moment and call.method == method and call.path.endswith(path)
        ]

    async def until(self, moment: float, path: str, seconds: float, method: str = "GET") -> bool:
        """Wait for a request that comes after a moment."""
        deadline = time.monotonic() + seconds
        while not self.since(moment, path, method):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(MOMENT)
        return True

    async def quiet(self, seconds: float, most: float) -> None:
        """Wait until the node has asked nothing for a while but for a log that is shown beside everything else.

        Only moments in which a request would have been seen count: on a machine that gives the kit no time,
        what the node has asked meanwhile still waits to be read.
        """
        deadline = time.monotonic() + most
        last, silent = self._last, 0.0
        while silent < seconds and time.monotonic() < deadline:
            await asyncio.sleep(MOMENT)
            silent = silent + MOMENT if last == self._last else 0.0
            last = self._last

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        path, now = request.raw_path, time.monotonic()
        fields = tuple((name.lower(), value) for name, value in request.headers.items())
        if self.log is None or path != _IDENTITY:
            self._last = now
        wall, took = self._time_of(dict(fields))
        self.calls.append(
            Call(now, request.method, path, dict(fields), fields, body, wall, _ends(request), took)
        )
        if not took:
            self.late.append(path)
            return problem(401, "request.time", serverTime=format_time(datetime.now(UTC) + self._ahead))
        override = self.overrides.get(request.raw_path)
        if override is not None:
            return await override(request)
        if request.method == "POST":
            return web.Response(status=202)
        if path.startswith(f"/received/{self.agency.us}/") and path.endswith("/checkpoint"):
            # How far the kit holds it is asked at the first contact (W-18), and again until it is told.
            return problem(503, "node.read-only", retry=5)
        for feed in (self.agency.public, self.agency.bilateral):
            folder = f"/{feed.origin.path}/"
            if path.startswith(folder):
                data = self._of_feed(feed, path.removeprefix(folder))
                tag = f'"{feed.rewrites}"' if "/objects/" in path else ""
                return not_found() if data is None else served(request, data, tag)
        own = {
            _IDENTITY: self.log or self.agency.log,
            "/.well-known/passerelle": self.agency.descriptor.data,
        }
        return served(request, own[path]) if path in own else not_found()

    @property
    def _ahead(self) -> timedelta:
        return self.clock or timedelta()

    def _time_of(self, headers: Mapping[str, str]) -> tuple[float, bool]:
        """When a request came by the clock of the stand, and whether it is signed by that; where it is not, its own time."""
        wall, signed = time.time() + self._ahead.total_seconds(), created(headers)
        took = self.clock is None or not signed or abs(signed - wall) <= CLOCK_SECONDS
        return (wall if took else signed), took

    def _of_feed(self, feed: Feed, tail: str) -> bytes | None:
        if tail == "checkpoint":
            self.sizes.add((feed.origin.path, len(feed.leaves)))
        try:
            return feed.read(tail)
        except ProtocolError:
            return None


def created(headers: Mapping[str, str]) -> float:
    """When a signature says that it was made, in POSIX seconds; 0 where it says nothing."""
    match = re.search(r";created=([0-9]{1,12})", headers.get("signature-input", ""))
    return float(match[1]) if match else 0.0


def _ends(request: web.Request) -> tuple[str, ...]:
    names = [request.get_extra_info(end) for end in ("sockname", "peername")]
    return tuple(str(name[0]) for name in names if isinstance(name, tuple))


def not_found() -> web.Response:
    """The answer where there is nothing."""
    return problem(404, "path.not-found")


def problem(status: int, code: str, *, retry: int = 0, **more: object) -> web.Response:
    """A problem document; with the seconds after which to come back, where there are any."""
    document = {
        "type": f"urn:passerelle:problem:{code}",
        "status": status,
        "code": code,
        "params": {},
        **more,
    }
    headers = {"Retry-After": str(retry)} if retry else None
    return web.json_response(
        document, status=status, content_type="application/problem+json", headers=headers
    )


def served(request: web.Request, data: bytes, etag: str = "") -> web.Response:
    """A file, whole or from the byte on that is asked for; 304 where it is known."""
    etag = etag or f'"{sha256(data).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers=headers)
    wanted = re.fullmatch(r"bytes=([0-9]{1,15})-", request.headers.get("Range", ""))
    # Of objects, which change, nothing is sent in parts to whoever does not say of which bytes: a node that forgot
    # to (P-7) would put two versions together, and follow the feed no more before anything else was looked at.
    told = request.headers.get("If-Range", "" if "/objects/" in request.path else etag)
    if wanted is None or told != etag:
        return web.Response(body=data, headers=headers)
    first = int(wanted[1])
    if first >= len(data):
        return problem(416, "request.range")
    headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
    return web.Response(status=206, body=data[first:], headers=headers)
