"""What every archive store does; the sentences of ``ArchiveStore``."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from gas_core.domain.errors import (
    ArchiveCorruptError,
    ArchiveMissingError,
    CapacityShortError,
    RetrievalNotReadyError,
)
from gas_core.packing import pack, unpack
from gas_core.ports import RetrievalState, Tier

DATA = random.Random(0).randbytes(300_000)


def test_what_was_stored_comes_back_byte_for_byte_after_a_retrieval(shelf: Any) -> None:
    archive_id = shelf.put(DATA)
    retrieval = shelf.thaw(archive_id)

    assert shelf.store.state(archive_id, retrieval.retrieval_id) is RetrievalState.READY
    assert shelf.read(archive_id, retrieval) == DATA


def test_a_retrieved_archive_can_be_read_again_from_its_beginning(shelf: Any) -> None:
    archive_id = shelf.put(DATA)
    retrieval = shelf.thaw(archive_id)
    with shelf.store.open(archive_id, retrieval.retrieval_id) as stream:
        assert stream.read(10) == DATA[:10]

    assert shelf.read(archive_id, retrieval) == DATA


def test_a_new_archive_is_frozen(shelf: Any) -> None:
    archive_id = shelf.put(DATA)

    assert shelf.store.state(archive_id, "") is RetrievalState.EXPIRED
    with pytest.raises(RetrievalNotReadyError), shelf.store.open(archive_id, ""):
        pass


def test_a_retrieval_takes_its_time_and_tells_how_long(shelf: Any) -> None:
    archive_id = shelf.put(DATA)
    retrieval = shelf.store.retrieve(archive_id, Tier.EXPEDITED)

    assert retrieval.tier is Tier.EXPEDITED
    assert retrieval.eta_seconds == 300
    assert shelf.store.state(archive_id, retrieval.retrieval_id) is RetrievalState.UNDER_WAY
    with pytest.raises(RetrievalNotReadyError), shelf.store.open(archive_id, retrieval.retrieval_id):
        pass


def test_a_standard_retrieval_is_told_as_hours(shelf: Any) -> None:
    retrieval = shelf.store.retrieve(shelf.put(DATA), Tier.STANDARD)

    assert retrieval.tier is Tier.STANDARD
    assert retrieval.eta_seconds == 5 * 3600


def test_a_tier_that_the_store_does_not_have_becomes_the_next_slower_one(shelf: Any) -> None:
    assert shelf.store.retrieve(shelf.put(DATA), Tier.INSTANT).tier is Tier.EXPEDITED


def test_a_retrieval_already_under_way_counts_as_started(shelf: Any) -> None:
    archive_id = shelf.put(DATA)
    first = shelf.store.retrieve(archive_id, Tier.EXPEDITED)
    second = shelf.store.retrieve(archive_id, Tier.EXPEDITED)
    shelf.wait(archive_id, second)

    assert (second.tier, second.retrieval_id) == (first.tier, first.retrieval_id)
    assert shelf.read(archive_id, second) == DATA


def test_asking_again_for_a_copy_that_is_there_tells_that_it_is_there(shelf: Any) -> None:
    archive_id = shelf.put(DATA)
    shelf.thaw(archive_id)
    again = shelf.store.retrieve(archive_id, Tier.EXPEDITED)

    assert shelf.store.state(archive_id, again.retrieval_id) is RetrievalState.READY
    assert shelf.read(archive_id, again) == DATA


def test_an_expired_copy_is_told_as_such_and_can_be_asked_for_again(shelf: Any) -> None:
    archive_id = shelf.put(DATA)
    first = shelf.thaw(archive_id)
    shelf.expire(archive_id)

    assert shelf.store.state(archive_id, first.retrieval_id) is RetrievalState.EXPIRED
    with pytest.raises(RetrievalNotReadyError), shelf.store.open(archive_id, first.retrieval_id):
        pass
    assert shelf.read(archive_id, shelf.thaw(archive_id)) == DATA


def test_a_shortage_of_capacity_is_told_and_the_slower_tier_still_works(shelf: Any) -> None:
    archive_id = shelf.put(DATA)
    shelf.run_short(Tier.EXPEDITED)

    with pytest.raises(CapacityShortError):
        shelf.store.retrieve(archive_id, Tier.EXPEDITED)
    assert shelf.store.state(archive_id, "") is RetrievalState.EXPIRED
    assert shelf.store.retrieve(archive_id, Tier.STANDARD).tier is Tier.STANDARD


def test_a_lost_archive_is_told_as_missing(shelf: Any) -> None:
    archive_id = shelf.put(DATA)
    shelf.lose(archive_id)

    with pytest.raises(ArchiveMissingError):
        shelf.store.retrieve(archive_id, Tier.EXPEDITED)


def test_a_corrupt_archive_is_noticed_by_whoever_reads_to_the_end(shelf: Any) -> None:
    archive_id = shelf.put(DATA)
    retrieval = shelf.thaw(archive_id)
    shelf.corrupt(archive_id)

    with pytest.raises(ArchiveCorruptError):
        shelf.read(archive_id, retrieval)


def test_a_deleted_archive_is_gone(shelf: Any) -> None:
    archive_id = shelf.put(DATA)
    shelf.store.delete(archive_id)

    with pytest.raises(ArchiveMissingError):
        shelf.store.retrieve(archive_id, Tier.STANDARD)


def test_deleting_again_is_no_error(shelf: Any) -> None:
    archive_id = shelf.put(DATA)
    shelf.store.delete(archive_id)

    shelf.store.delete(archive_id)


def test_what_a_put_left_whose_id_was_never_learned_is_discarded_by_its_key(shelf: Any) -> None:
    kept, lost = shelf.put(DATA), shelf.put(DATA)
    shelf.store.discard(shelf.keys[lost])

    if shelf.names_archives_itself:  # found by its description in the inventory, and by nothing else
        assert shelf.read(lost, shelf.thaw(lost)) == DATA
    else:
        with pytest.raises(ArchiveMissingError):
            shelf.store.retrieve(lost, Tier.STANDARD)
    assert shelf.read(kept, shelf.thaw(kept)) == DATA


def test_discarding_what_is_not_there_is_no_error(shelf: Any) -> None:
    shelf.store.discard("nobody/1/results.tar")


def test_deleting_one_archive_leaves_the_others(shelf: Any) -> None:
    kept, gone = shelf.put(DATA), shelf.put(DATA)
    shelf.store.delete(gone)

    assert shelf.read(kept, shelf.thaw(kept)) == DATA


def test_a_packed_job_comes_out_of_the_store_as_it_went_in(shelf: Any, tmp_path: Path) -> None:
    results = {"annot.vcf.gz": tmp_path / "vcf", "table.parquet": tmp_path / "table"}
    results["annot.vcf.gz"].write_bytes(DATA)
    results["table.parquet"].write_bytes(b"PAR1")
    packed = pack(results, tmp_path / "packed.tar", job_id="a job", generation=2)
    archive_id = shelf.put((tmp_path / "packed.tar").read_bytes())
    retrieval = shelf.thaw(archive_id)

    with shelf.store.open(archive_id, retrieval.retrieval_id) as stream:
        assert unpack(stream, tmp_path / "unpacked") == packed
    assert (tmp_path / "unpacked" / "annot.vcf.gz").read_bytes() == DATA


def test_a_corrupt_archive_leaves_nothing_unpacked(shelf: Any, tmp_path: Path) -> None:
    (tmp_path / "vcf").write_bytes(DATA)
    pack({"annot.vcf.gz": tmp_path / "vcf"}, tmp_path / "packed.tar", job_id="a job", generation=2)
    archive_id = shelf.put((tmp_path / "packed.tar").read_bytes())
    retrieval = shelf.thaw(archive_id)
    shelf.corrupt(archive_id)

    with (
        shelf.store.open(archive_id, retrieval.retrieval_id) as stream,
        pytest.raises(ArchiveCorruptError),
    ):
        unpack(stream, tmp_path / "unpacked")
    assert not (tmp_path / "unpacked").exists()
