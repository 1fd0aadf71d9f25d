"""Faults in how files are served and errors are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Final

from tests.conformance.follower_stage import (
    Arm,
    Fault,
    missing,
    problem,
    where,
)
from tests.conformance.proxy import Ask, Proxy, Reply, etag_of
from tests.conformance.world import World


def _ends(*tails: str) -> Callable[[Ask], bool]:
    return lambda ask: any(tail in ask.path for tail in tails)


def _put(name: str, value: str | None) -> Callable[[Ask, Reply], Reply]:
    return lambda _ask, reply: reply.put(name, value)


def _whole(ask: Ask, reply: Reply) -> Reply:
    return reply if reply.status != 206 else Reply(200, reply.put("Content-Range", None).headers, reply.body)


def _lax(ask: Ask, reply: Reply) -> Reply:
    return (
        Reply(200, [("Content-Type", "application/octet-stream")], b"here") if reply.status == 404 else reply
    )


def _asking(change: Callable[[Ask], dict[str, str | None]]) -> Arm:
    """Asks the node with other header fields than came; those that become None are left out."""

    def arm(proxy: Proxy, _world: World) -> None:
        async def before(ask: Ask) -> None:
            changed = change(ask)
            if changed:
                fields = {
                    name: value for name, value in {**ask.headers, **changed}.items() if value is not None
                }
                ask.headers = fields
                lines = [
                    ask.raw.partition(b"\r\n")[0].decode(),
                    *(f"{name}: {value}" for name, value in fields.items()),
                ]
                ask.raw = ("\r\n".join(lines) + "\r\n\r\n").encode()

        proxy.before = before

    return arm


def _each_width(proxy: Proxy, world: World, test: Callable[[str], bool] = lambda _path: True) -> None:
    """A validator of its own for object files of some paths, by which the node knows them again."""

    def change(ask: Ask, reply: Reply) -> Reply | None:
        if "/objects/" not in ask.path or not test(ask.path) or reply.status not in {200, 206, 304}:
            return None
        return reply.put("ETag", etag_of(ask.path.encode()))

    _asking(
        lambda ask: {"if-range": None} if ask.headers.get("if-range") == etag_of(ask.path.encode()) else {}
    )(proxy, world)
    proxy.changes.append(change)


def _answered(test: Callable[[Ask, Reply], bool], name: str, value: str | None) -> Arm:
    """One header field of some answers another."""
    return where(lambda _ask: True, lambda ask, reply: reply.put(name, value) if test(ask, reply) else reply)


def _is_tile(ask: Ask) -> bool:
    return "/tile/" in ask.path


def _is_object(ask: Ask) -> bool:
    return "/objects/" in ask.path


def _is_checkpoint(ask: Ask) -> bool:
    return ask.path == "/feeds/public/1/checkpoint"


def _without_code(_ask: Ask, reply: Reply) -> Reply:
    return reply if reply.status != 405 else Reply(405, [("Content-Type", "text/html")], b"<p>no</p>")


def _cutting(*, empty: bool) -> Arm:
    """Cuts the query off before it looks, any or only an empty one."""

    def arm(proxy: Proxy, _world: World) -> None:
        async def before(ask: Ask) -> None:
            path, mark, query = ask.path.partition("?")
            if mark and not (empty and query):
                ask.raw = ask.raw.replace(f" {ask.path} ".encode(), f" {path} ".encode(), 1)
                ask.path = path

        proxy.before = before

    return arm


def _telling(_ask: Ask, reply: Reply) -> Reply:
    if reply.status != 405:
        return reply
    told = {**json.loads(reply.body), "detail": "cannot open /var/lib/passerelle/node.sqlite"}
    return Reply(405, reply.headers, json.dumps(told).encode())


def _raw(answer: bytes | None) -> Arm:
    """Says something to bytes that are no request, or nothing and holds the line."""

    async def say(head: bytes, writer: asyncio.StreamWriter) -> None:
        if head.startswith(b"GET"):
            if answer is None:
                await asyncio.sleep(60)
        elif answer is not None:
            writer.write(answer + head)
        else:
            writer.write(b"HTTP/1.1 400 X\r\nContent-Length: 28\r\n\r\n" + b'{"code":"request.malformed"}')

    def arm(proxy: Proxy, _world: World) -> None:
        proxy.raw = say

    return arm


def _waiting(begun: bytes) -> Arm:
    """Holds the line where what came begins so."""

    def arm(proxy: Proxy, _world: World) -> None:
        async def say(head: bytes, writer: asyncio.StreamWriter) -> None:
            if head.startswith(begun):
                await asyncio.sleep(60)
            writer.write(await proxy.ask_raw(head))

        proxy.raw = say

    return arm


def _answering(part: bytes, answer: bytes) -> Arm:
    """Says something of its own, and what came, to what holds some bytes."""

    def arm(proxy: Proxy, _world: World) -> None:
        async def say(head: bytes, writer: asyncio.StreamWriter) -> None:
            writer.write(
                answer + head
                if part in head and answer
                else b""
                if part in head
                else await proxy.ask_raw(head)
            )

        async def before(ask: Ask) -> Reply | None:
            return Reply(400, [], b"request.malformed " + ask.raw) if part in ask.raw and answer else None

        proxy.raw, proxy.before = say, before

    return arm


SERVING: Final = (
    Fault("P-1", "a path in another spelling", where(_ends(".p/01", "/0000"), _lax)),
    Fault("P-1", "a query that is cut off", _cutting(empty=False)),
    Fault("P-1", "an empty query that is not seen", _cutting(empty=True)),
    Fault("P-2", "tiles that may not be kept", where(_ends("/tile/0/"), _put("Cache-Control", "no-store"))),
    Fault(
        "P-3",
        "a checkpoint that may be kept for a day",
        where(
            lambda ask: ask.path == "/feeds/public/1/checkpoint",
            _put("Cache-Control", "public, max-age=86400"),
        ),
    ),
    Fault(
        "P-5",
        "objects that may be kept",
        where(_ends("/objects/"), _put("Cache-Control", "public, max-age=60")),
    ),
    Fault("P-6", "the whole where a part was asked for", where(_ends("/tile/entries/"), _whole), frozenset()),
    Fault(
        "P-8",
        "the whole checkpoint to whoever has it",
        lambda p, _w: p.changes.append(
            lambda a, r: Reply(200, r.headers, b"?") if r.status == 304 and _is_checkpoint(a) else None
        ),
    ),
    Fault(
        "P-9",
        "no gzip",
        where(
            lambda ask: "gzip" in ask.headers.get("accept-encoding", ""),
            lambda a, r: r.put("Content-Encoding", None),
        ),
    ),
    Fault(
        "P-14",
        "what is held of others, for everybody",
        where(_ends("/received/"), lambda a, r: Reply(200, [], b"held")),
        frozenset({"Q-14"}),
    ),
    Fault("P-22", "an ETag for each width of objects", _each_width),
    Fault(
        "P-22",
        "another ETag for one width of objects",
        lambda p, w: _each_width(p, w, lambda path: path.endswith(f".p/{len(w.feed.leaves) // 2}")),
    ),
    Fault("P-1", "a feed's number with a zero before it", where(_ends("/feeds/public/01/"), _lax)),
    Fault("P-1", "a slash at the end of a path", where(lambda ask: ask.path.endswith("l/"), _lax)),
    Fault(
        "P-2",
        "parts of tiles that may not be kept",
        _answered(lambda a, r: _is_tile(a) and r.status == 206, "Cache-Control", "no-store"),
    ),
    Fault(
        "P-2",
        "older tiles that may not be kept",
        lambda p, w: _answered(
            lambda a, _r: a.path.endswith(f"/tile/0/000.p/{len(w.feed.leaves) // 2}"),
            "Cache-Control",
            "no-cache",
        )(p, w),
    ),
    Fault(
        "P-3",
        "a known checkpoint that may be kept for a day",
        _answered(
            lambda a, r: _is_checkpoint(a) and r.status == 304, "Cache-Control", "public, max-age=86400"
        ),
    ),
    Fault(
        "P-5",
        "coded objects that may be kept",
        _answered(
            lambda a, r: _is_object(a) and bool(r.get("Content-Encoding")),
            "Cache-Control",
            "public, max-age=60",
        ),
    ),
    Fault(
        "P-5",
        "a weak validator of coded objects",
        _answered(lambda a, r: _is_object(a) and bool(r.get("Content-Encoding")), "ETag", 'W/"whole"'),
    ),
    Fault(
        "P-6",
        "a part under the validator of another version",
        _asking(lambda ask: {"if-range": None} if "if-range" in ask.headers else {}),
    ),
    Fault(
        "P-6",
        "the whole where its end was asked for",
        _asking(lambda ask: {"range": None} if ask.headers.get("range") == "bytes=-5" else {}),
    ),
    Fault(
        "P-8",
        "the whole checkpoint to whoever names its validator among others",
        _asking(lambda ask: {"if-none-match": None} if "," in ask.headers.get("if-none-match", "") else {}),
    ),
    Fault(
        "P-9",
        "no gzip for objects",
        _asking(
            lambda ask: (
                {"accept-encoding": "identity"}
                if _is_object(ask) and ask.headers.get("accept-encoding") == "gzip"
                else {}
            )
        ),
    ),
    Fault("P-26", "no mirror of its own log", where(_ends("/mirrors/"), missing)),
    Fault(
        "Q-14",
        "another answer for a path that may be there",
        where(_ends("/1/nothing"), _put("X-Feed", "none")),
    ),
    Fault(
        "Q-16",
        "403 for what is not there",
        where(_ends("/nothing-here"), lambda a, r: problem(403, "path.not-found")),
    ),
    Fault("Q-18", "an error without a code", where(_ends("did.jsonl"), _without_code), frozenset({"Q-16"})),
    Fault("Q-19", "an error that names a file of the server", where(_ends("did.jsonl"), _telling)),
    Fault("Q-25", "an echo to what is no HTTP", _raw(b"HTTP/1.1 400 X\r\n\r\nrequest.malformed ")),
    Fault(
        "Q-26",
        "the name of the software",
        where(lambda ask: True, _put("Server", "Python/3.11 aiohttp/3.14")),
    ),
    Fault("Q-31", "half a body is waited for", _waiting(b"POST")),
    Fault(
        "Q-25",
        "an echo to a header field without a colon",
        _answering(b"bad ", b"HTTP/1.1 400 X\r\n\r\nrequest.malformed "),
    ),
    Fault("Q-25", "no word to another protocol", _answering(b"\x16\x03", b"")),
    Fault(
        "Q-16",
        "an answer to GET /notices",
        where(lambda ask: (ask.method, ask.path) == ("GET", "/notices"), missing),
    ),
    Fault("Q-31", "half a header is waited for", _raw(None)),
)
