"""What is S3's own in the store ``s3``: classes, checksums, parts, refusals."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from awscrt import checksums
from botocore.config import Config

from gas_core.adapters.archive.s3 import S3Archive
from gas_core.domain.errors import (
    AccessRefusedError,
    ArchiveCorruptError,
    ArchiveMissingError,
    RetrievalNotReadyError,
    StoreUnavailableError,
)
from gas_core.ports import Retrieval, RetrievalState, Tier

DATA = random.Random(2).randbytes(200_000)
MIB = 1 << 20


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive.tar"
    path.write_bytes(DATA)
    return path


def crc64nvme(data: bytes) -> str:
    return base64.b64encode(checksums.crc64nvme(data).to_bytes(8, "big")).decode()


def heard(client: Any, operation: str) -> list[dict[str, Any]]:
    """Parameters of this operation from now on."""
    calls: list[dict[str, Any]] = []
    client.meta.events.register(
        f"provide-client-params.s3.{operation}", lambda params, **_: calls.append(dict(params))
    )
    return calls


def test_archive_has_its_class_and_a_checksum_of_the_whole_that_s3_verified(
    s3_shelf: Any, s3_client: Any
) -> None:
    sent = heard(s3_client, "PutObject")
    key = s3_shelf.put(DATA)
    head = s3_client.head_object(Bucket=s3_shelf.bucket, Key=key, ChecksumMode="ENABLED")

    assert head["StorageClass"] == "GLACIER"
    assert head["ChecksumCRC64NVME"] == crc64nvme(DATA)
    assert sent[0]["ChecksumCRC64NVME"] == crc64nvme(DATA)


def test_a_file_that_does_not_arrive_as_it_was_is_not_stored(
    s3_shelf: Any, s3_client: Any, archive: Path
) -> None:
    def flip(params: dict[str, Any], **_: object) -> None:
        params["Body"] = DATA[:-1] + bytes([DATA[-1] ^ 1])

    s3_client.meta.events.register("provide-client-params.s3.PutObject", flip)

    with pytest.raises(StoreUnavailableError) as caught:
        s3_shelf.store.put("contract/flipped.tar", archive)
    assert caught.value.fields["code"] == "BadDigest"
    with pytest.raises(ArchiveMissingError):
        s3_shelf.store.state("contract/flipped.tar", "")


def test_a_store_that_tells_another_checksum_than_the_files_is_not_believed(
    s3_shelf: Any, s3_client: Any, archive: Path
) -> None:
    def lie(parsed: dict[str, Any], **_: object) -> None:
        parsed["ChecksumCRC64NVME"] = crc64nvme(b"other")

    s3_client.meta.events.register("after-call.s3.HeadObject", lie)

    with pytest.raises(ArchiveCorruptError):
        s3_shelf.store.put("contract/lied-about.tar", archive)


def test_storing_the_same_file_again_after_a_crash_is_no_error(s3_shelf: Any, archive: Path) -> None:
    first = s3_shelf.store.put("contract/twice.tar", archive)

    assert s3_shelf.store.put("contract/twice.tar", archive) == first


def test_a_key_that_is_taken_is_not_overwritten(s3_shelf: Any, archive: Path) -> None:
    key = s3_shelf.store.put("contract/taken.tar", archive)
    archive.write_bytes(b"other")

    with pytest.raises(ArchiveCorruptError):
        s3_shelf.store.put("contract/taken.tar", archive)
    assert s3_shelf.read(key, s3_shelf.thaw(key)) == DATA


def test_instant_class_needs_no_retrieval(s3_shelf: Any, s3_client: Any) -> None:
    s3_shelf.store = S3Archive(s3_client, bucket=s3_shelf.bucket, storage_class="GLACIER_IR")
    key = s3_shelf.put(DATA)
    retrieval = s3_shelf.store.retrieve(key, Tier.EXPEDITED)

    assert (retrieval.tier, retrieval.eta_seconds) == (Tier.INSTANT, 0)
    assert s3_shelf.store.state(key, "") is RetrievalState.READY
    assert s3_shelf.read(key, retrieval) == DATA


def test_deep_archive_has_no_expedited_tier(s3_shelf: Any, s3_client: Any) -> None:
    s3_shelf.store = S3Archive(s3_client, bucket=s3_shelf.bucket, storage_class="DEEP_ARCHIVE")
    key = s3_shelf.put(DATA)
    asked = heard(s3_client, "RestoreObject")
    retrieval = s3_shelf.store.retrieve(key, Tier.EXPEDITED)

    assert (retrieval.tier, retrieval.eta_seconds) == (Tier.STANDARD, 12 * 3600)
    assert asked[0]["RestoreRequest"]["GlacierJobParameters"] == {"Tier": "Standard"}


def test_an_archives_own_class_decides_not_the_present_setting(s3_shelf: Any, s3_client: Any) -> None:
    key = s3_shelf.put(DATA)
    store = S3Archive(s3_client, bucket=s3_shelf.bucket, storage_class="GLACIER_IR")

    assert store.state(key, "") is RetrievalState.EXPIRED
    assert store.retrieve(key, Tier.EXPEDITED).tier is Tier.EXPEDITED


def test_copies_are_asked_for_as_long_as_the_setting_says(s3_shelf: Any, s3_client: Any) -> None:
    s3_shelf.store = S3Archive(s3_client, bucket=s3_shelf.bucket, copy_days=7)
    asked = heard(s3_client, "RestoreObject")
    s3_shelf.store.retrieve(s3_shelf.put(DATA), Tier.EXPEDITED)

    assert asked[0]["RestoreRequest"] == {"Days": 7, "GlacierJobParameters": {"Tier": "Expedited"}}


def test_a_copy_that_is_there_already_is_ready_now(s3_shelf: Any) -> None:
    key = s3_shelf.put(DATA)
    s3_shelf.thaw(key)

    assert s3_shelf.store.retrieve(key, Tier.EXPEDITED).eta_seconds == 0


def test_a_frozen_archive_is_not_even_tried_to_read(s3_shelf: Any, s3_client: Any) -> None:
    """Some emulators would hand it out."""
    key = s3_shelf.put(DATA)
    s3_shelf.store.retrieve(key, Tier.EXPEDITED)
    asked = heard(s3_client, "GetObject")

    with pytest.raises(RetrievalNotReadyError), s3_shelf.store.open(key, ""):
        pass
    assert asked == []


def test_a_copy_that_expires_between_looking_and_reading_is_not_ready(
    s3_shelf: Any, s3_client: Any, refuse_from_now: Callable[..., None]
) -> None:
    key = s3_shelf.put(DATA)
    s3_shelf.thaw(key)
    refuse_from_now(s3_client, "GetObject", 403, "InvalidObjectState")

    with pytest.raises(RetrievalNotReadyError), s3_shelf.store.open(key, ""):
        pass


DENIED, BUSY = AccessRefusedError, StoreUnavailableError


@pytest.mark.parametrize(
    "refusal",
    [
        ("PutObject", 403, "AccessDenied", DENIED),
        ("HeadObject", 403, "403", DENIED),
        ("RestoreObject", 403, "AccessDenied", DENIED),
        ("GetObject", 403, "AccessDenied", DENIED),
        ("DeleteObject", 403, "AccessDenied", DENIED),
        ("PutObject", 503, "SlowDown", BUSY),
        ("HeadObject", 503, "503", BUSY),
        ("RestoreObject", 503, "SlowDown", BUSY),
        ("GetObject", 503, "SlowDown", BUSY),
        ("DeleteObject", 503, "SlowDown", BUSY),
        ("PutObject", 500, "InternalError", BUSY),
        ("PutObject", 404, "NoSuchBucket", BUSY),
    ],
    ids=lambda refusal: f"{refusal[0]}-{refusal[2]}",
)
def test_refusals_of_s3_are_told_as_what_an_operator_can_do_about_them(
    s3_shelf: Any,
    s3_client: Any,
    refuse_from_now: Callable[..., None],
    refusal: tuple[str, int, str, type[Exception]],
) -> None:
    operation, status, code, meaning = refusal
    frozen = s3_shelf.put(DATA)
    s3_shelf.store = S3Archive(s3_client, bucket=s3_shelf.bucket, storage_class="GLACIER_IR")
    readable = s3_shelf.put(DATA)
    calls: dict[str, Callable[[], object]] = {
        "PutObject": lambda: s3_shelf.put(DATA),
        "HeadObject": lambda: s3_shelf.store.state(frozen, ""),
        "RestoreObject": lambda: s3_shelf.store.retrieve(frozen, Tier.STANDARD),
        "GetObject": lambda: s3_shelf.read(readable, Retrieval(Tier.INSTANT, eta_seconds=0)),
        "DeleteObject": lambda: s3_shelf.store.delete(frozen),
    }
    refuse_from_now(s3_client, operation, status, code)

    with pytest.raises(meaning) as caught:
        calls[operation]()
    assert caught.value.fields["code"] == code


def test_a_bucket_that_is_not_there_does_not_make_its_archives_missing(s3_client: Any) -> None:
    """A wrong setting must not have every archive declared lost."""
    store = S3Archive(s3_client, bucket="gas-no-such-bucket")

    with pytest.raises(StoreUnavailableError, match="gas-no-such-bucket"):
        store.retrieve("contract/any.tar", Tier.STANDARD)


def test_s3_out_of_reach_is_an_error_that_may_pass() -> None:
    nowhere = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:9",  # the port that discards; nothing listens
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )

    with pytest.raises(StoreUnavailableError) as caught:
        S3Archive(nowhere, bucket="results").state("contract/any.tar", "")
    assert caught.value.fields["code"] == "EndpointConnectionError"


class FullObjectChecksums:
    """What the emulator lacks: of an upload in parts it knows only a checksum of the parts' checksums.

    This computes the whole's from the parts on their way, refuses a completion that names another, and
    answers HEAD with it.
    """

    def __init__(self, client: Any) -> None:
        self.parts: list[bytes] = []
        self.completed: dict[str, Any] = {}
        self.created: dict[str, Any] = {}
        events = client.meta.events
        events.register("provide-client-params.s3.CreateMultipartUpload", self._create)
        events.register("provide-client-params.s3.UploadPart", self._part)
        events.register("provide-client-params.s3.CompleteMultipartUpload", self._complete)
        events.register("after-call.s3.HeadObject", self._head)

    def _create(self, params: dict[str, Any], **_: object) -> None:
        self.created = dict(params)

    def _part(self, params: dict[str, Any], **_: object) -> None:
        assert params["ChecksumAlgorithm"] == "CRC64NVME"
        self.parts.append(params["Body"])

    def _complete(self, params: dict[str, Any], **_: object) -> dict[str, Any]:
        assert params["ChecksumCRC64NVME"] == crc64nvme(b"".join(self.parts))
        self.completed = dict(params)
        return {name: value for name, value in params.items() if name != "ChecksumCRC64NVME"}

    def _head(self, parsed: dict[str, Any], **_: object) -> None:
        parsed["ChecksumCRC64NVME"] = crc64nvme(b"".join(self.parts))


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "large.tar"
    path.write_bytes(random.Random(3).randbytes(12 * MIB + 5))
    return path


def test_a_large_archive_goes_in_parts_with_one_checksum_of_the_whole(
    s3_shelf: Any, s3_client: Any, large: Path
) -> None:
    s3 = FullObjectChecksums(s3_client)
    store = S3Archive(s3_client, bucket=s3_shelf.bucket, multipart_bytes=10 * MIB, part_bytes=5 * MIB)
    key = store.put("contract/large.tar", large)

    assert s3.created["StorageClass"] == "GLACIER"
    assert (s3.created["ChecksumAlgorithm"], s3.created["ChecksumType"]) == ("CRC64NVME", "FULL_OBJECT")
    assert [len(part) for part in s3.parts] == [5 * MIB, 5 * MIB, 2 * MIB + 5]
    assert s3.completed["MpuObjectSize"] == large.stat().st_size
    assert s3_client.head_object(Bucket=s3_shelf.bucket, Key=key)["StorageClass"] == "GLACIER"


def test_a_broken_upload_in_parts_leaves_no_parts_to_pay_for(
    s3_shelf: Any, s3_client: Any, large: Path, refuse_from_now: Callable[..., None]
) -> None:
    refuse_from_now(s3_client, "CompleteMultipartUpload", 503, "SlowDown")
    store = S3Archive(s3_client, bucket=s3_shelf.bucket, multipart_bytes=10 * MIB, part_bytes=5 * MIB)

    with pytest.raises(StoreUnavailableError):
        store.put("contract/broken.tar", large)
    uploads = s3_client.list_multipart_uploads(Bucket=s3_shelf.bucket).get("Uploads", [])
    assert [upload for upload in uploads if upload["Key"] == "contract/broken.tar"] == []
