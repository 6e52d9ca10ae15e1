"""What becomes of messages."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from gas_core.domain.errors import (
    JobNotFoundError,
    StoppingError,
    StoreUnavailableError,
    TransientError,
    UnreadableError,
)
from gas_core.domain.messages import JobChanged, JobEvent, JobRequested, Message
from gas_core.ports import Hold
from gas_core.testing import FakeClock, FakeHold, FakeQueue, Fault, Faults, Moment
from gas_core.worker.drain import Drain
from gas_core.worker.loop import Loop
from gas_core.worker.policy import backoff_seconds, settle
from gas_core.worker.pulse import Pulse

JOB_ID = "0f5ae3a2-6f6e-4d49-8a3f-3f8a5f5d7c11"
REQUEST = JobRequested(job_id=JOB_ID, user_id="u").model_dump_json()


class Rig:
    """A loop on a queue in memory; the handler is what the test says."""

    def __init__(self, handle: Callable[[Message, Hold], None], faults: Faults | None = None) -> None:
        self.clock = FakeClock()
        self.queue = FakeQueue(self.clock)
        self.drain = Drain(seconds=0)
        self.handled = 0

        def counted(message: Message, hold: Hold) -> None:
            self.handled += 1
            handle(message, hold)

        self.loop = Loop(
            (faults or Faults()).wrap(self.queue, "queue"),
            {JobRequested: counted},
            hold=lambda _delivery: FakeHold(),
            poll_seconds=0,
            drain=self.drain,
            pulse=Pulse(stall_seconds=60),
        )

    def take(self) -> None:
        delivery = self.queue.receive(wait_seconds=0)
        assert delivery, "nothing is visible"
        self.loop.take(delivery)


def nothing(_message: Message, _hold: Hold) -> None:
    pass


def raising(error: Exception) -> Callable[[Message, Hold], None]:
    def handle(_message: Message, _hold: Hold) -> None:
        raise error

    return handle


def test_message_stays_in_the_queue_until_its_handler_is_done() -> None:
    seen: list[int] = []
    rig = Rig(lambda _message, _hold: seen.append(len(rig.queue.messages)))
    rig.queue.send(REQUEST)
    rig.take()
    assert seen == [1]
    assert rig.queue.messages == []


@pytest.mark.parametrize(
    ("error", "pause_seconds"),
    [
        (StoreUnavailableError(), 10),
        (TransientError(retry_after_seconds=75), 75),
        (StoppingError(), 0),
        (UnreadableError(), 5),
        (ZeroDivisionError("a bug"), 10),
        (OSError("the disk is full"), 10),
    ],
)
def test_message_that_could_not_be_handled_comes_again(error: Exception, pause_seconds: int) -> None:
    rig = Rig(raising(error))
    rig.queue.send(REQUEST)
    rig.take()
    if pause_seconds:
        rig.clock.advance(pause_seconds - 1)
        assert rig.queue.receive(wait_seconds=0) is None
        rig.clock.advance(1)
    assert rig.queue.receive(wait_seconds=0)


def test_message_that_never_can_be_handled_is_deleted() -> None:
    rig = Rig(raising(JobNotFoundError()))
    rig.queue.send(REQUEST)
    rig.take()
    assert rig.queue.messages == []
    assert rig.queue.dead_letters == []


@pytest.mark.parametrize(
    "body",
    [
        "not JSON",
        '{"kind": "job_requested", "version": 2}',
        JobChanged(job_id=JOB_ID, user_id="u", event=JobEvent.FAILED).model_dump_json(),
    ],
    ids=["garbage", "a later version", "of another queue"],
)
def test_unreadable_message_ends_among_the_dead_letters(body: str) -> None:
    rig = Rig(nothing)
    rig.queue.send(body)
    for _ in range(5):
        rig.take()
        rig.clock.advance(5)
    assert rig.queue.receive(wait_seconds=0) is None
    assert [message.body for message in rig.queue.dead_letters] == [body]
    assert rig.handled == 0


def test_pauses_double_and_are_bounded() -> None:
    assert [backoff_seconds(count) for count in (1, 2, 3, 4, 5, 6, 7, 1000)] == [
        10, 20, 40, 80, 160, 300, 300, 300,
    ]  # fmt: skip


def test_only_done_and_permanent_delete_a_message() -> None:
    assert settle(None, 1).hide_seconds is None
    assert settle(JobNotFoundError(), 1).hide_seconds is None
    assert settle(Exception(), 1).hide_seconds is not None


@pytest.mark.parametrize("moment", Moment)
def test_message_that_cannot_be_settled_does_not_stop_the_loop(moment: Moment) -> None:
    rig = Rig(nothing, Faults(Fault(at=0, moment=moment, error=StoreUnavailableError())))
    rig.queue.send(REQUEST)
    rig.take()
    rig.clock.advance(75)
    assert (rig.queue.receive(wait_seconds=0) is None) == (moment is Moment.AFTER)


def test_message_that_arrives_after_the_request_to_stop_is_given_back_at_once() -> None:
    rig = Rig(nothing)
    receive = rig.queue.receive

    def asked_to_stop_meanwhile(*, wait_seconds: float) -> object:
        rig.drain.request()
        return receive(wait_seconds=wait_seconds)

    rig.queue.receive = asked_to_stop_meanwhile  # type: ignore[assignment,method-assign]
    rig.queue.send(REQUEST)
    rig.loop.run()
    assert rig.handled == 0
    assert receive(wait_seconds=0)


def test_loop_takes_messages_until_asked_to_stop() -> None:
    rig = Rig(lambda _message, _hold: rig.drain.request() if rig.handled == 3 else None)
    for _ in range(4):
        rig.queue.send(REQUEST)
    rig.loop.run()
    assert rig.handled == 3
    assert len(rig.queue.messages) == 1


def test_queue_that_does_not_answer_is_asked_again_and_stopping_does_not_wait_for_it() -> None:
    rig = Rig(nothing, Faults(Fault(at=0, moment=Moment.BEFORE, error=StoreUnavailableError())))
    thread = threading.Thread(target=rig.loop.run)
    thread.start()
    rig.drain.request()
    thread.join(timeout=5)
    assert not thread.is_alive()
