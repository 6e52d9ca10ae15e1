"""What can go wrong, sorted by what a worker does about it.

Permanent errors end the job with a reason, transient ones are tried again, unreadable ones go to the
dead-letter queue. The docstring of a class is its default message.
"""

from __future__ import annotations


class GasError(Exception):
    """Something went wrong in GAS."""

    def __init__(self, message: str = "", /, **fields: object) -> None:
        self.fields = fields
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])


class PermanentError(GasError):
    """Trying again would end the same way."""


class TransientError(GasError):
    """Trying again later may work."""


class UnreadableError(GasError):
    """The message cannot be understood by this version."""


class JobNotFoundError(PermanentError):
    """There is no such job."""


class UserNotFoundError(PermanentError):
    """There is no such user."""


class MoveRefusedError(PermanentError):
    """The state machine has no such arrow from where the job is."""


class StaleError(TransientError):
    """The row changed between reading and writing; read it again and decide anew."""


class PlanChangedError(TransientError):
    """The user's plan is not the one that this was decided for; decide anew."""


class NotYetError(TransientError):
    """The time for this has not come; ``retry_after_seconds`` tells when it will."""


class ObjectMissingError(PermanentError):
    """The object is not in the store."""


class MailUnderWayError(TransientError):
    """Another process has begun to send this mail; whether it did is known when its claim is over."""


class MailRefusedError(PermanentError):
    """The mail cannot be sent to this address, now or later."""


class UploadMissingError(PermanentError):
    """The file has not arrived yet."""


class PartsMissingError(PermanentError):
    """Parts of the upload have not arrived yet; ``numbers`` tells which."""


class UploadTooLargeError(PermanentError):
    """What was uploaded is larger than the plan takes."""


class StoreUnavailableError(TransientError):
    """AWS did not answer as it should; trying again may work."""


class AccessRefusedError(TransientError):
    """AWS refused access: an operator has to mend a role or a policy."""


class StoppingError(TransientError):
    """The process was asked to stop and the drain time is over; hand the work back."""


class CapacityShortError(TransientError):
    """The archive store has no capacity for this tier now."""


class RetrievalNotReadyError(TransientError):
    """The archive is still frozen."""


class ArchiveMissingError(PermanentError):
    """The archive is not in the archive store."""


class ArchiveCorruptError(PermanentError):
    """The archive does not have the checksum it was stored with."""
