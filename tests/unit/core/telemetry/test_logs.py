from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from structlog.contextvars import bound_contextvars, clear_contextvars

from gas_core.config import Settings
from gas_core.telemetry import logs
from gas_core.telemetry.trace import traced

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    yield io.StringIO()
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    clear_contextvars()


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    logs.configure(Settings(log_level="debug"), service="annotator", stream=stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_line_is_one_json_object_with_its_context(lines: Lines) -> None:
    with bound_contextvars(job_id="j1", attempt=2):
        structlog.get_logger("gas").info("job_claimed", wait_seconds=3)
    structlog.get_logger("gas").info("queue_empty")
    first, second = lines()
    assert first["event"] == "job_claimed"
    assert (first["service"], first["level"], first["logger"]) == ("annotator", "info", "gas")
    assert (first["job_id"], first["attempt"], first["wait_seconds"]) == ("j1", 2, 3)
    assert first["timestamp"].endswith("Z")
    assert "job_id" not in second


def test_lines_of_other_libraries_have_the_same_shape_and_context(lines: Lines) -> None:
    with bound_contextvars(job_id="j1"):
        logging.getLogger("gunicorn.error").warning("worker %s gone", 7, extra={"signal": "TERM"})
    (line,) = lines()
    assert (line["event"], line["level"], line["logger"]) == ("worker 7 gone", "warning", "gunicorn.error")
    assert (line["job_id"], line["service"], line["signal"]) == ("j1", "annotator", "TERM")


def test_step_of_a_trace_puts_its_id_into_lines(lines: Lines) -> None:
    with traced("annotate") as traceparent:
        structlog.get_logger().info("job_claimed")
    (line,) = lines()
    assert line["trace_id"] == traceparent.split("-")[1]


@pytest.mark.parametrize(
    "name", ["access_token", "Authorization", "secret_key", "cookie", "password", "email", "user_email"]
)
def test_secret_and_address_are_withheld_by_their_field_names(lines: Lines, name: str) -> None:
    structlog.get_logger().info("signed_in", **{name: "hunter2@research.example"})
    logging.getLogger("other").info("signed in", extra={name: "hunter2@research.example"})
    assert [line[name] for line in lines()] == ["(withheld)", "(withheld)"]


def test_aws_library_does_not_log_its_requests_even_on_debug(lines: Lines) -> None:
    logging.getLogger("botocore.auth").debug("CanonicalRequest with credentials")
    logging.getLogger("botocore.retries").warning("a warning is welcome")
    assert [line["event"] for line in lines()] == ["a warning is welcome"]


def test_exception_is_told_in_its_line(lines: Lines) -> None:
    try:
        int("a reason")
    except ValueError:
        structlog.get_logger().exception("handler_failed")
    (line,) = lines()
    assert line["level"] == "error"
    assert "a reason" in json.dumps(line["exception"])


def test_warning_of_python_becomes_a_line(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logs.configure(Settings(), service="web", stream=logging.getLogger().handlers[0].stream)  # type: ignore[attr-defined]  # ours is a StreamHandler
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    (line,) = lines()
    assert "old ways" in line["event"]
    assert line["service"] == "web"


def test_level_below_the_setting_is_not_written(stream: io.StringIO) -> None:
    logs.configure(Settings(log_level="warning"), service="web", stream=stream)
    structlog.get_logger().info("too_quiet")
    logging.getLogger("other").info("too quiet")
    assert not stream.getvalue()


def test_console_format_is_for_people(stream: io.StringIO) -> None:
    logs.configure(Settings(log_format="console"), service="web", stream=stream)
    structlog.get_logger().info("job_claimed", job_id="j1")
    assert "job_claimed" in stream.getvalue()
    with pytest.raises(json.JSONDecodeError):
        json.loads(stream.getvalue())
