"""Where errors of AWS become ours: the edge that no ClientError passes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError, CredentialRetrievalError, NoCredentialsError

from gas_core.domain.errors import AccessRefusedError, StoreUnavailableError, TransientError

ACCESS_CODES = frozenset(
    {
        "403",  # HEAD has no body to tell a code in, so botocore gives the status
        "AccessDenied",
        "AccessDeniedException",
        "AllAccessDisabled",
        "AuthorizationError",
        "AuthorizationErrorException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "KMSAccessDenied",
        "KMSAccessDeniedException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)


def error_code(error: ClientError) -> str:
    """The code without the prefix that SQS's older protocol gives it."""
    return str(error.response.get("Error", {}).get("Code", "")).removeprefix("AWS.SimpleQueueService.")


@contextmanager
def aws_errors(action: str, **fields: object) -> Iterator[None]:
    """Raise what AWS or the way to it refuses as a domain error naming the action and the code.

    What an operator has to mend is AccessRefusedError. All else may pass with time: throttling, an outage, a
    broken connection. So may, from a message's point of view, a request that AWS finds wrong: the message
    ends in the dead-letter queue instead of vanishing. An adapter handles inside what it expects, such as a
    condition that did not hold.
    """
    try:
        yield
    except ClientError as error:
        code = error_code(error)
        meaning: type[TransientError] = AccessRefusedError if code in ACCESS_CODES else StoreUnavailableError
        raise meaning(action=action, code=code, **fields) from error
    except (NoCredentialsError, CredentialRetrievalError) as error:
        raise AccessRefusedError(action=action, code=type(error).__name__, **fields) from error
    except (BotoCoreError, Boto3Error) as error:
        raise StoreUnavailableError(action=action, code=type(error).__name__, **fields) from error
