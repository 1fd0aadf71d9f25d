"""Where log lines go: standard error, one line each, never with personal data."""

from __future__ import annotations

import logging
import sys

import structlog


def log_to_standard_error(*, as_json: bool, least: int = logging.INFO) -> None:
    """Set up the log of this process. JSON for a program that reads it, text for a person.

    Standard output is left to answers: whoever starts ``serve --json`` reads its one line there,
    and a program that runs any command with ``--json`` reads nothing but JSON.

    Args:
        as_json: The form of a line.
        least: The level from which lines are written; a command that is not ``serve`` says only
            what went wrong.
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
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
