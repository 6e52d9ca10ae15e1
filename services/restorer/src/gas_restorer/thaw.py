"""What thaw does, in terms of ports: start what was asked for, copy back what is ready, see to what is late.

Events make it fast; the due index finds every job whose event was lost. Any number of thaws may run at once:
whoever copies a job back holds a lease on it and a generation of its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import structlog

from gas_core import packing
from gas_core.announce import announce_results
from gas_core.domain import keys, retention
from gas_core.domain.errors import (
    ArchiveCorruptError,
    ArchiveMissingError,
    GasError,
    JobNotFoundError,
    MoveRefusedError,
    PlanChangedError,
    RetrievalNotReadyError,
    StaleError,
    TransientError,
    UnreadableError,
)
from gas_core.domain.job import Due, Job, ObjectRef
from gas_core.domain.lifecycle import LeaseHeldError, Timings
from gas_core.domain.plans import Plan
from gas_core.domain.retention import CopyLostError
from gas_core.domain.states import Results
from gas_core.owed import announce_again
from gas_core.ports import ArchiveStore, Clock, Jobs, ObjectStore, Publisher, Queue, RetrievalState, Users
from gas_core.telemetry import metrics
from gas_core.tidy import tidy
from gas_core.update import update
from gas_restorer.retrievals import Retrievals

log = structlog.get_logger()

CORRUPT = "The archive does not have the checksum that it was stored with."
LATE = "Being restored from the archive; it takes longer than expected, and we keep trying."

CONTENT_TYPES = {
    "annot.vcf.gz": "application/gzip",
    "annot.vcf.gz.tbi": "application/octet-stream",
    "table.parquet": "application/vnd.apache.parquet",
}
"""The files of an archive, no others."""


@dataclass(frozen=True, slots=True)
class Thawed:
    """What one pass did: jobs looked at, and jobs that could not be settled."""

    settled: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Thaw:
    """The ports, and what to do with them. ``work_directory`` is this process's own.

    ``jobs_of`` tells which jobs an event of the archive store is about.
    """

    jobs: Jobs
    users: Users
    store: ObjectStore
    archive: ArchiveStore
    retrievals: Retrievals
    publisher: Publisher
    clock: Clock
    timings: Timings
    work_directory: Path
    threads: int
    limit: int

    def one_pass(self, queue: Queue, jobs_of: Callable[[str], list[str]]) -> Thawed:
        """Drain the events, then see to every job whose time has come; one bad job never stops the others."""
        by_event = self._drain(queue, jobs_of)
        by_time = self._settle_all(self.jobs.overdue(now=self.clock.now(), limit=self.limit, for_thaw=True))
        done = Thawed(by_event.settled + by_time.settled, by_event.failed + by_time.failed)
        log.info("thaw_done", settled=done.settled, failed=done.failed)
        return done

    def _drain(self, queue: Queue, jobs_of: Callable[[str], list[str]]) -> Thawed:
        """See to the jobs that events are about, several events at a time."""
        with ThreadPoolExecutor(self.threads, thread_name_prefix="thaw") as pool:
            parts = list(pool.map(lambda _: self._drained(queue, jobs_of), range(self.threads)))
        return Thawed(sum(part.settled for part in parts), sum(part.failed for part in parts))

    def _drained(self, queue: Queue, jobs_of: Callable[[str], list[str]]) -> Thawed:
        """An event is deleted whatever became of its jobs: their rows say what they owe."""
        outcomes: list[bool] = []
        try:
            while delivery := queue.receive(wait_seconds=0):
                try:
                    job_ids = jobs_of(delivery.body)
                except UnreadableError as error:
                    # Left to the queue's own count, which takes it to the dead letters.
                    log.warning("event_unreadable", message_id=delivery.message_id, **error.fields)
                    continue
                outcomes += map(self._settled, job_ids)
                queue.delete(delivery)
        except TransientError as error:
            # The due index finds every job whose event is not heard.
            log.warning("events_unheard", error=type(error).__name__, **error.fields)
            outcomes.append(False)
        return _counted(outcomes)

    def _settle_all(self, job_ids: Iterable[str]) -> Thawed:
        with ThreadPoolExecutor(self.threads, thread_name_prefix="thaw") as pool:
            return _counted(list(pool.map(self._settled, job_ids)))

    def _settled(self, job_id: str) -> bool:
        """Settle one job; False if it could not be. The next pass finds it again."""
        try:
            self.settle(job_id)
        except JobNotFoundError:
            log.info("job_gone", job_id=job_id)
        except (StaleError, MoveRefusedError, LeaseHeldError, CopyLostError, PlanChangedError) as error:
            log.info("row_moved_on", job_id=job_id, reason=type(error).__name__)
        except Exception as error:
            fields = error.fields if isinstance(error, GasError) else {}
            log.exception("job_not_settled", **(fields | {"job_id": job_id}), error=type(error).__name__)
            return False
        return True

    def settle(self, job_id: str) -> None:
        """Bring one job on, as its row and the archive store say."""
        job = self.jobs.get(job_id)
        job = announce_again(
            job, jobs=self.jobs, publisher=self.publisher, clock=self.clock, timings=self.timings
        )
        if job.results is Results.ARCHIVED and job.waits_for_thaw:
            self._begin(job)
        elif job.results is Results.RESTORING and job.lease_expires <= self.clock.now():
            self._look(job)

    def _begin(self, job: Job) -> None:
        """Start what its owner asked for, if the owner is still premium."""
        if self.users.get(job.user_id).plan is Plan.PREMIUM:
            self.retrievals.begin(job)
        else:
            update(self.jobs, job.job_id, retention.forget_asking, while_plan=Plan.FREE)

    def _look(self, job: Job) -> None:
        try:
            state = self.archive.state(job.results_file_archive_id, job.retrieval.retrieval_id)
        except ArchiveMissingError as error:
            self.retrievals.lose(job, str(error))
            return
        match state:
            case RetrievalState.READY:
                self._copy_back(job)
            case RetrievalState.EXPIRED:
                self.retrievals.again(job)
            case RetrievalState.UNDER_WAY:
                self._wait(job)

    def _wait(self, job: Job) -> None:
        now = self.clock.now()
        if now < job.due.get(Due.RETRIEVAL, 0):
            return  # an event came early, or about an older retrieval
        update(
            self.jobs,
            job.job_id,
            lambda row: retention.retrieval_late(row, message=LATE, now=now, timings=self.timings),
        )
        log.warning("retrieval_late", job_id=job.job_id, late_seconds=now - job.retrieval.ready)

    def _copy_back(self, job: Job) -> None:
        """Unpack, store under a new generation, commit; only then the archive goes."""
        job = update(
            self.jobs,
            job.job_id,
            lambda row: retention.copy_back(row, now=self.clock.now(), timings=self.timings),
        )
        log.info("copy_begun", job_id=job.job_id, generation=job.generation)
        try:
            row = self._copied(job)
        except (ArchiveCorruptError, ArchiveMissingError) as error:
            corrupt = isinstance(error, ArchiveCorruptError)
            fields = error.fields | {"job_id": job.job_id, "error": type(error).__name__}
            log.error("archive_unusable", **fields)  # noqa: TRY400 - the fields tell all
            self.retrievals.lose(job, CORRUPT if corrupt else str(error))
            return
        except RetrievalNotReadyError:  # its copy went between the look and the read
            self._postpone(job)
            return
        except (CopyLostError, JobNotFoundError):
            self._discard(job)
            raise
        except Exception:
            self._postpone(job)
            raise
        metrics.RESULTS.labels(event="restored").inc()
        log.info("results_restored", job_id=job.job_id, generation=job.generation)
        row = announce_results(row, jobs=self.jobs, publisher=self.publisher)
        tidy(
            row,
            jobs=self.jobs,
            store=self.store,
            archive=self.archive,
            clock=self.clock,
            timings=self.timings,
        )

    def _copied(self, job: Job) -> Job:
        names = keys.attempt_keys(job)
        with tempfile.TemporaryDirectory(prefix="thaw-", dir=self.work_directory) as directory:
            unpacked = Path(directory) / "results"
            with self.archive.open(job.results_file_archive_id, job.retrieval.retrieval_id) as stream:
                manifest = packing.unpack(stream, unpacked)
            if manifest.job_id != job.job_id or {file.name for file in manifest.files} != set(CONTENT_TYPES):
                raise ArchiveCorruptError(job_id=job.job_id, reason="the results of another job")
            for key in names.results:
                self._renew(job)
                name = key.rpartition("/")[2]
                self.store.put(
                    ObjectRef(job.s3_results_bucket, key), unpacked / name, content_type=CONTENT_TYPES[name]
                )

        def committed(row: Job) -> Job:
            if row.results_generation == job.generation:
                return row  # our own commit, unheard
            return retention.restore_commit(
                row,
                generation=job.generation,
                result_key=names.vcf,
                now=self.clock.now(),
                timings=self.timings,
            )

        return update(self.jobs, job.job_id, committed)

    def _renew(self, job: Job) -> None:
        def renewed(row: Job) -> Job:
            return retention.copy_renew(
                row, generation=job.generation, now=self.clock.now(), timings=self.timings
            )

        update(self.jobs, job.job_id, renewed)

    def _postpone(self, job: Job) -> None:
        def postponed(row: Job) -> Job:
            return retention.copy_postponed(
                row, generation=job.generation, now=self.clock.now(), timings=self.timings
            )

        try:
            update(self.jobs, job.job_id, postponed)
        except GasError as error:
            # The lease runs out by itself, and the next pass finds the row then.
            log.warning("copy_not_postponed", job_id=job.job_id, error=type(error).__name__)

    def _discard(self, job: Job) -> None:
        """The copy is not ours any more, so nothing names what it left."""
        names = keys.attempt_keys(job)
        self.store.delete(ObjectRef(job.s3_results_bucket, key) for key in names.results)
        log.info("copy_lost", job_id=job.job_id, generation=job.generation)


def _counted(outcomes: list[bool]) -> Thawed:
    return Thawed(settled=sum(outcomes), failed=len(outcomes) - sum(outcomes))
