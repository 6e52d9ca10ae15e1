"""Properties that hold for any allele, tried with Hypothesis on the mitochondrion."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from gas_engine.bundle import default_bundle
from gas_engine.codon import THREE_LETTERS
from gas_engine.consequence import annotate_allele
from gas_engine.terms import IMPACT, SEVERITY

if TYPE_CHECKING:
    from gas_engine.bundle.genes import Transcript

BUNDLE = default_bundle()
CONTIG = BUNDLE.contigs[0]
LETTER = {name: letter for letter, name in THREE_LETTERS.items()}

positions = st.integers(1, CONTIG.length - 40)
inserted = st.text("ACGT", max_size=12)
tried = settings(max_examples=400, deadline=None)


def anchored(pos: int, removed: int, added: str) -> tuple[str, str]:
    """REF and ALT of a record that takes ``removed`` bases after its first and puts ``added`` there."""
    ref = BUNDLE.sequence(CONTIG.name, pos - 1, pos + removed)
    return ref, ref[0] + added


def protein_of(transcript: Transcript, changed: str | None = None) -> str:
    spliced = BUNDLE.spliced(transcript)
    protein = spliced.code.translate(changed or spliced.cds)
    return "M" + protein[1:]


@tried
@given(positions, st.integers(0, 30), inserted)
def test_any_allele_is_called_with_known_terms_in_order(pos: int, removed: int, added: str) -> None:
    ref, alt = anchored(pos, removed, added)
    if ref == alt:
        return
    found = annotate_allele(BUNDLE, CONTIG, pos, ref, alt)
    assert found.consequences
    ranks = [SEVERITY[c.terms[0]] for c in found.consequences]
    assert ranks == sorted(ranks)
    for consequence in found.consequences:
        assert consequence.impact == IMPACT[consequence.terms[0]]
        assert list(consequence.terms) == sorted(set(consequence.terms), key=SEVERITY.__getitem__)
        assert bool(consequence.distance) == bool(
            {"upstream_gene_variant", "downstream_gene_variant"} & set(consequence.terms)
        )


@tried
@given(positions, st.integers(0, 8), inserted)
def test_all_spellings_of_one_allele_have_one_name(pos: int, removed: int, added: str) -> None:
    ref, alt = anchored(pos, removed, added)
    if ref == alt:
        return
    longer = BUNDLE.sequence(CONTIG.name, pos + removed, pos + removed + 5)
    plain = annotate_allele(BUNDLE, CONTIG, pos, ref, alt).consequences
    padded = annotate_allele(BUNDLE, CONTIG, pos, ref + longer, alt + longer).consequences
    assert {c.hgvs_g for c in plain} == {c.hgvs_g for c in padded}
    assert {c.hgvs_c for c in plain} == {c.hgvs_c for c in padded}


@tried
@given(positions, st.sampled_from("ACGT"))
def test_the_protein_name_of_a_missense_makes_the_mutated_protein(pos: int, alt: str) -> None:
    ref = BUNDLE.sequence(CONTIG.name, pos - 1, pos)
    if ref in {alt, "N"}:
        return
    transcripts = {t.transcript_id: t for t in BUNDLE.transcripts}
    for called in annotate_allele(BUNDLE, CONTIG, pos, ref, alt).consequences:
        if "missense_variant" not in called.terms:
            continue
        transcript = transcripts[called.transcript_id]
        match = re.fullmatch(r".*:p\.(\D{3})(\d+)(\D{3})", called.hgvs_p)
        assert match
        old, index, new = LETTER[match[1]], int(match[2]) - 1, LETTER[match[3]]
        before = protein_of(transcript)
        assert before[index] == old
        cds = BUNDLE.spliced(transcript).cds
        place = int(called.cds_position) - 1
        base = alt if transcript.strand > 0 else {"A": "T", "C": "G", "G": "C", "T": "A"}[alt]
        after = protein_of(transcript, cds[:place] + base + cds[place + 1 :])
        assert before[:index] + new + before[index + 1 :] == after


@tried
@given(positions, st.integers(0, 9), inserted)
def test_frame_and_length_tell_a_frameshift(pos: int, removed: int, added: str) -> None:
    ref, alt = anchored(pos, removed, added)
    if ref == alt:
        return
    for called in annotate_allele(BUNDLE, CONTIG, pos, ref, alt).consequences:
        if "frameshift_variant" in called.terms:
            assert (len(alt) - len(ref)) % 3 != 0
        if {"inframe_insertion", "inframe_deletion", "missense_variant"} & set(called.terms):
            assert (len(alt) - len(ref)) % 3 == 0
