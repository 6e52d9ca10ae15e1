"""What can be wrong with a question about a table. The messages are for the reader."""

from __future__ import annotations

from gas_core.domain.errors import PermanentError, TransientError


class QueryError(PermanentError):
    """The address asks for something that the table does not have."""


class VariantNotFoundError(PermanentError):
    """The table has no such record or allele."""


class GenotypesUnreadableError(PermanentError):
    """The record is not where the index says."""


class TableTooLargeError(PermanentError):
    """The table is larger than this service may keep beside itself."""


class TableVersionError(PermanentError):
    """The table is of a version that this service does not read."""


class NoRoomError(TransientError):
    """All tables that are kept here are being read; one more has no room now."""
