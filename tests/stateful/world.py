"""The whole of GAS in memory: the real handlers on fakes, and what may be done to them."""

from __future__ import annotations

import io
import json
import tempfile
import threading
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gas_annotator.engine import Annotated, OpenInput
from gas_annotator.handlers import Annotator
from gas_archiver.handlers import Archiver
from gas_core import packing
from gas_core.adapters import thaw_events
from gas_core.adapters.archive import tiers
from gas_core.announce import set_plan
from gas_core.domain import keys, lifecycle, retention
from gas_core.domain.errors import GasError, JobNotFoundError, MoveRefusedError, PlanChangedError
from gas_core.domain.job import Action, Due, Job, Moved, ObjectRef
from gas_core.domain.lifecycle import WARNED_WINDOW_SECONDS, Timings
from gas_core.domain.messages import JobChanged, JobRequested, UserChanged, parse
from gas_core.domain.plans import Plan
from gas_core.domain.retention import ExtensionsSpentError
from gas_core.domain.states import RESULTS_MOVES, STATUS_MOVES, Results, Status
from gas_core.ports import Clock, Hold, Mail, Queue, Tier
from gas_core.submit import submit_job
from gas_core.testing import (
    Crash,
    FakeArchive,
    FakeClock,
    FakeHold,
    FakeJobs,
    FakeMailer,
    FakePublisher,
    FakeQueue,
    FakeStore,
    FakeUsers,
    Fault,
    Faults,
    Moment,
)
from gas_core.testing.store import INPUTS_BUCKET, RESULTS_BUCKET
from gas_core.update import update
from gas_core.worker import Handlers
from gas_core.worker.drain import Drain
from gas_core.worker.loop import Loop
from gas_core.worker.pulse import Pulse
from gas_engine.errors import VcfError
from gas_notifier.handlers import Notifier
from gas_notifier.letters import LetterBox
from gas_restorer.handlers import Restorer
from gas_restorer.retrievals import GIVEN_UP, Retrievals
from gas_restorer.thaw import Thaw, Thawed
from gas_sweeper.handlers import Swept, sweep

USER_ID = "a1b2c3d4-0000-4000-8000-000000000001"
TIMINGS = Timings()
LONG_WINDOW = Timings(free_window_seconds=WARNED_WINDOW_SECONDS)
"""Windows whose end a mail tells of before it comes."""
UPLOAD_SECONDS = 900
LINK_SECONDS = 60
GOOD, BAD = b"good", b"bad"
WORK = tempfile.TemporaryDirectory(prefix="gas-world-")
"""The disk of all services of all worlds; it goes with the process."""


STAGES = ("pending", "available", "over", "archived", "upgraded", "restoring", "retrieved", "restored")

LETTERS = LetterBox(sender="gas@lab.example", base_url="https://gas.example")


def output(data: bytes, name: str) -> bytes:
    """What the engine of this world makes of an input: the same for every attempt."""
    return name.encode() + b" of " + data


def engine(
    open_input: OpenInput,
    directory: Path,
    progress: Callable[[int, int], None],
    *,
    bundle: str,  # noqa: ARG001
) -> Annotated:
    """An engine that takes a moment, so that heartbeats, cancellations and thieves find it at work."""
    with open_input() as source:
        data = source.read()
    progress(1, len(data))
    if data.startswith(BAD):
        raise VcfError(3, 2, "POS", "'x'", "a whole number")
    files = {}
    for name in ("vcf", "index", "table", "log", "summary"):
        files[name] = directory / name
        files[name].write_bytes(output(data, name))
    progress(2, len(data))
    return Annotated({"records": 2}, **files)


class Pause(Faults):
    """Not a fault but a long sleep at one call: afterwards the process goes on as if no time had passed."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.reached = threading.Event()
        self.awake = threading.Event()
        self.dies: Moment | None = None

    def _strike(self, fault: Fault) -> None:
        self.reached.set()
        self.awake.wait()
        if self.dies is Moment.BEFORE:
            super()._strike(fault)

    def _call(self, name: str, act: Callable[[], Any]) -> Any:
        result = super()._call(name, act)
        if self.dies is Moment.AFTER and self._fault and self.reached.is_set():
            super()._strike(self._fault)
        return result


@dataclass(frozen=True)
class SkewedClock:
    """The clock of a service that is ahead of the others."""

    clock: Clock
    ahead_seconds: int

    def now(self) -> int:
        return self.clock.now() + self.ahead_seconds


@dataclass
class Sleeper:
    """A process that sleeps in the middle of its work, in a thread that runs only when nobody else does."""

    world: World
    pause: Pause
    thread: threading.Thread

    def wake(self, *, dies: Moment | None = None) -> None:
        """Let it go on, for ever, not at all, or just to the end of the call that it slept at."""
        stood = self.world.everything_stored()
        self.pause.dies = dies
        self.pause.awake.set()
        self.thread.join()
        if dies is Moment.AFTER:
            self.world.waste |= self.world.everything_stored() - stood


class WatchedJobs(FakeJobs):
    """Looks at every write: each has to be a move that tables, fences and plans allow."""

    def __init__(self, clock: FakeClock, users: FakeUsers) -> None:
        super().__init__(users)
        self._clock = clock
        self._watched = users
        self.broken: list[str] = []

    def commit(self, before: Job, after: Job, *, while_plan: Plan | None = None) -> Job:
        stood = self.rows.get(before.job_id)
        written = super().commit(before, after, while_plan=while_plan)
        if stood is None:
            self.broken.append("a row came back")
        else:
            self.broken += [rule for rule, held in self._rules(stood, written).items() if not held]
        return written

    def _rules(self, stood: Job, written: Job) -> dict[str, bool]:
        moves = {
            (source, move.target, move.results or stood.results)
            for move in STATUS_MOVES.values()
            for source in move.sources
        }
        results_moves = {
            (source, move.target) for move in RESULTS_MOVES.values() for source in move.sources
        } | {(Results.NONE, Results.AVAILABLE)}
        taken = written.attempt > stood.attempt or written.generation > stood.generation
        working = stood.status is Status.RUNNING or stood.results in {Results.ARCHIVING, Results.RESTORING}
        live = working and stood.lease_expires > self._clock.now()
        moved = stood.results is not written.results
        premium = self._watched.get(written.user_id).plan is Plan.PREMIUM
        return {
            "a status moved as no table says": stood.status is written.status
            or (stood.status, written.status, written.results) in moves,
            "results moved as no table says": not moved or (stood.results, written.results) in results_moves,
            "a terminal state changed": not stood.terminal or outcome(stood) == outcome(written),
            "a late writer won": written.revision > stood.revision
            and written.attempt >= stood.attempt
            and written.generation >= stood.generation
            and written.failures >= stood.failures,
            "a live lease was taken": not (taken and live),
            "a sent mail was forgotten": all(
                written.mails.get(event, record).sent >= record.sent for event, record in stood.mails.items()
            ),
            "results of a premium user went to the archive": not (
                moved and premium and (stood.results, written.results) in INTO_THE_ARCHIVE
            ),
        }


INTO_THE_ARCHIVE = {(Results.AVAILABLE, Results.ARCHIVING), (Results.ARCHIVING, Results.ARCHIVED)}


class World:
    """Tables, buckets, queues and mails; every method is something that may happen."""

    def __init__(self, timings: Timings = TIMINGS) -> None:
        self.timings = timings
        self.clock = FakeClock()
        self.users = FakeUsers()
        self.jobs = WatchedJobs(self.clock, self.users)
        self.store = FakeStore(self.clock)
        self.archive = FakeArchive(self.clock)
        self.job_requests = FakeQueue(self.clock, "job-requests")
        self.job_notifications = FakeQueue(self.clock, "job-notifications")
        self.job_archives = FakeQueue(self.clock, "job-archives")
        self.restores = FakeQueue(self.clock, "restores")
        self.thaws = FakeQueue(self.clock, "thaws")
        self.publisher = FakePublisher(
            job_requests=self.job_requests,
            job_notifications=self.job_notifications,
            job_archives=self.job_archives,
            restores=self.restores,
        )
        self.mailer = FakeMailer()
        self.users.sign_in(identity_id=USER_ID, name="Ada", email="ada@lab.example", now=self.clock.now())
        self.mails_lost: set[str] = set()
        """Jobs whose news was lost by the queue, which nothing makes good."""
        self.mails_doubled: Counter[str] = Counter()
        """Times that the notifier died between the provider's answer and the record, by Message-ID."""
        self.inputs: dict[str, bytes] = {}
        self.links: list[tuple[str, str, int]] = []
        """Download links handed out: job, key, and when they die."""
        self.harmed: set[str] = set()
        """Archives that somebody removed or damaged."""
        self.waste: set[str] = set()
        """What zombies stored in the very last call of their lives."""
        self._told: set[tuple[str, str]] = set()
        self._verified: set[str] = set()

    @property
    def plan(self) -> Plan:
        return self.users.get(USER_ID).plan

    @property
    def queues(self) -> tuple[FakeQueue, ...]:
        return self.job_requests, self.job_notifications, self.job_archives, self.restores, self.thaws

    # What the researcher does

    def new_job(self) -> str:
        """Open the submit page."""
        number = len(self.inputs) + 1
        job_id = f"{number:08x}-6f6e-4d49-8a3f-3f8a5f5d7c11"
        now = self.clock.now()
        self.jobs.add(
            Job(
                job_id=job_id,
                user_id=USER_ID,
                user_email="ada@lab.example",
                s3_inputs_bucket=INPUTS_BUCKET,
                s3_key_input_file=keys.input_key(USER_ID, job_id),
                created_time=now,
                due={Due.UPLOAD.value: now + UPLOAD_SECONDS},
            )
        )
        self.inputs[job_id] = b""
        return job_id

    def upload(self, job_id: str, data: bytes) -> None:
        """Send the file, unless one was sent; uploads after the first change nothing for the job."""
        ref = ObjectRef(INPUTS_BUCKET, keys.input_key(USER_ID, job_id))
        self.store.put_for_test(ref, data + job_id.encode(), name="my file.vcf")
        self.inputs[job_id] = self.inputs[job_id] or data + job_id.encode()

    def job_at(self, stage: str) -> str:
        """A job that has come so far, undisturbed; whatever else is due is done on the way."""
        job_id = self.new_job()
        self.upload(job_id, GOOD)
        self.submit(job_id)
        way: list[Callable[[], object]] = [
            lambda: _while(self.annotate),
            self._window_over,
            lambda: _while(self.archive_one),
            lambda: self.set_plan(Plan.PREMIUM),
            lambda: _while(self.restore),
            self._retrieved,
            self.thaw,
        ]
        for act in way[: STAGES.index(stage)]:
            act()
        return job_id

    def _window_over(self) -> None:
        self.clock.advance(self.timings.free_window_seconds)
        self.sweep()

    def _retrieved(self) -> None:
        self.clock.advance(tiers.FLEXIBLE_SECONDS[Tier.EXPEDITED])

    def submit(self, job_id: str, faults: Faults | None = None) -> None:
        """The page that the store redirects to."""
        ports = self._ports(faults)
        self._survive(lambda: submit_job(job_id, **ports))

    def cancel(self, job_id: str) -> None:
        self._decide(job_id, lambda row: lifecycle.cancel(row, now=self.clock.now(), timings=self.timings))

    def delete(self, job_id: str) -> None:
        self._decide(job_id, lambda row: retention.delete(row, now=self.clock.now(), timings=self.timings))

    def download(self, job_id: str) -> None:
        """Click, if there is a button: a link is made that is good for a while."""
        row = self.jobs.rows.get(job_id)
        if row and Action.DOWNLOAD in row.actions:
            self.links.append((job_id, row.s3_key_result_file, self.clock.now() + LINK_SECONDS))
            self.check()

    def keep_longer(self, job_id: str) -> None:
        now, timings = self.clock.now(), self.timings
        self._decide(job_id, lambda row: retention.keep_longer(row, now=now, timings=timings))

    def bring_back(self, job_id: str) -> None:
        self._decide(
            job_id, lambda row: retention.ask_back(row, now=self.clock.now()), while_plan=Plan.PREMIUM
        )

    def choose_mails(self, *, before_the_end: bool) -> None:
        """Save the profile, with or without mails before a window's end."""
        self.users.save_profile(
            USER_ID,
            name="Ada",
            email="ada@lab.example",
            institution="",
            window_mails=before_the_end,
            now=self.clock.now(),
        )

    def set_plan(self, plan: Plan, faults: Faults | None = None) -> None:
        """Pay, or stop paying."""
        faults = faults or Faults()
        self._survive(
            lambda: set_plan(
                USER_ID,
                plan,
                source="operator",
                users=faults.wrap(self.users, "users"),
                publisher=faults.wrap(self.publisher, "publisher"),
                clock=self.clock,
                timings=self.timings,
            )
        )

    def _decide(self, job_id: str, decide: Callable[[Job], Job], *, while_plan: Plan | None = None) -> None:
        try:
            update(self.jobs, job_id, decide, while_plan=while_plan)
        except (MoveRefusedError, JobNotFoundError, ExtensionsSpentError, PlanChangedError):
            return  # the page offers it no more

    # What the services do

    def annotate(self, faults: Faults | None = None, hold: FakeHold | None = None) -> bool:
        """One message of job-requests; False if there is none."""
        faults = faults or Faults()
        ports = self._ports(faults)
        hold = faults.wrap(hold or FakeHold(), "hold")
        annotator = Annotator(
            **ports,
            engine=engine,
            results_bucket=RESULTS_BUCKET,
            work_directory=Path(WORK.name),
        )
        return self._take(faults.wrap(self.job_requests, "queue"), {JobRequested: annotator.annotate}, hold)

    def notify(self, faults: Faults | None = None) -> bool:
        """One message of job-notifications; False if there is none."""
        faults = faults or Faults()
        before = len(self.mailer.outbox)
        ports = self._ports(faults)
        del ports["store"], ports["publisher"]

        notifier = Notifier(
            **ports,
            users=faults.wrap(self.users, "users"),
            mailer=faults.wrap(self.mailer, "mailer"),
            letters=LETTERS,
        )

        handlers: Handlers = {
            JobChanged: lambda message, _hold: notifier.about_job(message),
            UserChanged: lambda message, _hold: notifier.about_user(message),
        }
        try:
            return self._take(faults.wrap(self.job_notifications, "queue"), handlers, FakeHold())
        finally:
            for mail in self.mailer.outbox[before:]:
                if faults.struck and not self._recorded(mail):
                    self.mails_doubled[mail.message_id] += 1
                if ".expiring-" in mail.message_id:
                    self._warned_in_time(mail)

    def _warned_in_time(self, mail: Mail) -> None:
        """A mail about a window's end just went out: there is such an end, it is to come, and it is news."""
        job_id, _, name = mail.message_id.strip("<").partition("@")[0].partition(".")
        row, user = self.jobs.rows[job_id], self.users.get(USER_ID)
        assert row.results is Results.AVAILABLE
        assert name == f"expiring-{row.window_ends}"
        assert self.clock.now() < row.window_ends
        assert (user.plan, user.window_mails) == (Plan.FREE, True)

    def _recorded(self, mail: Mail) -> bool:
        """Whether the row that owed the mail says that it was sent."""
        subject_id, _, name = mail.message_id.strip("<").partition("@")[0].partition(".")
        if subject_id == USER_ID:
            return not self.users.get(USER_ID).restored_mail_begun
        row = self.jobs.rows.get(subject_id)
        return row is None or row.mails[name].sent > 0

    def sweep(self, faults: Faults | None = None, *, ahead_seconds: int = 0) -> Swept | None:
        """One pass; None if it died."""
        faults = faults or Faults()
        ports = self._ports(faults, ahead_seconds)
        return self._survive(lambda: sweep(**ports, users=faults.wrap(self.users, "users"), limit=100))

    def archive_one(
        self, faults: Faults | None = None, hold: FakeHold | None = None, *, ahead_seconds: int = 0
    ) -> bool:
        """One message of job-archives; False if there is none."""
        faults = faults or Faults()
        hold = faults.wrap(hold or FakeHold(), "hold")
        archiver = Archiver(
            **self._ports(faults, ahead_seconds),
            users=faults.wrap(self.users, "users"),
            archive=faults.wrap(self.archive, "archive"),
            work_directory=Path(WORK.name),
        )
        return self._take(faults.wrap(self.job_archives, "queue"), {JobChanged: archiver.settle}, hold)

    def restore(
        self, faults: Faults | None = None, hold: FakeHold | None = None, *, ahead_seconds: int = 0
    ) -> bool:
        """One message of restores; False if there is none."""
        faults = faults or Faults()
        hold = faults.wrap(hold or FakeHold(), "hold")
        ports = self._ports(faults, ahead_seconds)
        restorer = Restorer(
            jobs=ports["jobs"],
            users=faults.wrap(self.users, "users"),
            retrievals=self._retrievals(faults, ports),
            clock=ports["clock"],
            timings=self.timings,
            threads=1,
        )
        return self._take(faults.wrap(self.restores, "queue"), {UserChanged: restorer.work_through}, hold)

    def thaw(self, faults: Faults | None = None, *, ahead_seconds: int = 0) -> Thawed | None:
        """One pass; None if it died."""
        self._tell_events()
        faults = faults or Faults()
        ports = self._ports(faults, ahead_seconds)
        thaw = Thaw(
            **ports,
            users=faults.wrap(self.users, "users"),
            archive=faults.wrap(self.archive, "archive"),
            retrievals=self._retrievals(faults, ports),
            work_directory=Path(WORK.name),
            threads=1,
            limit=100,
        )
        queue = faults.wrap(self.thaws, "queue")
        return self._survive(lambda: thaw.one_pass(queue, thaw_events.jobs_of))

    def _retrievals(self, faults: Faults, ports: dict[str, Any]) -> Retrievals:
        return Retrievals(ports["jobs"], faults.wrap(self.archive, "archive"), ports["clock"], self.timings)

    def _ports(self, faults: Faults | None, ahead_seconds: int = 0) -> dict[str, Any]:
        faults = faults or Faults()
        return {
            "jobs": faults.wrap(self.jobs, "jobs"),
            "store": faults.wrap(self.store, "store"),
            "publisher": faults.wrap(self.publisher, "publisher"),
            "clock": SkewedClock(self.clock, ahead_seconds),
            "timings": self.timings,
        }

    def _take(self, queue: Queue, handlers: Handlers, hold: Hold) -> bool:
        """One turn of the worker's own loop, with heartbeats by the clock of the test."""
        loop = Loop(
            queue,
            handlers,
            hold=lambda _delivery: hold,
            poll_seconds=0,
            drain=Drain(seconds=0),
            pulse=Pulse(stall_seconds=0),
        )

        def turn() -> bool:
            delivery = queue.receive(wait_seconds=0)
            if delivery:
                loop.take(delivery)
            return delivery is not None

        return bool(self._survive(turn))

    def _survive(self, act: Callable[[], Any]) -> Any:
        """A process may die or fail; the world goes on."""
        try:
            return act()
        except (Crash, GasError):
            return None
        finally:
            self.check()

    # What the world does

    def asleep(self, act: Callable[[Faults], object], fault: Fault) -> Sleeper | None:
        """Start ``act`` and let it fall asleep at the call told; None if it ends before."""
        pause = Pause(fault)
        thread = threading.Thread(target=act, args=(pause,), daemon=True)
        thread.start()
        while thread.is_alive() and not pause.reached.wait(0.001):
            pass
        if pause.reached.is_set():
            return Sleeper(self, pause, thread)
        thread.join()
        return None

    def lose(self, queue: FakeQueue, index: int) -> None:
        if queue is self.job_notifications:
            message = parse(queue.messages[index].body)
            if isinstance(message, JobChanged):
                self.mails_lost.add(message.job_id)
        queue.lose_for_test(index)

    def harm_archive(self, archive_id: str, *, remove: bool) -> None:
        """Somebody else removes an archive, or a bit of it flips."""
        self.harmed.add(archive_id)
        if remove:
            self.archive.lose_for_test(archive_id)
        else:
            self.archive.corrupt_for_test(archive_id)

    def _tell_events(self) -> None:
        """What the archive store publishes when a retrieval is ready."""
        for archive in self.archive.archives.values():
            for retrieval_id, retrieval in archive.retrievals.items():
                event = archive.key, retrieval_id
                if retrieval.ready <= self.clock.now() and event not in self._told:
                    self._told.add(event)
                    record = {"eventName": "ObjectRestore:Completed", "s3": {"object": {"key": archive.key}}}
                    self.thaws.send(json.dumps({"Records": [record]}))

    def settle(self) -> None:
        """Let time pass without further faults until nobody owes anything."""
        warnings = self._warnings_to_come()
        for _ in range(200):
            while self.annotate() or self.notify() or self.archive_one() or self.restore():
                pass
            self.thaw()
            self.sweep()
            waiting = any(queue.messages for queue in self.queues)
            if not waiting and self._next_due() is None:
                assert warnings <= {mail.message_id for mail in self.mailer.outbox}, "a window ended unsaid"
                return
            self.clock.advance(60 if waiting else max(self._next_due() - self.clock.now(), 1))
        raise AssertionError(f"something is owed for ever: {self.jobs.rows} {self.users.get(USER_ID)}")

    def _warnings_to_come(self) -> set[str]:
        """Mails that nobody was asked for yet, and that have to go out if nobody does anything any more."""
        user = self.users.get(USER_ID)
        if user.plan is not Plan.FREE or user.plan_settling or not user.window_mails:
            return set()
        asked = self.clock.now() + self.timings.warning_seconds
        return {
            LETTERS.message_id(row.job_id, f"expiring-{row.window_ends}")
            for row in self.jobs.rows.values()
            if row.results is Results.AVAILABLE and Due.WARNING in row.due and row.window_ends > asked
        }

    def hurry(self, faults: Faults) -> None:
        """Let time go to what is owed next, and everybody take a turn; ``faults`` count over all of them."""
        due = self._next_due()
        if due is not None:
            self.clock.advance(max(due - self.clock.now(), 0))
        self.sweep(faults)
        for turn in (self.annotate, self.archive_one, self.restore, self.thaw):
            turn(faults)

    def _next_due(self) -> int | None:
        rows = [*self.jobs.rows.values(), self.users.get(USER_ID)]
        return min((row.due_time for row in rows if row.due_time is not None), default=None)

    # What must hold

    def check(self) -> None:
        """Hold at any moment: DESIGN's contract, as far as one moment can show it."""
        assert not self.jobs.broken
        for row in self.jobs.rows.values():
            if row.results is not Results.NONE:
                assert row.moves[-1] == Moved(row.results, row.results_since)
            if row.status is Status.COMPLETED and row.results is not Results.DELETING:
                self._results_are_somewhere(row)
                self._offers_are_good(row)
        self._links_lead_somewhere()
        used = Counter(ref.key for ref in self.store.puts if ref.bucket == RESULTS_BUCKET)
        assert all(times == 1 for times in used.values()), "a key was used twice"
        sent = Counter(mail.message_id for mail in self.mailer.outbox)
        for message_id, times in sent.items():
            assert times <= 1 + self.mails_doubled[message_id], "a second mail"

    def check_at_rest(self) -> None:
        """Hold once nobody owes anything: every job has one end, and nothing lies about."""
        self.check()
        rows = self.jobs.rows
        assert all(row.terminal and not row.due for row in rows.values()), "a job has no end"
        assert all(row.results is not Results.DELETING for row in rows.values())
        assert not self.users.get(USER_ID).due
        for row in rows.values():
            if row.status is Status.COMPLETED:
                self._rests_where_its_plan_says(row)
        named = {key for row in rows.values() if row.status is Status.COMPLETED for key in named_keys(row)}
        named |= {row.results_file_archive_id for row in rows.values()} - {""}
        lost = {row.job_id for row in rows.values() if row.results is Results.LOST}
        orphans = {
            stored
            for stored in self.everything_stored() - named - self.waste
            # Nothing of lost results is removed: an operator may find in it what is missing.
            if not any(job_id in stored for job_id in lost)
        }
        assert not orphans
        assert named - self.harmed <= self.everything_stored()
        inputs = {key for bucket, key in self.store.objects if bucket == INPUTS_BUCKET}
        assert inputs <= {row.s3_key_input_file for row in rows.values()}, "an input without a job"
        dead = {getattr(parse(letter.body), "job_id", "") for letter in self.job_notifications.dead_letters}
        sent = {mail.message_id for mail in self.mailer.outbox}
        for row in rows.values():
            if row.status is not Status.CANCELLED and row.job_id not in self.mails_lost | dead:
                assert f"<{row.job_id}.{row.status.lower()}@lab.example>" in sent, "no mail"

    def everything_stored(self) -> set[str]:
        """Keys of results and IDs of archives."""
        return {key for bucket, key in self.store.objects if bucket == RESULTS_BUCKET} | set(
            self.archive.archives
        )

    def _results_are_somewhere(self, row: Job) -> None:
        """In the results bucket or in an archive, and whole; or an archive was harmed by no doing of ours."""
        for key, name in (row.s3_key_log_file, "log"), (keys.summary_key(row), "summary"):
            self._stands(row, key, name)
        if row.results in {Results.AVAILABLE, Results.ARCHIVING}:
            assert row.s3_key_result_file == keys.standing_keys(row).vcf
            for key, name in zip(keys.standing_keys(row).results, ("vcf", "index", "table"), strict=True):
                self._stands(row, key, name)
        elif row.results_file_archive_id in self.harmed:
            return
        else:
            assert row.results is not Results.LOST, "results were given up for lost"
            archive_id = row.results_file_archive_id
            assert archive_id in self.archive.archives, "neither results nor archive"
            if archive_id not in self._verified:
                self._verify(row)
                self._verified.add(archive_id)

    def _stands(self, row: Job, key: str, name: str) -> None:
        stored = self.store.objects.get((RESULTS_BUCKET, key))
        assert stored, f"a COMPLETED job has no {name}"
        assert stored.data == output(self.inputs[row.job_id], name), f"{name} is not complete"

    def _verify(self, row: Job) -> None:
        archive = self.archive.archives[row.results_file_archive_id]
        assert zlib.crc32(archive.data) == archive.checksum
        with tempfile.TemporaryDirectory() as parent:
            directory = Path(parent) / "unpacked"
            manifest = packing.unpack(io.BytesIO(archive.data), directory)
            assert manifest.job_id == row.job_id
            files = ("annot.vcf.gz", "vcf"), ("annot.vcf.gz.tbi", "index"), ("table.parquet", "table")
            for file_name, name in files:
                assert (directory / file_name).read_bytes() == output(self.inputs[row.job_id], name)

    def _offers_are_good(self, row: Job) -> None:
        """A GET delivers whatever a page offers."""
        stored = self.store.objects
        if Action.DOWNLOAD in row.actions:
            assert (RESULTS_BUCKET, row.s3_key_result_file) in stored, "a button for what is not there"
        if Action.LOG in row.actions:
            assert (RESULTS_BUCKET, row.s3_key_log_file) in stored
        if Action.BRING_BACK in row.actions:
            assert row.results_file_archive_id in set(self.archive.archives) | self.harmed

    def _links_lead_somewhere(self) -> None:
        rows, now = self.jobs.rows, self.clock.now()
        self.links = [
            (job_id, key, dies)
            for job_id, key, dies in self.links
            if dies > now and job_id in rows and rows[job_id].results is not Results.DELETING
        ]
        for _, key, _ in self.links:
            assert (RESULTS_BUCKET, key) in self.store.objects, "a link that is good leads nowhere"

    def _rests_where_its_plan_says(self, row: Job) -> None:
        harmed = row.results_file_archive_id in self.harmed
        match row.results:
            case Results.AVAILABLE:
                assert self.plan is Plan.PREMIUM, "a window has no end"
                assert not row.window_ends
            case Results.ARCHIVED:
                given_up = row.restore_message == GIVEN_UP
                assert self.plan is Plan.FREE or given_up, "a premium user's results rest in the archive"
            case _:
                assert row.results is Results.LOST
                assert harmed


def _while(act: Callable[[], bool]) -> None:
    while act():
        pass


def named_keys(row: Job) -> set[str]:
    """What a COMPLETED job has in the results bucket."""
    results = keys.standing_keys(row).results if row.results is Results.AVAILABLE else ()
    return {*results, row.s3_key_log_file, keys.summary_key(row)}


def outcome(row: Job) -> tuple[object, ...]:
    """What an end fixes."""
    return (
        row.status,
        row.failure,
        row.complete_time,
        row.s3_key_log_file,
        row.attempt,
        row.summary,
    )
