from __future__ import annotations

import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from gas_core.adapters.errors import aws_errors
from gas_core.domain.errors import AccessRefusedError, JobNotFoundError, StoreUnavailableError, TransientError


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (refusal("ThrottlingException"), StoreUnavailableError),
        (refusal("ProvisionedThroughputExceededException"), StoreUnavailableError),
        (refusal("SlowDown"), StoreUnavailableError),
        (refusal("InternalError"), StoreUnavailableError),
        (refusal("500"), StoreUnavailableError),
        (refusal("ServiceUnavailable"), StoreUnavailableError),
        (refusal("ResourceNotFoundException"), StoreUnavailableError),
        (refusal("AccessDenied"), AccessRefusedError),
        (refusal("AccessDeniedException"), AccessRefusedError),
        (refusal("403"), AccessRefusedError),
        (refusal("ExpiredToken"), AccessRefusedError),
        (refusal("UnrecognizedClientException"), AccessRefusedError),
        (NoCredentialsError(), AccessRefusedError),
        (EndpointConnectionError(endpoint_url="http://x"), StoreUnavailableError),
        (ConnectTimeoutError(endpoint_url="http://x"), StoreUnavailableError),
        (ReadTimeoutError(endpoint_url="http://x"), StoreUnavailableError),
        (S3UploadFailedError("no"), StoreUnavailableError),
    ],
    ids=str,
)
def test_trouble_with_aws_is_told_in_our_words_with_what_was_done(
    error: Exception, meaning: type[TransientError]
) -> None:
    with pytest.raises(meaning) as caught, aws_errors("get_job", job_id="j1"):
        raise error
    assert type(caught.value) is meaning
    assert caught.value.fields["action"] == "get_job"
    assert caught.value.fields["job_id"] == "j1"
    assert caught.value.fields["code"]
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [JobNotFoundError(), KeyError("bug")], ids=str)
def test_what_is_not_of_aws_passes_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, aws_errors("get_job"):
        raise error
    assert caught.value is error
