"""Make ``sars-cov-2.vcf``: the changes that define lineage B.1.1.7 (Alpha), as one made-up sample has them.

The changes are those of Rambaut et al. (virological.org, December 2020) and of lineage B.1 before it.
Depth and quality are made up.

    python examples/make_sars_cov_2.py
"""

from __future__ import annotations

from pathlib import Path

from gas_engine import Bundle
from gas_engine.bundle import shipped_directory

HERE = Path(__file__).parent
CONTIG = "NC_045512.2"
# (position, REF, ALT); a deletion is given by its first and last base.
CHANGES = (
    (241, "C", "T"), (913, "C", "T"), (3037, "C", "T"), (3267, "C", "T"), (5388, "C", "A"), (5986, "C", "T"),
    (6954, "T", "C"), (14408, "C", "T"), (14676, "C", "T"), (15279, "C", "T"), (16176, "T", "C"),
    (23063, "A", "T"), (23271, "C", "A"), (23403, "A", "G"), (23604, "C", "A"), (23709, "C", "T"),
    (24506, "T", "G"), (24914, "G", "C"), (27972, "C", "T"), (28048, "G", "T"), (28111, "A", "G"),
    (28280, "GAT", "CTA"), (28881, "GGG", "AAC"), (28977, "C", "T"),
)  # fmt: skip
DELETIONS = ((11288, 11296), (21765, 21770), (21991, 21993))
HEADER = f"""\
##fileformat=VCFv4.2
##source=examples/make_sars_cov_2.py
##reference={CONTIG}
##contig=<ID={CONTIG},length=29903>
##INFO=<ID=DP,Number=1,Type=Integer,Description="Reads">
##INFO=<ID=AF,Number=A,Type=Float,Description="Share of the reads with the allele">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO
"""


def main() -> None:
    (HERE / "sars-cov-2.vcf").write_text(make_sample(Bundle.load(shipped_directory("SARS-CoV-2"))))


def make_sample(bundle: Bundle) -> str:
    """Return the sample as VCF text, sorted by position."""
    changes = list(CHANGES)
    for first, last in DELETIONS:
        gone = bundle.sequence(CONTIG, first - 2, last)
        changes.append((first - 1, gone, gone[0]))
    records = []
    for pos, ref, alt in sorted(changes):
        if bundle.sequence(CONTIG, pos - 1, pos - 1 + len(ref)) != ref:
            raise SystemExit(f"The reference has no {ref} at {pos}.")
        depth = 400 + pos % 300
        records.append(f"{CONTIG}\t{pos}\t.\t{ref}\t{alt}\t{depth * 8}\tPASS\tDP={depth};AF=0.99\n")
    return HEADER + "".join(records)


if __name__ == "__main__":
    main()
