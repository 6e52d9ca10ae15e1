"""The table has a row per allele, the most severe consequence in flat columns and all of them as text."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from gas_engine.outputs import table
from gas_engine.outputs.table import SCHEMA, TableWriter, allele_frequencies
from gas_engine.records import AnnotatedRecord
from gas_engine.vcf.csq import table_fields


def written(records: list[AnnotatedRecord], path: Path) -> list[dict[str, object]]:
    with TableWriter(path, (), ("canonical",)) as writer:
        for number, record in enumerate(records, 1):
            writer.add(number, record)
    read = pq.read_table(path)
    assert read.schema.equals(SCHEMA)
    assert read.schema.metadata[b"gas_table_version"] == b"2"
    assert read.schema.metadata[b"gas_csq_fields"].endswith(b"|strand|distance|canonical")
    return read.to_pylist()


def test_every_record_has_a_row_per_allele_and_one_without_alt_has_one(
    mixed_records: list[AnnotatedRecord], tmp_path: Path
) -> None:
    rows = written(mixed_records, tmp_path / "table.parquet")
    assert [(row["record"], row["allele"], row["alt"], row["status"], row["skipped"]) for row in rows] == [
        (1, 1, "G", "annotated", None),
        (1, 2, "C", "annotated", None),
        (2, 1, "C", "annotated", None),
        (3, 1, "<DEL>", "skipped", "symbolic"),
        (4, 0, None, "no_alt", None),
        (5, 1, "T", "ref_mismatch", "ref_mismatch"),
        (6, 1, "T", "outside_bundle", "outside_bundle"),
    ]


def test_a_row_tells_all_of_its_allele(mixed_records: list[AnnotatedRecord], tmp_path: Path) -> None:
    row = written(mixed_records, tmp_path / "table.parquet")[0]
    csq = row.pop("csq")
    assert row == {
        "record": 1,
        "contig_name": "MT",
        "contig": "MT",
        "pos": 73,
        "ids": ["rs1", "mine"],
        "ref": "A",
        "qual": 50.0,
        "filter": "PASS",
        "allele": 1,
        "alt": "G",
        "variant_class": "SNV",
        "allele_frequency": 0.375,
        "status": "annotated",
        "skipped": None,
        "known_ids": ["rs1"],
        "regions": [{"track": "control", "name": "HVS1"}, {"track": "control", "name": "HVS2"}],
        "hgvs_g": None,
        "consequence": "missense_variant",
        "impact": "MODERATE",
        "symbol": "MT-ND1",
        "gene_id": None,
        "transcript_id": "T1",
        "biotype": None,
        "hgvs_c": None,
        "hgvs_p": "p.Ala52Thr",
        "protein_position": None,
        "amino_acids": None,
        "codons": None,
        "exon": None,
        "intron": None,
        "cdna_position": None,
        "cds_position": None,
        "strand": None,
        "distance": None,
    }
    assert isinstance(csq, str)
    fields = table_fields(("canonical",)).split("|")
    entries = [dict(zip(fields, entry.split("|"), strict=True)) for entry in csq.split(",")]
    assert [(each["terms"], each["symbol"], each["hgvs_p"]) for each in entries] == [
        ("missense_variant", "MT-ND1", "p.Ala52Thr"),
        ("upstream_gene_variant", "MT-TL1", ""),
    ]


def test_rows_leave_in_bounded_groups_and_lose_nothing(
    mixed_records: list[AnnotatedRecord], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "_BATCH_ROWS", 3)
    monkeypatch.setattr(table, "_ROW_GROUP_ROWS", 10)
    path = tmp_path / "table.parquet"
    rows = written(mixed_records * 5, path)
    assert len(rows) == 7 * 5
    assert [row["alt"] for row in rows] == ["G", "C", "C", "<DEL>", None, "T", "T"] * 5
    groups = pq.ParquetFile(path)
    assert groups.num_row_groups == 4
    assert max(groups.metadata.row_group(index).num_rows for index in range(4)) < 10 + 4


def test_a_run_without_records_leaves_an_empty_table(tmp_path: Path) -> None:
    assert written([], tmp_path / "table.parquet") == []


@pytest.mark.parametrize(
    ("info", "frequencies"),
    [
        ("AF=0.25,0.5;AC=1,2;AN=9", [0.25, 0.5]),
        ("AC=1,2;AN=8", [0.125, 0.25]),
        ("AC=1,.;AN=8", [0.125, None]),
        ("AF=often", [None]),
        ("AC=1", []),
        ("AC=1;AN=0", []),
        (".", []),
    ],
)
def test_frequencies_come_from_af_or_from_counts(info: str, frequencies: list[float | None]) -> None:
    assert allele_frequencies(info.encode()) == frequencies
