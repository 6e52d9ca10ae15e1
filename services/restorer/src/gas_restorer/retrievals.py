"""Starting retrievals: what a change of plan, an owner's wish and a failed try have in common."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from gas_core.domain import retention
from gas_core.domain.errors import ArchiveMissingError, CapacityShortError
from gas_core.domain.job import Asked, Job
from gas_core.domain.lifecycle import Timings
from gas_core.domain.plans import Plan
from gas_core.domain.states import Results
from gas_core.ports import ArchiveStore, Clock, Jobs, Tier
from gas_core.telemetry import metrics
from gas_core.update import update

log = structlog.get_logger()

GONE = "The archive is not in the archive store any more."
GIVEN_UP = "The archive could not be brought back after several tries; an operator looks into it."

_TOLD = {
    Tier.EXPEDITED.value: "Being restored from the archive, within minutes.",
    Tier.STANDARD.value: "Being restored from the archive, within hours.",
    Tier.INSTANT.value: "Being restored from the archive.",
}


@dataclass(frozen=True, slots=True)
class Retrievals:
    """The ports, and how retrievals are started on them."""

    jobs: Jobs
    archive: ArchiveStore
    clock: Clock
    timings: Timings

    def begin(self, job: Job) -> Job:
        """ARCHIVED → RESTORING for a premium user. The retrieval is started first: twice is no harm."""
        if job.results is not Results.ARCHIVED:
            return job
        asked = self._start(job)
        if asked is None:
            return self.lose(job, GONE)

        def begun(row: Job) -> Job:
            if (row.results, row.generation) != (job.results, job.generation):
                return row  # somebody else was faster
            return retention.restore_begin(row, asked=asked, message=_TOLD[asked.tier], now=self.clock.now())

        row = update(self.jobs, job.job_id, begun, while_plan=Plan.PREMIUM)
        log.info("restore_begun", job_id=job.job_id, tier=asked.tier, ready=asked.ready)
        return row

    def again(self, job: Job) -> Job:
        """Start a retrieval that failed or expired anew, ever more slowly, and give it up in the end."""
        tries = job.retrieval.tries
        wait_until = job.retrieval.started + self.timings.thaw_seconds * 2 ** (tries - 1)
        if tries >= self.timings.max_retrievals:
            return self._give_up(job)
        if self.clock.now() < wait_until:
            return update(self.jobs, job.job_id, lambda row: retention.look_again(row, at=wait_until))
        asked = self._start(job)
        if asked is None:
            return self.lose(job, GONE)

        def begun(row: Job) -> Job:
            if not _still(row, job):
                return row
            return retention.retrieve_again(row, asked=asked, message=_TOLD[asked.tier], now=self.clock.now())

        log.warning("retrieval_started_again", job_id=job.job_id, tries=asked.tries, tier=asked.tier)
        return update(self.jobs, job.job_id, begun)

    def lose(self, job: Job, message: str) -> Job:
        """The archive cannot be read any more. Nothing is deleted; an operator hears of it."""

        def lost(row: Job) -> Job:
            if row.results_file_archive_id != job.results_file_archive_id or row.results not in {
                Results.ARCHIVED,
                Results.RESTORING,
            }:
                return row
            return retention.lose(row, message=message, now=self.clock.now())

        row = update(self.jobs, job.job_id, lost)
        if row.results is not Results.LOST:
            return row  # the archive went because the results came back, or their owner deleted the job
        metrics.RESULTS.labels(event="lost").inc()
        log.error("results_lost", job_id=job.job_id, archive_id=job.results_file_archive_id, reason=message)
        return row

    def _give_up(self, job: Job) -> Job:
        def stopped(row: Job) -> Job:
            if not _still(row, job):
                return row
            return retention.restore_stop(row, message=GIVEN_UP, now=self.clock.now())

        row = update(self.jobs, job.job_id, stopped)
        if row.results is not Results.ARCHIVED:
            return row
        metrics.RESULTS.labels(event="given_up").inc()
        log.error("restore_given_up", job_id=job.job_id, tries=job.retrieval.tries)
        return row

    def _start(self, job: Job) -> Asked | None:
        """Expedited, or Standard when capacity is short; None if there is no such archive."""
        archive_id = job.results_file_archive_id
        try:
            try:
                started = self.archive.retrieve(archive_id, Tier.EXPEDITED)
            except CapacityShortError:
                started = self.archive.retrieve(archive_id, Tier.STANDARD)
        except ArchiveMissingError:
            return None
        now = self.clock.now()
        return Asked(
            tier=started.tier.value,
            retrieval_id=started.retrieval_id,
            started=now,
            ready=now + started.eta_seconds,
            tries=job.retrieval.tries + 1,
        )


def _still(row: Job, job: Job) -> bool:
    """True if the row waits for the very retrieval that ``job`` does, and nobody copies it back."""
    return (row.results, row.generation, row.retrieval) == (job.results, job.generation, job.retrieval)
