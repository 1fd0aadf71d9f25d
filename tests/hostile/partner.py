"""A scripted partner: a real identity and real feeds behind a server that writes HTTP by hand.

It passes every check until a test gives it a *twist* for some of its files: what a twist
writes goes to the connection as it is, for no library would let a server misbehave like
that. Every byte that the kernel took is counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from passerelle.protocol.origins import Origin
from passerelle.protocol.records import Record
from passerelle.storage.peers import Peer
from tests.unit.sync.author import Agency, Feed, random_bytes

SEND_BUFFER_BYTES: Final = 65_536
"""Small, so that a byte that was written is soon a byte that was read."""

TEXT: Final = {
    200: "OK",
    202: "Accepted",
    206: "Partial Content",
    304: "Not Modified",
    404: "Not Found",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def file(self) -> str:
        """Which kind of file it asks for, by which a twist is found."""
        path = self.target
        if path.startswith("/feeds/"):
            folder = "public" if path.startswith("/feeds/public/") else "to"
            tail = path.split("/", 4 if folder == "public" else 5)[-1]
            kind = tail.split("/")[0] if not tail.startswith("tile/") else tail.split("/")[1]
            return f"{folder} {'tile' if kind.isdigit() else kind}"
        known = {"/.well-known/did.jsonl": "identity", "/.well-known/passerelle": "descriptor"}
        return known.get(path, path.split("/")[1])


class Wire:
    """A connection to write on; counts what the kernel took.

    Args:
        reader: What comes.
        writer: Where it goes.
        partner: Whose count it adds to.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, partner: Partner) -> None:
        self.reader = reader
        self._writer = writer
        self.partner = partner

    async def send(self, data: bytes) -> None:
        """Write, and wait until nearly all of it is gone."""
        self._writer.write(data)
        self.partner.sent += len(data)
        await self._writer.drain()

    async def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """One whole answer with the right length."""
        fields = {"Content-Length": str(len(body)), **{k.replace("_", "-"): v for k, v in headers.items()}}
        await self.send(head(status, fields) + body)

    async def hang_up(self) -> None:
        """Close in order."""
        self._writer.close()

    def reset(self) -> None:
        """Close as a broken line does."""
        found = self._writer.get_extra_info("socket")
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self._writer.transport.abort()


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Status line and header fields, with the empty line."""
    lines = [f"HTTP/1.1 {status} {TEXT.get(status, 'Other')}", *(f"{k}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


Twist = Callable[[Ask, Wire, bytes], Awaitable[None]]
"""Answers one request in its own way; given what the honest answer would hold."""


def as_it_is(row: Peer) -> Peer:
    """The way to a partner that its operator has given."""
    return row


@dataclass
class Partner:
    """One agency that serves its feeds, honestly until told otherwise.

    Args:
        code: Short code under which our node knows it.
        us: SCID of our node.
        seal_to: Our newest public sealing key.
        records: How many good records its public feed begins with.
        peer: What our operator, or a document of its own, says of the way to it.
    """

    code: str
    us: str
    seal_to: bytes
    records: int = 2
    twists: dict[str, Twist] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    sent: int = 0
    requests: int = 0
    open: int = 0
    most_open: int = 0
    peer: Callable[[Peer], Peer] = as_it_is

    def __post_init__(self) -> None:
        """A real identity, a public feed and a feed to us."""
        self.now = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
        self.agency = Agency(self.code.lower(), made=self.now - timedelta(days=1))
        self.scid = self.agency.scid
        self.public = Feed(self.agency, Origin(self.scid, None, 1))
        self.bilateral = Feed(self.agency, Origin(self.scid, self.us, 1))
        self.random = random_bytes(f"{self.code} twist")
        self.log = self.agency.log
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.tls: ssl.SSLContext | None = None
        self.add_public(self.records)
        self.add_bilateral(1)

    # --- what it owns --------------------------------------------------------------------------------------

    def add_public(self, count: int) -> None:
        """Append good public records."""
        for _ in range(count):
            self.public.add(self.agency.record(issued=self.now))

    def add_bilateral(self, count: int) -> None:
        """Append good records to us."""
        for _ in range(count):
            self.bilateral.add(self.to_us(), recipient=self.seal_to)

    def to_us(self) -> Record:
        """A good record to us."""
        return self.agency.record(to=[self.us], issued=self.now)

    def row(self) -> Peer:
        """The row by which our node knows it."""
        descriptor = self.agency.descriptor(f"https://{self.code.lower()}.example")
        return self.peer(Peer(self.scid, self.code, self.address, True, 1, None, descriptor.data))

    # --- serving -------------------------------------------------------------------------------------------

    @property
    def port(self) -> int:
        """Where it listens."""
        if self._server is None:
            raise RuntimeError("not started")
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def address(self) -> str:
        """Where our node is told to connect."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen on loopback."""
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", 0, limit=2**20, ssl=self.tls, backlog=512
        )

    async def stop(self) -> None:
        """Hang up, whatever is under way."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        writer.transport.set_write_buffer_limits(high=SEND_BUFFER_BYTES)
        try:
            wire = Wire(reader, writer, self)
            while not writer.is_closing():
                await self._answer(await _read(reader), wire)
        except (
            ValueError,
            asyncio.LimitOverrunError,
            ConnectionError,
            asyncio.IncompleteReadError,
            asyncio.CancelledError,
            ssl.SSLError,
        ):
            pass
        finally:
            self.open -= 1
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    async def _answer(self, ask: Ask, wire: Wire) -> None:
        self.requests += 1
        twist = self.twists.get(ask.file) or self.twists.get("*")
        data = self.find(ask.target)
        if twist is not None:
            await twist(ask, wire, data or b"")
        elif ask.method == "POST":
            await wire.answer(202)
        elif data is None:
            await wire.answer(404)
        else:
            await honest(ask, wire, data)

    def find(self, path: str) -> bytes | None:
        """The honest bytes of a path."""
        for feed in (self.public, self.bilateral):
            folder = f"/{feed.origin.path}/"
            if path.startswith(folder):
                return feed.read(path.removeprefix(folder))
        if path == "/.well-known/did.jsonl":
            return self.log
        return self.files.get(path)


async def _read(reader: asyncio.StreamReader) -> Ask:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    pairs = (line.partition(":") for line in lines[1:] if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Ask(method, target, headers, body)


async def honest(ask: Ask, wire: Wire, data: bytes) -> None:
    """What an honest server answers: validators, and one range."""
    name = "whole" if "/objects/" in ask.target else sha256(data).hexdigest()[:16]
    etag = f'"{name}"'
    if ask.headers.get("if-none-match") == etag:
        await wire.answer(304, ETag=etag)
        return
    wanted = ask.headers.get("range", "")
    if wanted.startswith("bytes=") and ask.headers.get("if-range", etag) == etag:
        first = int(wanted.removeprefix("bytes=").removesuffix("-"))
        span = f"bytes {first}-{len(data) - 1}/{len(data)}"
        await wire.answer(206, data[first:], ETag=etag, Content_Range=span)
        return
    await wire.answer(200, data, ETag=etag)
