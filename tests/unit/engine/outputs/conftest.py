"""Annotated records made by hand, so that every count is known beforehand."""

from collections.abc import Callable

import pytest

from gas_engine.bundle import Field
from gas_engine.model import AlleleAnnotation, TranscriptConsequence
from gas_engine.records import Allele, AnnotatedRecord, RecordStatus
from gas_engine.variant_class import variant_class
from gas_engine.vcf.record import parse_record

MISSENSE = TranscriptConsequence(
    terms=("missense_variant",), impact="MODERATE", symbol="MT-ND1", transcript_id="T1", hgvs_p="p.Ala52Thr"
)
SYNONYMOUS = TranscriptConsequence(
    terms=("synonymous_variant",), impact="LOW", symbol="MT-ND2", transcript_id="T2"
)
UPSTREAM = TranscriptConsequence(terms=("upstream_gene_variant",), impact="MODIFIER", symbol="MT-TL1")

SIGNIFICANCE = Field("ClinVar", "CLNSIG", "String", "Significance")
STARS = Field("ClinVar", "STARS", "Integer", "Stars")

Maker = Callable[..., AnnotatedRecord]


@pytest.fixture
def annotated_record() -> Maker:
    """Make a record: ``line`` of eight columns, an annotation or a reason for skipping per ALT."""

    def make(
        line: str, *said: AlleleAnnotation, status: RecordStatus = RecordStatus.ANNOTATED
    ) -> AnnotatedRecord:
        record = parse_record(1, line.replace(" ", "\t").encode(), 8)
        ref = record.ref.decode()
        alleles = tuple(
            Allele(number, alt.decode(), variant_class(ref, alt.decode()), each)
            for number, (alt, each) in enumerate(zip(record.alts, said, strict=True), start=1)
        )
        return AnnotatedRecord(record, status, record.chrom.decode(), ref, alleles)

    return make


@pytest.fixture
def mixed_records(annotated_record: Maker) -> list[AnnotatedRecord]:
    """One record of each kind, as a small job might hold them."""
    return [
        annotated_record(
            "MT 73 rs1;mine A G,C 50 PASS AC=3,1;AN=8",
            AlleleAnnotation(
                "G",
                (MISSENSE, UPSTREAM),
                known_ids=("rs1",),
                values={SIGNIFICANCE: "benign", STARS: "2"},
                overlaps={"control": ("HVS1", "HVS2")},
            ),
            AlleleAnnotation("C", (SYNONYMOUS, UPSTREAM), overlaps={"control": ()}),
        ),
        annotated_record("MT 80 . CA C . q10 AF=0.5", AlleleAnnotation("-", (UPSTREAM,))),
        annotated_record(
            "MT 90 . A <DEL> . . .",
            AlleleAnnotation("<DEL>", skipped="symbolic"),
            status=RecordStatus.SKIPPED,
        ),
        annotated_record("MT 95 . A . . . .", status=RecordStatus.NO_ALT),
        annotated_record(
            "MT 99 . A T . . .",
            AlleleAnnotation("T", skipped="ref_mismatch"),
            status=RecordStatus.REF_MISMATCH,
        ),
        annotated_record(
            "chr1 5 . C T . . .",
            AlleleAnnotation("T", skipped="outside_bundle"),
            status=RecordStatus.OUTSIDE_BUNDLE,
        ),
    ]
