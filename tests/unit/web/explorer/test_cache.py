"""Tables on the disk: fetched once, bounded, and never half of one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest

from gas_core.domain.errors import ObjectMissingError, StoreUnavailableError
from gas_core.domain.job import Job, ObjectRef
from gas_core.domain.keys import standing_keys
from gas_core.testing import FakeClock, FakeStore
from gas_core.testing.store import RESULTS_BUCKET
from gas_web.explorer.cache import TableCache
from gas_web.explorer.errors import NoRoomError, TableTooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class CountingStore(FakeStore):
    """Counts what is opened; ``fail_for_test`` fetches break off half-way."""

    def __init__(self) -> None:
        super().__init__(FakeClock())
        self.opened: list[str] = []
        self.fail_for_test = 0
        self.gate: threading.Event | None = None

    @contextmanager
    def open(self, ref: ObjectRef) -> Iterator[BinaryIO]:
        self.opened.append(ref.key)
        if self.gate:
            self.gate.wait(10)
        with super().open(ref) as stream:
            if self.fail_for_test:
                self.fail_for_test -= 1
                stream.truncate(1)
            yield stream


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


def job(store: FakeStore, name: str, data: bytes = b"table", generation: int = 1) -> Job:
    made: Any = Job(
        job_id=name,
        user_id="ada",
        user_email="",
        s3_inputs_bucket="",
        s3_key_input_file="",
        created_time=1,
        s3_results_bucket=RESULTS_BUCKET,
        results_generation=generation,
    )
    store.put_for_test(ObjectRef(RESULTS_BUCKET, standing_keys(made).table), data)
    return made


def test_a_table_is_fetched_once(store: CountingStore, tmp_path: Path) -> None:
    cache = TableCache(store, parent=tmp_path, max_bytes=100)
    first = job(store, "a")
    for _ in range(3):
        with cache.reading(first) as path:
            assert path.read_bytes() == b"table"
    assert len(store.opened) == 1


def test_those_who_ask_at_once_share_one_fetch(store: CountingStore, tmp_path: Path) -> None:
    cache = TableCache(store, parent=tmp_path, max_bytes=100)
    first = job(store, "a")
    store.gate = threading.Event()

    def read(_number: int) -> bytes:
        with cache.reading(first) as path:
            return path.read_bytes()

    with ThreadPoolExecutor(4) as readers:
        answers = [readers.submit(read, number) for number in range(4)]
        store.gate.set()
        assert [answer.result(10) for answer in answers] == [b"table"] * 4
    assert len(store.opened) == 1


def test_another_generation_is_another_table(store: CountingStore, tmp_path: Path) -> None:
    cache = TableCache(store, parent=tmp_path, max_bytes=100)
    for generation, data in ((1, b"old"), (2, b"new")):
        with cache.reading(job(store, "a", data, generation)) as path:
            assert path.read_bytes() == data


def test_the_least_recently_read_leaves_first(store: CountingStore, tmp_path: Path) -> None:
    cache = TableCache(store, parent=tmp_path, max_bytes=12)
    a, b, c = (job(store, name) for name in "abc")
    for each in (a, b, a, c, a, b):
        with cache.reading(each):
            pass
    keys = [key.split("/")[0] for key in store.opened]
    assert keys == ["a", "b", "c", "b"]
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.parquet")) <= 12


def test_what_is_being_read_stays(store: CountingStore, tmp_path: Path) -> None:
    cache = TableCache(store, parent=tmp_path, max_bytes=9)
    a, b = job(store, "a"), job(store, "b")
    with cache.reading(a) as path:
        with pytest.raises(NoRoomError), cache.reading(b):
            pass
        assert path.read_bytes() == b"table"
    with cache.reading(b) as path:
        assert path.read_bytes() == b"table"


def test_a_table_larger_than_all_room_is_refused_before_a_byte_is_fetched(
    store: CountingStore, tmp_path: Path
) -> None:
    cache = TableCache(store, parent=tmp_path, max_bytes=4)
    with pytest.raises(TableTooLargeError), cache.reading(job(store, "a")):
        pass
    assert store.opened == []


def test_a_fetch_that_breaks_off_leaves_nothing_and_the_next_one_tries_again(
    store: CountingStore, tmp_path: Path
) -> None:
    cache = TableCache(store, parent=tmp_path, max_bytes=5)
    first = job(store, "a")
    store.fail_for_test = 1
    with pytest.raises(StoreUnavailableError), cache.reading(first):
        pass
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    with cache.reading(first) as path:
        assert path.read_bytes() == b"table"


def test_a_table_that_the_store_does_not_have_is_missing(store: CountingStore, tmp_path: Path) -> None:
    cache = TableCache(store, parent=tmp_path, max_bytes=5)
    gone = job(store, "a")
    store.delete([ObjectRef(RESULTS_BUCKET, standing_keys(gone).table)])
    with pytest.raises(ObjectMissingError), cache.reading(gone):
        pass
