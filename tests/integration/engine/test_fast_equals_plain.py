"""The compiled core says what plain Python says, to the byte: on made-up genomes and on real files."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.engine.plain import Said, assert_the_same, fast, plainly
from tests.integration.engine.worlds import a_bundle, a_file, a_pick, crowded_bundle

from gas_engine import Bundle, EngineError


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**48))
def test_on_made_up_genomes_every_byte_and_every_cell_is_the_same(seed: int) -> None:
    compare_world(seed)


def compare_world(seed: int) -> int:
    """Compare what both say of a file made up from ``seed``; the number of its records."""
    rng = random.Random(seed)
    bundle = a_bundle(rng)
    data = a_file(rng, bundle)
    pick, hgvs = a_pick(rng), rng.random() < 0.8
    with tempfile.TemporaryDirectory() as directory:
        said = plainly(data, bundle, Path(directory), pick)
        if belongs(said):
            assert_the_same(data, bundle, Path(directory), pick, hgvs=hgvs)
        else:
            with pytest.raises(EngineError, match=r"no record lies on a contig|REF contradicts toy"):
                fast(data, bundle, Path(directory))
    records: int = said.counts["records"]["read"]
    return records


def belongs(said: Said) -> bool:
    """True unless the file as a whole is taken to be of another reference."""
    records = said.counts["records"]
    checked = records["read"] - records["outside_bundle"]
    return checked > 0 and 2 * records["ref_mismatch"] <= checked


@pytest.mark.parametrize("name", ["free_1.vcf", "test.vcf"])
def test_on_the_samples_of_the_original_service_they_are_the_same(
    samples_directory: Path, bundle: Bundle, tmp_path: Path, name: str
) -> None:
    assert_the_same((samples_directory / name).read_bytes(), bundle, tmp_path)


def test_what_many_long_alleles_say_of_many_transcripts_does_not_overrun_the_output(tmp_path: Path) -> None:
    """Each entry names an allele four times, of which only two were once counted as room."""
    rng = random.Random(7)
    bundle = crowded_bundle(rng, transcripts=3)
    contig = bundle.contigs[0].name
    lines = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    for pos in range(31, 41):
        ref = bundle.tables.model.seq[pos - 1 : pos].tobytes().decode()
        alts = ["".join(rng.choices("ACGT", k=990)) for _ in range(60)]
        lines.append(f"{contig}\t{pos}\t.\t{ref}\t{','.join(alts)}\t.\t.\t.")
    assert_the_same("\n".join([*lines, ""]).encode(), bundle, tmp_path)
