"""Log lines: a constant event name in the past tense, data in fields, context bound once.

``get_logger().info("job_claimed")`` inside structlog's ``bound_contextvars(job_id=..., attempt=...)``. Lines
of other libraries come out in the same shape.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.contextvars import clear_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

from gas_core.config import Settings

# On debug these write whole requests, with credentials and presigned addresses in them.
_TALKATIVE = ("boto3", "botocore", "s3transfer", "urllib3", "globus_sdk", "stripe")

_SECRET_WORDS = ("authorization", "cookie", "password", "secret", "signature", "token", "email", "mail_to")
_WITHHELD = "(withheld)"


def _withhold_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The last net under the rule that no secret and no e-mail address is logged: by the field's name."""
    for name in event:
        if any(word in name.lower() for word in _SECRET_WORDS):
            event[name] = _WITHHELD
    return event


def configure(settings: Settings, *, service: str, stream: TextIO | None = None) -> None:
    """Set up logging for this process, once, at its start; lines go to standard output."""

    def name_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        # Not by context: a thread that a library starts begins with an empty one.
        return {"service": service} | dict(event)

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        name_service,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _withhold_secrets,
    ]
    if settings.log_format == "json":
        last: list[Processor] = [
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    else:
        last = [structlog.dev.ConsoleRenderer()]
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    clear_contextvars()
