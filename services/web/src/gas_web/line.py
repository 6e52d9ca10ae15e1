"""The line of jobs, read once for everybody who looks at a waiting job."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import structlog

from gas_core.domain.errors import GasError
from gas_core.domain.job import Job
from gas_core.domain.states import Status
from gas_core.domain.waiting import Line, Place, place_of
from gas_core.ports import Clock, Jobs

FRESH_SECONDS = 2
"""However many pages ask, the table is asked so often by each process."""
COUNTED_JOBS = 2500
"""Of each shard: some 300 KB, or 40 read units, a look at the most."""

log = structlog.get_logger()


@dataclass(slots=True)
class LineWatch:
    """Looks at the line, at most every ``FRESH_SECONDS``."""

    jobs: Jobs
    clock: Clock
    _line: Line | None = None
    _read: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def place(self, job: Job) -> Place | None:
        """Where a waiting job stands; None for others, and while the table does not tell."""
        if job.status is not Status.PENDING:
            return None
        line = self._seen()
        return None if line is None else place_of(job, line, now=self.clock.now())

    def _seen(self) -> Line | None:
        with self._lock:
            now = self.clock.now()
            if self._line is None or not 0 <= now - self._read < FRESH_SECONDS:
                try:
                    self._line = self.jobs.line(limit=COUNTED_JOBS)
                except GasError as error:
                    # A page is worth more than its estimate.
                    log.warning("line_unreadable", error=type(error).__name__, **error.fields)
                    return None
                self._read = now
            return self._line
