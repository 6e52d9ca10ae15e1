"""Buckets of objects, in S3."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from os.path import commonprefix
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from gas_core.adapters.errors import aws_errors, error_code
from gas_core.adapters.file_names import content_disposition, from_form, from_metadata
from gas_core.adapters.resuming import ResumingStream
from gas_core.domain.errors import ObjectMissingError, StoreUnavailableError
from gas_core.domain.job import ObjectRef
from gas_core.ports import ObjectInfo, Part, UploadForm

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, ObjectIdentifierTypeDef

MULTIPART_BYTES = 100_000_000
PART_BYTES = 16 << 20
BUFFER_BYTES = 1 << 20
DELETE_KEYS = 1000
"""The most that one DeleteObjects takes."""

MISSING_CODES = frozenset({"404", "NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "405"})
"""405: the version named is a delete marker."""

NO_UPLOAD = "NoSuchUpload"
STANDS_ALREADY = "PreconditionFailed"


class S3Store:
    """``ObjectStore`` in S3. ``public`` signs what browsers ask for, at the address where they find S3."""

    def __init__(
        self,
        client: S3Client,
        *,
        public: S3Client,
        multipart_bytes: int = MULTIPART_BYTES,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._client = client
        self._public = public
        self._transfer = TransferConfig(
            multipart_threshold=multipart_bytes, multipart_chunksize=part_bytes, max_concurrency=4
        )

    def presign_upload(
        self,
        ref: ObjectRef,
        *,
        max_bytes: int,
        expires_seconds: int,
        redirect_url: str,
        now: int,
        labels: Mapping[str, str] = {},
    ) -> UploadForm:
        """No field for encryption: the bucket encrypts by default. Without a redirect the store says 201."""
        told = {"name": "${filename}", **labels}
        fields = {f"x-amz-meta-{name}": value for name, value in told.items()}
        conditions: list[Any] = [
            ["content-length-range", 0, max_bytes],
            *(["starts-with", f"${field}", ""] for field in fields),
        ]
        after = (
            {"success_action_redirect": redirect_url} if redirect_url else {"success_action_status": "201"}
        )
        with aws_errors("presign_upload", key=ref.key):
            post = self._public.generate_presigned_post(
                ref.bucket,
                ref.key,
                Fields=fields | after,
                Conditions=[*conditions, after],
                ExpiresIn=expires_seconds,
            )
        return UploadForm(
            url=post["url"], fields=post["fields"], max_bytes=max_bytes, expires=now + expires_seconds
        )

    def begin_parts(self, ref: ObjectRef) -> str:
        with aws_errors("create_multipart_upload", key=ref.key):
            answer = self._client.create_multipart_upload(
                Bucket=ref.bucket, Key=ref.key, ChecksumAlgorithm="CRC32"
            )
        return answer["UploadId"]

    def presign_part(self, ref: ObjectRef, upload_id: str, part: Part, *, expires_seconds: int) -> str:
        with aws_errors("presign_part", key=ref.key):
            return self._public.generate_presigned_url(
                "upload_part",
                Params={
                    "Bucket": ref.bucket,
                    "Key": ref.key,
                    "UploadId": upload_id,
                    "PartNumber": part.number,
                    "ContentLength": part.size_bytes,
                    "ChecksumCRC32": part.crc32,
                },
                ExpiresIn=expires_seconds,
            )

    def parts(self, ref: ObjectRef, upload_id: str) -> tuple[Part, ...] | None:
        pages = self._client.get_paginator("list_parts").paginate(
            Bucket=ref.bucket, Key=ref.key, UploadId=upload_id
        )
        with aws_errors("list_parts", key=ref.key):
            try:
                return tuple(
                    Part(each["PartNumber"], each["Size"], each.get("ChecksumCRC32", ""), each["ETag"])
                    for page in pages
                    for each in page.get("Parts", [])
                )
            except ClientError as error:
                if error_code(error) == NO_UPLOAD:
                    return None
                raise

    def join_parts(self, ref: ObjectRef, upload_id: str, parts: Sequence[Part]) -> None:
        listed: list[CompletedPartTypeDef] = [
            {"PartNumber": part.number, "ETag": part.etag, "ChecksumCRC32": part.crc32} for part in parts
        ]
        with aws_errors("complete_multipart_upload", key=ref.key):
            try:
                self._client.complete_multipart_upload(
                    Bucket=ref.bucket,
                    Key=ref.key,
                    UploadId=upload_id,
                    MultipartUpload={"Parts": listed},
                    IfNoneMatch="*",
                )
            except ClientError as error:
                # Somebody else joined them a moment ago.
                if error_code(error) not in {NO_UPLOAD, STANDS_ALREADY}:
                    raise

    def abort_parts(self, ref: ObjectRef, upload_id: str) -> None:
        with aws_errors("abort_multipart_upload", key=ref.key):
            try:
                self._client.abort_multipart_upload(Bucket=ref.bucket, Key=ref.key, UploadId=upload_id)
            except ClientError as error:
                if error_code(error) != NO_UPLOAD:
                    raise

    def presign_download(
        self, ref: ObjectRef, *, file_name: str, content_type: str, expires_seconds: int
    ) -> str:
        answer_as = {
            "ResponseContentDisposition": content_disposition(file_name),
            "ResponseContentType": content_type,
        }
        with aws_errors("presign_download", key=ref.key):
            return self._public.generate_presigned_url(
                "get_object", Params=_named(ref) | answer_as, ExpiresIn=expires_seconds
            )

    def head(self, ref: ObjectRef) -> ObjectInfo | None:
        with aws_errors("head_object", key=ref.key):
            try:
                answer = self._client.head_object(**_named(ref))
            except ClientError as error:
                if error_code(error) in MISSING_CODES:
                    return None
                raise
        return ObjectInfo(
            ref=ObjectRef(ref.bucket, ref.key, answer.get("VersionId", "")),
            size_bytes=answer["ContentLength"],
            # Nobody but the browser with our form writes metadata.
            metadata={name: from_form(from_metadata(text)) for name, text in answer["Metadata"].items()},
        )

    @contextmanager
    def open(self, ref: ObjectRef, *, start: int = 0) -> Iterator[BinaryIO]:
        with aws_errors("get_object", key=ref.key):
            try:
                stream = ResumingStream(self._client, _named(ref), start=start)
            except ClientError as error:
                if error_code(error) in MISSING_CODES:
                    raise ObjectMissingError(bucket=ref.bucket, key=ref.key) from None
                raise
        with io.BufferedReader(stream, BUFFER_BYTES) as reader:
            yield reader

    def put(self, ref: ObjectRef, source: Path, *, content_type: str) -> None:
        """S3 compares a SHA-256, of the file or of each part, with what arrived before it says yes."""
        with aws_errors("put_object", key=ref.key):
            self._client.upload_file(
                str(source),
                ref.bucket,
                ref.key,
                ExtraArgs={"ContentType": content_type, "ChecksumAlgorithm": "SHA256"},
                Config=self._transfer,
            )

    def copy(self, source: ObjectRef, target: ObjectRef) -> None:
        with aws_errors("copy_object", key=target.key):
            try:
                self._client.copy_object(Bucket=target.bucket, Key=target.key, CopySource=_named(source))
            except ClientError as error:
                if error_code(error) in MISSING_CODES:
                    raise ObjectMissingError(bucket=source.bucket, key=source.key) from None
                raise

    def delete(self, refs: Iterable[ObjectRef]) -> None:
        by_bucket: dict[str, list[ObjectRef]] = {}
        for ref in refs:
            by_bucket.setdefault(ref.bucket, []).append(ref)
        for bucket, group in by_bucket.items():
            doomed = self._doomed(bucket, group)
            while batch := list(islice(doomed, DELETE_KEYS)):
                self._delete_batch(bucket, batch)

    def _doomed(self, bucket: str, refs: list[ObjectRef]) -> Iterator[ObjectIdentifierTypeDef]:
        """The versions that are named, and every version and delete marker of keys that come without one.

        Keys of one top folder, such as all of a job's, are found by one listing of what they have in common.
        """
        by_folder: dict[str, set[str]] = {}
        for ref in refs:
            if ref.version_id:
                yield {"Key": ref.key, "VersionId": ref.version_id}
            else:
                by_folder.setdefault(ref.key.partition("/")[0], set()).add(ref.key)
        for keys in by_folder.values():
            yield from self._versions(bucket, keys)

    def _versions(self, bucket: str, keys: Collection[str]) -> Iterator[ObjectIdentifierTypeDef]:
        prefix = commonprefix(list(keys))  # noqa: RUF071 - a listing takes characters, not folders
        last = max(keys)
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
        with aws_errors("list_versions", bucket=bucket, prefix=prefix):
            for page in pages:
                listed = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                for version in listed:
                    if version["Key"] in keys:
                        yield {"Key": version["Key"], "VersionId": version["VersionId"]}
                # Keys come in order: beyond the last of ours there are only others.
                if any(version["Key"] > last for version in listed):
                    return

    def _delete_batch(self, bucket: str, batch: list[ObjectIdentifierTypeDef]) -> None:
        with aws_errors("delete_objects", bucket=bucket):
            answer = self._client.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        refused = [error for error in answer.get("Errors", []) if error.get("Code") not in MISSING_CODES]
        if refused:
            first = refused[0]
            raise StoreUnavailableError(
                action="delete_objects", code=first.get("Code"), key=first.get("Key"), refused=len(refused)
            )


def _named(ref: ObjectRef) -> Any:  # noqa: ANN401 - part of the parameters of several calls
    named = {"Bucket": ref.bucket, "Key": ref.key}
    return named | {"VersionId": ref.version_id} if ref.version_id else named
