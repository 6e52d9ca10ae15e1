"""In-memory ports on a fake clock, with switches for tests and an injector of faults.

They hold state, so a test asserts on what is there afterwards, not on calls. What only a test may do is
named ``*_for_test``. The contract tests hold them to the same sentences as the adapters.
"""

from gas_core.testing.archive import FakeArchive
from gas_core.testing.billing import FakeBilling
from gas_core.testing.clock import FakeClock
from gas_core.testing.faults import Crash, Fault, Faults, Moment
from gas_core.testing.hold import FakeHold
from gas_core.testing.jobs import FakeJobs
from gas_core.testing.mailer import FakeMailer
from gas_core.testing.publisher import FakePublisher
from gas_core.testing.queue import FakeQueue, FakeQueues
from gas_core.testing.store import FakeStore
from gas_core.testing.users import FakeUsers

__all__ = [
    "Crash",
    "FakeArchive",
    "FakeBilling",
    "FakeClock",
    "FakeHold",
    "FakeJobs",
    "FakeMailer",
    "FakePublisher",
    "FakeQueue",
    "FakeQueues",
    "FakeStore",
    "FakeUsers",
    "Fault",
    "Faults",
    "Moment",
]
