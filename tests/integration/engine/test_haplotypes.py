"""Variants that one haplotype carries together are read together, and told beside what each does alone."""

from __future__ import annotations

import io
import random
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pysam
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.integration.engine import ribosome
from tests.integration.engine.plain import rows_of
from tests.integration.engine.ribosome import Change, Gene, Reading
from tests.integration.engine.worlds import a_bundle, a_file
from tests.unit.engine.consequence.conftest import toy_gene, toy_gff3

from gas_engine import Bundle, EngineError, Limits, OutputPaths, Summary, annotate
from gas_engine.allele import trim
from gas_engine.bundle import build_bundle
from gas_engine.codon import reverse_complement
from gas_engine.haplotypes.entries import COLUMNS
from gas_engine.haplotypes.writer import HaplotypeWriter
from gas_engine.kernel.layout import SITE, Rows
from gas_engine.kernel.registry import Registry
from gas_engine.stream import Contigs
from gas_engine.vcf.declare import Declarations
from gas_engine.vcf.header import read_header

HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"


class Row(NamedTuple):
    """A record with one ALT at 1-based ``pos`` and the genotypes of its samples."""

    pos: int
    ref: str
    alt: str
    genotypes: str
    format: str = "GT"

    @property
    def name(self) -> str:
        return f"{self.pos}:{self.ref}>{self.alt}"

    def line(self, contig: str) -> str:
        """The record as it stands in a file; blanks in the genotypes are tabs."""
        columns = (
            contig,
            self.pos,
            ".",
            self.ref,
            self.alt,
            ".",
            ".",
            ".",
            self.format,
            *self.genotypes.split(),
        )
        return "\t".join(map(str, columns)) + "\n"

    @property
    def change(self) -> Change:
        return Change(*trim(self.pos - 1, self.ref, self.alt), self.name)


@dataclass(frozen=True)
class Run:
    """``entries`` are those of CSQ_HAPLOTYPE, of each record by its POS:REF>ALT."""

    summary: Summary
    header: list[str]
    lines: list[str]
    entries: dict[str, list[dict[str, str]]]

    def told(self) -> list[dict[str, str]]:
        """Each entry once, without the allele of its record."""
        every = {tuple(list(entry.items())[1:]) for entries in self.entries.values() for entry in entries}
        return [dict(entry) for entry in sorted(every)]


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("haplotypes")
    gene = toy_gene()
    (folder / "toy.fa").write_text(f">chrF\n{gene}\n>chrR\n{reverse_complement(gene)}\n")
    (folder / "toy.gff3").write_text(toy_gff3())
    return build_bundle(folder / "toy.fa", folder / "toy.gff3", folder / "bundle", name="toy", assembly="t1")


@pytest.fixture
def genes(toy: Bundle) -> dict[str, Gene]:
    return {name: gene_on(toy, name) for name in ("chrF", "chrR")}


def gene_on(toy: Bundle, name: str) -> Gene:
    (found,) = [each for each in toy.transcripts if each.transcript_id == f"ENST{name}"]
    assert found.cds is not None
    (contig,) = [each for each in toy.contigs if each.name == name]
    return Gene(toy.sequence(name, 0, contig.length), found.exons, found.cds, found.strand)


def run(
    toy: Bundle,
    directory: Path,
    contig: str,
    rows: list[Row],
    *,
    samples: str = "S1",
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Run:
    """Annotate records of one contig; blanks in ``samples`` are tabs."""
    text = HEADER + samples.replace(" ", "\t") + "\n" + "".join(row.line(contig) for row in rows)
    outputs = OutputPaths(directory / "out")
    summary = annotate(
        io.BytesIO(text.encode()), toy, outputs, lambda _: None, limits=limits, haplotypes=True
    )
    with pysam.BGZFile(str(outputs.vcf), "r", None) as vcf:
        lines = vcf.read().decode().splitlines()
    head = [line for line in lines if line.startswith("#")]
    entries = {}
    for line in lines[len(head) :]:
        columns = line.split("\t")
        entries[f"{columns[1]}:{columns[3]}>{columns[4]}"] = entries_of(line)
    return Run(summary, head, lines[len(head) :], entries)


def entries_of(line: str) -> list[dict[str, str]]:
    """The entries of CSQ_HAPLOTYPE of a line, none for one of the header."""
    if line.startswith("#"):
        return []
    found = [text for text in line.split("\t")[7].split(";") if text.startswith("CSQ_HAPLOTYPE=")]
    assert len(found) <= 1
    values = found[0].partition("=")[2].split(",") if found else []
    return [dict(zip(COLUMNS, value.split("|"), strict=True)) for value in values]


def coding(gene: Gene, index: int) -> int:
    """The place on the genome of a base of the coding sequence, both from 0."""
    places = [
        place
        for start, end in gene.exons
        for place in range(start, end)
        if gene.cds[0] <= place < gene.cds[1]
    ]
    return places[index] if gene.strand > 0 else places[-1 - index]


def substitution(gene: Gene, index: int, letter: str, genotypes: str, format_: str = "GT") -> Row:
    """Base ``index`` of the coding sequence becomes ``letter``, on the gene's own strand."""
    place = coding(gene, index)
    alt = letter if gene.strand > 0 else reverse_complement(letter)
    return Row(place + 1, gene.sequence[place], alt, genotypes, format_)


def other(gene: Gene, index: int) -> str:
    """A letter that base ``index`` of the coding sequence is not."""
    letter = gene.sequence[coding(gene, index)]
    letter = letter if gene.strand > 0 else reverse_complement(letter)
    return {"A": "C", "C": "A", "G": "T", "T": "G"}[letter]


# Against the slow ribosome


def a_crowd(rng: random.Random, gene: Gene, samples: int) -> list[Row]:
    """Records within coding sequence, as many samples; those that one of them carries do not overlap."""
    found: dict[tuple[int, str, str], list[str]] = {}
    for sample in range(samples):
        for place in an_individual(rng, gene):
            genotype = rng.choice(("0|1", "1|0", "1|1"))
            found.setdefault(place, ["0|0"] * samples)[sample] = genotype
    return sorted(Row(*place, " ".join(genotypes)) for place, genotypes in found.items())


def an_individual(rng: random.Random, gene: Gene) -> list[tuple[int, str, str]]:
    """Variants of one sample; most lie near one another, so that they share codons and frames."""
    clipped = [(max(a, gene.cds[0]), min(b, gene.cds[1])) for a, b in gene.exons]
    every = parts = [(a, b) for a, b in clipped if a < b]
    start, end = rng.choice(parts)
    if rng.random() < 0.7:
        start = rng.randrange(start, end)
        parts = [(start, min(end, start + 15)), rng.choice(parts)]
    taken: list[Row] = []
    for _ in range(rng.randint(2, 9)):
        place = rng.randrange(*rng.choice(parts))
        ref = gene.sequence[place]
        kind = rng.choice(("snv", "snv", "snv", "insertion", "deletion", "replacement"))
        alt = rng.choice("ACGT")
        if kind == "insertion":
            alt = ref + "".join(rng.choices("ACGT", k=rng.choice((1, 1, 2, 3, 6))))
        elif kind == "deletion":
            ref = gene.sequence[place : place + 1 + rng.choice((1, 1, 2, 3, 6))]
            alt = ref[0]
        elif kind == "replacement":
            ref = gene.sequence[place : place + rng.randint(2, 4)]
            alt = "".join(rng.choices("ACGT", k=rng.randint(1, 5)))
        row = Row(place + 1, ref, alt, "")
        if ref != alt and lies_within(row.change, every) and not any(overlap(row, one) for one in taken):
            taken.append(row)
    return [(row.pos, row.ref, row.alt) for row in taken]


def lies_within(change: Change, parts: list[tuple[int, int]]) -> bool:
    """True if it lies in one of the parts, an insertion strictly inside."""
    if change.start == change.end:
        return any(start < change.start < end for start, end in parts)
    return any(start <= change.start and change.end <= end for start, end in parts)


def overlap(row: Row, other_row: Row) -> bool:
    one, two = row.change, other_row.change
    same = (one.start, one.end) == (two.start, two.end)
    return same or (one.start < two.end and one.end > two.start)


def carried_by(rows: list[Row], sample: int, copy: int) -> list[Change]:
    """What a haplotype carries; both numbers from 0."""
    return [row.change for row in rows if row.genotypes.split()[sample][2 * copy] == "1"]


def expected(gene: Gene, rows: list[Row], samples: int) -> dict[frozenset[str], set[str]]:
    """Who carries which variants together, two or more, by the slow reading of each haplotype."""
    found: defaultdict[frozenset[str], set[str]] = defaultdict(set)
    for sample in range(samples):
        for copy in range(2):
            for group in ribosome.read(gene, carried_by(rows, sample, copy)).groups:
                if len(group) > 1:
                    found[frozenset(group)].add(f"S{sample}:{copy + 1}")
    return dict(found)


def names_of(samples: int) -> str:
    return " ".join(f"S{sample}" for sample in range(samples))


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(seed=st.integers(0, 2**48), contig=st.sampled_from(("chrF", "chrR")))
def test_what_is_told_is_what_a_slow_reading_of_each_haplotype_tells(
    toy: Bundle, genes: dict[str, Gene], tmp_path: Path, seed: int, contig: str
) -> None:
    gene, samples = genes[contig], 30
    rows = a_crowd(random.Random(seed), gene, samples)
    told = run(toy, tmp_path, contig, rows, samples=names_of(samples))
    carried = {
        frozenset(entry["Variants"].split("&")): set(entry["Carriers"].split("&")) for entry in told.told()
    }
    assert carried == expected(gene, rows, samples)
    reference = ribosome.read(gene, []).protein
    by_name = {row.name: row for row in rows}
    for entry in told.told():
        reading = ribosome.read(gene, [by_name[name].change for name in entry["Variants"].split("&")])
        check_effect(entry, reference, reading)
    for name, entries in told.entries.items():
        assert all(name in entry["Variants"].split("&") for entry in entries)
        assert sum(name in names for names in carried) == len(entries)


def check_effect(entry: dict[str, str], reference: str, reading: Reading) -> None:
    """Hold terms, the protein's name and the residues of an entry against the changed protein."""
    terms = set(entry["Consequence"].split("&"))
    name = entry["HGVSp"].partition(":")[2].replace("%3D", "=")
    changed = reading.protein
    assert ("start_lost" in terms) == reading.start_lost
    if reading.start_lost:
        assert name == "p.Met1?"
        return
    same = {"synonymous_variant", "stop_retained_variant", "start_retained_variant"}
    if changed == reference:
        assert terms <= same or "frameshift_variant" in terms
    elif not reading.shifted[-1]:
        assert not terms <= same
    if name not in {"p.?", "p.Met1="}:
        named = ribosome.named(reference, name)
        pattern = named.replace("*", r"\*").replace("?", ".").replace("~", "[^*]*")
        assert re.fullmatch(pattern, changed)
    if changed != reference:
        assert ("frameshift_variant" in terms) == reading.shifted[-1] or "stop_lost" in terms


# By example


@pytest.mark.parametrize("contig", ["chrF", "chrR"])
def test_two_substitutions_of_a_codon_make_one_residue(
    toy: Bundle, genes: dict[str, Gene], tmp_path: Path, contig: str
) -> None:
    gene = genes[contig]
    # AAC (Asn3): alone CAC (His) and ACC (Thr), together CCC (Pro)
    rows = sorted([substitution(gene, 6, "C", "0|1 1|1 1|0"), substitution(gene, 7, "C", "0|1 0|1 0|1")])
    told = run(toy, tmp_path, contig, rows, samples="A B C")
    (entry,) = told.told()
    assert entry["Consequence"] == "missense_variant"
    assert (entry["Amino_acids"], entry["Codons"], entry["Protein_position"]) == ("N/P", "AAc/CCc", "3")
    assert entry["HGVSc"] == f"ENST{contig}.2:c.[7A>C%3B8A>C]"
    assert entry["HGVSp"] == f"ENSP{contig}.1:p.Asn3Pro"
    assert (entry["Feature"], entry["SYMBOL"]) == (f"ENST{contig}", f"TOY-{contig}")
    assert entry["Variants"] == "&".join(row.name for row in rows)
    assert (entry["Haplotypes"], entry["Carriers"]) == ("2", "A:2&B:2")
    assert [each[0]["Allele"] for each in told.entries.values()] == [row.alt for row in rows]
    alone = {line.partition("CSQ=")[2].split("|")[1] for line in told.lines}
    assert alone == {"missense_variant"}
    counts = told.summary.haplotypes
    assert counts is not None
    assert (counts.compounds, counts.records) == (1, 2)
    assert counts.most_severe == {"missense_variant": 1}


@pytest.mark.parametrize("contig", ["chrF", "chrR"])
def test_a_frame_that_is_restored_is_told_as_what_lies_between(
    toy: Bundle, genes: dict[str, Gene], tmp_path: Path, contig: str
) -> None:
    gene = genes[contig]
    lost, found = coding(gene, 30), coding(gene, 36)
    rows = sorted(
        [
            Row(lost, gene.sequence[lost - 1 : lost + 1], gene.sequence[lost - 1], "1|0"),
            Row(found + 1, gene.sequence[found], gene.sequence[found] + "A", "1|0"),
        ]
    )
    (entry,) = run(toy, tmp_path, contig, rows).told()
    assert entry["Consequence"] == "missense_variant"
    assert "delins" in entry["HGVSp"]
    assert entry["IMPACT"] == "MODERATE"
    rows = [row._replace(genotypes=genotypes) for row, genotypes in zip(rows, ("1|0", "0|1"), strict=True)]
    assert run(toy, tmp_path, contig, rows).told() == []


@pytest.mark.parametrize("contig", ["chrF", "chrR"])
def test_what_follows_a_frameshift_or_a_stop_belongs_to_it(
    toy: Bundle, genes: dict[str, Gene], tmp_path: Path, contig: str
) -> None:
    gene = genes[contig]
    place = coding(gene, 30)
    shift = Row(place, gene.sequence[place - 1 : place + 1], gene.sequence[place - 1], "0|1")
    behind = substitution(gene, 150, other(gene, 150), "0|1")
    (entry,) = run(toy, tmp_path, contig, sorted([shift, behind])).told()
    assert entry["Consequence"] == "frameshift_variant"
    assert "fsTer" in entry["HGVSp"]
    # TAC (Tyr8) to TAA
    stop = substitution(gene, 23, "A", "1|0")
    (entry,) = run(toy, tmp_path, contig, sorted([stop, behind._replace(genotypes="1|0")])).told()
    assert (entry["Consequence"], entry["HGVSp"]) == ("stop_gained", f"ENSP{contig}.1:p.Tyr8Ter")
    assert run(toy, tmp_path, contig, sorted([stop, behind])).told() == []


def test_variants_that_do_not_meet_are_not_told_again(
    toy: Bundle, genes: dict[str, Gene], tmp_path: Path
) -> None:
    gene = genes["chrF"]
    rows = [substitution(gene, index, other(gene, index), "1|1") for index in (6, 9, 60)]
    told = run(toy, tmp_path, "chrF", rows)
    assert told.told() == []
    assert not any("CSQ_HAPLOTYPE" in line for line in told.lines)


def codon(gene: Gene, *genotypes: str, format_: str = "GT") -> list[Row]:
    """Substitutions of the first bases of the third codon, one for each of the genotypes."""
    return [
        substitution(gene, 6 + at, "C" if at < 2 else "A", text, format_) for at, text in enumerate(genotypes)
    ]


@pytest.mark.parametrize(
    ("genotypes", "carriers"),
    [
        (("0|1", "0|1"), "S1:2"),
        (("1|0", "0|1"), ""),
        (("0/1", "0/1"), ""),  # not known to be together
        (("0/1", "1/1"), ""),
        (("1/1", "1/1"), "S1:1&S1:2"),  # alike, so known
        (("0|1", "1/1"), "S1:2"),
        ((".|1", ".|1"), "S1:2"),
        (("./.", "0|1"), ""),
        ((".", "1"), ""),
        (("1", "1"), "S1:1"),  # haploid
        (("1", "1|0"), "S1:1"),
        (("0|1|1|0", "0|0|1|1"), "S1:3"),  # polyploid
        (("0|1/1", "0|1/1"), ""),
        (("|0|1", "|0|1"), "S1:2"),  # VCF 4.4
        (("/0|1", "|0|1"), ""),
        (("0|1", "0|7"), ""),  # there is no such allele
        (("junk", "0|1"), ""),
        (("0|1|" + "0|" * 20 + "0", "0|1"), ""),
    ],
)
def test_only_genotypes_of_known_phase_are_read_together(
    toy: Bundle, genes: dict[str, Gene], tmp_path: Path, genotypes: tuple[str, str], carriers: str
) -> None:
    told = run(toy, tmp_path, "chrF", codon(genes["chrF"], *genotypes))
    assert [entry["Carriers"] for entry in told.told()] == ([carriers] if carriers else [])


def test_unphased_genotypes_are_counted_and_told(toy: Bundle, genes: dict[str, Gene], tmp_path: Path) -> None:
    told = run(toy, tmp_path, "chrF", codon(genes["chrF"], "0/1 0|1", "0/1 0/0"), samples="A B")
    assert told.summary.haplotypes is not None
    assert told.summary.haplotypes.unphased == 2
    assert any(note.startswith("Unphased genotypes in coding sequence: 2;") for note in told.summary.notes)


def test_a_third_variant_of_unknown_phase_in_the_codon_leaves_it_open(
    toy: Bundle, genes: dict[str, Gene], tmp_path: Path
) -> None:
    told = run(toy, tmp_path, "chrF", codon(genes["chrF"], "0|1 0|1", "0|1 0|1", "0/1 0|0"), samples="A B")
    (entry,) = told.told()
    assert entry["Carriers"] == "B:2"
    assert told.summary.haplotypes is not None
    assert told.summary.haplotypes.undecided == 1
    assert any(note.startswith("Haplotypes not told: 1;") for note in told.summary.notes)


@pytest.mark.parametrize(
    ("genotypes", "carriers"),
    [
        (("0|1:5", "0|1:5"), ["S1:2"]),
        (("0|1:5", "0|1:9"), []),
        (("0|1:5", "0|1"), []),
        (("0|1", "0|1:."), ["S1:2"]),
        (("0|1:5", "1|1:9"), ["S1:2"]),  # alike on both, so in any set
        (("0|1:5", "1/1:."), ["S1:2"]),
        (("0|1:x", "0|1:x"), ["S1:2"]),
        (("0|1:5", "0|1:5", "0|1:9"), []),  # the third may lie on either
        (("1|1:5", "0|1:7", "1|1:9"), ["S1:1", "S1:2"]),
    ],
)
def test_phase_sets_are_kept_apart(
    toy: Bundle, genes: dict[str, Gene], tmp_path: Path, genotypes: tuple[str, ...], carriers: list[str]
) -> None:
    told = run(toy, tmp_path, "chrF", codon(genes["chrF"], *genotypes, format_="GT:PS"))
    assert sorted(entry["Carriers"] for entry in told.told()) == carriers


def test_variants_that_overlap_on_a_haplotype_are_not_told(
    toy: Bundle, genes: dict[str, Gene], tmp_path: Path
) -> None:
    gene = genes["chrF"]
    place = coding(gene, 5)
    deletion = Row(place + 1, gene.sequence[place : place + 3], gene.sequence[place], "0|1")
    for rows in ([deletion, *codon(gene, "0|1")], codon(gene, "0|1") * 2):
        told = run(toy, tmp_path, "chrF", rows)
        assert told.told() == []
        assert told.summary.haplotypes is not None
        assert told.summary.haplotypes.undecided == 1


def test_alleles_that_are_no_bases_are_not_applied(
    toy: Bundle, genes: dict[str, Gene], tmp_path: Path
) -> None:
    gene = genes["chrF"]
    first, second = codon(gene, "0|1", "0|1")
    for alt in ("*", "<DEL>", "<*>", "G]chrR:5]", first.ref.lower()):
        told = run(toy, tmp_path, "chrF", [first._replace(alt=alt), second])
        assert told.told() == []
    told = run(toy, tmp_path, "chrF", [first._replace(alt=f"*,{first.alt}", genotypes="1|2"), second])
    (entry,) = told.told()
    assert entry["Variants"].startswith(first.name)
    assert told.entries[f"{first.pos}:{first.ref}>*,{first.alt}"][0]["Allele"] == first.alt


def test_a_file_without_samples_is_refused(toy: Bundle, tmp_path: Path) -> None:
    text = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    with pytest.raises(EngineError, match="--haplotypes needs phased genotypes: the file has no samples"):
        annotate(io.BytesIO(text.encode()), toy, OutputPaths(tmp_path), print, haplotypes=True)
    assert not list(tmp_path.iterdir())


def test_names_of_samples_cannot_break_an_entry(toy: Bundle, genes: dict[str, Gene], tmp_path: Path) -> None:
    told = run(toy, tmp_path, "chrF", codon(genes["chrF"], "0|1", "0|1"), samples="a:b|c&d,e;f=g%h")
    (entry,) = told.told()
    assert entry["Carriers"] == "a%3Ab%7Cc%26d%2Ce%3Bf%3Dg%25h:2"


def test_transcripts_that_are_too_much_to_hold_are_given_up_and_named(
    toy: Bundle, genes: dict[str, Gene], tmp_path: Path
) -> None:
    told = run(
        toy, tmp_path, "chrF", codon(genes["chrF"], "0|1", "0|1"), limits=Limits(max_haplotype_bytes=100)
    )
    assert told.told() == []
    assert len(told.lines) == 2
    assert told.summary.haplotypes is not None
    assert told.summary.haplotypes.transcripts_given_up == ("ENSTchrF",)
    assert any("are not told: 1 (ENSTchrF)." in note for note in told.summary.notes)


def test_a_record_tells_of_the_most_frequent_haplotypes_only(
    toy: Bundle, genes: dict[str, Gene], tmp_path: Path
) -> None:
    first, second, third = codon(genes["chrF"], "1|1 1|1 0|1", "1|1 0|0 0|1", "0|0 1|1 0|1")
    names = [
        letter * 5000 for letter in "ABC"
    ]  # entries of 10,000 letters for two of them, 5,000 for the third
    told = run(toy, tmp_path, "chrF", [first, second, third], samples=" ".join(names))
    counts = {name: [entry["Haplotypes"] for entry in entries] for name, entries in told.entries.items()}
    assert counts == {first.name: ["2"], second.name: ["2", "1"], third.name: ["2", "1"]}
    assert told.summary.haplotypes is not None
    assert told.summary.haplotypes.compounds == 3
    assert told.summary.haplotypes.left_out == 2
    assert any("Rare haplotypes left out" in note for note in told.summary.notes)


def test_records_go_out_as_soon_as_their_transcript_is_over(toy: Bundle, genes: dict[str, Gene]) -> None:
    class Body:
        """Keeps what it is given."""

        def __init__(self) -> None:
            self.lines: list[bytes] = []

        def write(self, text: bytes | memoryview, sites: Rows) -> None:
            self.lines += [bytes(text[site["text_start"] : site["text_end"]]) for site in sites]

    gene = genes["chrF"]
    header = read_header(iter(enumerate((HEADER + "S1").encode().splitlines(), 1)), Limits())
    contigs = Contigs(Registry(), toy, Declarations(header, Limits()), Limits())
    contigs.add(1, b"chrF")
    body = Body()
    writer = HaplotypeWriter(body, toy, header, contigs, Limits())

    def written_after(row: Row) -> int:
        line = row.line("chrF").encode()
        site = np.zeros(1, SITE)
        site["text_end"], site["start"], site["end"] = len(line), row.pos - 1, row.pos - 1 + len(row.ref)
        writer.write(line, site)
        return len(body.lines)

    before, between, behind = (
        Row(pos, gene.sequence[pos - 1], "A", "0|1") for pos in (100, gene.cds[0] + 100, gene.cds[1] + 1)
    )
    first, second = codon(gene, "0|1", "0|1")
    assert [written_after(row) for row in (before, first, second, between, behind)] == [1, 1, 1, 1, 5]
    assert [b"CSQ_HAPLOTYPE=" in line for line in body.lines] == [False, True, True, False, False]
    assert writer.finish().compounds == 1


def test_haplotypes_of_an_earlier_run_give_way_and_those_of_others_stay(
    toy: Bundle, genes: dict[str, Gene], tmp_path: Path
) -> None:
    first = run(toy, tmp_path, "chrF", codon(genes["chrF"], "0|1", "0|1"))
    text = "\n".join([*first.header, *first.lines, ""]).encode()
    outputs = OutputPaths(tmp_path / "again")

    def lines(**options: bool) -> list[str]:
        annotate(io.BytesIO(text), toy, outputs, lambda _: None, **options)
        with pysam.BGZFile(str(outputs.vcf), "r", None) as vcf:
            found: list[str] = vcf.read().decode().splitlines()
        return found

    assert sorted(lines(haplotypes=True)) == sorted([*first.header, *first.lines])
    assert not any("CSQ_HAPLOTYPE" in line for line in lines())
    text = text.replace(b"together from GAS", b"together from another tool")
    again = lines(haplotypes=True)
    assert sum(line.startswith("##INFO=<ID=CSQ_HAPLOTYPE_INPUT,") for line in again) == 1
    assert all(line.count("CSQ_HAPLOTYPE=") == line.count("CSQ_HAPLOTYPE_INPUT=") == 1 for line in again[-2:])


def entries_off(line: str) -> str:
    """A record without its entry of haplotypes, which is the last of INFO."""
    return re.sub(r";CSQ_HAPLOTYPE=[^;\t]*", "", line)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**48))
def test_nothing_else_of_a_run_changes(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    bundle = a_bundle(rng)
    data = a_file(rng, bundle, samples=3)
    alone, together = OutputPaths(tmp_path / "alone"), OutputPaths(tmp_path / "together")
    limits = Limits(max_haplotype_bytes=rng.choice((1, 3000, 1 << 20)))
    try:
        expected = annotate(io.BytesIO(data), bundle, alone, lambda _: None)
    except EngineError as error:
        with pytest.raises(type(error)):
            annotate(io.BytesIO(data), bundle, together, lambda _: None, haplotypes=True)
        return
    found = annotate(io.BytesIO(data), bundle, together, lambda _: None, limits=limits, haplotypes=True)
    assert [entries_off(line) for line in records_of(together.vcf)] == records_of(alone.vcf)
    assert repr(rows_of(together.table)) == repr(rows_of(alone.table))
    assert found.most_severe == expected.most_severe
    assert found.haplotypes is not None
    assert expected.haplotypes is None
    written = sum("CSQ_HAPLOTYPE=" in line for line in records_of(together.vcf))
    assert written == found.haplotypes.records
    with pysam.TabixFile(str(together.vcf), encoding="latin-1") as indexed:
        for line in records_of(together.vcf):
            chrom, pos, _, ref, *_ = line.split("\t")
            place = int(pos) - 1
            if place >= 0:
                assert line in list(indexed.fetch(chrom, place, place + len(ref)))


def records_of(vcf: Path) -> list[str]:
    with pysam.BGZFile(str(vcf), "r", None) as file:
        text = file.read().decode("latin-1")
    return [line for line in text.split("\n") if line and not line.startswith("#")]
