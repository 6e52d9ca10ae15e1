"""The original service's own samples."""

from pathlib import Path

import pytest

from gas_engine import Bundle, EngineError, OutputPaths, annotate


@pytest.mark.parametrize(("name", "records"), [("test.vcf", 350), ("free_1.vcf", 1141)])
def test_mitochondrial_samples_are_annotated(
    samples_directory: Path, tmp_path: Path, bundle: Bundle, name: str, records: int
) -> None:
    with (samples_directory / name).open("rb") as vcf:
        summary = annotate(vcf, bundle, OutputPaths(tmp_path), lambda _: None)
    assert summary.records.read == records
    assert summary.records.annotated >= 0.98 * records
    assert summary.most_severe["missense_variant"] > 10
    assert summary.most_severe["synonymous_variant"] > 10


@pytest.mark.parametrize(("name", "found"), [("free_2.vcf", "Y"), ("premium_1.vcf", "1, 2, 3, 4, 5...")])
def test_samples_of_other_chromosomes_fail_with_the_sentence(
    samples_directory: Path, tmp_path: Path, bundle: Bundle, name: str, found: str
) -> None:
    with (samples_directory / name).open("rb") as vcf, pytest.raises(EngineError) as caught:
        annotate(vcf, bundle, OutputPaths(tmp_path), lambda _: None)
    assert str(caught.value) == f"no record lies on a contig of rCRS: found {found}"
    assert list(tmp_path.iterdir()) == []
