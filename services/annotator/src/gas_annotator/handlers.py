"""What the annotator does with a message, in terms of ports.

The row decides: a job that waits, or whose worker is gone, is claimed and annotated; one that has ended is
announced and tidied if it still owes that; anything else is a duplicate. Returning deletes the message.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from structlog.contextvars import bound_contextvars

from gas_annotator.engine import Engine
from gas_annotator.failures import INPUT_MISSING, failure_of, fitting_bundle, out_of_tries
from gas_core.announce import announce
from gas_core.domain import keys, lifecycle, retention
from gas_core.domain.errors import JobNotFoundError, ObjectMissingError, StoppingError, TransientError
from gas_core.domain.job import Due, Failure, Job, ObjectRef, Progress
from gas_core.domain.lifecycle import LeaseHeldError, LeaseLostError, Timings
from gas_core.domain.messages import JobRequested
from gas_core.domain.states import Results, Status
from gas_core.ports import Clock, Hold, Jobs, ObjectStore, Publisher
from gas_core.telemetry import metrics
from gas_core.update import update
from gas_engine.errors import EngineError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Annotator:
    """The ports, and what to do with them. ``work_directory`` is this process's own."""

    jobs: Jobs
    store: ObjectStore
    publisher: Publisher
    clock: Clock
    timings: Timings
    engine: Engine
    results_bucket: str
    work_directory: Path

    def annotate(self, message: JobRequested, hold: Hold) -> None:
        """Bring the job to its end, if it is ours to bring there.

        Raises
        ------
        StoppingError
            The drain time is over; the job was handed back.
        TransientError, OSError and whatever is wrong with our own code
            The try ended badly and was counted; the job was handed back.
        """
        try:
            job = update(self.jobs, message.job_id, self._taken)
        except JobNotFoundError:
            log.info("job_gone")
            return
        except LeaseHeldError:
            log.info("duplicate_dropped")
            return
        if job.status is Status.RUNNING:
            with bound_contextvars(attempt=job.attempt):
                log.info("job_claimed", generation=job.generation, failures=job.failures)
                if job.attempt == 1:
                    metrics.JOB_WAIT.observe(job.start_time - job.submit_time)
                ended = self._attempt(job, hold)
                if ended is not None:
                    self._settle(ended)
        elif job.terminal:
            self._settle(job)

    def _taken(self, row: Job) -> Job:
        """Claim a row that may be claimed; one whose tries ran out is given up instead."""
        now = self.clock.now()
        if row.terminal or row.status is Status.UPLOADING:
            return row
        if lifecycle.lease_over(row, now=now) and lifecycle.exhausted(row, timings=self.timings):
            failure = out_of_tries(self.timings.max_failures)
            return lifecycle.give_up(row, failure=failure, now=now, timings=self.timings)
        return lifecycle.claim(row, results_bucket=self.results_bucket, now=now, timings=self.timings)

    def _attempt(self, job: Job, hold: Hold) -> Job | None:
        """Try once. Gives the row if the job has ended by now, None if it is not ours any more."""
        try:
            with tempfile.TemporaryDirectory(prefix="attempt-", dir=self.work_directory) as directory:
                return self._work(job, hold, Path(directory))
        except (LeaseLostError, JobNotFoundError):
            return self._lost(job)
        except StoppingError:
            self._hand_back(job, blame=False)
            raise
        except Exception as error:
            ended = self._hand_back(job, blame=True)
            if ended is None:
                raise
            # The last try that it had, or an end that was written although its answer never came.
            log.exception("job_ended_badly", status=ended.status.value, error=type(error).__name__)
            return ended

    def _work(self, job: Job, hold: Hold, directory: Path) -> Job:
        """Stream the input through the engine, store what it leaves, and commit the end."""
        progress = Progress(bytes_total=job.input_bytes)

        def renew() -> None:
            def renewed(row: Job) -> Job:
                return lifecycle.renew(
                    row,
                    attempt=job.attempt,
                    progress=progress,
                    now=self.clock.now(),
                    timings=self.timings,
                )

            update(self.jobs, job.job_id, renewed)

        def report(records: int, bytes_read: int) -> None:
            nonlocal progress
            progress = replace(progress, records=records, bytes_read=bytes_read)
            hold.check()

        with hold.keep(renew):
            try:
                annotated = self.engine(
                    lambda: self.store.open(job.input), directory, report, bundle=job.bundle
                )
            except EngineError as error:
                failure = failure_of(error, file_name=job.input_file_name)
                if failure is None:
                    raise
                return self._fail(job, failure, fitting_bundle=fitting_bundle(error))
            except ObjectMissingError:
                return self._fail(job, INPUT_MISSING)
            names = keys.attempt_keys(job)
            checksums: dict[str, str] = {}
            for path, key, content_type in annotated.uploads(names):
                hold.check()
                checksums[path.name] = _sha256(path)
                self.store.put(ObjectRef(self.results_bucket, key), path, content_type=content_type)

        def completed(row: Job) -> Job:
            return lifecycle.complete(
                row,
                attempt=job.attempt,
                result_key=names.vcf,
                log_key=names.log,
                summary=annotated.counts,
                checksums=checksums,
                progress=progress,
                now=self.clock.now(),
                timings=self.timings,
            )

        ended = update(self.jobs, job.job_id, completed)
        log.info("job_completed", **annotated.counts)
        return _measured(ended)

    def _fail(self, job: Job, failure: Failure, *, fitting_bundle: str = "") -> Job:
        def failed(row: Job) -> Job:
            return lifecycle.fail(
                row,
                attempt=job.attempt,
                failure=failure,
                fitting_bundle=fitting_bundle,
                now=self.clock.now(),
                timings=self.timings,
            )

        ended = update(self.jobs, job.job_id, failed)
        log.info("job_failed", code=failure.code, line=failure.line, column=failure.column)
        return _measured(ended)

    def _hand_back(self, job: Job, *, blame: bool) -> Job | None:
        """Let others have the job at once; gives the row if there is nothing left to hand back."""

        def handed_back(row: Job) -> Job:
            now = self.clock.now()
            if blame and lifecycle.exhausted(row, timings=self.timings):
                failure = out_of_tries(self.timings.max_failures)
                return lifecycle.fail(
                    row, attempt=job.attempt, failure=failure, now=now, timings=self.timings
                )
            return lifecycle.hand_back(row, attempt=job.attempt, blame=blame, now=now, timings=self.timings)

        try:
            row = update(self.jobs, job.job_id, handed_back)
        except (LeaseLostError, JobNotFoundError):
            return self._lost(job)
        except TransientError as error:
            # The lease runs out by itself, and the sweeper finds the row then.
            log.warning("job_not_handed_back", error=type(error).__name__)
            return None
        log.info("job_handed_back", blame=blame, status=row.status.value)
        return _measured(row) if row.terminal else None

    def _lost(self, job: Job) -> Job | None:
        """The row is not ours: cancelled, taken over, gone, or ended by a write whose answer never came."""
        try:
            row = self.jobs.get(job.job_id)
        except JobNotFoundError:
            row = None
        names = keys.attempt_keys(job)
        # By the log, which stays where it is: the results may be in the archive by now.
        if row is not None and row.s3_key_log_file == names.log:
            return row
        log.info("lease_lost", status=row.status.value if row else "gone")
        self.store.delete(ObjectRef(self.results_bucket, key) for key in names.every)
        return row if row is not None and row.terminal else None

    def _settle(self, job: Job) -> None:
        """Pay what an ended job owes: the news of its end, and the removal of what losing attempts left.

        The debt of cleaning up stays until its time has come, as a zombie may write until then. Where there
        are results, the archiver pays it for good.
        """
        if job.results is Results.DELETING:
            return  # everything of it goes, and the archiver sees to that
        job = announce(job, jobs=self.jobs, publisher=self.publisher, clock=self.clock, timings=self.timings)
        if Due.CLEANUP not in job.due or not retention.may_clean(job, now=self.clock.now()):
            return
        self.store.delete(keys.leftovers(job))
        if job.results is Results.NONE and lifecycle.quiet(job, now=self.clock.now(), timings=self.timings):
            update(self.jobs, job.job_id, _cleaned)
            log.info("leftovers_removed")


def _cleaned(row: Job) -> Job:
    return lifecycle.cleaned(row) if row.results is Results.NONE else row


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _measured(job: Job) -> Job:
    metrics.JOB_DURATION.labels(status=job.status.value).observe(job.complete_time - job.submit_time)
    return job
