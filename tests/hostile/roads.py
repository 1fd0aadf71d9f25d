"""Behaviours of a server: bytes, lengths, codings, times that no honest server would send."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import zstandard

from tests.hostile.partner import Ask, Partner, Twist, Wire, head
from tests.hostile.table import DEADLINE, IN_FLIGHT_BYTES, KIB, MIB, Arm, Behaviour

ENTRIES_BYTES: Final = 256 * (2 + 4_096)
OBJECTS_BYTES: Final = 256 * (4 + 526_336)


def grown(file: str, twist: Twist) -> Arm:
    """One more public record, and a twist for one kind of file."""

    def arm(partner: Partner) -> None:
        partner.add_public(1)
        partner.twists[f"public {file}"] = twist

    return arm


def raw(*parts: bytes, pause: float = 0.0, end: str = "close") -> Twist:
    """Exactly these bytes, one after the other."""

    async def twist(_ask: Ask, wire: Wire, _data: bytes) -> None:
        for part in parts:
            await wire.send(part)
            await asyncio.sleep(pause)
        await _end(wire, end)

    return twist


async def _end(wire: Wire, end: str) -> None:
    if end == "reset":
        wire.reset()
    elif end == "hold":
        await asyncio.sleep(3_600)
    elif end == "close":
        await wire.hang_up()


def endless(first: bytes, piece: bytes, pause: float = 0.0) -> Twist:
    """A beginning, and then the same piece for ever."""

    async def twist(_ask: Ask, wire: Wire, _data: bytes) -> None:
        await wire.send(first)
        while True:
            await wire.send(piece)
            await asyncio.sleep(pause)

    return twist


def whole(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Twist:
    """Another answer altogether, well-formed."""

    async def twist(_ask: Ask, wire: Wire, _data: bytes) -> None:
        length = {} if status == 304 else {"Content-Length": str(len(body))}
        await wire.send(head(status, {**length, **(headers or {})}) + body)

    return twist


def lying_length(change: int) -> Twist:
    """A Content-Length that is wrong by so many bytes; the connection stays open."""

    async def twist(_ask: Ask, wire: Wire, data: bytes) -> None:
        await wire.send(head(200, {"Content-Length": str(len(data) + change)}) + data)

    return twist


def bomb(coding: str) -> bytes:
    """256 MiB of zeros in a few kilobytes; made without ever holding them."""
    zeros = bytes(MIB)
    if coding == "gzip":
        engine = zlib.compressobj(9, wbits=31)
        return b"".join(engine.compress(zeros) for _ in range(256)) + engine.flush()
    squeezer = zstandard.ZstdCompressor().compressobj()
    return b"".join(squeezer.compress(zeros) for _ in range(256)) + squeezer.flush()


def coded(coding: str, encode: Callable[[bytes], bytes]) -> Twist:
    """The honest bytes under a coding that they have, or have not."""

    async def twist(_ask: Ask, wire: Wire, data: bytes) -> None:
        await wire.answer(200, encode(data), Content_Encoding=coding)

    return twist


async def inwards(ask: Ask, wire: Wire, data: bytes) -> None:
    """A redirect to another service of the same machine, which has what was asked for."""
    wire.partner.files["/inside"] = data
    await wire.answer(307, Location=f"{wire.partner.address}/inside")


def misplaced_part(partner: Partner) -> None:
    """One more record to us, and parts of object files that say to begin at 0."""

    async def twist(ask: Ask, wire: Wire, data: bytes) -> None:
        first = int(ask.headers["range"].removeprefix("bytes=").removesuffix("-"))
        span = f"bytes 0-{len(data) - first - 1}/{len(data)}"
        await wire.answer(206, data[first:], ETag='"whole"', Content_Range=span)

    partner.add_bilateral(1)
    partner.twists["to objects"] = twist


HTML: Final = b"<!doctype html><title>Sign in</title><p>Welcome to the airport." + b" " * 600

ROADS: Final = (
    Behaviour(
        name="endless-body",
        does="answers for an entry bundle with bytes that never end",
        guard="byte limit of the path (Q-21)",
        arm=grown("entries", endless(head(200, {"Connection": "close"}), bytes(32 * KIB))),
        code="road.too-long",
        sent=ENTRIES_BYTES + IN_FLIGHT_BYTES,
    ),
    Behaviour(
        name="endless-checkpoint",
        does="answers for a checkpoint with bytes that never end",
        guard="byte limit of the path (Q-21)",
        arm=grown("checkpoint", endless(head(200, {"Connection": "close"}), b"x" * 32 * KIB)),
        state="current",
        code="road.too-long",
        sent=IN_FLIGHT_BYTES,
    ),
    Behaviour(
        name="chunked-without-end",
        does="sends one chunk after the other and never the last",
        guard="byte limit of the path (Q-21)",
        arm=grown(
            "entries",
            endless(head(200, {"Transfer-Encoding": "chunked"}), b"8000\r\n" + bytes(32 * KIB) + b"\r\n"),
        ),
        code="road.too-long",
        sent=ENTRIES_BYTES + IN_FLIGHT_BYTES,
    ),
    Behaviour(
        name="chunk-of-exabytes",
        does="announces a chunk of 2^64 bytes",
        guard="byte limit of the path, or the parser of the HTTP library",
        arm=grown(
            "entries",
            raw(
                head(200, {"Transfer-Encoding": "chunked"}) + b"ffffffffffffffff\r\n",
                bytes(4 * KIB),
                end="hold",
            ),
        ),
        code="road.timeout",
        seconds=DEADLINE + 2,
    ),
    Behaviour(
        name="dripping-body",
        does="sends the entry bundle a byte every fifth of a second",
        guard="deadline of a request, whatever comes meanwhile (Q-22)",
        arm=grown("entries", endless(head(200, {"Content-Length": "1000"}), b"x", 0.2)),
        code="road.timeout",
        seconds=DEADLINE + 2,
    ),
    Behaviour(
        name="dripping-headers",
        does="sends the header a byte every fifth of a second",
        guard="deadline of a request, whatever comes meanwhile (Q-22)",
        arm=grown("entries", endless(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", 0.2)),
        code="road.timeout",
        seconds=DEADLINE + 2,
    ),
    Behaviour(
        name="silence",
        does="takes the request and never answers",
        guard="deadline of a request (Q-22)",
        arm=grown("checkpoint", raw(end="hold")),
        state="current",
        code="road.timeout",
        seconds=DEADLINE + 2,
    ),
    Behaviour(
        name="huge-header",
        does="sends one header field of a mebibyte",
        guard="limit of a header line of the HTTP library",
        arm=grown(
            "entries", raw(b"HTTP/1.1 200 OK\r\nX-Big: " + b"x" * MIB + b"\r\nContent-Length: 0\r\n\r\n")
        ),
        code="road.unreachable",
        sent=2 * MIB,
    ),
    Behaviour(
        name="html-with-200",
        does="answers every path with a page, status 200, as a captive portal does",
        guard="bytes that do not parse are the road's fault (F-8)",
        arm=grown("entries", whole(HTML, headers={"Content-Type": "text/html"})),
        code="road.damaged",
    ),
    Behaviour(
        name="gzip-bomb",
        does="sends 256 MiB of zeros as a gzip answer of 256 KiB",
        guard="the limit of a path is that of what comes out (P-10)",
        arm=grown("entries", whole(bomb("gzip"), headers={"Content-Encoding": "gzip"})),
        code="road.too-long",
        sent=512 * KIB,
        memory=64 * MIB,
        alone=True,
    ),
    Behaviour(
        name="zstd-bomb",
        does="sends 256 MiB of zeros as a zstd answer of a few kilobytes",
        guard="the limit of a path is that of what comes out (P-10)",
        arm=grown("entries", whole(bomb("zstd"), headers={"Content-Encoding": "zstd"})),
        code="road.too-long",
        memory=96 * MIB,
        alone=True,
    ),
    Behaviour(
        name="nested-codings",
        does="sends gzip within gzip",
        guard="one coding of two names, nothing else (P-9)",
        arm=grown("entries", coded("gzip, gzip", lambda data: gzip.compress(gzip.compress(data)))),
        code="road.damaged",
    ),
    Behaviour(
        name="unknown-coding",
        does="sends a content coding that nobody asked for",
        guard="one coding of two names, nothing else (P-9)",
        arm=grown("entries", coded("br", bytes)),
        code="road.damaged",
    ),
    Behaviour(
        name="wrong-coding",
        does="says gzip of what is not",
        guard="what does not inflate whole is the road's fault (F-8)",
        arm=grown("entries", coded("gzip", bytes)),
        code="road.damaged",
    ),
    Behaviour(
        name="length-too-short",
        does="announces fewer bytes than it sends, on a connection that it keeps",
        guard="the HTTP library: what follows is no answer to the next request, the connection is given up",
        arm=grown("entries", lying_length(-7)),
        code="road.unreachable",
    ),
    Behaviour(
        name="length-too-long",
        does="announces more bytes than it sends, on a connection that it keeps",
        guard="deadline of a request (Q-22)",
        arm=grown("entries", lying_length(7)),
        code="road.timeout",
        seconds=DEADLINE + 2,
    ),
    Behaviour(
        name="length-negative",
        does="announces minus one byte",
        guard="the parser of the HTTP library",
        arm=grown("entries", raw(head(200, {"Content-Length": "-1"}), b"x" * 99, end="hold")),
        code="road.unreachable",
    ),
    Behaviour(
        name="no-length-kept-open",
        does="announces no length and keeps the connection",
        guard="deadline of a request (Q-22)",
        arm=grown("entries", raw(head(200, {"Connection": "keep-alive"}), b"x" * 99, end="hold")),
        code="road.timeout",
        seconds=DEADLINE + 2,
    ),
    Behaviour(
        name="redirect-loop",
        does="redirects each path to itself",
        guard="no redirect is followed (P-15)",
        arm=grown("entries", whole(b"", 302, {"Location": "/feeds/public/1/tile/entries/000.p/3"})),
        code="road.status",
    ),
    Behaviour(
        name="redirect-inwards",
        does="redirects to a private address, where another service has what was asked for",
        guard="no redirect is followed (P-15)",
        arm=grown("entries", inwards),
        code="road.status",
    ),
    Behaviour(
        name="redirect-to-a-file",
        does="redirects to file:///etc/passwd",
        guard="no redirect is followed (P-15)",
        arm=grown("checkpoint", whole(b"", 301, {"Location": "file:///etc/passwd"})),
        state="current",
        code="road.status",
    ),
    Behaviour(
        name="slow-tls",
        does="takes the connection and never answers the first word of TLS",
        guard="deadline of a request, the handshake within (Q-22)",
        arm=lambda _partner: None,
        peer=lambda peer: replace(peer, address=peer.address.replace("http:", "https:")),
        state="unknown",
        code="road.timeout",
        seconds=DEADLINE + 2,
        again="unknown",
    ),
    Behaviour(
        name="name-that-points-inwards",
        does="has a name in its document that leads to our own machine",
        guard="names of this machine are known, of others the address is looked at (P-16)",
        arm=lambda _partner: None,
        peer=lambda peer: replace(
            peer, address=peer.address.replace("127.0.0.1", "localhost"), override=False
        ),
        state="unknown",
        code="road.private-address",
        sent=0,
        again="unknown",
    ),
    Behaviour(
        name="number-that-points-inwards",
        does="has a private address in its document",
        guard="addresses of documents lead to no private network (P-16)",
        arm=lambda _partner: None,
        peer=lambda peer: replace(peer, override=False),
        state="unknown",
        code="road.private-address",
        sent=0,
        again="unknown",
    ),
    Behaviour(
        name="part-unasked",
        does="answers 206 where the whole was asked for",
        guard="another status than was asked for is a fault of the road (F-8)",
        arm=grown("checkpoint", whole(b"x", 206, {"Content-Range": "bytes 0-0/1"})),
        state="current",
        code="road.status",
    ),
    Behaviour(
        name="another-part",
        does="says of a part that it begins elsewhere than was asked for",
        guard="a part begins where it was asked to begin (P-6)",
        arm=misplaced_part,
        code="road.damaged",
    ),
    Behaviour(
        name="reset-in-mid-body",
        does="breaks the connection in the middle of a body",
        guard="a broken answer is no answer; the next visit asks again (F-8)",
        arm=grown("entries", raw(head(200, {"Content-Length": "1000"}), b"x" * 500, end="reset")),
        code="road.unreachable",
    ),
)
