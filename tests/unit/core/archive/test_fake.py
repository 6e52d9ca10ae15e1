"""What is the fake's own; what it has in common with real stores is in tests/contract/archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from gas_core.adapters.archive import tiers
from gas_core.domain.errors import ArchiveCorruptError
from gas_core.ports import RetrievalState, Tier
from gas_core.testing import FakeClock
from gas_core.testing.archive import FakeArchive


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "archive.tar"
    path.write_bytes(b"results")
    return path


def test_a_late_retrieval_is_still_under_way_when_its_time_has_come(source: Path) -> None:
    clock = FakeClock()
    archive = FakeArchive(clock)
    archive_id = archive.put("job/1.tar", source)
    archive.late_seconds_for_test = 60
    retrieval = archive.retrieve(archive_id, Tier.EXPEDITED)

    clock.advance(retrieval.eta_seconds)
    assert archive.state(archive_id, retrieval.retrieval_id) is RetrievalState.UNDER_WAY
    clock.advance(60)
    assert archive.state(archive_id, retrieval.retrieval_id) is RetrievalState.READY


def test_a_store_without_frozen_archives_reads_at_once(source: Path) -> None:
    archive = FakeArchive(FakeClock(), seconds=tiers.INSTANT_SECONDS)
    archive_id = archive.put("job/1.tar", source)

    assert archive.retrieve(archive_id, Tier.STANDARD).tier is Tier.INSTANT
    with archive.open(archive_id, "") as stream:
        assert stream.read() == b"results"
    assert archive.retrievals_started == 0


def test_retrievals_are_counted_as_they_would_be_charged(source: Path) -> None:
    archive = FakeArchive(FakeClock())
    archive_id = archive.put("job/1.tar", source)
    archive.retrieve(archive_id, Tier.EXPEDITED)
    archive.retrieve(archive_id, Tier.EXPEDITED)

    assert archive.retrievals_started == 1


def test_a_key_is_not_used_for_two_files(source: Path) -> None:
    archive = FakeArchive(FakeClock())
    archive.put("job/1.tar", source)
    archive.put("job/1.tar", source)
    source.write_bytes(b"other")

    with pytest.raises(ArchiveCorruptError):
        archive.put("job/1.tar", source)


@pytest.mark.parametrize(
    ("asked", "seconds", "given"),
    [
        (Tier.EXPEDITED, tiers.FLEXIBLE_SECONDS, Tier.EXPEDITED),
        (Tier.STANDARD, tiers.FLEXIBLE_SECONDS, Tier.STANDARD),
        (Tier.INSTANT, tiers.FLEXIBLE_SECONDS, Tier.EXPEDITED),
        (Tier.EXPEDITED, tiers.DEEP_SECONDS, Tier.STANDARD),
        (Tier.STANDARD, tiers.INSTANT_SECONDS, Tier.INSTANT),
    ],
)
def test_the_tier_given_is_the_next_that_the_store_has(
    asked: Tier, seconds: dict[Tier, int], given: Tier
) -> None:
    assert tiers.offered(asked, seconds) is given
