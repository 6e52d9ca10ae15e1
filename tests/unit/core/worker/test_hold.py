"""Keeping message and lease while a handler works."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from gas_core.domain.errors import StoppingError, StoreUnavailableError
from gas_core.domain.lifecycle import LeaseLostError
from gas_core.testing import FakeClock, FakeQueue
from gas_core.worker.drain import Drain
from gas_core.worker.hold import MISSES, Grip, StalledError
from gas_core.worker.pulse import Pulse

BEAT = 0.01


class Rig:
    """A grip on the one message of a queue, with a quick heart."""

    def __init__(self, *, drain_seconds: float = 60, stall_seconds: float = 60) -> None:
        self.clock = FakeClock()
        self.queue = FakeQueue(self.clock)
        self.queue.send("x")
        self.delivery = self.queue.receive(wait_seconds=0)
        assert self.delivery
        self.drain = Drain(drain_seconds)
        self.pulse = Pulse(stall_seconds)
        self.grip = Grip(
            self.queue,
            self.delivery,
            heartbeat_seconds=BEAT,
            visibility_seconds=75,
            drain=self.drain,
            pulse=self.pulse,
        )


def until(true: Callable[[], bool]) -> None:
    """Wait for another thread, but not for ever."""
    ends = time.monotonic() + 5
    while not true():
        assert time.monotonic() < ends, "it never happened"
        time.sleep(0.001)


def raised_by(grip: Grip) -> Exception | None:
    try:
        grip.check()
    except Exception as error:  # noqa: BLE001  any is the answer
        return error
    return None


def test_heartbeat_renews_the_lease_and_hides_the_message_together() -> None:
    rig = Rig()
    beats: list[int] = []
    with rig.grip.keep(lambda: beats.append(rig.clock.now())):
        rig.clock.advance(60)
        count = len(beats)
        until(lambda: len(beats) > count + 2)
        rig.grip.check()
    (message,) = rig.queue.messages
    assert message.visible == rig.clock.now() + 75


def test_heartbeats_end_with_the_work() -> None:
    rig = Rig()
    beats: list[None] = []
    with rig.grip.keep(lambda: beats.append(None)):
        until(lambda: len(beats) > 0)
    count = len(beats)
    time.sleep(5 * BEAT)
    assert len(beats) == count


def test_message_that_was_given_back_is_not_hidden_again_by_a_late_heartbeat() -> None:
    rig = Rig()
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        go_on.wait(5)

    with rig.grip.keep(slow):
        assert begun.wait(5)
        threading.Timer(0.05, go_on.set).start()
    rig.queue.hide(rig.delivery, 0)
    assert rig.queue.receive(wait_seconds=0)


def test_lease_that_was_lost_stops_the_work() -> None:
    rig = Rig()

    def lost() -> None:
        raise LeaseLostError

    with rig.grip.keep(lost):
        until(lambda: isinstance(raised_by(rig.grip), LeaseLostError))


def test_heartbeat_may_fail_for_a_while() -> None:
    rig = Rig()
    tried: list[None] = []

    def fails_at_first() -> None:
        tried.append(None)
        if len(tried) < MISSES:
            raise StoreUnavailableError

    with rig.grip.keep(fails_at_first):
        until(lambda: len(tried) > 2 * MISSES)
        rig.grip.check()


def test_heartbeat_that_keeps_failing_stops_the_work() -> None:
    rig = Rig()

    def fails() -> None:
        raise StoreUnavailableError

    with rig.grip.keep(fails):
        until(lambda: isinstance(raised_by(rig.grip), StoreUnavailableError))


def test_work_that_hangs_loses_its_lease() -> None:
    rig = Rig(stall_seconds=5 * BEAT)
    beats: list[None] = []
    with rig.grip.keep(lambda: beats.append(None)):
        until(lambda: rig.pulse.stalled)
        time.sleep(5 * BEAT)
        count = len(beats)
        time.sleep(10 * BEAT)
        assert len(beats) == count, "a hung handler would keep its job for ever"
        with pytest.raises(StalledError):
            rig.grip.check()


def test_work_goes_on_during_the_drain_time_and_stops_after_it() -> None:
    rig = Rig(drain_seconds=0.05)
    rig.grip.check()
    rig.drain.request()
    rig.grip.check()
    until(lambda: rig.drain.over)
    with pytest.raises(StoppingError):
        rig.grip.check()


def test_asking_to_stop_twice_does_not_prolong_the_drain_time() -> None:
    now = [0.0]
    drain = Drain(30, monotonic=lambda: now[0])
    drain.request()
    now[0] = 29
    drain.request()
    assert not drain.over
    now[0] = 30
    assert drain.over
