"""What the archiver does with a message, in terms of ports.

The row decides: results whose window is over are packed, stored, verified and committed before any original
goes; what nothing needs any more is removed; a job that its owner deleted goes whole. Anything else is a
duplicate. Returning deletes the message.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import structlog

from gas_core import packing
from gas_core.announce import announce_results
from gas_core.domain import keys, retention
from gas_core.domain.errors import (
    JobNotFoundError,
    MoveRefusedError,
    NotYetError,
    ObjectMissingError,
    PlanChangedError,
    TransientError,
)
from gas_core.domain.job import Due, Job, ObjectRef
from gas_core.domain.lifecycle import LeaseHeldError, Timings
from gas_core.domain.messages import JobChanged
from gas_core.domain.plans import Plan
from gas_core.domain.retention import CopyLostError
from gas_core.domain.states import Results
from gas_core.ports import ArchiveStore, Clock, Hold, Jobs, ObjectStore, Publisher, Users
from gas_core.telemetry import metrics
from gas_core.tidy import tidy
from gas_core.update import update

log = structlog.get_logger()

EARLY_SECONDS = 900
"""A message that is this early at most waits hidden; for a later end the due index wakes somebody."""


@dataclass(frozen=True, slots=True)
class Archiver:
    """The ports, and what to do with them. ``work_directory`` is this process's own."""

    jobs: Jobs
    users: Users
    store: ObjectStore
    archive: ArchiveStore
    publisher: Publisher
    clock: Clock
    timings: Timings
    work_directory: Path

    def settle(self, message: JobChanged, hold: Hold) -> None:
        """Do what the job owes by now.

        Raises
        ------
        NotYetError
            Its time has not come, by this clock.
        StoppingError
            The drain time is over; the copy was given up.
        PlanChangedError
            The plan changed while this was decided; the message comes again.
        """
        try:
            job = self.jobs.get(message.job_id)
            if job.results is Results.DELETING:
                self._delete(job)
                return
            if job.results in {Results.AVAILABLE, Results.ARCHIVING}:
                job = self._keep_or_archive(job, hold)
            job = announce_results(job, jobs=self.jobs, publisher=self.publisher)
            tidy(
                job,
                jobs=self.jobs,
                store=self.store,
                archive=self.archive,
                clock=self.clock,
                timings=self.timings,
            )
        except JobNotFoundError:
            log.info("job_gone")

    def _keep_or_archive(self, job: Job, hold: Hold) -> Job:
        """By the plan of its owner; gives the row as it stands then."""
        now = self.clock.now()
        if job.results is Results.AVAILABLE and not retention.window_over(job, now=now):
            _require_no_early_call(job, now)
            return job
        user = self.users.get(job.user_id)
        if user.plan is Plan.PREMIUM:
            kept = update(self.jobs, job.job_id, self._kept, while_plan=Plan.PREMIUM)
            log.info("results_kept", results=kept.results.value)
            return kept
        try:
            begun = update(
                self.jobs, job.job_id, lambda row: self._begun(row, user.plan_since), while_plan=Plan.FREE
            )
        except LeaseHeldError:
            log.info("duplicate_dropped")
            return self.jobs.get(job.job_id)
        except MoveRefusedError:  # kept longer, deleted or archived a moment ago
            return self.jobs.get(job.job_id)
        if begun.results is not Results.ARCHIVING:
            log.info("window_opened", window_ends=begun.window_ends)
            return begun
        log.info("archive_begun", generation=begun.generation)
        return self._archive(begun, hold)

    def _begun(self, row: Job, since: int) -> Job:
        """Begin to archive; or, if its owner was premium when the window began, begin the window anew.

        The restorer does that for all jobs of the owner, but may not have come to this one yet.
        """
        now = self.clock.now()
        opened = retention.open_window(row, since=since, now=now, timings=self.timings)
        return opened if opened is not row else retention.archive_begin(row, now=now, timings=self.timings)

    def _kept(self, row: Job) -> Job:
        if row.results is Results.ARCHIVING:
            return retention.archive_stop(row, now=self.clock.now())
        return retention.close_window(row)

    def _archive(self, job: Job, hold: Hold) -> Job:
        """Make the archive of a job that is ours to archive, and commit it."""

        def renew() -> None:
            def renewed(row: Job) -> Job:
                return retention.archive_renew(
                    row, generation=job.generation, now=self.clock.now(), timings=self.timings
                )

            update(self.jobs, job.job_id, renewed)

        archive_id = ""
        try:
            with (
                hold.keep(renew),
                tempfile.TemporaryDirectory(prefix="archive-", dir=self.work_directory) as directory,
            ):
                tar = self._packed(job, Path(directory), hold)
                archive_id = self.archive.put(keys.archive_key(job.job_id, job.generation), tar)
                hold.check()
            return self._commit(job, archive_id)
        except (CopyLostError, JobNotFoundError):
            return self._lost(job, archive_id)
        except ObjectMissingError as error:
            # Somebody else removed it. There may be versions or a backup, so the sweeper calls again.
            metrics.RESULTS.labels(event="missing").inc()
            log.error("originals_missing", key=error.fields.get("key"))  # noqa: TRY400 - the fields tell all
            self._give_up(job)
            raise
        except Exception:
            self._give_up(job)
            raise

    def _packed(self, job: Job, directory: Path, hold: Hold) -> Path:
        """The results, fetched and packed into one file."""
        files: dict[str, Path] = {}
        for key in keys.standing_keys(job).results:
            name = key.rpartition("/")[2]
            files[name] = directory / name
            ref = ObjectRef(job.s3_results_bucket, key)
            with self.store.open(ref) as source, files[name].open("wb") as target:
                shutil.copyfileobj(source, target)
            hold.check()
        tar = directory / "results.tar"
        packing.pack(files, tar, job_id=job.job_id, generation=job.generation)
        return tar

    def _commit(self, job: Job, archive_id: str) -> Job:
        """The archive is the job's from now on; or its owner has become premium, and the results stay."""

        def committed(row: Job) -> Job:
            return retention.archive_commit(
                row,
                generation=job.generation,
                archive_id=archive_id,
                now=self.clock.now(),
                timings=self.timings,
            )

        def stopped(row: Job) -> Job:
            if row.results is not Results.ARCHIVING or row.generation != job.generation:
                raise CopyLostError(job_id=job.job_id, generation=job.generation)
            return retention.archive_stop(row, now=self.clock.now(), archive_id=archive_id)

        try:
            row = update(self.jobs, job.job_id, committed, while_plan=Plan.FREE)
        except PlanChangedError:
            row = update(self.jobs, job.job_id, stopped, while_plan=Plan.PREMIUM)
            log.info("archive_stopped", reason="premium")
            return row
        metrics.RESULTS.labels(event="archived").inc()
        log.info("archive_committed", archive_id=archive_id)
        return row

    def _lost(self, job: Job, archive_id: str) -> Job:
        """The copy is not ours any more; what it left is waste, unless our own commit won unheard."""
        try:
            row = self.jobs.get(job.job_id)
        except JobNotFoundError:
            row = None
        if archive_id and (row is None or row.results_file_archive_id != archive_id):
            self.archive.delete(archive_id)
        log.info("copy_lost", generation=job.generation, results=row.results.value if row else "gone")
        if row is None:
            raise JobNotFoundError(job_id=job.job_id)
        return row

    def _give_up(self, job: Job) -> None:
        """Let others have the copy at once; the message tells why it comes again."""

        def released(row: Job) -> Job:
            return retention.archive_release(row, generation=job.generation, now=self.clock.now())

        try:
            update(self.jobs, job.job_id, released)
        except (TransientError, CopyLostError, JobNotFoundError) as error:
            # The lease runs out by itself, and the sweeper finds the row then.
            log.warning("copy_not_released", error=type(error).__name__)

    def _delete(self, job: Job) -> None:
        """Objects and archives first, the row last: after a crash in between it says what is still to do."""
        now = self.clock.now()
        quiet_from = retention.deletable_from(job, timings=self.timings)
        if quiet_from > now:
            raise NotYetError(job_id=job.job_id, retry_after_seconds=quiet_from - now)
        every_version = ObjectRef(job.s3_inputs_bucket, job.s3_key_input_file)
        self.store.delete([every_version, *keys.every_object(job)])
        for archive_id in {job.results_file_archive_id, *job.retired_archives} - {""}:
            self.archive.delete(archive_id)
        for key in keys.every_archive(job):
            self.archive.discard(key)
        self.jobs.remove(job)
        log.info("job_removed")


def _require_no_early_call(job: Job, now: int) -> None:
    """Raise NotYetError if the sweeper called at the window's end and this clock is behind its clock."""
    early = job.window_ends - now
    if job.window_ends and 0 < early <= EARLY_SECONDS and job.due.get(Due.WINDOW, 0) > job.window_ends:
        raise NotYetError(job_id=job.job_id, retry_after_seconds=early)
