"""What the plan page and the payment provider's events do, in terms of ports.

Whatever happened, the plan is set by ``follow`` alone: from the subscription as it stands at the provider.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from gas_core.announce import change_user
from gas_core.domain import billing as paying
from gas_core.domain.billing import CustomerMissingError
from gas_core.domain.errors import UserNotFoundError
from gas_core.domain.lifecycle import Timings
from gas_core.domain.plans import User
from gas_core.domain.states import Results
from gas_core.ports import Billing, Clock, JobCursor, Jobs, Publisher, Users
from gas_core.update import update_user

PAGE_JOBS = 100

IN_ARCHIVE = frozenset({Results.ARCHIVING, Results.ARCHIVED})
"""States whose results an upgrade brings back; those on their way there are stopped."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Held:
    """How many of a user's results are ready to download, and how many are in the archive or on the way."""

    ready: int = 0
    archived: int = 0


def held_results(user: User, *, jobs: Jobs) -> Held:
    """Count by going through all jobs of the user."""
    held = Held()
    after: JobCursor | None = None
    while True:
        page = jobs.page_of_user(user.identity_id, after=after, limit=PAGE_JOBS)
        states = [job.results for job in page.jobs]
        held = Held(
            held.ready + sum(state in {Results.AVAILABLE, Results.RESTORING} for state in states),
            held.archived + sum(state in IN_ARCHIVE for state in states),
        )
        if page.next is None:
            return held
        after = page.next


@dataclass(frozen=True, slots=True)
class Payments:
    """The ports, and what to do with them."""

    users: Users
    billing: Billing
    publisher: Publisher
    clock: Clock
    timings: Timings
    grace_seconds: int

    def follow(self, identity_id: str, *, event_id: str = "") -> User:
        """Bring the plan into line with the subscription, and have what follows from it done.

        The row is read before the provider is asked, and written only if nobody wrote it in between: an
        answer that is older than another's can change nothing.
        """

        def decided(user: User) -> User:
            if event_id and event_id in user.billing_events:
                return user
            subscription = self.billing.subscription(user.customer_id) if user.customer_id else None
            return paying.follow(
                user,
                subscription,
                event_id=event_id,
                grace_seconds=self.grace_seconds,
                now=self.clock.now(),
                timings=self.timings,
            )

        return change_user(identity_id, decided, users=self.users, publisher=self.publisher)

    def begin_card(self, user: User) -> str:
        """The secret by which the user's browser gives the provider a card."""
        if user.customer_id:
            try:
                return self.billing.begin_card(user.customer_id)
            except CustomerMissingError:
                log.warning("customer_missing", user_id=user.identity_id, customer_id=user.customer_id)
        customer_id = self.billing.customer(user)
        update_user(self.users, user.identity_id, lambda row: replace(row, customer_id=customer_id))
        return self.billing.begin_card(customer_id)

    def subscribe(self, user: User, card_id: str) -> User:
        """Pay, and be premium from now on.

        Raises
        ------
        CardRefusedError
            Nothing was paid, and the plan is what it was.
        PaymentUnderWayError
            Another tab is paying just now.
        """
        update_user(self.users, user.identity_id, lambda row: paying.begin_payment(row, now=self.clock.now()))
        try:
            self.billing.subscribe(user.customer_id, card_id)
        finally:
            update_user(self.users, user.identity_id, paying.end_payment)
        user = self.follow(user.identity_id)
        log.info("subscribed", user_id=user.identity_id, plan=user.plan.value)
        return user

    def cancel(self, user: User) -> User:
        """Let the subscription end when the period does that is paid for."""
        self.billing.cancel(user.customer_id)
        log.info("subscription_cancelled", user_id=user.identity_id)
        return self.follow(user.identity_id)

    def resume(self, user: User) -> User:
        """Take a cancellation back."""
        self.billing.resume(user.customer_id)
        log.info("subscription_resumed", user_id=user.identity_id)
        return self.follow(user.identity_id)

    def hear(self, payload: bytes, signature: str) -> None:
        """Something happened at the provider. Repeated, late and unknown events change nothing.

        Raises
        ------
        EventRefusedError
            It does not come from the provider.
        TransientError
            The provider or a table does not answer; the event has to come again.
        """
        event = self.billing.event(payload, signature)
        ids = {"event_id": event.event_id, "kind": event.kind, "customer_id": event.customer_id}
        if not event.about_payment:
            log.info("billing_event_ignored", **ids)
            return
        owner = self.billing.owner(event.customer_id)
        try:
            user = self.users.get(owner) if owner else None
        except UserNotFoundError:
            user = None
        if user is None or user.customer_id != event.customer_id:
            log.warning("billing_customer_unknown", user_id=owner, **ids)
            return
        user = self.follow(user.identity_id, event_id=event.event_id)
        log.info("billing_event_followed", user_id=owner, plan=user.plan.value, **ids)
