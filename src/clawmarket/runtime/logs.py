"""Logs: one line an event on stderr, JSON when nobody watches, always through the redactor."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from clawmarket.domain.trust.redaction import redact


def configure_logs(name: str) -> None:
    """Send the program's own log and its libraries' warnings through one redacting pipe.

    `name` is a level of `LOG_LEVELS`.
    """
    level = logging.getLevelNamesMapping()[name.upper()]
    render: Any = (
        structlog.dev.ConsoleRenderer(colors=False)
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redacted,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=level, handlers=[_Forward()], force=True)
    # It warns of each form that it refuses, and so do we, with an answer.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    # A line for each request that is no HTTP lets strangers fill the disk; they get a 400.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


def _redacted(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    shown: Any = redact(dict(event))
    return dict(shown)


class _Forward(logging.Handler):
    """Hands what libraries log to structlog, so that it is redacted too."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger(record.name).log(record.levelno, record.getMessage())
