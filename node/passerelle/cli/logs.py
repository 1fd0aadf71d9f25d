"""Where a serving node's log lines go: standard error, one line each, never with personal data."""

from __future__ import annotations

import sys

import structlog


def log_to_standard_error(*, as_json: bool) -> None:
    """Set up the log of this process. JSON for a program that reads it, text for a person.

    Standard output is left to answers: whoever starts ``serve --json`` reads its one line there.
    """
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
