"""A link that can be cut: what passes, what is counted, what a cut does to both sides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from passerelle.scenario.forwarder import HOST, Forwarder


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    """A server that answers every line in capitals."""
    done: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        done.add(task)
        while line := await reader.readline():
            writer.write(line.upper())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, HOST, 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for task in done:
        task.cancel()
    await asyncio.gather(*done, return_exceptions=True)


async def connect(link: Forwarder) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(HOST, int(link.address.rpartition(":")[2]))


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the connection is over, by an end of stream or a reset."""
    try:
        return await asyncio.wait_for(reader.read(), 5) == b""
    except ConnectionError:
        return True


async def test_bytes_pass_both_ways_and_are_counted(echo: int) -> None:
    link = Forwarder(echo, keep=True)
    await link.restore()
    reader, writer = await connect(link)
    writer.write(b"offre\n")
    assert await reader.readline() == b"OFFRE\n"
    writer.close()
    await link.cut()
    traffic = link.traffic
    assert (traffic.sent_bytes, traffic.received_bytes, traffic.connections) == (6, 6, 1)
    assert (bytes(traffic.sent[0]), bytes(traffic.received[0])) == (b"offre\n", b"OFFRE\n")


async def test_bytes_are_not_kept_unless_asked(echo: int) -> None:
    link = Forwarder(echo)
    await link.restore()
    reader, writer = await connect(link)
    writer.write(b"offre\n")
    await reader.readline()
    writer.close()
    await link.cut()
    assert link.traffic.received == []
    assert link.traffic.received_bytes == 6


async def test_a_cut_closes_what_is_open_and_refuses_what_comes(echo: int) -> None:
    link = Forwarder(echo)
    await link.restore()
    address = link.address
    reader, writer = await connect(link)
    writer.write(b"a\n")
    await reader.readline()
    await link.cut()
    assert link.is_cut
    assert await ended(reader)
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await connect(link)
    await link.restore()
    assert link.address == address, "the calling node was told this address"
    reader, writer = await connect(link)
    writer.write(b"b\n")
    assert await reader.readline() == b"B\n"
    writer.close()
    await link.cut()


async def test_cutting_twice_and_restoring_twice_change_nothing(echo: int) -> None:
    link = Forwarder(echo)
    await link.restore()
    await link.restore()
    await link.cut()
    await link.cut()
    assert link.is_cut


async def test_a_node_that_is_down_looks_down_through_the_link() -> None:
    link = Forwarder(1)
    await link.restore()
    reader, writer = await connect(link)
    assert await ended(reader)
    writer.close()
    await link.cut()
