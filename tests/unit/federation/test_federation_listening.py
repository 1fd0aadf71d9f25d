"""What is no HTTP, and what no answer tells: for both listeners of a node."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from passerelle.server.console.app import console_app
from passerelle.server.listening import Listener
from tests.unit.federation.world import TOGO, Here, agencies

pytestmark = pytest.mark.asyncio(loop_scope="module")

CANARY = b"CANARI"
NOT_HTTP = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + CANARY,
    "SSH": b"SSH-2.0-" + CANARY + b"\r\n\r\n",
    "two lengths": b"POST /notices HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nCANARI",
    "length and chunks": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a field too long": b"GET / HTTP/1.1\r\nHost: a\r\nX: " + CANARY * 4_000 + b"\r\n\r\n",
    "a field without a name": b"GET / HTTP/1.1\r\nHost: a\r\n: " + CANARY + b"\r\n\r\n",
    "another version": b"GET / HTTP/9.9 " + CANARY + b"\r\n\r\n",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def togo(homes: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Here]:
    """One node that answers other nodes."""
    async with agencies({TOGO: homes[TOGO]}, tmp_path_factory.mktemp("listening")) as found:
        yield found[TOGO]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ports(togo: Here) -> AsyncIterator[dict[str, int]]:
    """The ports of both listeners."""
    desk = togo.node.desk
    board = console_app(
        desk.board_of, agency=desk.own_view(), today=lambda: date(2027, 1, 1), labels=desk.label
    )
    runner = Listener(board)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address: Any = runner.addresses[0]
        yield {"federation": int(togo.url.rpartition(":")[2]), "console": int(address[1])}
    finally:
        await runner.cleanup()


async def send(port: int, data: bytes) -> tuple[int, dict[str, str], bytes, bytes]:
    """Send bytes as they are; status, fields, body, and everything."""
    async with asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(data)
            await writer.drain()
            raw = await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), fields, body, raw


@pytest.mark.parametrize("listener", ["federation", "console"])
@pytest.mark.parametrize("data", NOT_HTTP.values(), ids=NOT_HTTP)
async def test_what_is_no_http_gets_a_problem(ports: dict[str, int], listener: str, data: bytes) -> None:
    """Q-25: a problem document with a stable code, nothing of what was sent, and the end of the connection."""
    # `send` reads until the other side has closed.
    status, fields, body, raw = await send(ports[listener], data)
    assert (status, fields["content-type"]) == (400, "application/problem+json")
    assert json.loads(body)["code"] == "request.malformed"
    assert CANARY not in raw


@pytest.mark.parametrize("listener", ["federation", "console"])
@pytest.mark.parametrize("target", ["/", "/nothing", "/.well-known/did.jsonl", "\x00"])
async def test_no_answer_tells_a_version(ports: dict[str, int], listener: str, target: str) -> None:
    """Q-26: which library answers, and of which version, is told to nobody, whatever was asked."""
    request = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    _, fields, _, raw = await send(ports[listener], request)
    assert fields["server"] == "passerelle"
    assert b"aiohttp" not in raw
    assert aiohttp.__version__.encode() not in raw


async def test_a_fault_of_ours_tells_nothing() -> None:
    """Where even the middleware fails the answer is a problem document without a trace."""

    async def fail(_request: web.Request) -> web.StreamResponse:
        raise RuntimeError("CANARI in a trace")

    app = web.Application()
    app.router.add_get("/", fail)
    runner = Listener(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address: Any = runner.addresses[0]
        status, fields, body, raw = await send(int(address[1]), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    finally:
        await runner.cleanup()
    assert (status, fields["content-type"]) == (500, "application/problem+json")
    assert json.loads(body)["code"] == "node.unexpected"
    assert CANARY not in raw
