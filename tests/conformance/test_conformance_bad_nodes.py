"""A node may hang, lie or flood: the kit ends with a report all the same, and says what it met."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from passerelle.conformance import asking, serving
from passerelle.conformance.report import MAX_SHOWN
from tests.conformance.conftest import examined

Answerer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
MOST_SECONDS = 20.0


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "REQUEST_SECONDS", 0.4)
    monkeypatch.setattr(serving, "SLOW_SECONDS", 0.5)


@contextlib.asynccontextmanager
async def _server(answer: Answerer) -> AsyncIterator[str]:
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(600)


async def _dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


def _saying(*parts: bytes, endless: bytes = b"") -> Answerer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"".join(parts))
            await writer.drain()
            while endless:
                writer.write(endless)
                await writer.drain()

    return answer


_HTML = b"<html><body>Welcome, please log in</body></html>"
_OK = b"HTTP/1.1 200 OK\r\n"
_BOMB_LENGTH = b"Content-Length: 99999999999\r\n\r\n"

BAD = {
    "hangs": (_silent, "I-4", "road.timeout"),
    "drips": (_dripping, "I-4", "road.timeout"),
    "hangs up": (_saying(b""), "I-4", "road.timeout"),
    "floods": (
        _saying(_OK, b"Transfer-Encoding: chunked\r\n\r\n", endless=b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
        "I-6",
        "road.too-long",
    ),
    "announces exabytes": (_saying(_OK, _BOMB_LENGTH, endless=b"x" * 65_536), "I-6", "road.too-long"),
    "says HTML": (
        _saying(_OK, b"Content-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(_HTML), _HTML),
        "I-7",
        "identity.malformed",
    ),
    "redirects": (
        _saying(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"),
        "I-4",
        "302",
    ),
    "says less than it announces": (_saying(_OK, b"Content-Length: 50\r\n\r\n{}"), "I-4", "road.timeout"),
    "says more than it announces": (
        _saying(_OK, b"Content-Length: 2\r\n\r\n{}{}{}"),
        "I-4",
        "road.unreachable",
    ),
    "says nonsense": (_saying(b"\x00\x01\x02\r\n\r\n"), "I-4", "road.unreachable"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_node_is_reported(name: str) -> None:
    """A report within its deadlines, that names the rule, and shows no more than a few words of what came."""
    answer, rule, told = BAD[name]
    began = time.monotonic()
    async with _server(answer) as url:
        report = await examined(url)
    assert time.monotonic() - began < MOST_SECONDS
    broken = {finding.rule.id: finding for finding in report.of("broken")}
    assert told in broken[rule].faults[0].got
    assert not report.conforms
    assert all(len(fault.got) <= MAX_SHOWN + 1 for finding in broken.values() for fault in finding.faults)


async def test_nobody_there_is_reported() -> None:
    """No connection at all: nothing was looked at to the end."""
    async with _server(_silent) as url:
        pass
    report = await examined(url)
    assert (report.cut, report.roles, report.scid) == ("no-answer", (), None)
