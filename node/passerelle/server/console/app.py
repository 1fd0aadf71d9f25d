"""The console as an aiohttp application: the board, the due list, the roll, their stylesheet and its icon, over GET and HEAD."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import date
from typing import Final

from aiohttp import ETag, hdrs, web
from aiohttp.typedefs import Handler

from passerelle.desk.board_view import AgencyView, Board
from passerelle.desk.due_view import DueView
from passerelle.errors import InputError, PasserelleError
from passerelle.server.console.guard import LOOPBACK_NAMES, SECURITY_HEADERS, host_is_known
from passerelle.server.console.pages import (
    ICON,
    STYLE,
    Asset,
    Links,
    board_page,
    due_page,
    error_page,
    roll_page,
)
from passerelle.server.console.present import Labels
from passerelle.words import Words, choose_language

BoardSource = Callable[[date], Awaitable[Board]]
"""Answers the board as of a day; raises PasserelleError where it cannot."""

DueSource = Callable[[date], Awaitable[list[DueView]]]
"""Answers what is due as of a day, of all agencies; raises PasserelleError where it cannot."""

RollSource = Callable[[date], Awaitable[Mapping[str, object]]]
"""Answers the roll as of a day, as ``passerelle roll --json`` gives it; raises PasserelleError where it cannot."""

_log: Final = logging.getLogger(__name__)


class _Console:
    """The handlers with what they need; one object for one application."""

    def __init__(
        self,
        board: BoardSource,
        *,
        due: DueSource | None,
        roll: RollSource | None,
        agency: AgencyView,
        today: Callable[[], date],
        labels: Labels,
        allowed_hosts: Collection[str] | None,
    ) -> None:
        self._board = board
        self._due = due
        self._roll = roll
        self._agency = agency
        self._today = today
        self._labels = labels
        self._allowed_hosts = allowed_hosts
        self.app = web.Application(middlewares=[self._guard])
        self.app.router.add_get("/", self._show_board, name="board")
        if due is not None:
            self.app.router.add_get("/due", self._show_due, name="due")
        if roll is not None:
            self.app.router.add_get("/roll", self._show_roll, name="roll")
        for asset in (STYLE, ICON):
            self.app.router.add_get(f"/{asset.name}", _serve(asset), name=asset.route)

    async def _show_board(self, request: web.Request) -> web.StreamResponse:
        words = _words(request)
        board = await self._board(self._as_of(request))
        return _page(request, board_page(board, words, labels=self._labels, links=self._links()), words)

    async def _show_due(self, request: web.Request) -> web.StreamResponse:
        words, as_of = _words(request), self._as_of(request)
        items = [] if self._due is None else await self._due(as_of)
        html = due_page(items, as_of, words, agency=self._agency, links=self._links())
        return _page(request, html, words)

    async def _show_roll(self, request: web.Request) -> web.StreamResponse:
        if self._roll is None:
            raise web.HTTPNotFound
        words = _words(request)
        answer = await self._roll(self._as_of(request))
        return _page(request, roll_page(answer, words, agency=self._agency, links=self._links()), words)

    def _as_of(self, request: web.Request) -> date:
        """The day asked for, today where none is."""
        asked = request.query.get("as-of", "")
        if not asked:
            return self._today()
        try:
            return date.fromisoformat(asked)
        except ValueError as exc:
            raise InputError("console.not-a-day", given=asked[:40]) from exc

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Security headers on every answer, and every error as a page in words."""
        try:
            self._check_host(request)
            response = await handler(request)
        except PasserelleError as error:
            response = self._error(request, error, _status(error))
        except web.HTTPException as exc:
            response = self._error(request, _http_error(request, exc), exc.status, exc)
        except Exception:  # noqa: BLE001  (logged; a fault in our own code still answers in words)
            _log.exception("the console could not draw %s", request.path)
            response = self._error(request, PasserelleError("console.failed"), 500)
        response.headers.update(SECURITY_HEADERS)
        return response

    def _check_host(self, request: web.Request) -> None:
        if not host_is_known(request.host, self._allowed_hosts):
            raise InputError("console.unknown-host", host=request.host[:100])

    def _error(
        self,
        request: web.Request,
        error: PasserelleError,
        status: int,
        cause: web.HTTPException | None = None,
    ) -> web.StreamResponse:
        words = _words(request)
        html = error_page(words.explain(error), words, agency=self._agency, links=self._links())
        response = web.Response(text=html, status=status, content_type="text/html", charset="utf-8")
        response.headers[hdrs.CONTENT_LANGUAGE] = words.lang
        response.headers[hdrs.CACHE_CONTROL] = "no-store"
        if cause is not None and hdrs.ALLOW in cause.headers:
            response.headers[hdrs.ALLOW] = cause.headers[hdrs.ALLOW]
        return response

    def _links(self) -> Links:
        """Asked for at each page: mounting the application adds its prefix to the routes."""
        router = self.app.router
        home, style, icon = (str(router[name].url_for()) for name in ("board", STYLE.route, ICON.route))
        due = None if self._due is None else str(router["due"].url_for())
        roll = None if self._roll is None else str(router["roll"].url_for())
        return Links(home=home, style=style, icon=icon, due=due, roll=roll)


def console_app(
    board: BoardSource,
    *,
    agency: AgencyView,
    today: Callable[[], date],
    due: DueSource | None = None,
    roll: RollSource | None = None,
    labels: Labels | None = None,
    allowed_hosts: Collection[str] | None = LOOPBACK_NAMES,
) -> web.Application:
    """The console of one node.

    Whoever reaches it reads the board: serve it on loopback, or behind something that knows who
    asks.

    Args:
        board: Where the data comes from.
        agency: Whose console it is, for pages that have no board.
        today: The day, in UTC, that figures are shown for where none is asked for.
        due: Where the list of what is due comes from; without it there is no such page.
        roll: Where the roll comes from; without it there is no such page.
        labels: Labels of code lists; without them codes are shown.
        allowed_hosts: Names in ``Host`` that are answered, without port; others get 421, so that
            a page elsewhere cannot rebind its own name to this address. None answers any name.
    """
    console = _Console(
        board,
        due=due,
        roll=roll,
        agency=agency,
        today=today,
        labels=labels or _no_labels,
        allowed_hosts=allowed_hosts,
    )
    return console.app


def _no_labels(code_list: str, code: str, language: str) -> str | None:  # noqa: ARG001  (the shape of Labels)
    return None


def _words(request: web.Request) -> Words:
    """``?lang=`` before the browser's wish."""
    accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE)
    return Words(choose_language(asked=request.query.get("lang"), accept_language=accepted))


def _page(request: web.Request, html: str, words: Words) -> web.StreamResponse:
    """A page with a validator: a reload on a bad link costs one short answer.

    The validator is weak: gzip and identity carry one and the same.
    """
    body = html.encode()
    etag = ETag(value=hashlib.sha256(body).hexdigest()[:32], is_weak=True)
    known = {tag.value for tag in request.if_none_match or ()}
    unchanged = not known.isdisjoint({etag.value, "*"})
    response = web.Response(status=304) if unchanged else web.Response(body=body, content_type="text/html")
    if not unchanged:
        response.charset = "utf-8"
        _compress(request, response)
    response.etag = etag
    response.headers[hdrs.CONTENT_LANGUAGE] = words.lang
    response.headers[hdrs.CACHE_CONTROL] = "private, no-cache"
    response.headers[hdrs.VARY] = "Accept-Encoding, Accept-Language"
    return response


def _serve(asset: Asset) -> Handler:
    async def serve(request: web.Request) -> web.StreamResponse:
        response = web.Response(body=asset.content, content_type=asset.content_type)
        response.headers[hdrs.CACHE_CONTROL] = "public, max-age=31536000, immutable"
        response.headers[hdrs.VARY] = "Accept-Encoding"
        _compress(request, response)
        return response

    return serve


def _compress(request: web.Request, response: web.Response) -> None:
    """gzip where it is accepted: every browser has it, and old proxies on bad links know it."""
    for offer in request.headers.get(hdrs.ACCEPT_ENCODING, "").lower().split(","):
        coding, _, parameter = offer.replace(" ", "").partition(";")
        if coding == "gzip" and parameter not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}:
            response.enable_compression(web.ContentCoding.gzip)


def _status(error: PasserelleError) -> int:
    """The one table of statuses: what was asked cannot be, or this node cannot answer now."""
    if error.code == "console.unknown-host":
        return 421
    return 400 if isinstance(error, InputError) else 503


def _http_error(request: web.Request, exc: web.HTTPException) -> PasserelleError:
    if exc.status == web.HTTPMethodNotAllowed.status_code:
        return InputError("console.read-only", method=request.method[:20])
    return InputError("console.no-such-page", path=request.path[:200])
