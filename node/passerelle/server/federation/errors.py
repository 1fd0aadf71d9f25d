"""Status codes and problem documents: one table, two voices (spec/10-requests-and-errors.md)."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import web

from passerelle.errors import PasserelleError, ProtocolError, StorageError
from passerelle.words import PROBLEM_CONTENT_TYPE, choose_language, problem

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STATUS: Mapping[str, int] = {
    "path.not-found": 404,
    "request.method": 405,
    "request.range": 416,
    "request.too-large": 413,
    "request.too-many": 429,
    "request.unsigned": 401,
    "request.malformed": 401,
    "request.signature": 401,
    "request.key-unknown": 401,
    "request.digest": 401,
    "request.time": 401,
    "request.replayed": 401,
    "node.read-only": 503,
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
    """

    def __init__(self, code: str, /, *, extra: Mapping[str, object] | None = None, **params: object) -> None:
        super().__init__(code, **params)
        self.extra = dict(extra or {})


def status_of(error: PasserelleError) -> int:
    """The HTTP status of an error."""
    return STATUS.get(error.code, 503 if isinstance(error, StorageError) else 400)


def problem_response(
    code: str,
    params: Mapping[str, object],
    status: int,
    request: web.Request,
    extra: Mapping[str, object] | None = None,
) -> web.Response:
    """A problem document in the language asked for."""
    lang = choose_language(accept_language=request.headers.get("Accept-Language"))
    document = {**problem(code, params, lang, status), **(extra or {})}
    headers = {"Content-Language": lang, "Cache-Control": "no-store", "Vary": "Accept-Language"}
    if status in {429, 503}:
        headers["Retry-After"] = RETRY_AFTER_SECONDS
    body = json.dumps(document, ensure_ascii=False).encode()
    return web.Response(body=body, status=status, headers=headers, content_type=PROBLEM_CONTENT_TYPE)


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into its problem document, and log one line for each request."""
    structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex[:12])
    began = time.monotonic()
    status = 500
    code: str | None = None
    try:
        response = await handler(request)
        status = response.status
        return response
    except PasserelleError as error:
        code, status = error.code, status_of(error)
        extra = error.extra if isinstance(error, Refusal) else {"kind": type(error).__name__}
        return problem_response(error.code, error.params, status, request, extra)
    except web.HTTPException as error:
        status = error.status
        code = _FROM_AIOHTTP.get(status, "request.malformed")
        return problem_response(code, {}, status, request)
    except Exception:  # noqa: BLE001  logged, and answered as a fault of our own
        _log.exception("request-failed", path=request.path)
        code = "node.unexpected"
        return problem_response(code, {}, 500, request)
    finally:
        duration_ms = round((time.monotonic() - began) * 1000, 1)
        _log.info(
            "request",
            method=request.method,
            path=request.path,
            status=status,
            code=code,
            duration_ms=duration_ms,
        )
        structlog.contextvars.unbind_contextvars("request_id")
