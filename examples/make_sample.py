"""Make ``sample.vcf`` and ``expected.json``: a made-up person's variants, and what the engine says of them.

The person does not exist. Variants of known effect and common polymorphisms are real ones from the
literature; the rest are drawn from a fixed seed, so that a second run writes the same bytes.
``expected.json`` holds the parts of the summary that depend on the sample alone; a run is right if its
summary has the same values under these keys.

    python examples/make_sample.py
"""

from __future__ import annotations

import io
import json
import random
import tempfile
from pathlib import Path

from gas_engine import Bundle, OutputPaths, annotate, default_bundle

HERE = Path(__file__).parent
SEED = 12920
SPACING = 62
LEAST_DISTANCE = 3
GOOD_DEPTH = 50
EXPECTED_KEYS = ("records", "alleles", "most_severe", "impacts", "locations", "genes", "tracks", "contigs")
TRANSITIONS = {"A": "G", "G": "A", "C": "T", "T": "C"}

# (position, REF, ALT, share of the reads): disease variants first reported as heteroplasmic or homoplasmic.
DISEASE = (
    (1555, "A", "G", 1.0),  # MT-RNR1, aminoglycoside-induced deafness
    (3243, "A", "G", 0.34),  # MT-TL1, MELAS
    (3460, "G", "A", 0.91),  # MT-ND1 p.Ala52Thr, LHON
    (8344, "A", "G", 0.28),  # MT-TK, MERRF
    (8993, "T", "G,C", 0.47),  # MT-ATP6 p.Leu156Arg, NARP; p.Leu156Pro
    (11778, "G", "A", 0.97),  # MT-ND4 p.Arg340His, LHON
    (14484, "T", "C", 1.0),  # MT-ND6 p.Met64Val, LHON; on the L strand
)
# Differences from the reference that most people carry, and common length variants (left-aligned).
COMMON = (
    (73, "A", "G"),
    (263, "A", "G"),
    (310, "T", "TC"),
    (513, "GCA", "G"),
    (750, "A", "G"),
    (1438, "A", "G"),
    (2706, "A", "G"),
    (4769, "A", "G"),
    (7028, "C", "T"),
    (8860, "A", "G"),
    (11719, "G", "A"),
    (14766, "C", "T"),
    (15326, "A", "G"),
    (16189, "T", "C"),
    (16519, "T", "C"),
)
# The common deletion of 4,977 bases: no plain sequence, so it passes through unannotated.
COMMON_DELETION = (8469, 13446)

HEADER = """\
##fileformat=VCFv4.2
##source=examples/make_sample.py
##reference=rCRS (NC_012920.1)
##contig=<ID=MT,length=16569>
##FILTER=<ID=low_depth,Description="Fewer than 50 reads">
##ALT=<ID=DEL,Description="Deletion">
##INFO=<ID=AF,Number=A,Type=Float,Description="Share of the reads with the allele">
##INFO=<ID=DP,Number=1,Type=Integer,Description="Reads">
##INFO=<ID=END,Number=1,Type=Integer,Description="Last position of the variant">
##INFO=<ID=SVTYPE,Number=1,Type=String,Description="Type of structural variant">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Reads of each allele">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO	FORMAT	ADA01
"""


def main() -> None:
    bundle = default_bundle()
    text = make_sample(bundle)
    (HERE / "sample.vcf").write_text(text, encoding="utf-8")
    (HERE / "expected.json").write_text(expected_of(text, bundle), encoding="utf-8")


def make_sample(bundle: Bundle) -> str:
    """Return the sample as VCF text, sorted by position."""
    draw = random.Random(SEED)
    contig = bundle.contigs[0]
    records: dict[int, str] = {}
    for pos, ref, alts, share in [*DISEASE, *((*common, 1.0) for common in COMMON)]:
        if bundle.sequence(contig.name, pos - 1, pos - 1 + len(ref)) != ref:
            raise SystemExit(f"The reference has no {ref} at {pos}: is the default bundle still rCRS?")
        records[pos] = record(draw, pos, ref, alts.split(","), share)
    start, end = COMMON_DELETION
    anchor = bundle.sequence(contig.name, start - 1, start)
    records[start] = f"MT\t{start}\t.\t{anchor}\t<DEL>\t.\tPASS\tEND={end};SVTYPE=DEL\tGT\t0/1\n"
    for base in range(SPACING, contig.length - SPACING, SPACING):
        pos = base + draw.randrange(SPACING // 2)
        if not any(abs(pos - taken) < LEAST_DISTANCE for taken in records):
            ref, alt = drawn_change(draw, bundle, pos)
            records[pos] = record(
                draw, pos, ref, [alt], draw.choice((1.0, 1.0, round(draw.uniform(0.05, 0.95), 2)))
            )
    return HEADER + "".join(records[pos] for pos in sorted(records))


def drawn_change(draw: random.Random, bundle: Bundle, pos: int) -> tuple[str, str]:
    """Draw a change as mitochondrial ones are: mostly transitions, few short indels and double changes."""
    name = bundle.contigs[0].name
    ref = bundle.sequence(name, pos - 1, pos)
    kind = draw.choices(("transition", "transversion", "deletion", "insertion", "double"), (84, 8, 3, 3, 2))[
        0
    ]
    if kind == "transversion":
        return ref, draw.choice([base for base in "ACGT" if base not in (ref, TRANSITIONS[ref])])
    if kind == "deletion":
        return bundle.sequence(name, pos - 1, pos + draw.choice((1, 2, 3))), ref
    if kind == "insertion":
        return ref, ref + "".join(draw.choices("ACGT", k=draw.choice((1, 2, 3))))
    if kind == "double":
        both = bundle.sequence(name, pos - 1, pos + 1)
        return both, "".join(TRANSITIONS[base] for base in both)
    return ref, TRANSITIONS[ref]


def record(draw: random.Random, pos: int, ref: str, alts: list[str], share: float) -> str:
    """Write one record; several ALTs divide the share evenly."""
    depth = draw.randrange(30, 400)
    reads = [round(depth * share / len(alts)) for _ in alts]
    depths = [depth - sum(reads), *reads]
    frequencies = ",".join(f"{count / depth:.3f}" for count in reads)
    genotype = "/".join(str(index) for index, count in enumerate(depths) if count)
    verdict = "PASS" if depth >= GOOD_DEPTH else "low_depth"
    quality = min(3000, depth * 8)
    columns = ("MT", pos, ".", ref, ",".join(alts), quality, verdict, f"AF={frequencies};DP={depth}", "GT:AD")
    return "\t".join(map(str, columns)) + f"\t{genotype}:{','.join(map(str, depths))}\n"


def expected_of(text: str, bundle: Bundle) -> str:
    """Annotate the sample and return what a run must tell of it, as JSON."""
    with tempfile.TemporaryDirectory() as directory:
        summary = annotate(io.BytesIO(text.encode()), bundle, OutputPaths(Path(directory)), lambda _: None)
    told = json.loads(summary.to_json())
    return json.dumps({key: told[key] for key in EXPECTED_KEYS}, indent=2) + "\n"


if __name__ == "__main__":
    main()
