"""The stores that the contract of ``ArchiveStore`` is held against, and what can be done to them.

- ``fake``: the one in memory that the library ships.
- ``s3``: the adapter on the embedded stack, which freezes objects for two seconds instead of hours.
- ``vault``: the adapter on ``gas_core.testing.glacier``. No emulator can serve as a whole: the embedded stack
  has no vaults, and moto (``test_vault_on_moto.py``) ignores SNSTopic, ranges and multipart uploads, takes
  the MD5 of the body for the archive's ID and a plain SHA-256 for its tree hash, tells retrievals the size 0
  and no tree hash, and starts a retrieval of an archive that it does not have.
- ``s3-aws`` and ``vault-aws``: AWS itself, if ``GAS_CONTRACT_AWS_BUCKET`` or ``GAS_CONTRACT_AWS_VAULT`` names
  a bucket or vault that this may cost money in: an empty one, made for this. Needs ``--timeout=1800``.
"""

from __future__ import annotations

import itertools
import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from gas_core.adapters.archive.s3 import S3Archive
from gas_core.adapters.archive.vault import VaultArchive
from gas_core.ports import ArchiveStore, Retrieval, RetrievalState, Tier
from gas_core.testing import FakeClock
from gas_core.testing.archive import FakeArchive
from gas_core.testing.glacier import GlacierOnTheWire, reply
from gas_local.fixtures import Stack

TOPIC = "arn:aws:sns:us-east-1:000000000000:thaws"
ONCE = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
AWS_SECONDS = 20 * 60


def refuse(client: Any, operation: str, status: int, code: str) -> None:
    """From now on AWS answers this operation with an error."""
    error = {"Code": code, "Message": "because"}
    parsed = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}
    client.meta.events.register_first(
        f"before-call.{client.meta.service_model.service_name}.{operation}",
        lambda **_: (reply("", status, {}), parsed),
    )


@dataclass
class Shelf:
    """A store, and what happens to archives without its doing; skipped where that cannot be brought about."""

    store: ArchiveStore
    folder: Path
    names: Iterator[int] = field(default_factory=itertools.count)
    stored: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def names_archives_itself(self) -> bool:
        return isinstance(self.store, VaultArchive)

    def put(self, data: bytes) -> str:
        path = self.folder / f"{next(self.names)}.tar"
        path.write_bytes(data)
        key = f"contract/{uuid.uuid4()}.tar"
        self.stored.append(self.store.put(key, path))
        self.keys[self.stored[-1]] = key
        return self.stored[-1]

    def read(self, archive_id: str, retrieval: Retrieval) -> bytes:
        """The archive, read to its end in pieces."""
        with self.store.open(archive_id, retrieval.retrieval_id) as stream:
            return b"".join(iter(lambda: stream.read(100_000), b""))

    def thaw(self, archive_id: str, tier: Tier = Tier.EXPEDITED) -> Retrieval:
        """Retrieve an archive and let the time pass that this takes."""
        retrieval = self.store.retrieve(archive_id, tier)
        self.wait(archive_id, retrieval)
        return retrieval

    def wait(self, archive_id: str, retrieval: Retrieval) -> None:
        deadline = time.monotonic() + AWS_SECONDS
        while self.store.state(archive_id, retrieval.retrieval_id) is RetrievalState.UNDER_WAY:
            if time.monotonic() > deadline:
                pytest.fail("the retrieval is not ready in time")
            time.sleep(0.25)

    def expire(self, archive_id: str) -> None:
        """The retrieved copy has had its time."""
        pytest.skip(f"days pass before {archive_id} expires")

    def run_short(self, tier: Tier) -> None:
        """This tier has no capacity from now on."""
        pytest.skip(f"nobody can make AWS run short of {tier}")

    def corrupt(self, archive_id: str) -> None:
        """The bytes are not those that were stored any more."""
        pytest.skip(f"nobody can corrupt {archive_id}")

    def lose(self, archive_id: str) -> None:
        """Somebody else removed the archive."""
        self.store.delete(archive_id)


class FakeShelf(Shelf):
    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.fake = FakeArchive(self.clock)
        super().__init__(self.fake, folder)

    def wait(self, archive_id: str, retrieval: Retrieval) -> None:
        del archive_id  # time passes for all
        self.clock.advance(retrieval.eta_seconds)

    def expire(self, archive_id: str) -> None:
        del archive_id  # time passes for all
        self.clock.advance(3 * 86400)

    def run_short(self, tier: Tier) -> None:
        self.fake.short_for_test.add(tier)

    def corrupt(self, archive_id: str) -> None:
        self.fake.corrupt_for_test(archive_id)

    def lose(self, archive_id: str) -> None:
        self.fake.lose_for_test(archive_id)


class S3Shelf(Shelf):
    def __init__(self, folder: Path, client: Any, bucket: str) -> None:
        self.client, self.bucket = client, bucket
        super().__init__(S3Archive(client, bucket=bucket), folder)

    def expire(self, archive_id: str) -> None:
        """The emulator lets a copy expire after days, too. An object that is written anew has none either."""
        body = self.client.get_object(Bucket=self.bucket, Key=archive_id)["Body"].read()
        self.client.put_object(
            Bucket=self.bucket,
            Key=archive_id,
            Body=body,
            StorageClass="GLACIER",
            ChecksumAlgorithm="CRC64NVME",
        )

    def run_short(self, tier: Tier) -> None:
        def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
            if f"<Tier>{tier.value}</Tier>".encode() not in request.body:
                return None
            body = (
                b"<Error><Code>GlacierExpeditedRetrievalNotAvailable</Code><Message>later</Message></Error>"
            )
            return reply(request.url, 503, {}, body)

        self.client.meta.events.register_first("before-send.s3.RestoreObject", answer)

    def corrupt(self, archive_id: str) -> None:
        """The checksum stays as it was stored, the bytes change on their way."""
        whole = self.client.get_object(Bucket=self.bucket, Key=archive_id, ChecksumMode="ENABLED")
        body = whole["Body"].read()
        headers = {"x-amz-checksum-crc64nvme": whole["ChecksumCRC64NVME"]}

        def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
            return reply(request.url, 200, headers, body[:-1] + bytes([body[-1] ^ 1]))

        self.client.meta.events.register_first("before-send.s3.GetObject", answer)


class VaultShelf(Shelf):
    def __init__(self, folder: Path, client: Any, glacier: GlacierOnTheWire) -> None:
        self.client, self.glacier = client, glacier
        super().__init__(VaultArchive(client, vault="results", sns_topic_arn=TOPIC), folder)

    def wait(self, archive_id: str, retrieval: Retrieval) -> None:
        assert self.glacier.jobs[retrieval.retrieval_id]["ArchiveId"] == archive_id
        self.glacier.finish(retrieval.retrieval_id)

    def expire(self, archive_id: str) -> None:
        self.glacier.forget_jobs_of(archive_id)
        # The adapter may know its jobs by a listing that is half a minute old.
        self.store = VaultArchive(self.client, vault="results", sns_topic_arn=TOPIC)

    def run_short(self, tier: Tier) -> None:
        self.glacier.short_for_test.add(tier.value)

    def corrupt(self, archive_id: str) -> None:
        self.glacier.corrupt_for_test.add(archive_id)

    def lose(self, archive_id: str) -> None:
        del self.glacier.archives[archive_id]


def aws_client(service: str, endpoint_url: str | None = None) -> Any:
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=ONCE,
    )


@pytest.fixture
def s3_client(stack: Stack) -> Any:
    """A client of its own, since tests make it answer what they like."""
    return aws_client("s3", stack.aws_url)


@pytest.fixture
def s3_shelf(stack: Stack, s3_client: Any, tmp_path: Path) -> S3Shelf:
    return S3Shelf(tmp_path, s3_client, stack["GAS_ARCHIVE_BUCKET"])


@pytest.fixture
def vault_shelf(tmp_path: Path) -> VaultShelf:
    client = aws_client("glacier")
    return VaultShelf(tmp_path, client, GlacierOnTheWire(client, "results"))


@pytest.fixture
def refuse_from_now() -> Callable[..., None]:
    return refuse


STORES = ["fake", "s3", "vault"]
STORES += ["s3-aws"] * ("GAS_CONTRACT_AWS_BUCKET" in os.environ)
STORES += ["vault-aws"] * ("GAS_CONTRACT_AWS_VAULT" in os.environ)


@pytest.fixture(params=STORES)
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    """Each store in turn."""
    match request.param:
        case "fake":
            yield FakeShelf(tmp_path)
        case "s3" | "vault" as kind:
            yield request.getfixturevalue(f"{kind}_shelf")
        case "s3-aws":
            store: ArchiveStore = S3Archive(boto3.client("s3"), bucket=os.environ["GAS_CONTRACT_AWS_BUCKET"])
            yield from _paid(Shelf(store, tmp_path))
        case "vault-aws":
            store = VaultArchive(
                boto3.client("glacier"),
                vault=os.environ["GAS_CONTRACT_AWS_VAULT"],
                sns_topic_arn=os.environ["GAS_CONTRACT_AWS_TOPIC"],
            )
            yield from _paid(Shelf(store, tmp_path))


def _paid(shelf: Shelf) -> Iterator[Shelf]:
    """What a test stored at AWS does not stay there."""
    yield shelf
    for archive_id in shelf.stored:
        shelf.store.delete(archive_id)
