"""What every queue does: at least once, hidden while worked on, dead letters in the end."""

from __future__ import annotations

from typing import Any


def test_empty_queue_gives_nothing(queue_bench: Any) -> None:
    assert queue_bench.port.receive(wait_seconds=0) is None


def test_message_received_is_hidden_until_its_timeout(queue_bench: Any) -> None:
    queue_bench.send("one")
    first = queue_bench.port.receive(wait_seconds=1)
    assert (first.body, first.receive_count) == ("one", 1)
    assert queue_bench.port.receive(wait_seconds=0) is None
    queue_bench.wait(queue_bench.visibility_seconds + 1)
    again = queue_bench.port.receive(wait_seconds=1)
    assert (again.body, again.receive_count, again.message_id) == ("one", 2, first.message_id)


def test_message_hidden_for_no_time_comes_back_at_once(queue_bench: Any) -> None:
    queue_bench.send("one")
    queue_bench.port.hide(queue_bench.port.receive(wait_seconds=1), 0)
    again = queue_bench.port.receive(wait_seconds=1)
    assert (again.body, again.receive_count) == ("one", 2)


def test_message_hidden_for_longer_outlasts_its_first_timeout(queue_bench: Any) -> None:
    queue_bench.send("one")
    queue_bench.port.hide(queue_bench.port.receive(wait_seconds=1), 60)
    queue_bench.wait(queue_bench.visibility_seconds + 1)
    assert queue_bench.port.receive(wait_seconds=0) is None


def test_deleted_message_does_not_come_back(queue_bench: Any) -> None:
    queue_bench.send("one")
    queue_bench.port.delete(queue_bench.port.receive(wait_seconds=1))
    queue_bench.wait(queue_bench.visibility_seconds + 1)
    assert queue_bench.port.receive(wait_seconds=0) is None


def test_deleting_twice_is_no_error(queue_bench: Any) -> None:
    queue_bench.send("one")
    delivery = queue_bench.port.receive(wait_seconds=1)
    queue_bench.port.delete(delivery)
    queue_bench.port.delete(delivery)


def test_hiding_a_message_that_was_deleted_is_no_error_and_brings_nothing_back(queue_bench: Any) -> None:
    queue_bench.send("one")
    delivery = queue_bench.port.receive(wait_seconds=1)
    queue_bench.port.delete(delivery)
    queue_bench.port.hide(delivery, 0)
    assert queue_bench.port.receive(wait_seconds=0) is None


def test_message_given_back_five_times_is_a_dead_letter(queue_bench: Any) -> None:
    queue_bench.send("poison")
    counts = []
    for _ in range(5):
        delivery = queue_bench.port.receive(wait_seconds=1)
        counts.append(delivery.receive_count)
        queue_bench.port.hide(delivery, 0)
    assert counts == [1, 2, 3, 4, 5]
    assert queue_bench.port.receive(wait_seconds=0) is None
    assert queue_bench.dead_letters() == ["poison"]


def test_two_messages_are_received_one_by_one(queue_bench: Any) -> None:
    queue_bench.send("one")
    queue_bench.send("two")
    bodies = {queue_bench.port.receive(wait_seconds=1).body for _ in range(2)}
    assert bodies == {"one", "two"}
