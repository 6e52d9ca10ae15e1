"""Archives in a vault of the Glacier API that the original GAS used. AWS closed it to new customers in 2025.

The vault names archives itself; our key becomes the description, by which an inventory tells whose an archive
is. A retrieval is a Glacier job, whose output stays readable for 24 hours at least.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from gas_core.adapters.archive import tiers, treehash
from gas_core.adapters.archive.treehash import MIB
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
    from mypy_boto3_glacier import GlacierClient
    from mypy_boto3_glacier.type_defs import (
        GlacierJobDescriptionResponseTypeDef,
        GlacierJobDescriptionTypeDef,
    )

MULTIPART_BYTES = 100_000_000
PART_BYTES = 16 * MIB
MAX_PARTS = 10_000
RANGE_BYTES = 8 * MIB
"""A power of two of MiB, so that every range but the last has a hash in the archive's tree."""

LISTING_SECONDS = 30
"""How old a listing of jobs may be. A message that a crash left behind comes back later than that."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A retrieval of a whole archive that the vault has under way or ready."""

    job_id: str
    tier: Tier
    ready: bool


_NOTHING = _Known("", Tier.STANDARD, ready=False)


class VaultArchive:
    """``ArchiveStore`` over one vault. ``sns_topic_arn``: where Glacier tells that a retrieval is ready."""

    def __init__(
        self,
        client: GlacierClient,
        *,
        vault: str,
        sns_topic_arn: str,
        multipart_bytes: int = MULTIPART_BYTES,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._client = client
        self._vault = vault
        self._sns_topic_arn = sns_topic_arn
        self._multipart_bytes = multipart_bytes
        self._part_bytes = part_bytes
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}
        self._listed = float("-inf")

    def put(self, key: str, source: Path) -> str:
        """Store a file. A try whose answer was lost leaves an archive that nothing names (and that costs)."""
        size_bytes = source.stat().st_size
        checksum = treehash.of_file(source)
        with aws_errors("archive_put", archive_id=key):
            if size_bytes > self._multipart_bytes:
                archive_id, stored = self._upload_in_parts(key, source, size_bytes, checksum)
            else:
                archive_id, stored = self._upload(key, source, checksum)
        if stored != checksum:
            self.delete(archive_id)
            raise ArchiveCorruptError(action="archive_put", archive_id=archive_id)
        return archive_id

    def retrieve(self, archive_id: str, tier: Tier) -> Retrieval:
        """Start a job, unless the vault has one of this archive already: each one is charged."""
        tier = tiers.offered(tier, tiers.FLEXIBLE_SECONDS)
        with aws_errors("archive_retrieve", archive_id=archive_id):
            known = self._under_way().get(archive_id)
            if known:
                eta_seconds = 0 if known.ready else tiers.FLEXIBLE_SECONDS[known.tier]
                return Retrieval(known.tier, eta_seconds=eta_seconds, retrieval_id=known.job_id)
            try:
                answer = self._client.initiate_job(
                    vaultName=self._vault,
                    jobParameters={
                        "Type": "archive-retrieval",
                        "ArchiveId": archive_id,
                        "Tier": tier.value,
                        "SNSTopic": self._sns_topic_arn,
                    },
                )
            except ClientError as error:
                if error_code(error) == "InsufficientCapacityException":
                    raise CapacityShortError(archive_id=archive_id, tier=tier.value) from error
                self._raise_unless_not_found(error)
                raise ArchiveMissingError(archive_id=archive_id) from error
            self._known[archive_id] = _Known(answer["jobId"], tier, ready=False)
        return Retrieval(tier, eta_seconds=tiers.FLEXIBLE_SECONDS[tier], retrieval_id=answer["jobId"])

    def state(self, archive_id: str, retrieval_id: str) -> RetrievalState:
        """A vault cannot tell by a job that the archive is gone; the next ``retrieve`` will."""
        job = self._describe(archive_id, retrieval_id)
        if job is None or job["StatusCode"] == "Failed":
            return RetrievalState.EXPIRED
        return RetrievalState.READY if job["StatusCode"] == "Succeeded" else RetrievalState.UNDER_WAY

    @contextmanager
    def open(self, archive_id: str, retrieval_id: str) -> Iterator[BinaryIO]:
        job = self._describe(archive_id, retrieval_id)
        if job is None or job["StatusCode"] != "Succeeded":
            raise RetrievalNotReadyError(archive_id=archive_id)
        yield io.BufferedReader(_JobOutput(self._client, self._vault, job), MIB)

    def delete(self, archive_id: str) -> None:
        with aws_errors("archive_delete", archive_id=archive_id):
            try:
                self._client.delete_archive(vaultName=self._vault, archiveId=archive_id)
            except ClientError as error:
                self._raise_unless_not_found(error)

    def discard(self, key: str) -> None:
        """Nothing: a vault finds archives by its own IDs alone. Its inventory tells our key beside each."""

    def _upload(self, key: str, source: Path, checksum: str) -> tuple[str, str]:
        with source.open("rb") as body:
            answer = self._client.upload_archive(
                vaultName=self._vault, archiveDescription=key, checksum=checksum, body=body
            )
        return answer["archiveId"], answer["checksum"]

    def _upload_in_parts(self, key: str, source: Path, size_bytes: int, checksum: str) -> tuple[str, str]:
        part_bytes = self._part_bytes
        while part_bytes * MAX_PARTS < size_bytes:  # Glacier wants a power of two of MiB
            part_bytes *= 2
        upload_id = self._client.initiate_multipart_upload(
            vaultName=self._vault, archiveDescription=key, partSize=str(part_bytes)
        )["uploadId"]
        try:
            with source.open("rb") as body:
                for start in range(0, size_bytes, part_bytes):
                    part = body.read(part_bytes)
                    self._client.upload_multipart_part(
                        vaultName=self._vault,
                        uploadId=upload_id,
                        range=f"bytes {start}-{start + len(part) - 1}/*",
                        checksum=treehash.root(treehash.leaves(part)),
                        body=part,
                    )
            answer = self._client.complete_multipart_upload(
                vaultName=self._vault, uploadId=upload_id, archiveSize=str(size_bytes), checksum=checksum
            )
        except BaseException:
            # What this cannot abort, Glacier drops after a day.
            with suppress(ClientError, BotoCoreError):
                self._client.abort_multipart_upload(vaultName=self._vault, uploadId=upload_id)
            raise
        return answer["archiveId"], answer["checksum"]

    def _under_way(self) -> dict[str, _Known]:
        """Retrievals by archive. Listed now and then, since a vault cannot be asked about one archive."""
        with self._lock:
            if time.monotonic() - self._listed > LISTING_SECONDS:
                self._known, self._listed = self._list(), time.monotonic()
        return self._known

    def _list(self) -> dict[str, _Known]:
        known: dict[str, _Known] = {}
        for page in self._client.get_paginator("list_jobs").paginate(accountId="-", vaultName=self._vault):
            for job in page["JobList"]:
                if _retrieves_all(job) and not known.get(job["ArchiveId"], _NOTHING).ready:
                    known[job["ArchiveId"]] = _Known(
                        job["JobId"], Tier(job["Tier"]), ready=job["StatusCode"] == "Succeeded"
                    )
        return known

    def _describe(self, archive_id: str, retrieval_id: str) -> GlacierJobDescriptionResponseTypeDef | None:
        if not retrieval_id:
            return None
        with aws_errors("archive_state", archive_id=archive_id):
            try:
                return self._client.describe_job(vaultName=self._vault, jobId=retrieval_id)
            except ClientError as error:
                self._raise_unless_not_found(error)
                return None

    def _raise_unless_not_found(self, error: ClientError) -> None:
        """A vault that is not there answers like a missing archive; no result must be given up for that."""
        if error_code(error) != "ResourceNotFoundException":
            raise error
        try:
            self._client.describe_vault(vaultName=self._vault)
        except ClientError as vault_error:
            if error_code(vault_error) == "ResourceNotFoundException":
                raise StoreUnavailableError(
                    f"There is no vault {self._vault}: see the setting of the archive vault."
                ) from error
            raise


def _retrieves_all(job: GlacierJobDescriptionTypeDef) -> bool:
    """Whether a job reads a whole archive, has not failed, and has a tier of ours (Bulk is not)."""
    return (
        job["Action"] == "ArchiveRetrieval"
        and job["StatusCode"] != "Failed"
        and job.get("RetrievalByteRange") in {None, f"0-{job['ArchiveSizeInBytes'] - 1}"}
        and job.get("Tier") in {tier.value for tier in tiers.FLEXIBLE_SECONDS}
    )


class _JobOutput(io.RawIOBase):
    """A retrieved archive, by ranges. Every range's tree hash is compared, at the end the whole's."""

    def __init__(self, client: GlacierClient, vault: str, job: GlacierJobDescriptionResponseTypeDef) -> None:
        self._client = client
        self._vault = vault
        self._job = job
        self._next = 0
        self._leaves: list[bytes] = []
        self._range = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer)
        if not self._range:
            self._range = memoryview(self._fetch())
        count = min(len(target), len(self._range))
        target[:count] = self._range[:count]
        self._range = self._range[count:]
        return count

    def _fetch(self) -> bytes:
        job, start = self._job, self._next
        stop = min(start + RANGE_BYTES, job["ArchiveSizeInBytes"])
        if start == stop:
            if treehash.root(self._leaves) != job["SHA256TreeHash"]:
                raise ArchiveCorruptError(archive_id=job["ArchiveId"])
            return b""
        with aws_errors("archive_read", archive_id=job["ArchiveId"]):
            answer = self._client.get_job_output(
                vaultName=self._vault, jobId=job["JobId"], range=f"bytes={start}-{stop - 1}"
            )
            data = answer["body"].read()
        hashes = treehash.leaves(data)
        if len(data) != stop - start or answer["checksum"] != treehash.root(hashes):
            raise ArchiveCorruptError(archive_id=job["ArchiveId"], start=start, stop=stop)
        self._leaves += hashes
        self._next = stop
        return data
