"""What AWS's refusals mean to an archive store, in the domain's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError

from gas_core.domain.errors import (
    AccessRefusedError,
    ArchiveCorruptError,
    CapacityShortError,
    GasError,
    StoreUnavailableError,
)

_MEANING: dict[str, type[GasError]] = {
    "GlacierExpeditedRetrievalNotAvailable": CapacityShortError,
    "InsufficientCapacityException": CapacityShortError,
    # HEAD has no body to tell a code in, so botocore gives the status.
    **dict.fromkeys(
        (
            *("403", "AccessDenied", "AccessDeniedException", "AllAccessDisabled"),
            *("InvalidAccessKeyId", "SignatureDoesNotMatch", "UnrecognizedClientException"),
        ),
        AccessRefusedError,
    ),
}


def code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def translated(action: str, archive_id: str) -> Iterator[None]:
    """Raise errors of AWS and of the way to it as ours; what is not known better may pass with time."""
    try:
        yield
    except ClientError as error:
        meaning = _MEANING.get(code(error), StoreUnavailableError)
        raise meaning(action=action, code=code(error), archive_id=archive_id) from error
    except FlexibleChecksumError as error:
        raise ArchiveCorruptError(action=action, archive_id=archive_id) from error
    except BotoCoreError as error:
        raise StoreUnavailableError(
            action=action, code=type(error).__name__, archive_id=archive_id
        ) from error
