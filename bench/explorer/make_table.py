"""Write a table like that of a run, of variants made up.

``python bench/explorer/make_table.py 1000000 table.parquet``

Shape and shares are those of a human genome: 24 contigs, 20,000 genes, most variants intronic or
intergenic, one in a hundred coding, four consequences each; strings are as long as real ones.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gas_engine.outputs.table import SCHEMA
from gas_engine.terms import IMPACT
from gas_engine.vcf.csq import table_fields

ROW_GROUP = 32_768
CONTIGS = [*map(str, range(1, 23)), "X", "Y"]
SHARES = {
    "intron_variant": 50.0,
    "intergenic_variant": 20.0,
    "upstream_gene_variant": 8.0,
    "downstream_gene_variant": 7.0,
    "non_coding_transcript_exon_variant": 4.0,
    "3_prime_UTR_variant": 3.0,
    "5_prime_UTR_variant": 1.0,
    "synonymous_variant": 0.5,
    "missense_variant": 0.5,
    "splice_region_variant": 0.2,
    "inframe_deletion": 0.03,
    "inframe_insertion": 0.02,
    "stop_gained": 0.02,
    "frameshift_variant": 0.02,
    "splice_donor_variant": 0.01,
}
CODING = {
    "synonymous_variant",
    "missense_variant",
    "inframe_deletion",
    "inframe_insertion",
    "stop_gained",
    "frameshift_variant",
}
GENES = 20_000
PER_ALLELE = 4


def group(rng: random.Random, first: int, rows: int, total: int) -> dict[str, list[Any]]:
    """Columns of some rows, the first of which is record ``first``."""
    numbers = range(first, first + rows)
    terms = rng.choices(list(SHARES), list(SHARES.values()), k=rows)
    places = [(number - 1) * len(CONTIGS) * 125_000_000 // total for number in numbers]
    contigs = [CONTIGS[place // 125_000_000] for place in places]
    positions = [place % 125_000_000 + 1 for place in places]
    genes = [
        None if term == "intergenic_variant" else number * GENES // (total + 1)
        for number, term in zip(numbers, terms, strict=True)
    ]
    symbols = [None if gene is None else f"GENE{gene}" for gene in genes]
    gene_ids = [None if gene is None else f"ENSG{gene:011d}" for gene in genes]
    transcripts = [None if gene is None else f"ENST{gene * 7:011d}" for gene in genes]
    bases = [rng.sample("ACGT", 2) for _ in numbers]
    refs = [ref if rng.randrange(10) else ref + "AG" for ref, _ in bases]
    known = [[f"rs{rng.randrange(10**9)}"] if rng.randrange(5) else [] for _ in numbers]
    coding = [term in CODING for term in terms]
    change = [f"c.{place % 3000 + 1}{ref}>{alt}" for place, (ref, alt) in zip(places, bases, strict=True)]
    return {
        "record": list(numbers),
        "contig_name": [f"chr{name}" for name in contigs],
        "contig": contigs,
        "pos": positions,
        "ids": known,
        "ref": refs,
        "qual": [round(rng.uniform(0, 3000), 2) for _ in numbers],
        "filter": rng.choices(["PASS", "q10", "VQSRTrancheSNP99.90to100.00"], [90, 6, 4], k=rows),
        "allele": [1] * rows,
        "alt": [alt for _, alt in bases],
        "variant_class": ["SNV" if len(ref) == 1 else "deletion" for ref in refs],
        "allele_frequency": [round(rng.random() ** 4, 5) for _ in numbers],
        "status": ["annotated"] * rows,
        "skipped": [None] * rows,
        "known_ids": known,
        "regions": [[]] * rows,
        "hgvs_g": [f"{contig}:g.{pos}A>G" for contig, pos in zip(contigs, positions, strict=True)],
        "consequence": terms,
        "impact": [IMPACT[term] for term in terms],
        "symbol": symbols,
        "gene_id": gene_ids,
        "transcript_id": transcripts,
        "biotype": [None if gene is None else "protein_coding" for gene in genes],
        "hgvs_c": [name and f"{name}:{said}" for name, said in zip(transcripts, change, strict=True)],
        "hgvs_p": [
            f"ENSP{place % 10**9:011d}:p.Ala{place % 900 + 1}Thr" if yes else None
            for place, yes in zip(places, coding, strict=True)
        ],
        "protein_position": [
            str(place % 900 + 1) if yes else None for place, yes in zip(places, coding, strict=True)
        ],
        "amino_acids": ["A/T" if yes else None for yes in coding],
        "codons": ["Gcc/Acc" if yes else None for yes in coding],
        "exon": [f"{place % 9 + 1}/9" if yes else None for place, yes in zip(places, coding, strict=True)],
        "intron": [
            f"{place % 8 + 1}/8" if term == "intron_variant" else None
            for place, term in zip(places, terms, strict=True)
        ],
        **{
            name: [str(place % 3000 + 1) if yes else None for place, yes in zip(places, coding, strict=True)]
            for name in ("cdna_position", "cds_position")
        },
        "strand": [None if gene is None else 1 - gene % 2 * 2 for gene in genes],
        "distance": [
            place % 5000 + 1 if "stream" in term else None for place, term in zip(places, terms, strict=True)
        ],
    }


def entries(columns: dict[str, list[Any]]) -> list[str]:
    """The consequences of each row: the most severe, as often as ``PER_ALLELE`` says."""
    rows = len(columns["record"])
    names = ["consequence" if name == "terms" else name for name in table_fields(()).split("|")]
    values = zip(*(columns.get(name, [None] * rows) for name in names), strict=True)
    return [",".join(["|".join(str(value or "") for value in said)] * PER_ALLELE) for said in values]


def write(rows: int, path: Path) -> None:
    rng = random.Random(7)
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for first in range(1, rows + 1, ROW_GROUP):
            columns = group(rng, first, min(ROW_GROUP, rows - first + 1), rows)
            columns["csq"] = entries(columns)
            arrays = [pa.array(columns[field.name], field.type) for field in SCHEMA]
            writer.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA))


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]))
