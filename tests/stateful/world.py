"""The whole of GAS in memory: the real handlers on fakes, and what may be done to them."""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from gas_annotator.engine import Annotated
from gas_annotator.handlers import Annotator
from gas_core.domain import keys, lifecycle, retention
from gas_core.domain.errors import GasError, JobNotFoundError, MoveRefusedError
from gas_core.domain.job import Due, Job, ObjectRef
from gas_core.domain.lifecycle import Timings
from gas_core.domain.messages import JobChanged, JobRequested, Message, parse
from gas_core.domain.states import STATUS_MOVES, Results, Status
from gas_core.ports import Hold, Queue
from gas_core.submit import submit_job
from gas_core.testing import (
    Crash,
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
from gas_notifier.handlers import notify
from gas_notifier.letters import LetterBox
from gas_sweeper.handlers import Swept, sweep

USER_ID = "a1b2c3d4-0000-4000-8000-000000000001"
TIMINGS = Timings()
UPLOAD_SECONDS = 900
GOOD, BAD = b"good", b"bad"

LETTERS = LetterBox(sender="gas@lab.example", base_url="https://gas.example")


def output(data: bytes, name: str) -> bytes:
    """What the engine of this world makes of an input: the same for every attempt."""
    return name.encode() + b" of " + data


def engine(source: BinaryIO, directory: Path, progress: Callable[[int, int], None]) -> Annotated:
    """An engine that takes a moment, so that heartbeats, cancellations and thieves find it at work."""
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


@dataclass
class Sleeper:
    """A process that sleeps in the middle of its work, in a thread that runs only when nobody else does."""

    pause: Pause
    thread: threading.Thread

    def wake(self, *, dies: Moment | None = None) -> None:
        """Let it go on, for ever, not at all, or just to the end of the call that it slept at."""
        self.pause.dies = dies
        self.pause.awake.set()
        self.thread.join()


class WatchedJobs(FakeJobs):
    """Looks at every write: each has to be a move that the tables and the attempt's fence allow."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock
        self.broken: list[str] = []

    def commit(self, before: Job, after: Job) -> Job:
        stood = self.rows.get(before.job_id)
        written = super().commit(before, after)
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
        claimed = written.attempt > stood.attempt
        live = stood.status is Status.RUNNING and stood.lease_expires > self._clock.now()
        return {
            "a status moved as no table says": stood.status is written.status
            or (stood.status, written.status, written.results) in moves,
            "a terminal state changed": not stood.terminal or outcome(stood) == outcome(written),
            "a late writer won": written.revision > stood.revision
            and written.attempt >= stood.attempt
            and written.generation >= stood.generation
            and written.failures >= stood.failures,
            "a live lease was taken": not (claimed and live),
            "a sent mail was forgotten": all(
                written.mails.get(event, record).sent >= record.sent for event, record in stood.mails.items()
            ),
        }


class World:
    """Tables, buckets, queues and mails; every method is something that may happen."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.jobs = WatchedJobs(self.clock)
        self.users = FakeUsers()
        self.store = FakeStore(self.clock)
        self.job_requests = FakeQueue(self.clock, "job-requests")
        self.job_notifications = FakeQueue(self.clock, "job-notifications")
        self.publisher = FakePublisher(
            job_requests=self.job_requests, job_notifications=self.job_notifications
        )
        self.mailer = FakeMailer()
        self.users.sign_in(identity_id=USER_ID, name="Ada", email="ada@lab.example", now=self.clock.now())
        self.mails_lost: set[str] = set()
        """Jobs whose news was lost by the queue, which nothing makes good."""
        self.mails_doubled: Counter[str] = Counter()
        """Times that the notifier died between the provider's answer and the record, by Message-ID."""
        self.inputs: dict[str, bytes] = {}

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

    def submit(self, job_id: str, faults: Faults | None = None) -> None:
        """The page that the store redirects to."""
        ports = self._ports(faults)
        self._survive(lambda: submit_job(job_id, **ports))

    def cancel(self, job_id: str) -> None:
        self._decide(job_id, lambda row: lifecycle.cancel(row, now=self.clock.now(), timings=TIMINGS))

    def delete(self, job_id: str) -> None:
        self._decide(job_id, lambda row: retention.delete(row, now=self.clock.now(), timings=TIMINGS))

    def _decide(self, job_id: str, decide: Callable[[Job], Job]) -> None:
        try:
            update(self.jobs, job_id, decide)
        except (MoveRefusedError, JobNotFoundError):
            return  # the page offers it no more

    # What the services do

    def annotate(self, faults: Faults | None = None, hold: FakeHold | None = None) -> bool:
        """One message of job-requests; False if there is none."""
        faults = faults or Faults()
        ports = self._ports(faults)
        hold = faults.wrap(hold or FakeHold(), "hold")
        with tempfile.TemporaryDirectory() as directory:
            annotator = Annotator(
                **ports,
                engine=engine,
                results_bucket=RESULTS_BUCKET,
                work_directory=Path(directory),
            )
            return self._take(
                faults.wrap(self.job_requests, "queue"), {JobRequested: annotator.annotate}, hold
            )

    def notify(self, faults: Faults | None = None) -> bool:
        """One message of job-notifications; False if there is none."""
        faults = faults or Faults()
        before = len(self.mailer.outbox)
        ports = self._ports(faults)
        del ports["store"], ports["publisher"]

        def on_job_changed(message: Message, _hold: Hold) -> None:
            notify(
                message,
                **ports,
                users=faults.wrap(self.users, "users"),
                mailer=faults.wrap(self.mailer, "mailer"),
                letters=LETTERS,
            )

        try:
            queue = faults.wrap(self.job_notifications, "queue")
            return self._take(queue, {JobChanged: on_job_changed}, FakeHold())
        finally:
            for mail in self.mailer.outbox[before:]:
                job_id, event = mail.message_id.strip("<").split("@")[0].split(".")
                row = self.jobs.rows.get(job_id)
                if faults.struck and row is not None and not row.mails[event].sent:
                    self.mails_doubled[mail.message_id] += 1

    def sweep(self, faults: Faults | None = None) -> Swept | None:
        """One pass; None if it died."""
        ports = self._ports(faults)
        return self._survive(lambda: sweep(**ports, limit=100))

    def _ports(self, faults: Faults | None) -> dict[str, Any]:
        faults = faults or Faults()
        return {
            "jobs": faults.wrap(self.jobs, "jobs"),
            "store": faults.wrap(self.store, "store"),
            "publisher": faults.wrap(self.publisher, "publisher"),
            "clock": self.clock,
            "timings": TIMINGS,
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
            return Sleeper(pause, thread)
        thread.join()
        return None

    def lose(self, queue: FakeQueue, index: int) -> None:
        message = parse(queue.messages[index].body)
        if queue is self.job_notifications:
            self.mails_lost.add(message.job_id)
        queue.lose_for_test(index)

    def settle(self) -> None:
        """Let time pass without further faults until nobody owes anything."""
        for _ in range(200):
            while self.annotate() or self.notify():
                pass
            self.sweep()
            waiting = self.job_requests.messages or self.job_notifications.messages
            if not waiting and all(row.due_time is None for row in self.jobs.rows.values()):
                return
            self.clock.advance(60 if waiting else self._next_due() - self.clock.now())
        raise AssertionError(f"something is owed for ever: {self.jobs.rows}")

    def _next_due(self) -> int:
        due = [row.due_time for row in self.jobs.rows.values() if row.due_time is not None]
        return max(min(due), self.clock.now() + 1)

    # What must hold

    def check(self) -> None:
        """Hold at any moment: DESIGN's contract, as far as one moment can show it."""
        assert not self.jobs.broken
        for row in self.jobs.rows.values():
            if row.status is Status.COMPLETED and row.results is Results.AVAILABLE:
                assert row.s3_key_result_file == keys.result_refs(row).vcf
                self._results_stand(row)
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
        named = {
            key
            for row in rows.values()
            if row.status is Status.COMPLETED
            for key in keys.result_refs(row).every
        }
        assert {key for bucket, key in self.store.objects if bucket == RESULTS_BUCKET} == named, "orphans"
        inputs = {key for bucket, key in self.store.objects if bucket == INPUTS_BUCKET}
        assert inputs <= {row.s3_key_input_file for row in rows.values()}, "an input without a job"
        dead = {parse(message.body).job_id for message in self.job_notifications.dead_letters}
        sent = {mail.message_id for mail in self.mailer.outbox}
        for row in rows.values():
            if row.status is not Status.CANCELLED and row.job_id not in self.mails_lost | dead:
                assert f"<{row.job_id}.{row.status.lower()}@lab.example>" in sent, "no mail"

    def _results_stand(self, row: Job) -> None:
        names = keys.result_refs(row)
        for name in ("vcf", "index", "table", "log", "summary"):
            stored = self.store.objects.get((RESULTS_BUCKET, getattr(names, name)))
            assert stored, f"a COMPLETED job has no {name}"
            assert stored.data == output(self.inputs[row.job_id], name), f"{name} is not complete"


def outcome(row: Job) -> tuple[object, ...]:
    """What an end fixes."""
    return (
        row.status,
        row.failure,
        row.complete_time,
        row.s3_key_result_file,
        row.s3_key_log_file,
        row.generation,
        row.attempt,
        row.summary,
    )
