"""Mails about payments: what the user's row owes, once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from gas_core.domain import billing
from gas_core.domain.billing import Standing, Subscription
from gas_core.domain.errors import MailRefusedError, MailUnderWayError, StoreUnavailableError
from gas_core.domain.lifecycle import Timings
from gas_core.domain.messages import UserChanged
from gas_core.domain.plans import UserDue
from gas_core.testing import Crash, FakeClock, FakeJobs, FakeMailer, FakeUsers, Fault, Faults, Moment
from gas_notifier.handlers import Notifier
from gas_notifier.letters import LetterBox

USER_ID = "a1b2c3d4-0000-4000-8000-000000000001"
TIMINGS = Timings()
PAID, OVERDUE = Subscription(Standing.PAID, 0), Subscription(Standing.OVERDUE, 0)


class World:
    """The notifier with fakes around it, and a premium user."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.users = FakeUsers()
        self.mailer = FakeMailer()
        self.letters = LetterBox(sender="GAS <gas@lab.example>", base_url="https://gas.example/")
        self.users.sign_in(identity_id=USER_ID, name="Ada", email="ada@lab.example", now=1)
        self.follow(PAID)

    def follow(self, subscription: Subscription | None) -> None:
        user = self.users.get(USER_ID)
        followed = billing.follow(
            user, subscription, grace_seconds=86_400, now=self.clock.now(), timings=TIMINGS
        )
        if followed != user:
            self.users.commit(user, followed)

    def notify(self, faults: Faults | None = None, user_id: str = USER_ID) -> None:
        faults = faults or Faults()
        notifier = self.notifier(
            users=faults.wrap(self.users, "users"), mailer=faults.wrap(self.mailer, "mailer")
        )
        notifier.about_user(UserChanged(user_id=user_id))

    def notifier(self, **ports: Any) -> Notifier:
        parts = {"users": self.users, "mailer": self.mailer} | ports
        return Notifier(jobs=FakeJobs(), clock=self.clock, timings=TIMINGS, letters=self.letters, **parts)

    @property
    def owes(self) -> bool:
        return UserDue.PAYMENT_LETTER in self.users.get(USER_ID).due


@pytest.fixture
def world() -> World:
    return World()


def test_failed_payment_is_told_once_with_the_day_premium_ends(world: World) -> None:
    world.follow(OVERDUE)
    for _ in range(3):
        world.notify()
    (mail,) = world.mailer.outbox
    assert mail.to == "ada@lab.example"
    assert mail.subject.startswith("Payment failed: premium ends at ")
    assert "Hello Ada," in mail.text
    assert "https://gas.example/subscribe" in mail.text
    assert "https://gas.example/subscribe" in mail.html
    assert not world.owes


def test_end_of_premium_is_told_once(world: World) -> None:
    world.follow(None)
    for _ in range(3):
        world.notify()
    (mail,) = world.mailer.outbox
    assert mail.subject == "Your premium plan has ended"
    assert "you had a premium plan of GAS" in mail.html


def test_change_that_owes_no_letter_sends_none(world: World) -> None:
    world.notify()
    world.notify(user_id="somebody-else")
    assert world.mailer.outbox == []


def test_payment_before_the_letter_goes_out_makes_it_needless(world: World) -> None:
    world.follow(OVERDUE)
    world.follow(PAID)
    world.notify()
    assert world.mailer.outbox == []


def test_letters_of_two_failures_are_told_apart(world: World) -> None:
    for _ in range(2):
        world.clock.advance(1000)
        world.follow(OVERDUE)
        world.notify()
        world.follow(PAID)
    first, second = world.mailer.outbox
    assert first.message_id != second.message_id


def test_provider_that_does_not_answer_is_asked_again_later(world: World) -> None:
    world.follow(OVERDUE)
    with pytest.raises(StoreUnavailableError) as failed:
        world.notify(Faults(Fault(2, Moment.BEFORE, StoreUnavailableError())))
    assert failed.value.fields["retry_after_seconds"] == TIMINGS.mail_claim_seconds
    with pytest.raises(MailUnderWayError):
        world.notify()
    world.clock.advance(TIMINGS.mail_claim_seconds)
    world.notify()
    assert len(world.mailer.outbox) == 1


def test_address_that_takes_no_mail_is_not_asked_for_ever(world: World) -> None:
    world.follow(OVERDUE)
    world.notify(Faults(Fault(2, Moment.BEFORE, MailRefusedError(code="bounced"))))
    assert not world.owes
    assert world.mailer.outbox == []


def test_letter_goes_out_whatever_dies_and_twice_in_one_window_only(world: World) -> None:
    world.follow(OVERDUE)
    calls = Faults()
    world.notify(calls)
    sending = calls.calls.index("mailer.send")
    for at in range(len(calls.calls)):
        for moment in Moment:
            crashed = World()
            crashed.follow(OVERDUE)
            with suppress(Crash):
                crashed.notify(Faults(Fault(at, moment, Crash())))
            crashed.clock.advance(TIMINGS.mail_claim_seconds)
            crashed.notify()
            sent = {mail.message_id for mail in crashed.mailer.outbox}
            assert len(sent) == 1
            assert not crashed.owes
            after_sending = at > sending or (at == sending and moment is Moment.AFTER)
            done = at > calls.calls.index("users.commit", sending) or (
                at == calls.calls.index("users.commit", sending) and moment is Moment.AFTER
            )
            assert len(crashed.mailer.outbox) == (2 if after_sending and not done else 1)


def test_profile_changed_meanwhile_gets_the_mail(world: World) -> None:
    world.follow(OVERDUE)
    world.users.save_profile(
        USER_ID, name="Ada L", email="new@lab.example", institution="", window_mails=True, now=2
    )
    world.notify()
    assert world.mailer.outbox[0].to == "new@lab.example"


def test_letter_decided_while_another_was_sent_is_owed_still(world: World) -> None:
    world.follow(OVERDUE)

    class Slow:
        def send(self, _mail: object) -> None:
            user = world.users.get(USER_ID)
            followed = billing.follow(user, None, grace_seconds=1, now=world.clock.now() + 9, timings=TIMINGS)
            world.users.commit(user, followed)

    world.notifier(mailer=Slow()).about_user(UserChanged(user_id=USER_ID))
    user = world.users.get(USER_ID)
    assert (world.owes, user.payment_letter) == (True, "premium_ended")
    assert replace(user, revision=0).payment_letter_begun == 0
