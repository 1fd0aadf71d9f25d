"""What listens: aiohttp, made to answer in our own form even what is no HTTP, and to tell no version.

What the library cannot parse never becomes a request, so no middleware sees it; it answers
such bytes itself, in plain text that repeats them. Here they get the problem document of
every other error (spec/10-requests-and-errors.md), and every answer one and the same
``Server``, for a version tells an outsider which of its faults to try.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import structlog
from aiohttp import hdrs, web
from aiohttp.web_server import Server

from passerelle.server.federation.errors import Problem

NAME: Final = "passerelle"
"""The ``Server`` of every answer."""

LINGER_SECONDS: Final = 2.0
"""How long the rest of a request is read that was answered before its end."""

_log = structlog.get_logger()


class _Connection(web.RequestHandler):
    """One connection of an outsider."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  the library's text repeats what was sent
    ) -> web.StreamResponse:
        """Answer what no handler could; the connection ends with it."""
        code = "request.malformed" if status < 500 else "node.unexpected"
        _log.info("not-answered", code=code, status=status, detail=type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is under way already")
        answer = Problem(code, status, headers={hdrs.SERVER: NAME}).response(request)
        answer.force_close()
        return answer


class _Connections(Server):
    """Makes a connection of ours for each that comes in."""

    def __init__(self, made: Server, settings: dict[str, Any]) -> None:
        super().__init__(made.request_handler, request_factory=made.request_factory, **settings)
        self._settings = settings

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=asyncio.get_running_loop(), **self._settings)


class Listener(web.AppRunner):
    """Runs an application for outsiders.

    Args:
        app: The application; it is not set up yet.
    """

    __slots__ = ()

    def __init__(self, app: web.Application) -> None:
        app.on_response_prepare.append(_named)
        super().__init__(app)

    async def _make_server(self) -> Server:
        made = await super()._make_server()
        # A coded body is refused by the handler, not inflated in silence before it; requests are logged by ours.
        return _Connections(
            made, {"access_log": None, "auto_decompress": False, "lingering_time": LINGER_SECONDS}
        )


async def _named(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers[hdrs.SERVER] = NAME
