"""A bundle is checked when it is opened; a damaged one is refused with a sentence."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from gas_engine.bundle import Bundle, default_bundle
from gas_engine.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_changed_file_is_named(copied_rcrs: Path) -> None:
    fasta = copied_rcrs / "sequence.fa"
    fasta.write_text(fasta.read_text().replace("GATCACAGG", "GATCACAGA"))
    with pytest.raises(BundleError, match=r"damaged: sequence\.fa is not the file that its manifest lists"):
        Bundle.load(copied_rcrs)


def test_a_missing_file_is_named(copied_rcrs: Path) -> None:
    (copied_rcrs / "genes.gff3").unlink()
    with pytest.raises(BundleError, match=r"genes\.gff3 is missing"):
        Bundle.load(copied_rcrs)


def test_another_format_version_is_refused_with_what_to_do(copied_rcrs: Path) -> None:
    manifest = copied_rcrs / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format_version": 4', '"format_version": 2'))
    with pytest.raises(
        BundleError, match="format version 2, and this engine reads version 4: build it again"
    ):
        Bundle.load(copied_rcrs)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "gas-bundle", "format_version": 4}'])
def test_a_damaged_manifest_is_refused(copied_rcrs: Path, text: str) -> None:
    (copied_rcrs / "manifest.json").write_text(text)
    with pytest.raises(BundleError, match=r"manifest\.json is damaged"):
        Bundle.load(copied_rcrs)


def test_json_of_something_else_is_refused(copied_rcrs: Path) -> None:
    (copied_rcrs / "manifest.json").write_text(json.dumps({"format": "other"}))
    with pytest.raises(BundleError, match="is not the manifest of a reference bundle"):
        Bundle.load(copied_rcrs)


def test_a_folder_without_a_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="There is no reference bundle at"):
        Bundle.load(tmp_path)


def test_the_shipped_bundle_opens_in_a_tenth_of_a_second() -> None:
    default_bundle()
    took = []
    for _ in range(5):
        begin = time.perf_counter()
        default_bundle()
        took.append(time.perf_counter() - begin)
    assert min(took) < 0.1
