"""Archives as objects of a bucket, in one of S3's Glacier storage classes. An archive's ID is its key.

Which retrieval an archive needs is decided by the object's own class, not by the setting, which may have been
another when it was stored.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from awscrt import checksums  # type: ignore[import-untyped]  # it ships no types
from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError

from gas_core.adapters.archive import tiers
from gas_core.adapters.errors import aws_errors, error_code
from gas_core.domain.errors import (
    ArchiveCorruptError,
    ArchiveMissingError,
    CapacityShortError,
    RetrievalNotReadyError,
    StoreUnavailableError,
)
from gas_core.ports import Retrieval, RetrievalState, Tier

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, HeadObjectOutputTypeDef

StorageClass = Literal["GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"]

FROZEN = {"GLACIER": tiers.FLEXIBLE_SECONDS, "DEEP_ARCHIVE": tiers.DEEP_SECONDS}
"""Classes whose objects have to be retrieved, and what a retrieval takes; all others are read at once."""

MULTIPART_BYTES = 100_000_000
PART_BYTES = 16 << 20
MAX_PARTS = 10_000
CHUNK_BYTES = 1 << 20


class S3Archive:
    """``ArchiveStore`` over a bucket that is used for nothing else and is not versioned.

    ``copy_days``: how long a retrieved copy stays readable; more than the worst delay of thawing.
    """

    def __init__(
        self,
        client: S3Client,
        *,
        bucket: str,
        storage_class: StorageClass = "GLACIER",
        copy_days: int = 2,
        multipart_bytes: int = MULTIPART_BYTES,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._storage_class = storage_class
        self._copy_days = copy_days
        self._multipart_bytes = multipart_bytes
        self._part_bytes = part_bytes

    def put(self, key: str, source: Path) -> str:
        """Store a file. A key that is taken is not overwritten: it is fine if the same file stands there."""
        size_bytes = source.stat().st_size
        checksum = _crc64nvme(source)
        with aws_errors("archive_put", archive_id=key):
            try:
                if size_bytes > self._multipart_bytes:
                    self._upload_in_parts(key, source, size_bytes, checksum)
                else:
                    self._upload(key, source, checksum)
            except ClientError as error:
                # An earlier try stored it and did not live to hear so. HEAD tells if it is the same.
                if error_code(error) != "PreconditionFailed":
                    raise
        head = self._head(key)
        if (head["ContentLength"], head.get("ChecksumCRC64NVME")) != (size_bytes, checksum):
            raise ArchiveCorruptError(action="archive_put", archive_id=key)
        return key

    def retrieve(self, archive_id: str, tier: Tier) -> Retrieval:
        """Start a retrieval, or keep a copy that is there already for longer."""
        head = self._head(archive_id)
        seconds = FROZEN.get(head.get("StorageClass", "STANDARD"))
        if seconds is None:
            return Retrieval(Tier.INSTANT, eta_seconds=0)
        tier = tiers.offered(tier, seconds)
        with aws_errors("archive_retrieve", archive_id=archive_id):
            try:
                self._client.restore_object(
                    Bucket=self._bucket,
                    Key=archive_id,
                    RestoreRequest={
                        "Days": self._copy_days,
                        # Instant was answered above; S3 has the other names.
                        "GlacierJobParameters": {
                            "Tier": "Expedited" if tier is Tier.EXPEDITED else "Standard"
                        },
                    },
                )
            except ClientError as error:
                if error_code(error) == "GlacierExpeditedRetrievalNotAvailable":
                    raise CapacityShortError(archive_id=archive_id, tier=tier.value) from error
                # One that is slower would have been made faster by this request, so it is no slower.
                if error_code(error) != "RestoreAlreadyInProgress":
                    raise
        ready = _state(head) is RetrievalState.READY
        return Retrieval(tier, eta_seconds=0 if ready else seconds[tier])

    def state(self, archive_id: str, retrieval_id: str) -> RetrievalState:
        del retrieval_id  # S3 knows a retrieval by its object
        return _state(self._head(archive_id))

    @contextmanager
    def open(self, archive_id: str, retrieval_id: str) -> Iterator[BinaryIO]:
        # Asked here, although S3 refuses a frozen object itself: not every emulator does.
        if self.state(archive_id, retrieval_id) is not RetrievalState.READY:
            raise RetrievalNotReadyError(archive_id=archive_id)
        with aws_errors("archive_open", archive_id=archive_id):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=archive_id, ChecksumMode="ENABLED")
            except ClientError as error:
                if error_code(error) == "InvalidObjectState":  # the copy expired a moment ago
                    raise RetrievalNotReadyError(archive_id=archive_id) from error
                raise
        with closing(answer["Body"]) as body:
            yield io.BufferedReader(_Body(body, archive_id), CHUNK_BYTES)

    def delete(self, archive_id: str) -> None:
        with aws_errors("archive_delete", archive_id=archive_id):
            self._client.delete_object(Bucket=self._bucket, Key=archive_id)

    def discard(self, key: str) -> None:
        self.delete(key)

    def _head(self, key: str) -> HeadObjectOutputTypeDef:
        with aws_errors("archive_head", archive_id=key):
            try:
                return self._client.head_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
            except ClientError as error:
                if error_code(error) not in {"404", "NoSuchKey"}:
                    raise
            self._check_bucket()
            raise ArchiveMissingError(archive_id=key)

    def _check_bucket(self) -> None:
        """A bucket that is not there answers like a missing object; no result must be given up for that."""
        try:
            self._client.head_bucket(Bucket=self._bucket)
        except ClientError as error:
            if error_code(error) in {"404", "NoSuchBucket"}:
                raise StoreUnavailableError(
                    f"There is no bucket {self._bucket}: see the setting of the archive bucket."
                ) from error
            raise

    def _upload(self, key: str, source: Path, checksum: str) -> None:
        with source.open("rb") as body:
            self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                StorageClass=self._storage_class,
                ChecksumCRC64NVME=checksum,
                IfNoneMatch="*",
            )

    def _upload_in_parts(self, key: str, source: Path, size_bytes: int, checksum: str) -> None:
        upload_id = self._client.create_multipart_upload(
            Bucket=self._bucket,
            Key=key,
            StorageClass=self._storage_class,
            ChecksumAlgorithm="CRC64NVME",
            ChecksumType="FULL_OBJECT",
        )["UploadId"]
        try:
            self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=key,
                UploadId=upload_id,
                MultipartUpload={"Parts": list(self._parts(key, upload_id, source, size_bytes))},
                ChecksumCRC64NVME=checksum,
                ChecksumType="FULL_OBJECT",
                MpuObjectSize=size_bytes,
                IfNoneMatch="*",
            )
        except BaseException:
            # What this cannot abort, the bucket's lifecycle rule does after a day.
            with suppress(ClientError, BotoCoreError):
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)
            raise

    def _parts(
        self, key: str, upload_id: str, source: Path, size_bytes: int
    ) -> Iterator[CompletedPartTypeDef]:
        part_bytes = max(self._part_bytes, -(-size_bytes // MAX_PARTS))
        with source.open("rb") as body:
            number = 0
            while part := body.read(part_bytes):
                number += 1
                answer = self._client.upload_part(
                    Bucket=self._bucket,
                    Key=key,
                    UploadId=upload_id,
                    PartNumber=number,
                    Body=part,
                    ChecksumAlgorithm="CRC64NVME",
                )
                yield {
                    "PartNumber": number,
                    "ETag": answer["ETag"],
                    "ChecksumCRC64NVME": answer["ChecksumCRC64NVME"],
                }


def _state(head: HeadObjectOutputTypeDef) -> RetrievalState:
    """Read ``x-amz-restore``: absent, ``ongoing-request="true"``, or "false" with the copy's expiry date.

    The date is not compared with a clock: S3 takes the header away when it takes the copy away.
    """
    if head.get("StorageClass", "STANDARD") not in FROZEN:
        return RetrievalState.READY
    restore = head.get("Restore", "")
    if 'ongoing-request="true"' in restore:
        return RetrievalState.UNDER_WAY
    if 'ongoing-request="false"' in restore:
        return RetrievalState.READY
    return RetrievalState.EXPIRED


def _crc64nvme(path: Path) -> str:
    """The file's CRC64NVME in S3's notation."""
    crc = 0
    with path.open("rb") as source:
        while chunk := source.read(CHUNK_BYTES):
            crc = checksums.crc64nvme(chunk, crc)
    return base64.b64encode(crc.to_bytes(8, "big")).decode()


class _Body(io.RawIOBase):
    """A body whose errors are ours. botocore compares the checksum when the end is reached."""

    def __init__(self, body: StreamingBody, archive_id: str) -> None:
        self._body = body
        self._archive_id = archive_id

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer)
        with aws_errors("archive_read", archive_id=self._archive_id):
            try:
                data = self._body.read(len(target))
            except FlexibleChecksumError as error:
                raise ArchiveCorruptError(archive_id=self._archive_id) from error
        target[: len(data)] = data
        return len(data)
