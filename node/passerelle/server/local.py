"""The local socket: how commands beside a running node reach its desk.

``POST /desk/<method>`` with a JSON object of arguments; 200 and the JSON answer, or a
problem document. The socket lies in the home and answers its owner alone: the folder is
closed to others, so is the socket, and where the system tells who is at the other end
(Linux: SO_PEERCRED) anybody but the node's own account and root is refused.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
from aiohttp import web

from passerelle.errors import InputError
from passerelle.server.federation.errors import Refusal, answer_errors, told_to_owner

MAX_REQUEST_BYTES = 256 * 2**20
"""A person's own file of offers may be large; the socket answers nobody but the owner."""

Call = Callable[[str, dict[str, object]], Awaitable[object]]
CallAsSent = Callable[[str, bytes], Awaitable[object]]
"""Answers a call from the bytes of its arguments; None where they are to be parsed first."""


def parse_arguments(body: bytes) -> dict[str, object]:
    """The arguments of a call: one JSON object.

    Raises:
        InputError: ``desk.malformed-call``.
    """
    try:
        arguments = orjson.loads(body)
    except (ValueError, RecursionError) as exc:
        raise InputError("desk.malformed-call") from exc
    if not isinstance(arguments, dict):
        raise InputError("desk.malformed-call")
    return arguments


def local_app(
    call: Call, as_sent: CallAsSent | None = None, *, accounts: Collection[int] | None = None
) -> web.Application:
    """The application behind the socket.

    Args:
        call: The desk.
        as_sent: The same, asked first, for what need not be parsed here.
        accounts: User ids that are answered; the process's own and root's where None.
    """
    answered = {os.geteuid(), 0} if accounts is None else accounts

    async def handle(request: web.Request) -> web.Response:
        if _account(request) not in {None, *answered}:
            raise Refusal("desk.not-the-owner")
        method, body = request.match_info["method"], await request.read()
        answer = None if as_sent is None else await as_sent(method, body)
        if answer is None:
            answer = await call(method, parse_arguments(body))
        return web.Response(body=orjson.dumps(answer), content_type="application/json")

    app = web.Application(middlewares=[answer_errors(told_to_owner)], client_max_size=MAX_REQUEST_BYTES)
    app.add_routes([web.post("/desk/{method:[a-z_]+}", handle)])
    return app


def _account(request: web.Request) -> int | None:
    """The user id at the other end, as the kernel noted it at connection; None where it does not say."""
    peer = None if request.transport is None else request.transport.get_extra_info("socket")
    if peer is None or not hasattr(socket, "SO_PEERCRED"):
        return None
    told = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    return int(_UCRED.unpack(told)[1])


_UCRED = struct.Struct("iII")
"""Linux's struct ucred: process, user, group."""


def private_socket(path: Path) -> socket.socket:
    """A bound socket for its owner alone from its first moment; what lay there before is gone."""
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        with short_path(path) as short:
            bound.bind(short)
    except OSError:
        bound.close()
        raise
    finally:
        os.umask(before)
    return bound


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A path of a socket that the kernel takes, good within the block.

    It takes at most 107 bytes; a longer one goes by way of an open folder.
    """
    plain = str(path)
    if len(os.fsencode(plain)) <= 100:
        yield plain
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
