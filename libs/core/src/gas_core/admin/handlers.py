"""What an operator may ask and do, in terms of ports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from gas_core.announce import set_plan
from gas_core.domain import retention
from gas_core.domain.errors import JobNotFoundError, PermanentError, UserNotFoundError
from gas_core.domain.job import Asked, Job
from gas_core.domain.lifecycle import Timings
from gas_core.domain.plans import Plan, User
from gas_core.domain.retention import StoredArchive
from gas_core.domain.states import Results
from gas_core.ports import Clock, Jobs, Publisher, Users

_LONG_SECONDS = 10 * 366 * 86_400
"""Further ahead than any debt."""

_PASSES = 2
"""The first pass after a debt fell due may begin a whole period later, and takes its time."""

_IN_VAIN = 3
"""The sweeper moves a debt on before it tells of it; half an hour after the first time this is the third."""

_MOVING = (Results.ARCHIVING, Results.RESTORING, Results.DELETING)
"""States that somebody works on. All of their rows owe something, so the due index has them."""

log = structlog.get_logger()


class AmbiguousUserError(PermanentError):
    """Several users have this address; name one by the identity ID."""


@dataclass(frozen=True, slots=True)
class Debt:
    """What a row owes, since or from when (epoch seconds), and how often its owner was told."""

    subject: str
    state: str
    kind: str
    time: int
    tries: int


@dataclass(frozen=True, slots=True)
class Moving:
    """A job whose results are in a state that somebody works on, and since when."""

    job_id: str
    since: int


@dataclass(frozen=True, slots=True)
class Returning:
    """Results on their way back from the archive; times are epoch seconds, 0 before anything was started."""

    job_id: str
    tier: str
    started: int
    ready: int
    tries: int


@dataclass(frozen=True, slots=True)
class LifecycleStatus:
    """Longest first. ``partial``: there are more rows than were looked at; those longest overdue were."""

    now: int
    moving: dict[str, tuple[Moving, ...]]
    asked_back: int
    changing_plans: int
    returning: tuple[Returning, ...]
    """The longest under way first; what was asked back and not started yet comes last."""
    overdue: tuple[Debt, ...]
    partial: bool


@dataclass(frozen=True, slots=True)
class Admin:
    """The ports, and what to do with them."""

    jobs: Jobs
    users: Users
    publisher: Publisher
    clock: Clock
    timings: Timings

    def user(self, name: str) -> User:
        """Whoever ``name`` is: an identity ID, or an e-mail address (which reads the whole table).

        Raises
        ------
        UserNotFoundError
            Nobody.
        AmbiguousUserError
            Several have this address.
        """
        if "@" not in name:
            return self.users.get(name)
        found = list(self.users.with_email(name))
        if len(found) > 1:
            raise AmbiguousUserError(identity_ids=sorted(user.identity_id for user in found))
        if not found:
            raise UserNotFoundError(email=name)
        # A scan is no consistent read of one row.
        return self.users.get(found[0].identity_id)

    def set_plan(self, name: str, plan: Plan, *, operator: str) -> tuple[User, User]:
        """The user before and after. Who did it goes to the log."""
        before = self.user(name)
        after = set_plan(
            before.identity_id,
            plan,
            source="operator",
            users=self.users,
            publisher=self.publisher,
            clock=self.clock,
            timings=self.timings,
        )
        log.info(
            "plan_set_by_operator",
            operator=operator,
            user_id=before.identity_id,
            plan=plan.value,
            was=before.plan.value,
            was_source=before.plan_source,
        )
        return before, after

    def lifecycle_status(self, *, limit: int) -> LifecycleStatus:
        """What moves between store and archive, and what is overdue.

        Overdue is what two passes of the sweeper should have seen to by now, or of thaw where a row waits for
        a retrieval, and did not: what fell due a moment ago is nothing to worry about. And what its owner was
        told of three times in vain: the sweeper does its work, but somebody else does not.

        At most ``limit`` rows of each of the index's partitions are looked at.
        """
        now = self.clock.now()
        jobs, users = self._owing_jobs(now, limit), self._owing_users(now, limit)
        moving = {
            state.value: tuple(
                sorted(
                    (Moving(job.job_id, job.results_since) for job in jobs if job.results is state),
                    key=lambda each: each.since,
                )
            )
            for state in _MOVING
        }
        swept_until = now - _PASSES * self.timings.sweep_seconds
        thawed_until = now - _PASSES * self.timings.thaw_seconds
        overdue = [
            Debt(job.job_id, f"{job.status.value}/{job.results.value}", kind, time, job.due_tries)
            for job in jobs
            for kind, time in job.due.items()
            if time <= (thawed_until if job.waits_for_thaw else swept_until)
            or self._in_vain(time, job.due_tries, now)
        ]
        overdue += [
            Debt(user.identity_id, user.plan.value, kind, time, user.due_tries)
            for user in users
            for kind, time in user.due.items()
            if time <= swept_until or self._in_vain(time, user.due_tries, now)
        ]
        shards = Counter(("job", job.due_shard) for job in jobs)
        shards.update(("user", user.due_shard) for user in users)
        return LifecycleStatus(
            now=now,
            moving=moving,
            asked_back=sum(job.waits_for_thaw and job.results is Results.ARCHIVED for job in jobs),
            changing_plans=sum(user.plan_settling for user in users),
            returning=tuple(sorted(map(_returning, filter(_comes_back, jobs)), key=_longest_first)),
            overdue=tuple(sorted(overdue, key=lambda debt: debt.time)),
            partial=any(count >= limit for count in shards.values()),
        )

    def _in_vain(self, time: int, tries: int, now: int) -> bool:
        """True for a debt that was told so often; what falls due later than the sweeper moves it was not."""
        return tries >= _IN_VAIN and time <= now + self.timings.repeat_seconds * 2 ** (tries - 1)

    def orphans(self, archives: Iterable[StoredArchive]) -> list[StoredArchive]:
        """Those archives that no job needs: whoever stored them died before naming them."""
        return [stored for stored in archives if not self._needed(stored)]

    def _needed(self, stored: StoredArchive) -> bool:
        try:
            return retention.needs_archive(self.jobs.get(stored.job_id), stored)
        except JobNotFoundError:
            return False

    def failed_lately(self, *, days: int, limit: int) -> list[Job]:
        """Jobs that FAILED in the last days, the newest first."""
        return self._rows(self.jobs.failed(now=self.clock.now(), days=days, limit=limit))

    def _owing_jobs(self, now: int, limit: int) -> list[Job]:
        ahead = now + _LONG_SECONDS
        return [
            job
            for for_thaw in (False, True)
            for job in self._rows(self.jobs.overdue(now=ahead, limit=limit, for_thaw=for_thaw))
        ]

    def _rows(self, job_ids: Iterable[str]) -> list[Job]:
        jobs = []
        for job_id in job_ids:
            try:
                jobs.append(self.jobs.get(job_id))
            except JobNotFoundError:
                # Deleted since the index was read.
                continue
        return jobs

    def _owing_users(self, now: int, limit: int) -> list[User]:
        users = []
        for identity_id in self.users.overdue(now=now + _LONG_SECONDS, limit=limit):
            try:
                users.append(self.users.get(identity_id))
            except UserNotFoundError:
                continue
        return users


def _comes_back(job: Job) -> bool:
    return job.results is Results.RESTORING or (job.results is Results.ARCHIVED and job.waits_for_thaw)


def _returning(job: Job) -> Returning:
    asked = job.retrieval if job.results is Results.RESTORING else Asked()
    return Returning(job.job_id, asked.tier, asked.started, asked.ready, asked.tries)


def _longest_first(returning: Returning) -> tuple[bool, int]:
    return not returning.started, returning.started


def events(job: Job) -> list[tuple[int, str]]:
    """What a job's row tells of its life: times (epoch seconds) and what happened, in order."""
    told = [
        (job.created_time, "upload form handed out"),
        (job.submit_time, f"submitted, {job.input_bytes:,} bytes"),
        (job.start_time, f"claimed, attempt {job.attempt}, {job.failures} tries ended badly"),
        (job.complete_time, job.status.value + (f": {job.failure.code}" if job.failure else "")),
        (job.retrieval.started, f"retrieval {job.retrieval.tries} started, {job.retrieval.tier}"),
        (job.retrieval.ready, "retrieval should be ready"),
        (job.window_ends, f"window ends, begun anew {job.extensions} times"),
    ]
    told += [(move.time, f"results {move.results.value}") for move in job.moves]
    for event, mail in job.mails.items():
        told += [(mail.begun, f"mail {event} begun"), (mail.sent, f"mail {event} sent")]
    told += [(time, f"due: {kind}, told {job.due_tries} times") for kind, time in job.due.items()]
    return sorted((time, what) for time, what in told if time)
