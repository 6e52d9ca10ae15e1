"""The trace of a job, carried as a W3C ``traceparent`` on its row and in messages.

Nothing is exported yet; the IDs tie log lines of different services together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Tracer, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.contextvars import bound_contextvars

_W3C = TraceContextTextMapPropagator()


@cache
def _tracer() -> Tracer:
    return TracerProvider(sampler=ALWAYS_ON, shutdown_on_exit=False).get_tracer("gas")


@contextmanager
def traced(step: str, *, traceparent: str = "") -> Iterator[str]:
    """Do a step as part of the trace told, of a new one if none is told or it cannot be read.

    Gives the traceparent to hand on; log lines inside carry ``trace_id``.
    """
    with _tracer().start_as_current_span(step, context=_W3C.extract({"traceparent": traceparent})) as span:
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        with bound_contextvars(trace_id=format_trace_id(span.get_span_context().trace_id)):
            yield carrier["traceparent"]
