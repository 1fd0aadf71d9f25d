"""Status codes and problem documents: one table, two voices (spec/10-requests-and-errors.md)."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from passerelle.errors import PasserelleError, ProtocolError, StorageError
from passerelle.words import PROBLEM_CONTENT_TYPE, choose_language, problem

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STATUS: Mapping[str, int] = {
    "path.not-found": 404,
    "request.method": 405,
    "request.range": 416,
    "request.too-large": 413,
    "request.too-many": 429,
    "request.too-slow": 408,
    "request.unsigned": 401,
    "request.malformed": 401,
    "request.signature": 401,
    "request.key-unknown": 401,
    "request.digest": 401,
    "request.time": 401,
    "request.replayed": 401,
    "request.wrong-door": 403,
    "node.read-only": 503,
    "node.unexpected": 500,
}
"""Codes that do not stand here are 400 where the peer's bytes are at fault and 503 where our disk is."""

RETRY_AFTER_SECONDS = "30"

_log = structlog.get_logger()
_FROM_AIOHTTP = {404: "path.not-found", 405: "request.method", 413: "request.too-large"}


class Refusal(ProtocolError):
    """An answer that is not the one asked for, by a code of the table.

    Args:
        code: Stable code.
        extra: Further members of the problem document, such as ``serverTime``.
        headers: Further header fields, such as ``Content-Range``.
    """

    def __init__(
        self,
        code: str,
        /,
        *,
        extra: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        **params: object,
    ) -> None:
        super().__init__(code, **params)
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})


def status_of(error: PasserelleError) -> int:
    """The HTTP status of an error."""
    return STATUS.get(error.code, 503 if isinstance(error, StorageError) else 400)


@dataclass(frozen=True, slots=True)
class Problem:
    """An error answer before it has a language.

    Args:
        code: Stable code.
        status: HTTP status.
        params: Values of its sentences.
        extra: Further members of the document.
        headers: Further header fields.
    """

    code: str
    status: int
    params: Mapping[str, object] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self, request: web.BaseRequest) -> web.Response:
        """The problem document in the language asked for."""
        lang = choose_language(accept_language=request.headers.get("Accept-Language"))
        document = {**problem(self.code, self.params, lang, self.status), **self.extra}
        headers = {
            "Content-Language": lang,
            "Cache-Control": "private, no-store",
            "Vary": "Accept-Language",
            **self.headers,
        }
        if self.status in {429, 503}:
            headers["Retry-After"] = RETRY_AFTER_SECONDS
        body = json.dumps(document, ensure_ascii=False).encode()
        return web.Response(body=body, status=self.status, headers=headers, content_type=PROBLEM_CONTENT_TYPE)


def told_to_partners(error: Exception) -> Problem:
    """What another node may know of an error: its own faults in full, of ours no more than the status."""
    if isinstance(error, Refusal):
        return Problem(error.code, status_of(error), error.params, error.extra, error.headers)
    if isinstance(error, ProtocolError):
        return Problem(error.code, status_of(error), error.params)
    if isinstance(error, web.HTTPException):
        return _told_of_http(error)
    _log.exception("request-failed")
    code = "node.read-only" if isinstance(error, StorageError) else "node.unexpected"
    return Problem(code, STATUS[code])


def told_to_owner(error: Exception) -> Problem:
    """What the node's own people are told: code, values, and the kind that the caller raises again."""
    if isinstance(error, PasserelleError):
        return Problem(error.code, status_of(error), error.params, {"kind": type(error).__name__})
    if isinstance(error, web.HTTPException):
        return _told_of_http(error)
    _log.exception("request-failed")
    return Problem("node.unexpected", STATUS["node.unexpected"])


def _told_of_http(error: web.HTTPException) -> Problem:
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return Problem(_FROM_AIOHTTP.get(error.status, "request.malformed"), error.status, headers=headers)


def answer_errors(tell: Callable[[Exception], Problem]) -> Middleware:
    """Turn every error into its problem document, and log one line for each request."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex[:12])
        began = time.monotonic()
        status, code = 499, None  # neither: the other side has gone
        try:
            response = await handler(request)
            status = response.status
        except Exception as error:  # noqa: BLE001  whatever it is, the other side is told a code
            told = tell(error)
            status, code = told.status, told.code
            return told.response(request)
        else:
            return response
        finally:
            _log.info(
                "request",
                method=request.method,
                path=request.path,
                status=status,
                code=code,
                duration_ms=round((time.monotonic() - began) * 1000, 1),
            )
            structlog.contextvars.unbind_contextvars("request_id")

    return middleware
