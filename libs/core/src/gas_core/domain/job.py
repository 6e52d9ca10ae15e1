"""A job as its row tells it, and what may be done with it now."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gas_core.domain.states import TERMINAL, Results, Status

DUE_SHARDS = 16
"""Partitions of ``due_index`` that the sweeper reads; as many more behind them are read by thaw."""

MOVES_KEPT = 40
"""Some ten rounds to the archive and back; 2 KB of the row."""
DAY_SECONDS = 86_400


QUEUE_SHARDS = 4
"""Partitions of each stage of ``queue_index``: DynamoDB takes about 500 jobs a second through each."""


class Stage(StrEnum):
    """Where a job stands in the line of jobs: what ``queue_index`` has apart."""

    WAITING = "waiting"
    RUNNING = "running"
    SERVED = "served"


class Due(StrEnum):
    """A kind of debt that a row carries in its ``due`` map until it is paid."""

    ANNOUNCE = "announce"
    """A message about the present state still has to be published (PENDING: until a worker claims it)."""
    UPLOAD = "upload"
    """The upload form, or the time for an upload in parts, is over; the file arrived or it did not."""
    LEASE = "lease"
    """The lease of the running attempt, or of the archiver at work, ends."""
    ANNOUNCE_RESULTS = "announce_results"
    """A message about the present state of the results still has to be published."""
    WINDOW = "window"
    """The free window ends; results move to the archive."""
    WARNING = "warning"
    """A mail before the window's end."""
    RETRIEVAL = "retrieval"
    """A retrieval has to be started (ARCHIVED) or should be ready (RESTORING). The debt that thaw pays."""
    CLEANUP = "cleanup"
    """Objects that nothing names any more have to go (DELETING: everything, then the row)."""


class Action(StrEnum):
    """What a page may offer for a job."""

    CANCEL = "cancel"
    DOWNLOAD = "download"
    LOG = "log"
    KEEP_LONGER = "keep_longer"
    """Begin the window anew; for who has a window."""
    BRING_BACK = "bring_back"
    """Have archived results brought back; for who may."""
    DELETE = "delete"
    RUN_AGAIN = "run_again"
    """Make a new job of the same file."""


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object in a store, one version of it where ``version_id`` is given."""

    bucket: str
    key: str
    version_id: str = ""


TRIES_SPENT = "tries"
"""The code of a failure that is ours: the file gave no reason for it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job FAILED: ``code`` for programs, ``sentence`` and ``hint`` for the researcher."""

    code: str
    sentence: str
    hint: str = ""
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the running attempt has come; ``bytes_total`` is 0 while unknown."""

    records: int = 0
    bytes_read: int = 0
    bytes_total: int = 0


@dataclass(frozen=True, slots=True)
class MailRecord:
    """A mail about one event: begun before the provider is asked, sent when it has answered."""

    begun: int
    sent: int = 0
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """A state that the results came to, and when."""

    results: Results
    time: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A retrieval that was started: ``ready`` is when it should be done, ``tries`` counts those started."""

    tier: str = ""
    retrieval_id: str = ""
    started: int = 0
    ready: int = 0
    tries: int = 0


MOST_PARTS = 10_000
"""The most parts that S3 joins into one object."""


@dataclass(frozen=True, slots=True)
class PartsUpload:
    """A file that comes in parts, as its sender declared it; ``upload_id`` is empty where it comes by a form.

    ``fingerprint`` is the sender's own digest of the file's ends: by name, size and it the file is known
    again when it is picked anew. Parts are numbered from 1 and all but the last have ``part_bytes``.
    """

    upload_id: str = ""
    name: str = ""
    size_bytes: int = 0
    part_bytes: int = 0
    fingerprint: str = ""

    @property
    def count(self) -> int:
        """How many parts there are."""
        return -(-self.size_bytes // self.part_bytes) if self.part_bytes else 0

    def size_of(self, number: int) -> int:
        """The size of one part, bytes; 0 if there is no such part."""
        if not 1 <= number <= self.count:
            return 0
        return min(self.part_bytes, self.size_bytes - (number - 1) * self.part_bytes)


def part_bytes_for(size_bytes: int, *, least: int) -> int:
    """The size of parts by which a file has no more than ``MOST_PARTS``; in whole MiB above ``least``."""
    mib = 1 << 20
    needed = -(-size_bytes // MOST_PARTS)
    return max(least, -(-needed // mib) * mib)


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the jobs table. Times are epoch seconds, 0 where not known yet; sizes are bytes.

    ``attempt`` counts claims and fences every write of a worker; ``generation`` numbers every copy of the
    results ever begun (an attempt's, an archive, a restore), so that no key is used twice, and fences who
    makes it; ``failures`` counts tries that ended badly. ``revision`` counts writes of the row and belongs to
    ``Jobs``: no decision reads or changes it.

    ``window_ends`` is the truth about the window, ``due`` only the reason to look: the sweeper moves it on.
    """

    job_id: str
    user_id: str
    user_email: str
    s3_inputs_bucket: str
    s3_key_input_file: str
    created_time: int
    status: Status = Status.UPLOADING
    results: Results = Results.NONE
    input_file_name: str = ""
    title: str = ""
    """What its owner calls it; empty: by the file's name."""
    notes: str = ""
    """What its owner wrote about it. Anybody's text: nothing but a page's words is made of it."""
    bundle: str = ""
    """The reference that was chosen, by its bundle's name; empty: the first offered that the file fits."""
    fitting_bundle: str = ""
    """Of a job that FAILED by its reference: the one that the file fits, if there is one."""
    input_version_id: str = ""
    input_bytes: int = 0
    upload: PartsUpload = PartsUpload()
    submit_time: int = 0
    start_time: int = 0
    complete_time: int = 0
    attempt: int = 0
    generation: int = 0
    failures: int = 0
    lease_expires: int = 0
    progress: Progress = Progress()
    failure: Failure | None = None
    summary: dict[str, int] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each file that the annotation left, by its name; they hold wherever the files are."""
    s3_results_bucket: str = ""
    s3_key_result_file: str = ""
    s3_key_log_file: str = ""
    results_since: int = 0
    moves: tuple[Moved, ...] = ()
    """The last ``MOVES_KEPT`` states of the results, the present one last."""
    results_generation: int = 0
    window_ends: int = 0
    links_dead: int = 0
    """When no link to the originals that were archived last is good any more."""
    extensions: int = 0
    results_file_archive_id: str = ""
    archive_generation: int = 0
    retired_archives: tuple[str, ...] = ()
    """IDs of archives that nothing needs any more and that were not deleted yet."""
    retrieval: Asked = Asked()
    restore_message: str = ""
    traceparent: str = ""
    share_until: int = 0
    """Until when a link to the results is good; 0 while they are not shared."""
    share_number: int = 0
    """Counts the links that there were; a link is good for one number."""
    due: dict[str, int] = field(default_factory=dict)
    due_tries: int = 0
    mails: dict[str, MailRecord] = field(default_factory=dict)
    revision: int = 0
    """Counts the writes of the row; ``Jobs.commit`` and ``add`` set it, nothing else does."""

    @property
    def terminal(self) -> bool:
        return self.status in TERMINAL

    @property
    def never_arrived(self) -> bool:
        """True for a job that ended before its file was submitted; no list shows it."""
        return self.terminal and not self.submit_time

    @property
    def name(self) -> str:
        """What lists and pages call it; files keep the name they came with."""
        return self.title or self.input_file_name

    @property
    def input(self) -> ObjectRef:
        return ObjectRef(self.s3_inputs_bucket, self.s3_key_input_file, self.input_version_id)

    @property
    def due_shard(self) -> int:
        """The partition of ``due_index``: spread by the job ID, which is random.

        Rows that wait for a retrieval stand apart: thousands of them must not hide what the sweeper seeks.
        """
        return int(self.job_id[:2], 16) % DUE_SHARDS + DUE_SHARDS * self.waits_for_thaw

    @property
    def queue_place(self) -> tuple[Stage, int] | None:
        """Its stage in ``queue_index`` and its time there; None for rows that are not in it."""
        match self.status:
            case Status.PENDING:
                return Stage.WAITING, self.submit_time
            case Status.RUNNING:
                return Stage.RUNNING, self.start_time
            case Status.COMPLETED:
                return Stage.SERVED, self.complete_time
            case _:
                return None

    @property
    def queue_shard(self) -> int:
        """Which partition of its stage: spread as ``due_shard`` is."""
        return int(self.job_id[:2], 16) % QUEUE_SHARDS

    @property
    def failed_day(self) -> int:
        """The partition of ``failed_index``: days since the epoch, 0 for a job that has not FAILED."""
        return self.complete_time // DAY_SECONDS if self.status is Status.FAILED else 0

    @property
    def waits_for_thaw(self) -> bool:
        return Due.RETRIEVAL in self.due

    @property
    def due_time(self) -> int | None:
        """When the earliest debt falls due; a row without debts is not in ``due_index``."""
        return min(self.due.values(), default=None)

    def moved(self, results: Results, now: int) -> tuple[Moved, ...]:
        """``moves`` with one more state."""
        return (*self.moves, Moved(results, now))[-MOVES_KEPT:]

    @property
    def actions(self) -> frozenset[Action]:
        """What may be offered now: computed from the two states alone."""
        if self.results is Results.DELETING:
            return frozenset()
        offered: set[Action] = set()
        if self.status in {Status.PENDING, Status.RUNNING}:
            offered.add(Action.CANCEL)
        if self.terminal:
            offered.add(Action.DELETE)
            if self.submit_time:
                offered.add(Action.RUN_AGAIN)
        if self.status is Status.COMPLETED:
            offered.add(Action.LOG)
            if self.results is Results.AVAILABLE:
                offered.add(Action.DOWNLOAD)
                if self.window_ends:
                    offered.add(Action.KEEP_LONGER)
            if self.results is Results.ARCHIVED and not self.waits_for_thaw:
                offered.add(Action.BRING_BACK)
        return frozenset(offered)
