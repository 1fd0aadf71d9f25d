"""The local socket: how commands beside a running node reach its desk.

``POST /desk/<method>`` with a JSON object of arguments; 200 and the JSON answer, or a
problem document. The socket lies in the home and answers its owner alone.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
from aiohttp import web

from passerelle.errors import InputError
from passerelle.server.federation.errors import answer_errors, told_to_owner

MAX_REQUEST_BYTES = 256 * 2**20
"""A person's own file of offers may be large; the socket answers nobody but the owner."""

Call = Callable[[str, dict[str, object]], Awaitable[object]]


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


def local_app(call: Call) -> web.Application:
    """The application behind the socket."""

    async def handle(request: web.Request) -> web.Response:
        arguments = parse_arguments(await request.read())
        answer = await call(request.match_info["method"], arguments)
        return web.Response(body=orjson.dumps(answer), content_type="application/json")

    app = web.Application(middlewares=[answer_errors(told_to_owner)], client_max_size=MAX_REQUEST_BYTES)
    app.add_routes([web.post("/desk/{method:[a-z_]+}", handle)])
    return app


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
