"""A proxy in front of a real node that breaks one rule, and leaves everything else as it is.

It writes HTTP by hand, so that nothing is put right on the way; what is no request goes to
the node as it came. What the fault says of the node's documents is served in their place,
as an honest server would serve them.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Self
from urllib.parse import urlsplit

from passerelle.conformance.author import Feed
from passerelle.errors import ProtocolError
from passerelle.protocol.tiles import parse_checkpoint_path

PATIENCE = 0.3
_BEGUN = re.compile(rb"(GET|POST|DELETE) /")
_REQUEST = re.compile(rb"[A-Z]{3,8} /[^ ]* HTTP/1\.1\r\n")


@dataclass
class Ask:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    raw: bytes


@dataclass
class Reply:
    """One answer as it goes."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def get(self, name: str) -> str:
        """A header field, empty where there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def put(self, name: str, value: str | None) -> Reply:
        """The same with one field another, or without it."""
        kept = [(key, was) for key, was in self.headers if key.lower() != name.lower()]
        return replace(self, headers=kept if value is None else [*kept, (name, value)])


Change = Callable[[Ask, Reply], Reply | None]
"""What becomes of an honest answer; None leaves it."""
Raw = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Proxy:
    """One faulty view of a node.

    Args:
        target: Where the node is.
    """

    target: str
    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    feeds: list[Feed] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    raw: Raw | None = None
    asked: list[Ask] = field(default_factory=list)
    before: Callable[[Ask], Awaitable[Reply | None]] | None = None

    async def __aenter__(self) -> Self:
        """Listen on loopback."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=2**20)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up."""
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def address(self) -> str:
        """Where the kit is sent."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    # --- connections ---------------------------------------------------------------------------------------

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            while not writer.is_closing():
                try:
                    async with asyncio.timeout(PATIENCE):
                        head = await reader.readuntil(b"\r\n\r\n")
                except TimeoutError:
                    held = bytes(reader._buffer)  # type: ignore[attr-defined]  # what came so far
                    if reader.at_eof():
                        return
                    # An idle connection, or a request of which the rest is late; not the kit's half a header.
                    if not held or (_BEGUN.match(held) and not held.endswith(b"Host: ")):
                        continue
                    head = b""
                if not _REQUEST.match(head):
                    await self._pass_on(head, reader, writer)
                    return
                try:
                    ask = await _ask(head, reader)
                except TimeoutError:
                    await self._pass_on(head, reader, writer)
                    return
                await self._serve(ask, writer)
                if ask.headers.get("connection") == "close":
                    return
        except (
            ConnectionError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            asyncio.CancelledError,
            ValueError,
        ):
            pass
        finally:
            writer.close()

    async def _pass_on(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What is no request: the node's own answer, unless the fault has one."""
        head += bytes(reader._buffer)  # type: ignore[attr-defined]  # what a timeout left there
        reader._buffer.clear()  # type: ignore[attr-defined]
        if self.raw is not None:
            await self.raw(head, writer)
            return
        writer.write(await self.ask_raw(head))
        await writer.drain()

    async def ask_raw(self, data: bytes) -> bytes:
        """What the node says to any bytes until it hangs up."""
        parts = urlsplit(self.target)
        there, back = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            back.write(data)
            return await asyncio.wait_for(there.read(), 30)
        finally:
            back.close()

    async def _serve(self, ask: Ask, writer: asyncio.StreamWriter) -> None:
        self.asked.append(ask)
        reply = None if self.before is None else await self.before(ask)
        if reply is None:
            reply = self._own(ask) or await self.forward(ask)
            for change in self.changes:
                reply = change(ask, reply) or reply
        lines = [f"HTTP/1.1 {reply.status} X", *(f"{name}: {value}" for name, value in reply.headers)]
        if reply.status not in {204, 304}:
            lines.append(f"Content-Length: {len(reply.body)}")
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + reply.body)
        await writer.drain()

    async def forward(self, ask: Ask) -> Reply:
        """The node's own answer; asked for once more where the node hung up, as it does when this machine is slow."""
        try:
            return await self._forward(ask)
        except (ConnectionError, asyncio.IncompleteReadError):
            return await self._forward(ask)

    async def _forward(self, ask: Ask) -> Reply:
        parts = urlsplit(self.target)
        there, back = await asyncio.open_connection(parts.hostname, parts.port, limit=2**20)
        try:
            back.write(ask.raw)
            back.write(ask.body)
            await back.drain()
            head = (await there.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            pairs = [line.partition(":") for line in head[1:] if line]
            headers = [(name, value.strip()) for name, _, value in pairs]
            length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
            status = int(head[0].split(" ")[1])
            has_body = length and status != 304 and ask.method != "HEAD"
            body = await there.readexactly(length) if has_body else b""
        finally:
            back.close()
            with contextlib.suppress(ConnectionError):
                await back.wait_closed()
        kept = [pair for pair in headers if pair[0].lower() not in {"content-length", "connection"}]
        return Reply(status, kept, body)

    # --- what is served in the node's place ----------------------------------------------------------------

    def _own(self, ask: Ask) -> Reply | None:
        if ask.method != "GET":
            return None
        path = ask.path
        if path in self.files:
            body, media = self.files[path]
            if "/objects/" in path:
                return _honest(ask, body, media, "no-cache", '"whole"')
            is_fixed = "/tile/" in path
            caching = "public, max-age=31536000, immutable" if is_fixed else "public, max-age=5"
            return _honest(ask, body, media, caching, etag_of(body))
        for feed in self.feeds:
            folder = f"/{feed.origin.path}/"
            if path.startswith(folder):
                return _of_feed(ask, feed, path.removeprefix(folder))
        return None


async def _ask(head: bytes, reader: asyncio.StreamReader) -> Ask:
    lines = head.decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ", 2)
    pairs = [line.partition(":") for line in lines[1:] if line]
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    async with asyncio.timeout(10 * PATIENCE):  # of a body that does not end the node says what it has to say
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Ask(method, path, headers, body, head)


def etag_of(body: bytes) -> str:
    """A validator of bytes."""
    return f'"{sha256(body).hexdigest()[:32]}"'


def _of_feed(ask: Ask, feed: Feed, tail: str) -> Reply | None:
    private = not feed.origin.is_public
    try:
        if tail.startswith("checkpoints/"):
            size = parse_checkpoint_path(tail)
            body = feed.checkpoint(size) if 0 < size <= len(feed.leaves) else None
        else:
            body = feed.read(tail)
    except ProtocolError:
        return None
    if body is None:  # the node itself may have what this feed has not
        return Reply(404, [("Content-Type", "application/problem+json")], b'{"code":"path.not-found"}')
    if tail == "checkpoint":
        return _honest(
            ask, body, "text/plain", "private, no-store" if private else "public, max-age=5", etag_of(body)
        )
    if tail.startswith("objects/"):
        return _honest(
            ask, body, "application/octet-stream", "private, no-store" if private else "no-cache", '"whole"'
        )
    caching = "private, no-store" if private else "public, max-age=31536000, immutable"
    return _honest(ask, body, "application/octet-stream", caching, etag_of(body))


def _honest(ask: Ask, body: bytes, media: str, caching: str, etag: str) -> Reply:
    headers = [
        ("Content-Type", media),
        ("Cache-Control", caching),
        ("ETag", etag),
        ("Vary", "Accept-Encoding"),
    ]
    known = {one.strip().removeprefix("W/") for one in ask.headers.get("if-none-match", "").split(",")}
    if known & {etag, "*"}:
        return Reply(304, headers, b"")
    wanted = re.fullmatch(r"bytes=([0-9]*)-([0-9]*)", ask.headers.get("range", ""))
    if wanted is not None and ask.headers.get("if-range", etag) == etag:
        first = int(wanted[1]) if wanted[1] else max(0, len(body) - int(wanted[2]))
        end = min(int(wanted[2]) + 1, len(body)) if wanted[1] and wanted[2] else len(body)
        if first >= end:
            return Reply(416, [("Content-Type", "application/problem+json")], b'{"code":"request.range"}')
        span = ("Content-Range", f"bytes {first}-{end - 1}/{len(body)}")
        return Reply(206, [*headers, span], body[first:end])
    if "gzip" in ask.headers.get("accept-encoding", "") and len(body) > 256:
        return Reply(200, [*headers, ("Content-Encoding", "gzip")], gzip.compress(body))
    return Reply(200, headers, body)
