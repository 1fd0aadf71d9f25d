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
    return (
        reply
        if reply.status != 206
        else Reply(200, [("Content-Type", "application/octet-stream")], reply.body)
    )


def _lax(ask: Ask, reply: Reply) -> Reply:
    return (
        Reply(200, [("Content-Type", "application/octet-stream")], b"here") if reply.status == 404 else reply
    )


def _by_path(ask: Ask, reply: Reply) -> Reply:
    return reply.put("ETag", etag_of(ask.path.encode()))


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
            lambda a, r: Reply(200, [("ETag", '"x"')], b"?") if r.status == 304 else None
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
    Fault("P-22", "an ETag for each width of objects", where(_ends("/objects/"), _by_path)),
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
    Fault("Q-31", "half a header is waited for", _raw(None)),
)
