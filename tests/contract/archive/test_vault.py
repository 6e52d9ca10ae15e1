"""What is the vault's own in the store ``vault``: jobs, ranges, tree hashes, parts."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gas_core.adapters.archive import vault
from gas_core.adapters.archive.treehash import MIB
from gas_core.adapters.archive.vault import VaultArchive
from gas_core.domain.errors import (
    AccessRefusedError,
    ArchiveCorruptError,
    StoreUnavailableError,
)
from gas_core.ports import RetrievalState, Tier

DATA = random.Random(4).randbytes(200_000)
TOPIC = "arn:aws:sns:us-east-1:000000000000:thaws"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive.tar"
    path.write_bytes(DATA)
    return path


def test_the_vault_gives_the_id_and_keeps_our_key_as_description(vault_shelf: Any, archive: Path) -> None:
    archive_id = vault_shelf.store.put("job/1.tar", archive)
    (asked,) = vault_shelf.glacier.asked_for("POST", "archives")

    assert vault_shelf.glacier.archives[archive_id] == DATA
    assert asked.headers["x-amz-archive-description"] == "job/1.tar"


def test_a_retrieval_names_its_tier_and_the_topic_that_hears_of_its_end(vault_shelf: Any) -> None:
    archive_id = vault_shelf.put(DATA)
    vault_shelf.store.retrieve(archive_id, Tier.EXPEDITED)
    (asked,) = vault_shelf.glacier.asked_for("POST", "jobs")

    assert asked.json == {
        "Type": "archive-retrieval",
        "ArchiveId": archive_id,
        "Tier": "Expedited",
        "SNSTopic": TOPIC,
    }


def test_a_large_archive_is_read_by_ranges_and_each_is_checked(vault_shelf: Any) -> None:
    data = random.Random(5).randbytes(2 * vault.RANGE_BYTES + 3 * MIB + 7)
    archive_id = vault_shelf.put(data)

    assert vault_shelf.read(archive_id, vault_shelf.thaw(archive_id)) == data
    assert [asked.headers["range"] for asked in vault_shelf.glacier.asked_for("GET", "jobs/.*/output")] == [
        "bytes=0-8388607",
        "bytes=8388608-16777215",
        "bytes=16777216-19922950",
    ]


def test_a_corrupt_range_is_noticed_before_any_of_it_is_handed_out(vault_shelf: Any) -> None:
    data = random.Random(6).randbytes(vault.RANGE_BYTES + MIB)
    archive_id = vault_shelf.put(data)
    retrieval = vault_shelf.thaw(archive_id)
    vault_shelf.corrupt(archive_id)

    with (
        vault_shelf.store.open(archive_id, retrieval.retrieval_id) as stream,
        pytest.raises(ArchiveCorruptError),
    ):
        stream.read(1)


def test_ranges_that_are_right_each_but_not_together_are_corrupt(vault_shelf: Any) -> None:
    archive_id = vault_shelf.put(random.Random(7).randbytes(vault.RANGE_BYTES + MIB))
    retrieval = vault_shelf.thaw(archive_id)
    vault_shelf.glacier.jobs[retrieval.retrieval_id]["SHA256TreeHash"] = "0" * 64

    with pytest.raises(ArchiveCorruptError):
        vault_shelf.read(archive_id, retrieval)


def test_a_large_archive_goes_in_parts_each_with_its_hash(vault_shelf: Any, tmp_path: Path) -> None:
    path = tmp_path / "large.tar"
    path.write_bytes(random.Random(8).randbytes(9 * MIB + 5))
    store = VaultArchive(
        vault_shelf.client, vault="results", sns_topic_arn=TOPIC, multipart_bytes=8 * MIB, part_bytes=4 * MIB
    )
    archive_id = store.put("job/large.tar", path)
    parts = vault_shelf.glacier.asked_for("PUT", "multipart-uploads/.*")

    assert vault_shelf.glacier.archives[archive_id] == path.read_bytes()
    assert [len(part.body) for part in parts] == [4 * MIB, 4 * MIB, MIB + 5]
    assert vault_shelf.glacier.uploads == {}


def test_a_broken_upload_in_parts_leaves_no_parts(
    vault_shelf: Any, tmp_path: Path, refuse_from_now: Callable[..., None]
) -> None:
    path = tmp_path / "large.tar"
    path.write_bytes(bytes(9 * MIB))
    refuse_from_now(vault_shelf.client, "CompleteMultipartUpload", 500, "ServiceUnavailableException")
    store = VaultArchive(
        vault_shelf.client, vault="results", sns_topic_arn=TOPIC, multipart_bytes=8 * MIB, part_bytes=4 * MIB
    )

    with pytest.raises(StoreUnavailableError):
        store.put("job/large.tar", path)
    assert vault_shelf.glacier.uploads == {}
    assert vault_shelf.glacier.archives == {}


def test_a_vault_that_tells_another_hash_than_the_files_is_not_believed(
    vault_shelf: Any, archive: Path
) -> None:
    def lie(parsed: dict[str, Any], **_: object) -> None:
        parsed["checksum"] = "0" * 64

    vault_shelf.client.meta.events.register("after-call.glacier.UploadArchive", lie)

    with pytest.raises(ArchiveCorruptError):
        vault_shelf.store.put("job/lied-about.tar", archive)
    assert vault_shelf.glacier.archives == {}


def test_a_restarted_process_finds_the_retrieval_that_it_started_before(vault_shelf: Any) -> None:
    """The process died between the start and the write of the row: no second charge."""
    archives = [vault_shelf.put(DATA + bytes([number])) for number in range(5)]
    started = [vault_shelf.store.retrieve(archive_id, Tier.STANDARD) for archive_id in archives]
    restarted = VaultArchive(vault_shelf.client, vault="results", sns_topic_arn=TOPIC)

    assert [restarted.retrieve(archive_id, Tier.EXPEDITED) for archive_id in archives] == started
    assert len(vault_shelf.glacier.jobs) == len(archives)


def test_a_retrieval_of_a_part_or_a_failed_one_is_not_taken_for_ours(vault_shelf: Any) -> None:
    archive_id = vault_shelf.put(DATA)
    others = [vault_shelf.store.retrieve(archive_id, Tier.STANDARD).retrieval_id]
    vault_shelf.glacier.finish(others[0], "Failed")
    vault_shelf.glacier.jobs["somebody's"] = vault_shelf.glacier.jobs[others[0]] | {
        "JobId": "somebody's",
        "StatusCode": "Succeeded",
        "RetrievalByteRange": "0-1023",
    }
    restarted = VaultArchive(vault_shelf.client, vault="results", sns_topic_arn=TOPIC)

    assert restarted.retrieve(archive_id, Tier.STANDARD).retrieval_id not in {*others, "somebody's"}


def test_many_retrievals_list_the_jobs_once(vault_shelf: Any) -> None:
    for number in range(5):
        vault_shelf.store.retrieve(vault_shelf.put(DATA + bytes([number])), Tier.STANDARD)

    assert len(vault_shelf.glacier.asked_for("GET", "jobs")) == 1


def test_a_failed_retrieval_has_to_be_started_anew(vault_shelf: Any) -> None:
    archive_id = vault_shelf.put(DATA)
    retrieval = vault_shelf.store.retrieve(archive_id, Tier.STANDARD)
    vault_shelf.glacier.finish(retrieval.retrieval_id, "Failed")

    assert vault_shelf.store.state(archive_id, retrieval.retrieval_id) is RetrievalState.EXPIRED


def test_a_vault_that_is_not_there_does_not_make_its_archives_missing(vault_shelf: Any) -> None:
    """A wrong setting must not have every archive declared lost."""
    store = VaultArchive(vault_shelf.client, vault="elsewhere", sns_topic_arn=TOPIC)

    with pytest.raises(StoreUnavailableError):
        store.retrieve("archive1", Tier.STANDARD)
    with pytest.raises(StoreUnavailableError, match="elsewhere"):
        store.state("archive1", "job1")
    with pytest.raises(StoreUnavailableError, match="elsewhere"):
        store.delete("archive1")


DENIED, BUSY = AccessRefusedError, StoreUnavailableError


@pytest.mark.parametrize(
    "refusal",
    [
        ("UploadArchive", 403, "AccessDeniedException", DENIED),
        ("InitiateJob", 403, "AccessDeniedException", DENIED),
        ("DescribeJob", 403, "AccessDeniedException", DENIED),
        ("GetJobOutput", 403, "AccessDeniedException", DENIED),
        ("DeleteArchive", 403, "AccessDeniedException", DENIED),
        ("UploadArchive", 408, "RequestTimeoutException", BUSY),
        ("InitiateJob", 400, "ThrottlingException", BUSY),
        ("InitiateJob", 400, "PolicyEnforcedException", BUSY),
        ("ListJobs", 400, "ThrottlingException", BUSY),
        ("DescribeJob", 400, "ThrottlingException", BUSY),
        ("GetJobOutput", 500, "ServiceUnavailableException", BUSY),
        ("DeleteArchive", 400, "ThrottlingException", BUSY),
    ],
    ids=lambda refusal: f"{refusal[0]}-{refusal[2]}",
)
def test_refusals_of_glacier_are_told_as_what_an_operator_can_do_about_them(
    vault_shelf: Any, refuse_from_now: Callable[..., None], refusal: tuple[str, int, str, type[Exception]]
) -> None:
    operation, status, code, meaning = refusal
    archive_id = vault_shelf.put(DATA)
    retrieval = vault_shelf.thaw(archive_id)
    restarted = VaultArchive(vault_shelf.client, vault="results", sns_topic_arn=TOPIC)
    calls: dict[str, Callable[[], object]] = {
        "UploadArchive": lambda: vault_shelf.put(DATA),
        "InitiateJob": lambda: vault_shelf.store.retrieve("archive99", Tier.STANDARD),
        "ListJobs": lambda: restarted.retrieve(archive_id, Tier.STANDARD),
        "DescribeJob": lambda: vault_shelf.store.state(archive_id, retrieval.retrieval_id),
        "GetJobOutput": lambda: vault_shelf.read(archive_id, retrieval),
        "DeleteArchive": lambda: vault_shelf.store.delete(archive_id),
    }
    refuse_from_now(vault_shelf.client, operation, status, code)

    with pytest.raises(meaning) as caught:
        calls[operation]()
    assert caught.value.fields["code"] == code
