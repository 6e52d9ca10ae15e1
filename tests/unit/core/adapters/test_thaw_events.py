"""Events as S3 and Glacier write them, and what else may stand in the queue."""

from __future__ import annotations

import json

import pytest

from gas_core.adapters.thaw_events import jobs_of
from gas_core.domain.errors import UnreadableError

JOB_ID = "0f5ae3a2-6f6e-4d49-8a3f-3f8a5f5d7c11"


def s3_event(*keys: str, name: str = "ObjectRestore:Completed") -> str:
    """As in "Event message structure" of the Amazon S3 User Guide, with every field that it names."""
    return json.dumps(
        {
            "Records": [
                {
                    "eventVersion": "2.2",
                    "eventSource": "aws:s3",
                    "awsRegion": "us-east-1",
                    "eventTime": "2026-01-01T00:00:00.000Z",
                    "eventName": name,
                    "userIdentity": {"principalId": "AmazonCustomer:A1B2C3"},
                    "requestParameters": {"sourceIPAddress": "s3.amazonaws.com"},
                    "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8"},
                    "s3": {
                        "s3SchemaVersion": "1.0",
                        "configurationId": "thaws",
                        "bucket": {
                            "name": "archive",
                            "ownerIdentity": {"principalId": "A1B2C3"},
                            "arn": "arn:aws:s3:::archive",
                        },
                        "object": {"key": key, "size": 1024, "eTag": "e", "sequencer": "0055AED6"},
                    },
                    "glacierEventData": {
                        "restoreEventData": {
                            "lifecycleRestorationExpiryTime": "2026-01-03T00:00:00.000Z",
                            "lifecycleRestoreStorageClass": "GLACIER",
                        }
                    },
                }
                for key in keys
            ]
        }
    )


def test_event_of_s3_names_its_job() -> None:
    assert jobs_of(s3_event(f"{JOB_ID}/2/results.tar")) == [JOB_ID]


def test_event_with_several_records_names_all_their_jobs() -> None:
    other = JOB_ID.replace("0f", "1e")
    assert jobs_of(s3_event(f"{JOB_ID}/2/results.tar", f"{other}/9/results.tar")) == [JOB_ID, other]


def test_key_is_read_as_s3_writes_it_in_events() -> None:
    assert jobs_of(s3_event(f"{JOB_ID}%2F2%2Fresults.tar")) == [JOB_ID]


def test_expiry_of_a_copy_names_its_job_too() -> None:
    assert jobs_of(s3_event(f"{JOB_ID}/2/results.tar", name="ObjectRestore:Delete")) == [JOB_ID]


@pytest.mark.parametrize(
    "key", ["readme.txt", "contract/x.tar", f"{JOB_ID.upper()}/2/results.tar", f"{JOB_ID}x/2/results.tar", ""]
)
def test_object_that_is_no_archive_of_ours_names_nobody(key: str) -> None:
    assert jobs_of(s3_event(key)) == []


def test_event_that_s3_sends_when_it_is_set_up_names_nobody() -> None:
    event = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "archive", "RequestId": "5"}
    assert jobs_of(json.dumps(event)) == []


def test_event_of_glacier_names_nobody() -> None:
    """As in "Configuring Vault Notifications" of the Glacier Developer Guide."""
    event = {
        "Action": "ArchiveRetrieval",
        "ArchiveId": "NkbByEejwEggmBz2fTHgJrg0XBoDfjP4q6iu87",
        "ArchiveSHA256TreeHash": "a" * 64,
        "Completed": True,
        "JobId": "HkF9p6o7yjhFx-K3CGl6fuSm6VzW9T7esGQfco8nUXVYwS0jlb5gq1JZ",
        "SNSTopic": "arn:aws:sns:us-east-1:012345678901:thaws",
        "StatusCode": "Succeeded",
        "VaultARN": "arn:aws:glacier:us-east-1:012345678901:vaults/results",
    }
    assert jobs_of(json.dumps(event)) == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "null",
        "[]",
        '"text"',
        "7",
        '{"Records": null}',
        '{"Records": 7}',
        '{"Records": [null]}',
        '{"Records": [{}]}',
        '{"Records": [{"s3": {"object": {}}}]}',
        '{"Records": [{"s3": {"object": {"key": 7}}}]}',
        '{"Records": [{"s3": {"object": {"key": null}}}]}',
    ],
)
def test_what_is_no_event_is_unreadable(body: str) -> None:
    with pytest.raises(UnreadableError):
        jobs_of(body)
