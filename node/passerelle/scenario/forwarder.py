"""A link between two nodes that can be cut: a small TCP forwarder with a switch.

One forwarder stands for one ordered pair, *who calls* and *who answers*. It listens on a
loopback port of its own, which the calling node is given as its partner's address. Cut,
it closes the connections that are open and refuses new ones: its port is closed, so a
node sees what it sees when a line is down. Everything that passes is counted and, when
asked, kept, so that a test can look at exactly what a node received.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

_CHUNK_BYTES = 65_536
HOST = "127.0.0.1"


@dataclass(slots=True)
class Traffic:
    """What passed through a forwarder. ``received`` is what the caller got, ``sent`` what it sent.

    Args:
        keep: Whether the bytes themselves are kept, one entry a connection, beside their number.
    """

    keep: bool = False
    sent_bytes: int = 0
    received_bytes: int = 0
    connections: int = 0
    sent: list[bytearray] = field(default_factory=list)
    received: list[bytearray] = field(default_factory=list)


class Forwarder:
    """One direction of calling between two nodes.

    Args:
        target_port: Loopback port of the node that answers.
        keep: Whether to keep the bytes.
    """

    def __init__(self, target_port: int, *, keep: bool = False) -> None:
        self.traffic = Traffic(keep=keep)
        self._target_port = target_port
        self._port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """Where the calling node finds the other; the same after a cut and a repair."""
        return f"http://{HOST}:{self._port}"

    @property
    def is_cut(self) -> bool:
        """Whether connections are refused."""
        return self._server is None

    async def restore(self) -> None:
        """Listen. The first time on a port that the system chooses, later on the same one."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, HOST, self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Refuse what comes and close what is open; on return nothing passes any more."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a connection is served by a task")
        self._open.add(task)
        try:
            # Cancelled by `cut`: the connection ends here, for both sides and at once.
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await self._connect(reader, writer)
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(HOST, self._target_port)
        traffic = self.traffic
        traffic.connections += 1
        sent, received = bytearray(), bytearray()
        if traffic.keep:
            traffic.sent.append(sent)
            traffic.received.append(received)
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, far_writer, sent, "sent_bytes"))
                pumps.create_task(self._pump(far_reader, writer, received, "received_bytes"))
        finally:
            far_writer.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, copy: bytearray, counter: str
    ) -> None:
        # One end may hang up while the other still speaks: then there is nobody to pass it on to.
        with contextlib.suppress(OSError):
            while chunk := await reader.read(_CHUNK_BYTES):
                setattr(self.traffic, counter, getattr(self.traffic, counter) + len(chunk))
                if self.traffic.keep:
                    copy += chunk
                writer.write(chunk)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
