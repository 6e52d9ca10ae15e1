"""The jobs table in memory, with the conditions of DynamoDB."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from gas_core.domain.errors import JobNotFoundError, PlanChangedError, StaleError, UserNotFoundError
from gas_core.domain.job import DAY_SECONDS, DUE_SHARDS, QUEUE_SHARDS, Job, Stage
from gas_core.domain.plans import Plan
from gas_core.domain.waiting import SERVED_JOBS, Line, Running, Served, Waiting
from gas_core.ports import JobCursor, JobPage, Users


def _stands(row: Job | None, read: Job) -> bool:
    """The condition of every write: nothing was decided about the row since it was read."""
    return row is not None and (row.status, row.results, row.attempt, row.revision) == (
        read.status,
        read.results,
        read.attempt,
        read.revision,
    )


def _copied(job: Job) -> Job:
    """The row with maps of its own; all else in it is immutable."""
    return replace(
        job,
        due=dict(job.due),
        summary=dict(job.summary),
        checksums=dict(job.checksums),
        mails=dict(job.mails),
    )


class FakeJobs:
    """``Jobs``; rows are copied in and out, so that nobody changes one but by a write."""

    def __init__(self, users: Users | None = None) -> None:
        """``users`` are who the plans of ``while_plan`` are asked of."""
        self._users = users
        self._rows: dict[str, Job] = {}
        self._lock = threading.Lock()

    @property
    def rows(self) -> dict[str, Job]:
        """What the table holds now, by job ID."""
        with self._lock:
            return {job_id: _copied(job) for job_id, job in self._rows.items()}

    def add(self, job: Job) -> None:
        with self._lock:
            if job.job_id in self._rows:
                raise StaleError(job_id=job.job_id)
            self._rows[job.job_id] = _copied(job)

    def get(self, job_id: str) -> Job:
        with self._lock:
            if job_id not in self._rows:
                raise JobNotFoundError(job_id=job_id)
            return _copied(self._rows[job_id])

    def commit(self, before: Job, after: Job, *, while_plan: Plan | None = None) -> Job:
        with self._lock:
            if not _stands(self._rows.get(before.job_id), before):
                raise StaleError(job_id=before.job_id)
            if while_plan and self._plan(before.user_id) is not while_plan:
                raise PlanChangedError(job_id=before.job_id, decided_for=while_plan.value)
            written = replace(_copied(after), revision=before.revision + 1)
            self._rows[before.job_id] = written
            return _copied(written)

    def remove(self, job: Job) -> None:
        with self._lock:
            row = self._rows.get(job.job_id)
            if row is None:
                return
            if not _stands(row, job):
                raise StaleError(job_id=job.job_id)
            del self._rows[job.job_id]

    def page_of_user(
        self, user_id: str, *, after: JobCursor | None, limit: int, oldest_first: bool = False
    ) -> JobPage:
        sign = 1 if oldest_first else -1

        def place(job: Job) -> tuple[int, str]:
            return sign * job.submit_time, job.job_id

        jobs = sorted(
            (job for job in self.rows.values() if job.user_id == user_id and job.submit_time), key=place
        )
        if after:
            jobs = [job for job in jobs if place(job) > (sign * after.submit_time, after.job_id)]
        page = tuple(jobs[:limit])
        more = len(jobs) > limit
        return JobPage(page, JobCursor(page[-1].submit_time, page[-1].job_id) if more else None)

    def overdue(self, *, now: int, limit: int, for_thaw: bool = False) -> Iterator[str]:
        rows = self.rows.values()
        first = DUE_SHARDS * for_thaw
        for shard in range(first, first + DUE_SHARDS):
            due = [
                (job.due_time, job.job_id)
                for job in rows
                if job.due_shard == shard and job.due_time is not None and job.due_time <= now
            ]
            yield from (job_id for _, job_id in islice(sorted(due), limit))

    def line(self, *, limit: int) -> Line:
        stages: dict[Stage, list[Job]] = {stage: [] for stage in Stage}
        for job in sorted(self.rows.values(), key=lambda job: (job.queue_place or ("", 0))[1]):
            if job.queue_place:
                stages[job.queue_place[0]].append(job)
        shards = [
            [job for job in stages[Stage.WAITING] if job.queue_shard == shard][:limit]
            for shard in range(QUEUE_SHARDS)
        ]
        waiting = [Waiting(job.job_id, job.submit_time, job.input_bytes) for jobs in shards for job in jobs]
        served = reversed(stages[Stage.SERVED][-SERVED_JOBS:])
        return Line(
            waiting=tuple(sorted(waiting, key=lambda each: (each.submit_time, each.job_id))),
            running=tuple(Running(job.start_time, job.input_bytes) for job in stages[Stage.RUNNING]),
            served=tuple(Served(job.start_time, job.complete_time, job.input_bytes) for job in served),
            known_until=min((jobs[-1].submit_time for jobs in shards if len(jobs) == limit), default=None),
        )

    def failed(self, *, now: int, days: int, limit: int) -> Iterator[str]:
        today = now // DAY_SECONDS
        ended = [
            (job.complete_time, job.job_id)
            for job in self.rows.values()
            if job.failed_day and today - days < job.failed_day <= today
        ]
        yield from (job_id for _, job_id in islice(sorted(ended, reverse=True), limit))

    def _plan(self, user_id: str) -> Plan | None:
        if self._users is None:
            raise TypeError("FakeJobs was made without users, so it knows no plans")
        try:
            return self._users.get(user_id).plan
        except UserNotFoundError:
            return None
