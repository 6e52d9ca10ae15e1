"""What the services need of the world, in the domain's words. Adapters and testing/ implement it.

No response dict and no ClientError passes a port: errors are those of ``gas_core.domain.errors``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

from gas_core.domain.billing import BillingEvent, Invoice, Price, Subscription
from gas_core.domain.job import Job, ObjectRef
from gas_core.domain.messages import Message
from gas_core.domain.plans import Plan, User
from gas_core.domain.waiting import Line


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> int:
        """Epoch seconds, UTC."""
        ...


@dataclass(frozen=True, slots=True)
class JobCursor:
    """The last job of a page, in the index's terms. Holds no user: a query's user is the session's."""

    submit_time: int
    job_id: str


@dataclass(frozen=True, slots=True)
class JobPage:
    jobs: tuple[Job, ...]
    next: JobCursor | None


class Jobs(Protocol):
    """The jobs table."""

    def add(self, job: Job) -> None:
        """Write a new row; StaleError if the ID is taken."""
        ...

    def get(self, job_id: str) -> Job:
        """Read consistently; JobNotFoundError if there is none."""
        ...

    def commit(self, before: Job, after: Job, *, while_plan: Plan | None = None) -> Job:
        """Write the difference, if the row still stands as ``before`` was read, and give what was written.

        One conditional write naming status, results state, attempt and revision. StaleError if the row
        changed or went meanwhile; JobNotFoundError never (a row that is gone is stale).

        With ``while_plan``, one transaction with the condition that the job's user has this plan:
        PlanChangedError if not, or if there is no such user.
        """
        ...

    def remove(self, job: Job) -> None:
        """Delete the row, if it still stands as read; StaleError if it changed. Gone already is no error."""
        ...

    def page_of_user(
        self, user_id: str, *, after: JobCursor | None, limit: int, oldest_first: bool = False
    ) -> JobPage:
        """Submitted jobs of one user, newest first unless told otherwise; no other order is indexed."""
        ...

    def overdue(self, *, now: int, limit: int, for_thaw: bool = False) -> Iterator[str]:
        """IDs of rows whose ``due_time`` has come, of every shard; at most ``limit`` of each shard.

        Rows that wait for a retrieval are told only ``for_thaw``, and then no others.
        """
        ...

    def line(self, *, limit: int) -> Line:
        """Jobs of all users that wait or run, and the last that were annotated, as of a moment ago.

        Of the waiting, the oldest ``limit`` of each of ``QUEUE_SHARDS`` shards. For a page's words, not for
        decisions: an index answers, without looking at a row.
        """
        ...

    def failed(self, *, now: int, days: int, limit: int) -> Iterator[str]:
        """IDs of jobs that FAILED today or in the days (UTC) before it, ``days`` in all, the newest first."""
        ...


class Users(Protocol):
    """The users table."""

    def sign_in(self, *, identity_id: str, name: str, email: str, now: int) -> User:
        """The user, created with the free plan at first; a profile once confirmed is not overwritten."""
        ...

    def get(self, identity_id: str) -> User:
        """Read consistently; UserNotFoundError if there is none."""
        ...

    def save_profile(
        self, identity_id: str, *, name: str, email: str, institution: str, window_mails: bool, now: int
    ) -> User:
        """Change what the user may change, and nothing else (the plan is not theirs to write)."""
        ...

    def commit(self, before: User, after: User) -> User:
        """Write the difference, if no other ``commit`` came in between, and give what was written.

        StaleError if one did, or if the row is gone. What ``save_profile`` writes is its own and not touched.
        """
        ...

    def remove(self, user: User) -> None:
        """Delete a row that was committed at least once, if no ``commit`` came in between; else StaleError.

        Gone already is no error.
        """
        ...

    def overdue(self, *, now: int, limit: int) -> Iterator[str]:
        """Identity IDs of rows whose ``due_time`` has come; at most ``limit`` of each shard."""
        ...

    def with_email(self, email: str) -> Iterator[User]:
        """Users of this address, in either case. Reads the whole table: for an operator's hand alone."""
        ...


@dataclass(frozen=True, slots=True)
class UploadForm:
    """A presigned POST: the store enforces key, size range and expiry."""

    url: str
    fields: dict[str, str]
    max_bytes: int
    expires: int


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What HEAD tells. ``metadata`` values are decoded text."""

    ref: ObjectRef
    size_bytes: int
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an upload, numbered from 1. ``crc32`` is its checksum in base64, as stores spell it.

    ``etag`` is the store's own name for what arrived, empty for a part that has yet to come.
    """

    number: int
    size_bytes: int
    crc32: str
    etag: str = ""


class ObjectStore(Protocol):
    """Buckets of objects."""

    def presign_upload(
        self,
        ref: ObjectRef,
        *,
        max_bytes: int,
        expires_seconds: int,
        redirect_url: str,
        now: int,
        labels: Mapping[str, str] = {},
    ) -> UploadForm:
        """A form for exactly this key; its field ``x-amz-meta-name`` carries the file's own name.

        ``labels`` are more such fields: each has this value unless the sender fills in another.
        """
        ...

    def begin_parts(self, ref: ObjectRef) -> str:
        """Begin an upload in parts to exactly this key; its upload ID. ``join_parts`` makes the object."""
        ...

    def presign_part(self, ref: ObjectRef, upload_id: str, part: Part, *, expires_seconds: int) -> str:
        """A short-lived URL that takes exactly this part: its size and its checksum are signed in."""
        ...

    def parts(self, ref: ObjectRef, upload_id: str) -> tuple[Part, ...] | None:
        """The parts that have arrived, by number; None if there is no such upload (any more)."""
        ...

    def join_parts(self, ref: ObjectRef, upload_id: str, parts: Sequence[Part]) -> None:
        """Make the object of these parts; if something stands at the key already, nothing changes."""
        ...

    def abort_parts(self, ref: ObjectRef, upload_id: str) -> None:
        """Forget an upload and its parts; one that is not there, or was joined, is no error."""
        ...

    def presign_download(
        self, ref: ObjectRef, *, file_name: str, content_type: str, expires_seconds: int
    ) -> str:
        """A short-lived URL that downloads the object under the user's own file name."""
        ...

    def head(self, ref: ObjectRef) -> ObjectInfo | None:
        """What stands at the key (its newest version unless one is named), None if nothing does."""
        ...

    def open(self, ref: ObjectRef, *, start: int = 0) -> AbstractContextManager[BinaryIO]:
        """Stream the object from a byte of it on; ObjectMissingError if it is not there."""
        ...

    def put(self, ref: ObjectRef, source: Path, *, content_type: str) -> None:
        """Store a file; the store verifies its checksum. Returns only when it is stored."""
        ...

    def copy(self, source: ObjectRef, target: ObjectRef) -> None:
        """Store an object under another key, with its metadata; ObjectMissingError if there is none.

        The store copies within itself: objects of up to 5 GiB, which is the most that an upload may have.
        """
        ...

    def delete(self, refs: Iterable[ObjectRef]) -> None:
        """Remove objects, every version of a key whose ref names none; a missing one is no error."""
        ...


class Publisher(Protocol):
    """Topics; the message's type says which."""

    def publish(self, message: Message) -> None: ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """One receipt of a message. ``receipt`` is good for this receipt alone."""

    body: str
    receipt: str
    message_id: str
    receive_count: int


class Queue(Protocol):
    """One queue. Whoever receives a message hides it for the visibility timeout."""

    name: str

    def receive(self, *, wait_seconds: float) -> Delivery | None:
        """Long poll for one message."""
        ...

    def hide(self, delivery: Delivery, seconds: int) -> None:
        """Set the visibility timeout from now; 0 gives the message back at once."""
        ...

    def delete(self, delivery: Delivery) -> None:
        """Done with it. Deleting twice is no error."""
        ...


@dataclass(frozen=True, slots=True)
class QueueState:
    """How a queue stands: messages that may be received, those that a worker has, and dead letters.

    ``oldest_seconds`` is the age of the oldest that is not done; None where nobody has told it.
    """

    name: str
    waiting: int
    in_flight: int
    oldest_seconds: int | None
    dead: int


class Queues(Protocol):
    """All queues from outside, for operators. Counts are about: SQS promises no more."""

    def states(self, *, now: int) -> tuple[QueueState, ...]: ...

    def redrive(self, name: str, *, limit: int) -> int:
        """Move dead letters of a queue back into it, ``limit`` at most; how many were moved.

        Each is sent before it is deleted: a process that dies in between leaves it in both places, and
        workers decide by the row. KeyError if there is no such queue.
        """
        ...


@dataclass(frozen=True, slots=True)
class Mail:
    """One e-mail, the same text twice: plain and HTML."""

    message_id: str
    to: str
    subject: str
    text: str
    html: str


class Mailer(Protocol):
    def send(self, mail: Mail) -> None:
        """Hand the mail to the provider; returns when it has accepted it.

        MailRefusedError if it never will: the address or the mail itself is at fault.
        """
        ...


class Hold(Protocol):
    """A handler's grip on its message while it works (the worker runtime implements it)."""

    def keep(self, renew: Callable[[], None]) -> AbstractContextManager[None]:
        """Call ``renew`` at every heartbeat, together with the message's visibility.

        What ``renew`` raises stops the work: ``check`` raises it in the handler's own thread.
        """
        ...

    def check(self) -> None:
        """Raise what a heartbeat raised, or StoppingError when the drain time is over."""
        ...


class Tier(StrEnum):
    """How fast a retrieval from the archive is, and what it costs."""

    EXPEDITED = "Expedited"
    STANDARD = "Standard"
    INSTANT = "Instant"
    """The storage class needs no retrieval."""


class RetrievalState(StrEnum):
    """What the archive store says of a retrieval."""

    UNDER_WAY = "UNDER_WAY"
    READY = "READY"
    EXPIRED = "EXPIRED"
    """It failed, or its copy is gone again, or none was asked for: start it anew."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """A retrieval that was started. ``retrieval_id`` is the store's own name for it, empty if it has none."""

    tier: Tier
    eta_seconds: int
    retrieval_id: str = ""


class ArchiveStore(Protocol):
    """Cold storage: one archive per job, which must be retrieved before it can be read."""

    def put(self, key: str, source: Path) -> str:
        """Store a file and give its archive ID; returns only when the store's checksum equals the file's.

        ``key`` is a name never used before; stores that name archives themselves keep it as a description.
        The same file under the same key once more (a try whose answer was lost) is no error; another file is
        ArchiveCorruptError, and what stands there stays as it is.
        """
        ...

    def retrieve(self, archive_id: str, tier: Tier) -> Retrieval:
        """Start a retrieval; one already under way counts as started.

        Raises CapacityShortError if this tier has no capacity now, ArchiveMissingError if there is no such
        archive. A store that cannot do ``tier`` at all starts the next slower one and says so. An ETA of 0
        means that a copy is there already.
        """
        ...

    def state(self, archive_id: str, retrieval_id: str) -> RetrievalState:
        """How a retrieval stands; ArchiveMissingError if there is no such archive.

        A vault knows retrievals only: of a missing archive it says EXPIRED, and ``retrieve`` then raises.
        """
        ...

    def open(self, archive_id: str, retrieval_id: str) -> AbstractContextManager[BinaryIO]:
        """Stream a retrieved archive; RetrievalNotReadyError if it is still frozen.

        The stream raises ArchiveCorruptError where the store's checksum does not fit what was read.
        """
        ...

    def delete(self, archive_id: str) -> None:
        """Remove an archive; a missing one is no error."""
        ...

    def discard(self, key: str) -> None:
        """Remove what a ``put`` under this key may have left whose ID was never learned.

        A store that names archives itself cannot: such an archive is found by its description in the vault's
        inventory.
        """
        ...


class Billing(Protocol):
    """The payment provider. Card data goes from the browser to it, never through us.

    BillingUnavailableError where it does not answer as it should.
    """

    def price(self) -> Price:
        """What premium costs."""
        ...

    def customer(self, user: User) -> str:
        """The ID of the customer who is this user, made if there is none. Asking again gives the same one."""
        ...

    def owner(self, customer_id: str) -> str:
        """The identity ID of the user who is this customer; empty if it is nobody of ours, or gone."""
        ...

    def begin_card(self, customer_id: str) -> str:
        """The secret by which a browser gives the provider a card of this customer.

        CustomerMissingError if there is no such customer.
        """
        ...

    def subscribe(self, customer_id: str, card_id: str) -> None:
        """Pay with the card that the browser gave; ``card_id`` names that giving.

        Whoever is subscribed already changes the card, takes back a cancellation and pays what is overdue:
        nobody ever has two subscriptions. CardRefusedError if the card is not this customer's, or is refused;
        then nothing was subscribed to or paid.
        """
        ...

    def subscription(self, customer_id: str) -> Subscription | None:
        """The subscription as it stands now; None if there is none, or no such customer."""
        ...

    def cancel(self, customer_id: str) -> None:
        """End the subscription when the period ends that is paid for; at once if the payment is overdue.

        Without one nothing happens.
        """
        ...

    def resume(self, customer_id: str) -> None:
        """Take back a cancellation, while the period lasts. Without one nothing happens."""
        ...

    def invoices(self, customer_id: str, *, limit: int) -> tuple[Invoice, ...]:
        """What was billed, newest first; nothing for no such customer."""
        ...

    def portal_address(self, customer_id: str, *, return_url: str) -> str | None:
        """A page of the provider on which the customer sees to cards and invoices; None if it has none."""
        ...

    def event(self, payload: bytes, signature: str) -> BillingEvent:
        """What the provider tells. EventRefusedError if the signature is not its own, or is too old."""
        ...
