"""The line at fault: found in every kind of file, shown as it stands, never more than a page bears."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Any

import pysam
import pytest

from gas_core.domain.job import Failure, Job, ObjectRef
from gas_core.domain.states import Status
from gas_core.testing import FakeClock, FakeStore
from gas_core.testing.store import INPUTS_BUCKET
from gas_web.fault import LINE_CHARACTERS, READ_BYTES, read_fault

LINES = [f"line {number}\tcolumn 2 of {number}\tend" for number in range(1, 2001)]
TEXT = "\n".join(LINES).encode() + b"\n"


def bgzf(data: bytes, tmp_path: Any) -> bytes:
    with pysam.BGZFile(str(tmp_path / "f.gz"), "wb") as file:
        file.write(data)
    written: bytes = (tmp_path / "f.gz").read_bytes()
    return written


def failed(store: FakeStore, data: bytes, line: int, column: int = 0) -> Job:
    job = Job("1", "ada", "a@b.example", INPUTS_BUCKET, "key", 1, status=Status.FAILED)
    version = store.put_for_test(ObjectRef(INPUTS_BUCKET, "key"), data)
    return replace(job, input_version_id=version, failure=Failure("vcf", "Wrong.", "", line, column))


@pytest.fixture
def store() -> FakeStore:
    return FakeStore(FakeClock())


@pytest.mark.parametrize("pack", ["plain", "gzip", "members", "bgzf"])
@pytest.mark.parametrize("line", [1, 2, 700, 1999, 2000])
def test_line_is_shown_with_its_neighbours(store: FakeStore, tmp_path: Any, pack: str, line: int) -> None:
    data = {
        "plain": lambda: TEXT,
        "gzip": lambda: gzip.compress(TEXT),
        "members": lambda: gzip.compress(TEXT[:30_000]) + gzip.compress(TEXT[30_000:]),
        "bgzf": lambda: bgzf(TEXT, tmp_path),
    }[pack]()
    shown = read_fault(failed(store, data, line, 2), store=store)
    assert [each.number for each in shown] == list(range(max(line - 2, 1), min(line + 2, 2000) + 1))
    assert [each.before + each.fault + each.after for each in shown] == [
        LINES[each.number - 1] for each in shown
    ]
    assert [(each.fault, each.at_fault) for each in shown if each.number == line] == [
        (f"column 2 of {line}", True)
    ]
    assert not any(each.fault or each.at_fault for each in shown if each.number != line)


def test_last_line_without_an_end_is_shown(store: FakeStore) -> None:
    shown = read_fault(failed(store, b"one\r\ntwo\r\nthree", 3), store=store)
    assert [each.before for each in shown] == ["one", "two", "three"]


@pytest.mark.parametrize("column", [0, 1, 9])
def test_line_of_megabytes_is_cut(store: FakeStore, column: int) -> None:
    data = b"a\n" + b"\xc3\xbc" * 1_000_000 + b"\nb\n"
    shown = read_fault(failed(store, data, 2, column), store=store)
    assert [each.cut for each in shown] == [False, True, False]
    assert shown[1].before + shown[1].fault + shown[1].after == "ü" * LINE_CHARACTERS


def test_line_far_into_a_file_is_not_looked_for(store: FakeStore) -> None:
    data = gzip.compress(b"x\n" * READ_BYTES)
    assert read_fault(failed(store, data, READ_BYTES), store=store) == ()


@pytest.mark.parametrize(
    "data", [gzip.compress(TEXT)[:100], b"\x1f\x8b\x08\x00damaged" * 9, b"", b"\x1f\x8b"]
)
def test_file_that_cannot_be_read_shows_nothing(store: FakeStore, data: bytes) -> None:
    assert read_fault(failed(store, data, 1500), store=store) == ()


def test_job_that_failed_for_another_reason_reads_no_file(store: FakeStore) -> None:
    job = failed(store, TEXT, 0)
    store.delete([ObjectRef(INPUTS_BUCKET, "key")])
    assert read_fault(job, store=store) == ()
    assert read_fault(replace(job, failure=None), store=store) == ()
    assert read_fault(replace(job, failure=Failure("vcf", "Wrong.", "", 3)), store=store) == ()
