"""Compounds held against those of bcftools csq ``-p a``, on a made-up gene of either strand."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pysam
from tests.integration.engine.csq_haplotypes import Compared, csq_of, said_by_us, write_phased
from tests.integration.engine.test_haplotypes import a_crowd, carried_by, gene_on, names_of, run, toy
from tests.unit.engine.consequence.conftest import toy_gff3

if TYPE_CHECKING:
    from pathlib import Path

    from gas_engine import Bundle

__all__ = ["toy"]
SAMPLES = 60


def test_compounds_differ_from_those_of_csq_in_known_ways_only(toy: Bundle, tmp_path: Path) -> None:
    compared = Compared()
    for contig in toy.contigs:
        gene = gene_on(toy, contig.name)
        rows = a_crowd(random.Random(1), gene, SAMPLES)
        fasta, gff3, vcf = (tmp_path / name for name in ("toy.fa", "toy.gff3", "in.vcf"))
        fasta.write_text(f">{contig.name}\n{gene.sequence}\n")
        gff3.write_text("\n".join(line for line in toy_gff3().splitlines() if line.startswith(contig.name)))
        pysam.faidx(str(fasta))
        write_phased(rows, contig.name, contig.length, names_of(SAMPLES), vcf)
        csq = csq_of(fasta, gff3, vcf)[f"ENST{contig.name}"]
        ours = said_by_us(run(toy, tmp_path, contig.name, rows, samples=names_of(SAMPLES)).told())
        for sample in range(SAMPLES):
            for copy in range(2):
                of = f"S{sample}:{copy + 1}"
                carried = carried_by(rows, sample, copy)
                compared.add(of, gene, carried, ours.get(of, []), csq.get(of, []))
    assert compared.unexplained == []
    assert compared.classes == {
        "the same": 36,
        "what is never read": 20,
        "side by side": 21,
        "the start codon": 16,
        "a stop in or behind a shifted frame": 15,
        "feature_elongation, feature_truncation": 27,
        "in frame, by VEP's words or csq's": 10,
        "neighbouring codons": 1,
    }
    assert compared.fits == {True: 28, False: 7}
