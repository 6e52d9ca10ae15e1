"""Bundles of an operator's own: fetched whole or not at all, and the right one chosen."""

from __future__ import annotations

import gc
import hashlib
import io
import json
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

import gas_engine
from gas_annotator.bundles import directory_of, fetch_bundles
from gas_annotator.engine import BundleEngine, MisfitError, UnknownBundleError
from gas_annotator.failures import failure_of
from gas_annotator.shelf import Shelf
from gas_core.domain.bundles import BundleAddress, parse_bundle
from gas_core.domain.job import ObjectRef
from gas_core.testing import FakeClock, FakeStore
from gas_core.worker.scratch import scratch
from gas_engine.bundle import build_bundle
from gas_engine.errors import BundleError

BUCKET, PREFIX = "references", "bundles/toy-1"
GENES = "##gff-version 3\nchrA\t.\tgene\t11\t40\t.\t+\t.\tID=gene:G1;Name=G1;biotype=protein_coding\n"


def a_bundle(directory: Path, *, name: str = "toy", base: str = "A", contig: str = "chrA") -> Path:
    """A genome of sixty equal bases."""
    fasta, genes = directory.with_suffix(".fa"), directory.with_suffix(".gff3")
    fasta.write_text(f">{contig}\n{base * 60}\n")
    genes.write_text(GENES.replace("chrA", contig))
    build_bundle(fasta, genes, directory, name=name, assembly=name)
    return directory


def uploaded(store: FakeStore, bundle: Path) -> BundleAddress:
    """Put a bundle's files into the store; where they are."""
    for file in bundle.iterdir():
        store.put_for_test(ObjectRef(BUCKET, f"{PREFIX}/{file.name}"), file.read_bytes())
    sha256 = hashlib.sha256((bundle / "manifest.json").read_bytes()).hexdigest()
    return BundleAddress(BUCKET, PREFIX, sha256)


class CountingStore(FakeStore):
    """Tells what was read."""

    def __init__(self) -> None:
        super().__init__(FakeClock())
        self.opened: list[str] = []

    @contextmanager
    def open(self, ref: ObjectRef, *, start: int = 0) -> Iterator[BinaryIO]:
        self.opened.append(ref.key)
        with super().open(ref, start=start) as stream:
            yield stream


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    path = tmp_path / "cache"
    path.mkdir()
    return path


def test_fetched_bundle_is_the_one_that_was_uploaded(
    store: CountingStore, cache: Path, tmp_path: Path
) -> None:
    address = uploaded(store, a_bundle(tmp_path / "toy"))
    fetch_bundles([address], store, cache)
    bundle = gas_engine.Bundle.load(directory_of(address, cache))
    assert (bundle.name, bundle.sequence("chrA", 0, 3)) == ("toy", "AAA")


def test_bundle_that_is_there_is_not_fetched_again(store: CountingStore, cache: Path, tmp_path: Path) -> None:
    address = uploaded(store, a_bundle(tmp_path / "toy"))
    fetch_bundles([address], store, cache)
    store.opened.clear()
    fetch_bundles([address], store, cache)
    assert store.opened == []


def test_manifest_that_is_not_the_expected_one_is_refused(
    store: CountingStore, cache: Path, tmp_path: Path
) -> None:
    address = uploaded(store, a_bundle(tmp_path / "toy"))
    expected = BundleAddress(address.bucket, address.prefix, "0" * 64)
    with pytest.raises(BundleError, match=f"has the SHA-256 {address.sha256} and was expected to have 0000"):
        fetch_bundles([expected], store, cache)
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda data: data[:-4096]]
)
def test_damaged_file_is_refused_and_nothing_of_it_stays(
    store: CountingStore, cache: Path, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    directory = a_bundle(tmp_path / "toy")
    address = uploaded(store, directory)
    # The last array's bytes, past the padding: what no header tells.
    data = (directory / "tables.bin").read_bytes().rstrip(b"\0")
    store.put_for_test(ObjectRef(BUCKET, f"{PREFIX}/tables.bin"), damage(data))
    with pytest.raises(BundleError, match=r"tables\.bin"):
        fetch_bundles([address], store, cache)
    assert list(cache.iterdir()) == []


def test_missing_file_is_named(store: CountingStore, cache: Path, tmp_path: Path) -> None:
    address = uploaded(store, a_bundle(tmp_path / "toy"))
    store.delete([ObjectRef(BUCKET, f"{PREFIX}/tables.bin")])
    with pytest.raises(BundleError, match=rf"s3://{BUCKET}/{PREFIX}/tables\.bin is not there, or"):
        fetch_bundles([address], store, cache)
    assert list(cache.iterdir()) == []


def test_manifest_cannot_name_files_elsewhere(store: CountingStore, cache: Path, tmp_path: Path) -> None:
    directory = a_bundle(tmp_path / "toy")
    manifest = json.loads((directory / "manifest.json").read_text())
    manifest["checksums"]["../escaped"] = "0" * 64
    (directory / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="outside of its bundle"):
        fetch_bundles([uploaded(store, directory)], store, cache)
    assert list(cache.iterdir()) == []


def test_bundle_that_was_damaged_in_the_cache_is_fetched_anew(
    store: CountingStore, cache: Path, tmp_path: Path
) -> None:
    address = uploaded(store, a_bundle(tmp_path / "toy"))
    fetch_bundles([address], store, cache)
    (directory_of(address, cache) / "tables.bin").write_bytes(b"half")
    fetch_bundles([address], store, cache)
    bundle = gas_engine.Bundle.load(directory_of(address, cache))
    assert bundle.sequence("chrA", 0, 3) == "AAA"
    assert [path.name for path in cache.iterdir()] == [address.sha256]


def test_two_that_fetch_at_once_do_no_harm(store: CountingStore, cache: Path, tmp_path: Path) -> None:
    address = uploaded(store, a_bundle(tmp_path / "toy"))
    both = threading.Barrier(2)
    real = store.open

    @contextmanager
    def together(ref: ObjectRef) -> Iterator[BinaryIO]:
        both.wait(10)
        with real(ref) as stream:
            yield stream

    store.open = together
    problems: list[Exception] = []

    def fetch() -> None:
        try:
            fetch_bundles([address], store, cache)
        except Exception as problem:  # noqa: BLE001 - told below
            problems.append(problem)

    threads = [threading.Thread(target=fetch) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert [path.name for path in cache.iterdir()] == [address.sha256]


def test_what_a_killed_fetch_left_goes_with_the_next(
    store: CountingStore, cache: Path, tmp_path: Path
) -> None:
    (cache / "fetching-killed").mkdir()
    (cache / "fetching-killed" / "half").write_bytes(b"x")
    with scratch(cache, prefix="fetching-") as alive:
        fetch_bundles([uploaded(store, a_bundle(tmp_path / "toy"))], store, cache)
        assert not (cache / "fetching-killed").exists()
        assert alive.is_dir()


@pytest.mark.parametrize(
    "text",
    [
        "s3://references/bundles/toy",
        "https://references/bundles/toy#sha256=" + "0" * 64,
        "s3://references#sha256=" + "0" * 64,
        "s3://references/bundles/toy#sha256=" + "0" * 63,
        "s3://references/a b#sha256=" + "0" * 64,
    ],
)
def test_address_without_a_checksum_or_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not like s3://bucket/bundles/GRCh38#sha256="):
        BundleAddress.parse(text)


def test_bundle_that_comes_with_the_engine_goes_by_its_name_and_is_not_fetched(
    store: CountingStore, cache: Path
) -> None:
    fetch_bundles([parse_bundle("rCRS")], store, cache)
    assert store.opened == []
    assert gas_engine.Bundle.load(directory_of("rCRS", cache)).name == "rCRS"
    with pytest.raises(BundleError, match="No bundle 'GRCh38' comes with the engine"):
        directory_of("GRCh38", cache)


def test_trailing_slash_of_a_prefix_is_no_part_of_it() -> None:
    assert BundleAddress.parse(f"s3://references/a/b/#sha256={'0' * 64}").prefix == "a/b"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Two genomes with a contig of one name and other bases, and a third; two of them open at a time."""
    made = [
        a_bundle(tmp_path / "first", name="first", base="A"),
        a_bundle(tmp_path / "second", name="second", base="C"),
        a_bundle(tmp_path / "third", name="third", contig="chrB"),
    ]
    return Shelf(made, most_open=2)


def run(shelf: Shelf, tmp_path: Path, contig: str, ref: str, *, bundle: str = "") -> str:
    """Annotate one record; the name of the bundle that it was annotated with."""
    text = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    data = f"{text}{contig}\t5\t.\t{ref}\tT\t.\t.\t.\n".encode()
    annotated = BundleEngine(shelf)(
        lambda: io.BytesIO(data), tmp_path / "out", lambda _records, _bytes: None, bundle=bundle
    )
    name: str = json.loads(annotated.summary.read_text())["engine"]["bundle"]
    return name


def told(error: Exception) -> tuple[str, str]:
    """Sentence and hint that a researcher reads."""
    assert isinstance(error, MisfitError | UnknownBundleError)
    failure = failure_of(error, file_name="a.vcf")
    assert failure is not None
    return failure.sentence, failure.hint


@pytest.mark.parametrize(
    ("contig", "ref", "fits"), [("chrA", "A", "first"), ("chrA", "C", "second"), ("chrB", "A", "third")]
)
def test_file_without_a_choice_is_annotated_with_the_first_bundle_that_it_fits(
    shelf: Shelf, tmp_path: Path, contig: str, ref: str, fits: str
) -> None:
    assert run(shelf, tmp_path, contig, ref) == fits


def test_file_is_annotated_with_the_bundle_that_was_chosen(shelf: Shelf, tmp_path: Path) -> None:
    assert run(shelf, tmp_path, "chrB", "A", bundle="third") == "third"
    assert run(shelf, tmp_path, "chrA", "C", bundle="second") == "second"


@pytest.mark.parametrize(
    ("place", "sentence", "fits"),
    [
        (("chrA", "C"), "REF contradicts first in 1 of 1 records:", "second"),
        (("chrB", "A"), "No record lies on a contig of first: found chrB.", "third"),
    ],
)
def test_file_that_does_not_fit_the_bundle_that_was_chosen_is_told_which_it_fits(
    shelf: Shelf, tmp_path: Path, place: tuple[str, str], sentence: str, fits: str
) -> None:
    with pytest.raises(MisfitError) as raised:
        run(shelf, tmp_path, *place, bundle="first")
    assert raised.value.fits == fits
    said, hint = told(raised.value)
    assert said.startswith(sentence)
    assert hint == f"It fits {fits}: submit it again with that reference."


def test_file_that_fits_no_bundle_is_told_the_nearest_reason(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(MisfitError) as raised:
        run(shelf, tmp_path, "chrA", "G")
    assert raised.value.fits == ""
    assert told(raised.value)[0].startswith("REF contradicts first in 1 of 1 records")
    with pytest.raises(MisfitError) as raised:
        run(shelf, tmp_path, "chrZ", "A")
    assert told(raised.value) == (
        "No record lies on a contig of first, second or third: found chrZ.",
        "Choose another reference.",
    )


def test_bundle_that_is_not_here_any_more_is_told_with_those_that_are(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(UnknownBundleError) as raised:
        run(shelf, tmp_path, "chrZ", "A", bundle="fourth")
    assert told(raised.value) == (
        "This service has no reference called fourth.",
        "Submit it again with another: first, second, third.",
    )
    with pytest.raises(UnknownBundleError) as raised:
        run(shelf, tmp_path, "chrB", "A", bundle="fourth")
    assert told(raised.value)[1] == "It fits third: submit it again with that reference."


def test_bundles_that_were_used_least_recently_leave_memory(shelf: Shelf) -> None:
    first, second = (weakref.ref(shelf.open(name)) for name in ("first", "second"))
    shelf.open("first")
    shelf.open("third")
    gc.collect()
    assert first() is not None
    assert second() is None
    assert shelf.open("second").name == "second"


def test_two_bundles_of_one_name_are_refused(tmp_path: Path) -> None:
    made = [a_bundle(tmp_path / place, name="toy") for place in ("one", "other")]
    with pytest.raises(BundleError, match="Two bundles are called toy"):
        Shelf(made, most_open=1)
