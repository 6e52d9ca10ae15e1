"""Hold the engine against bcftools csq, and SnpEff, variant by variant on a real chromosome.

    python bench/engine/agreement.py --fasta 20.fa.gz --cava CAVA-2.0.7.tar.gz [--snpeff snpeff.jar]

Prints a table of every class of disagreement with how often it was met, an example, and who is right and why.
Where the sequence decides, a judge of its own decides: it changes the gene's message letter by letter and
translates it, sharing no code with the engine but the genetic code's table. What no class explains is listed
at the end, and makes the exit code 1. ``chr20.py`` tells where the data are from.
"""

from __future__ import annotations

import argparse
import gzip
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import chr20
import pysam
import pysam.bcftools

from gas_engine import OutputPaths, annotate
from gas_engine.bundle import build_bundle
from gas_engine.codon import STOP, genetic_code, reverse_complement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_DATABASE = "CAVA-2.0.7/cava/data/cava_db.GRCh38.MANE.sorted.gz"
_CSQ_RESIDUES = 5
_SHOWN = 12
_SNPEFF_EVERY = 6
_UNEXPLAINED = 40
_SPLICE = frozenset({"splice_donor", "splice_acceptor", "splice_region"})
_ESSENTIAL = frozenset({"splice_donor", "splice_acceptor"})
_IN_FRAME = frozenset({"inframe_insertion", "inframe_deletion", "protein_altering"})
_LENGTH = frozenset({"feature_elongation", "feature_truncation"})
_EDGE = frozenset({"frameshift", "coding_sequence"}) | _IN_FRAME
_CODING = frozenset({"frameshift", "missense", "3_prime_utr", "splice_region"}) | _IN_FRAME
# Words that the three have in common; None: csq and SnpEff do not say it of genes, or we do not.
_WORDS = {
    "3_prime_UTR_variant": "3_prime_utr",
    "5_prime_UTR_variant": "5_prime_utr",
    "coding_sequence_variant": "coding_sequence",
    "frameshift_variant": "frameshift",
    "inframe_deletion": "inframe_deletion",
    "inframe_insertion": "inframe_insertion",
    "intron_variant": "intron",
    "missense_variant": "missense",
    "protein_altering_variant": "protein_altering",
    "splice_acceptor_variant": "splice_acceptor",
    "splice_donor_5th_base_variant": "splice_region",
    "splice_donor_region_variant": "splice_region",
    "splice_donor_variant": "splice_donor",
    "splice_region_variant": "splice_region",
    "start_lost": "start_lost",
    "start_retained_variant": "start_retained",
    "stop_gained": "stop_gained",
    "stop_lost": "stop_lost",
    "stop_retained_variant": "stop_retained",
    "synonymous_variant": "synonymous",
    "transcript_ablation": "transcript_ablation",
}
_SNPEFF_TERMS = {
    "conservative_inframe_deletion": "inframe_deletion",
    "disruptive_inframe_deletion": "inframe_deletion",
    "conservative_inframe_insertion": "inframe_insertion",
    "disruptive_inframe_insertion": "inframe_insertion",
    "initiator_codon_variant": "start_retained_variant",
    "start_retained_variant": "start_retained_variant",
}
_ANY = frozenset(word for word in _WORDS.values() if word)
_AMINO_ACIDS = re.compile(r"(\d+)([A-Z*]*)(?:>(\d+)([A-Z*]*))?$")


class Record(NamedTuple):
    """A variant with one ALT; ``pos`` 1-based."""

    pos: int
    ref: str
    alt: str

    def __str__(self) -> str:
        return f"{self.pos} {_short(self.ref)}>{_short(self.alt)}"


@dataclass
class Said:
    """What a tool says of a gene: words, residues touched before and after with their first place, names."""

    words: set[str] = field(default_factory=set)
    residues: tuple[int, str, str] | None = None
    hgvs_c: str = ""
    hgvs_p: str = ""


class Truth:
    """What the sequence itself tells of a change: the gene's message is changed and read."""

    def __init__(self, model: chr20.Model, sequence: str, record: Record) -> None:
        start, ref, alt = record.pos - 1, record.ref, record.alt
        while ref and alt and ref[0] == alt[0]:
            start, ref, alt = start + 1, ref[1:], alt[1:]
        while ref and alt and ref[-1] == alt[-1]:
            ref, alt = ref[:-1], alt[:-1]
        self.start, self.end = start, start + len(ref)
        self.growth = len(alt) - len(ref)
        self.insertion = not ref
        self.crosses_intron = any(start < b and self.end > a for a, b in _introns(model)) and any(
            start < b and self.end > a for a, b in model.exons
        )
        self.at_border = self.insertion and any(start in exon for exon in model.exons)
        self.in_cds = any(a <= start and self.end <= b for a, b in model.coding_parts())
        before = after = ""
        for a, b in model.exons:
            piece = sequence[a:b]
            before += piece
            if a <= start and self.end <= b and (not self.insertion or a < start < b):
                piece = piece[: start - a] + alt + piece[self.end - a :]
            after += piece
        first = sum(max(0, min(b, model.cds[0]) - a) for a, b in model.exons)
        behind = sum(max(0, b - max(a, model.cds[1])) for a, b in model.exons)
        if model.strand < 0:
            before, after, first = reverse_complement(before), reverse_complement(after), behind
        code = genetic_code(1)
        self.before = _to_stop(code.translate(before[first:]))
        self.after = _to_stop(code.translate(after[first:]))
        self.start_stands = after[:first] == before[:first] and after[first : first + 3] == "ATG"
        anchored = first + self.growth
        self.start_moved = after[anchored : anchored + 3] == "ATG" if anchored >= 0 else False

    @property
    def same_protein(self) -> bool:
        return self.before == self.after

    @property
    def longer(self) -> bool:
        """True if reading goes on past the old stop."""
        return self.after.startswith(self.before[:-1]) and not self.same_protein


def _introns(model: chr20.Model) -> list[tuple[int, int]]:
    return [(left[1], right[0]) for left, right in zip(model.exons, model.exons[1:], strict=False)]


def _to_stop(protein: str) -> str:
    return protein[: protein.index(STOP) + 1] if STOP in protein else protein


def _short(bases: str) -> str:
    return bases if len(bases) <= _SHOWN else f"{bases[:5]}..({len(bases)})"


@dataclass(frozen=True)
class Case:
    """One gene of one variant on which two tools differ."""

    record: Record
    ours: Said
    theirs: Said
    truth: Truth

    @property
    def both(self) -> set[str]:
        return self.ours.words & self.theirs.words

    @property
    def only_ours(self) -> set[str]:
        return self.ours.words - self.theirs.words

    @property
    def only_theirs(self) -> set[str]:
        return self.theirs.words - self.ours.words

    @property
    def differ(self) -> set[str]:
        return self.ours.words ^ self.theirs.words


@dataclass(frozen=True)
class Class:
    """A kind of disagreement: the words that it explains, ours and theirs; who is right, and why."""

    name: str
    right: str
    why: str
    explains: Callable[[Case], set[str]]


def _dropped_intron(case: Case) -> set[str]:
    return {"intron"} if "intron" in case.only_ours else set()


def _splice_below_essential(case: Case) -> set[str]:
    return {"splice_region"} if "splice_region" in case.only_ours and case.both & _ESSENTIAL else set()


def _length(case: Case) -> set[str]:
    return set(case.only_theirs & _LENGTH)


def _with_lost_start(case: Case) -> set[str]:
    return _EDGE | {"5_prime_utr", "stop_gained", "missense"} if "start_lost" in case.both else set()


def _start_by_sequence(case: Case) -> set[str]:
    """Explained where ours fits the changed message; a fault of ours stays unexplained."""
    if not case.differ & {"start_lost", "start_retained"} or case.truth.crosses_intron:
        return set()
    stands = case.truth.start_stands or case.truth.start_moved
    if ("start_lost" in case.ours.words and stands) or ("start_retained" in case.ours.words and not stands):
        return set()
    return {"start_lost", "start_retained", "stop_gained", "missense", "5_prime_utr", "synonymous"} | _EDGE


def _frame_stop(case: Case) -> set[str]:
    return {"stop_gained"} if "frameshift" in case.both and "stop_gained" in case.only_ours else set()


def _lost_stop(case: Case) -> set[str]:
    reads_on = STOP not in case.truth.after[: len(case.truth.before)]
    if "stop_lost" not in case.only_ours or case.truth.same_protein or not reads_on:
        return set()
    return {"stop_lost", "stop_retained", "3_prime_utr"} | _EDGE


def _kept_stop(case: Case) -> set[str]:
    said = case.ours.words | case.theirs.words
    touched = "stop_retained" in said or {"stop_lost", "frameshift"} & case.only_theirs
    if not touched or not case.truth.same_protein or case.truth.crosses_intron or case.differ & _SPLICE:
        return set()
    return {"stop_retained", "stop_lost", "stop_gained", "3_prime_utr"} | _EDGE


def _at_the_stop(case: Case) -> set[str]:
    stops = {"stop_retained", "stop_lost", "stop_gained"}
    if not case.differ & stops or not case.ours.words & (_CODING | {"stop_gained"}):
        return set()
    return stops | {"missense"}


def _before_the_stop(case: Case) -> set[str]:
    return {"stop_retained"} if "inframe_insertion" in case.both else set()


def _untold_frame(case: Case) -> set[str]:
    told = "frameshift" not in case.only_ours or not case.truth.in_cds or not case.truth.growth % 3
    return set() if told else {"frameshift", "stop_gained", "inframe_deletion", "inframe_insertion"}


def _over_splice_edge(case: Case) -> set[str]:
    return _ANY if case.truth.crosses_intron else set()


def _at_border(case: Case) -> set[str]:
    return _ANY if case.truth.at_border else set()


def _over_cds_edge(case: Case) -> set[str]:
    edge = {"stop_lost", "start_lost", "stop_retained", "5_prime_utr", "3_prime_utr"}
    return _EDGE | {"stop_lost"} if not case.truth.in_cds and case.both & edge else set()


def _in_frame(case: Case) -> set[str]:
    return set() if case.truth.growth % 3 or not case.truth.in_cds else set(_IN_FRAME)


def _place_in_repeat(case: Case) -> set[str]:
    borders = _SPLICE | {"synonymous", "5_prime_utr", "3_prime_utr"}
    return _ANY if case.truth.growth and case.differ & borders else set()


def _beyond_the_end(case: Case) -> set[str]:
    return set() if case.ours.words and case.theirs.words else _ANY


def _wrong_residues(case: Case) -> set[str]:
    """Explained where the judge finds the other's residues wrong and ours right."""
    truth = case.truth
    if not truth.in_cds or fits(case.theirs, truth) is not False or fits(case.ours, truth) is False:
        return set()
    return _ANY - _SPLICE - {"intron"}


def _unseen_stop(case: Case) -> set[str]:
    """A shifted frame is read to its end, which is a stop like any other."""
    return {"stop_gained"} if "stop_gained" in case.only_theirs and "frameshift" in case.both else set()


CSQ_CLASSES = (
    Class(
        "an intron is not told",
        "ours",
        "csq says nothing of an intron beside a splice site, nor of several bases exchanged within one",
        _dropped_intron,
    ),
    Class(
        "splice region beside a splice site",
        "both",
        "VEP tells the donor's bases 3 to 6 apart, csq only the most severe",
        _splice_below_essential,
    ),
    Class(
        "feature_elongation, feature_truncation",
        "both",
        "csq 1.24 says it of bases replaced by more or fewer; VEP keeps the terms for structural variants",
        _length,
    ),
    Class(
        "what goes with a lost start",
        "both",
        "lost for both; VEP adds that the frame moves, csq what the codons would have become",
        _with_lost_start,
    ),
    Class(
        "whether the start codon stands",
        "ours",
        "the changed message has, or has not, ATG in place, as ours says",
        _start_by_sequence,
    ),
    Class(
        "a stop within a shifted frame",
        "both",
        "VEP adds stop_gained where the codons touched hold a stop after the shift, csq does not",
        _frame_stop,
    ),
    Class(
        "a stop that is lost",
        "ours",
        "the changed message reads on past the old stop; csq tells the frame alone",
        _lost_stop,
    ),
    Class(
        "a stop that stays",
        "ours",
        "the protein is the same to its end: nothing is lost, and no frame is read that has moved",
        _kept_stop,
    ),
    Class(
        "a stop that csq alone sees",
        "both",
        "the shifted frame ends in a stop, and VEP tells it only of the codons touched",
        _unseen_stop,
    ),
    Class(
        "at the stop codon",
        "both",
        "reading ends at or near the old stop: VEP tells what becomes of the codons touched, csq of the stop",
        _at_the_stop,
    ),
    Class(
        "an insertion before the stop",
        "both",
        "the stop codon is whole and csq says so beside inframe_insertion, VEP does not",
        _before_the_stop,
    ),
    Class(
        "across the edge of an exon",
        "both",
        "with the splice site gone the message is not known: VEP says coding_sequence_variant, csq reads on",
        _over_splice_edge,
    ),
    Class(
        "inserted between exon and intron",
        "both",
        "the bases may end up on either side: VEP calls the region, csq the site or the codons",
        _at_border,
    ),
    Class(
        "across the edge of the coding sequence",
        "both",
        "VEP tells start, stop and untranslated region; csq adds what the codons would have become",
        _over_cds_edge,
    ),
    Class(
        "in frame, by VEP's words or csq's",
        "both",
        "VEP says insertion or deletion only where residues, or codons, beside it stay whole; csq by length",
        _in_frame,
    ),
    Class(
        "csq's residues do not fit",
        "ours",
        "the residues that csq writes do not give the changed protein, ours do",
        _wrong_residues,
    ),
    Class(
        "a frame whose shift is not told",
        "ours",
        "coding bases are replaced by more or fewer, and csq tells the splice region or the stop alone",
        _untold_frame,
    ),
    Class(
        "where in a repeat",
        "both",
        "in a repeat a change has several places: csq moves it to the left, VEP takes it as it is put",
        _place_in_repeat,
    ),
    Class(
        "at the end of the transcript",
        "both",
        "a change in a repeat at the very edge is in the transcript or beside it, as it is placed",
        _beyond_the_end,
    ),
)


def fits(said: Said, truth: Truth) -> bool | None:
    """Whether the residues told lead from the protein to the changed one; None where none are told."""
    if said.residues is None:
        return None
    place, ref, alt = said.residues
    before = truth.before
    if before[place - 1 : place - 1 + len(ref)] != ref:
        return False
    changed = before[: place - 1] + alt
    if STOP not in alt:
        changed += before[place - 1 + len(ref) :]
        if STOP in ref:  # reading goes on
            return truth.after.startswith(changed)
    return _to_stop(changed) == truth.after


def ours_of(path: Path) -> Iterator[tuple[int, dict[str, Said]]]:
    """What we say, gene by gene, of each record."""
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            columns = line.rstrip("\n").split("\t")
            found: dict[str, Said] = {}
            entries = columns[7].partition("CSQ=")[2].split(";")[0]
            for entry in filter(None, entries.split(",")):
                part = entry.split("|")
                if not part[4]:
                    continue
                words = {word for term in part[1].split("&") if (word := _WORDS.get(term))}
                residues = None
                place = part[14].split("-")[0]
                if part[15] and place.isdigit():
                    ref, _, alt = part[15].partition("/")
                    residues = (int(place), ref.replace("-", ""), (alt or ref).replace("-", ""))
                    if not ref.replace("-", ""):
                        residues = (int(place) + 1, "", alt)
                names = [name.partition(":")[2].replace("%3D", "=") for name in part[10:12]]
                found[part[4]] = Said(words, residues, *names)
            yield int(columns[2].split(";")[0]), found


def csqs_of(path: Path) -> Iterator[tuple[int, dict[str, Said]]]:
    """What csq says. Of an intron it names the gene alone."""
    with path.open() as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            columns = line.rstrip("\n").split("\t")
            found: dict[str, Said] = defaultdict(Said)
            for entry in filter(None, columns[7].partition("BCSQ=")[2].split(";")[0].split(",")):
                part = entry.split("|")
                if part[0].startswith("@"):
                    continue  # told at another record; not with -l
                said = found[part[1]]
                said.words |= set(part[0].split("&"))
                if len(part) > _CSQ_RESIDUES and (match := _AMINO_ACIDS.match(part[_CSQ_RESIDUES])):
                    said.residues = (int(match[1]), match[2], match[4] if match[3] else match[2])
            yield int(columns[2]), dict(found)


def snpeffs_of(path: Path) -> Iterator[tuple[int, dict[str, Said]]]:
    """What SnpEff says, in the words in common; what stands beside a gene is left out, as with ours."""
    with path.open() as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            columns = line.rstrip("\n").split("\t")
            found: dict[str, Said] = {}
            for entry in filter(None, columns[7].partition("ANN=")[2].split(";")[0].split(",")):
                part = entry.split("|")
                if part[5] != "transcript":
                    continue
                terms = {_SNPEFF_TERMS.get(term, term) for term in part[1].split("&")}
                words = {word for term in terms if (word := _WORDS.get(term))}
                said = found.setdefault(part[3].removeprefix("gene:"), Said())
                said.words |= words
                if words:
                    said.hgvs_c, said.hgvs_p = part[9], part[10]
            yield int(columns[2]), found


def one_style(name: str) -> str:
    """An HGVS name without what tools are free to add: bases taken or doubled, where a shifted frame ends."""
    name = re.sub(r"(del|dup)[ACGT]+", r"\1", name)
    name = re.sub(r"(?<=\d)[A-Z][a-z]{2}(fs|ext).*", r"\1", name)
    name = re.sub(r"(fs|ext).*", r"\1", name)
    return re.sub(r"^p\.([A-Z][a-z]{2})(\d+)\1$", r"p.\1\2=", name).replace("*", "Ter")


def compare_names(
    ours: dict[int, dict[str, Said]], theirs: dict[int, dict[str, Said]]
) -> dict[str, Counter[bool]]:
    """How many names of HGVS are the same, of those that both give."""
    found: dict[str, Counter[bool]] = {"c.": Counter(), "p.": Counter()}
    for number, said in theirs.items():
        for gene in set(said) & set(ours[number]):
            mine, other = ours[number][gene], said[gene]
            for kind, one, two in (("c.", mine.hgvs_c, other.hgvs_c), ("p.", mine.hgvs_p, other.hgvs_p)):
                if one and two:
                    found[kind][one_style(one) == one_style(two)] += 1
    return found


@dataclass
class Tally:
    """What a comparison came to."""

    genes: int = 0
    same: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Case] = field(default_factory=dict)
    unexplained: list[Case] = field(default_factory=list)
    words: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: dict[tuple[str, str], Record] = field(default_factory=dict)
    residues: dict[str, Counter[bool]] = field(default_factory=lambda: defaultdict(Counter))


def compare(
    ours: dict[int, dict[str, Said]],
    theirs: dict[int, dict[str, Said]],
    truth_of: Callable[[int, str], Truth],
    records: list[Record],
    classes: tuple[Class, ...],
) -> Tally:
    """Hold what two tools say of each gene of each record against one another."""
    tally = Tally()
    for number, said in theirs.items():
        mine = ours[number]
        for gene in sorted(set(mine) | set(said)):
            one, other = mine.get(gene, Said()), said.get(gene, Said())
            if not (one.words or other.words):
                continue
            case = Case(records[number], one, other, truth_of(number, gene))
            tally.genes += 1
            _read_residues(tally, case)
            if one.words == other.words:
                tally.same += 1
            else:
                _explain(tally, case, classes)
    return tally


def _read_residues(tally: Tally, case: Case) -> None:
    """Count for changes in frame whether the residues told lead to the changed protein."""
    truth = case.truth
    if truth.in_cds and truth.growth % 3 == 0 and truth.start_stands and not truth.same_protein:
        for name, tool in (("ours", case.ours), ("theirs", case.theirs)):
            if (found := fits(tool, truth)) is not None:
                tally.residues[name][found] += 1


def _explain(tally: Tally, case: Case, classes: tuple[Class, ...]) -> None:
    pair = ("&".join(sorted(case.only_ours)), "&".join(sorted(case.only_theirs)))
    tally.words[pair] += 1
    tally.first.setdefault(pair, case.record)
    left = case.differ
    for each in classes:
        explained = each.explains(case) & left
        if explained:
            tally.classes[each.name] += 1
            tally.examples.setdefault(each.name, case)
            left -= explained
    if left:
        tally.unexplained.append(case)


def tell(tally: Tally, classes: tuple[Class, ...], name: str) -> None:
    """Print the tables, in Markdown."""
    share = tally.same / tally.genes
    differ, unexplained = tally.genes - tally.same, len(tally.unexplained)
    print(
        f"\n### {name}\n\n{tally.genes:,} effects on a gene: {tally.same:,} the same ({share:.1%}), ",
        end="",
    )
    print(f"{differ:,} differ, {unexplained:,} of them unexplained.\n")
    print("| Class | Met | Right | Why | Example: ours; theirs |\n|---|---|---|---|---|")
    for each in sorted(classes, key=lambda one: -tally.classes[one.name]):
        if count := tally.classes[each.name]:
            case = tally.examples[each.name]
            said = "; ".join("&".join(sorted(tool.words)) or "nothing" for tool in (case.ours, case.theirs))
            print(f"| {each.name} | {count:,} | {each.right} | {each.why} | {case.record}: {said} |")
    print()
    for tool, found in tally.residues.items():
        print(
            f"Residues told by {tool} give the changed protein: {found[True]:,} of {found.total():,} times."
        )
    for case in tally.unexplained[:_UNEXPLAINED]:
        words = f"{sorted(case.ours.words)} {sorted(case.theirs.words)}"
        print(
            f"unexplained: {case.record} {words} {case.ours.hgvs_c} {case.ours.hgvs_p} {case.theirs.hgvs_p}"
        )


def tell_differences(tally: Tally, name: str) -> None:
    """Print which words differ how often; they are not judged one by one."""
    share = tally.same / tally.genes
    print(f"\n### {name}\n\n{tally.genes:,} effects compared: {tally.same:,} the same ({share:.1%}).\n")
    print("| Only ours says | Only the other says | Met | Example |\n|---|---|---|---|")
    for (ours, theirs), count in tally.words.most_common(_UNEXPLAINED):
        print(f"| {ours or '-'} | {theirs or '-'} | {count:,} | {tally.first[ours, theirs]} |")
    print()


def run_csq(directory: Path) -> Path:
    """Each variant alone, as we call them, and no list of consequences cut short."""
    out = directory / "csq.vcf"
    files = ["-f", str(directory / "genome.fa"), "-g", str(directory / "genes.gff3")]
    options = ["-l", "-n", "64", "-Ov", "-o", str(out), str(directory / "variants.vcf")]
    pysam.bcftools.csq(*files, *options, catch_stdout=False)
    return out


def run_snpeff(jar: Path, directory: Path, records: list[Record], every: int) -> Path:
    """Build a database of the same models and annotate every so many variants with it."""
    data = directory / "snpeff" / "data" / "chr20"
    data.mkdir(parents=True)
    (data / "genes.gff").symlink_to(directory / "genes.gff3")
    (data / "sequences.fa").symlink_to(directory / "genome.fa")
    code = genetic_code(1)
    letters = (
        (codon, letter, "+" if codon in code.starts else "") for codon, letter in code.amino_acids.items()
    )
    table = ", ".join(f"{codon}/{letter}{start}" for codon, letter, start in letters)
    config = directory / "snpeff" / "snpEff.config"
    config.write_text(f"data.dir = ./data\nchr20.genome : chr20\ncodon.Standard : {table}\n")
    chosen = directory / "chosen.vcf"
    with chosen.open("w") as out:
        out.write("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        for number, record in list(enumerate(records))[::every]:
            out.write(f"{chr20.CONTIG}\t{record.pos}\t{number}\t{record.ref}\t{record.alt}\t.\t.\t.\n")
    java = ["java", "-Xmx4g", "-jar", str(jar)]
    build = [*java, "build", "-gff3", "-noCheckCds", "-noCheckProtein", "-c", str(config), "chr20"]
    subprocess.run(build, check=True, capture_output=True)
    out = directory / "snpeff.vcf"
    with out.open("wb") as stream:
        run = [*java, "ann", "-c", str(config), "-noStats", "-noLog", "chr20", str(chosen)]
        subprocess.run(run, check=True, stdout=stream, stderr=subprocess.DEVNULL)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fasta", type=Path, required=True, help="ref/20.fa.gz of Debian's vt-examples")
    parser.add_argument("--cava", type=Path, required=True, help="source archive of CAVA 2.0.7")
    parser.add_argument("--snpeff", type=Path, help="snpeff.jar, for a sixth of the variants")
    parser.add_argument("--variants", type=int, default=120_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        with tarfile.open(options.cava) as archive:
            archive.extract(_DATABASE, directory, filter="data")
        sequence = chr20.read_sequence(options.fasta)
        given = chr20.read_cava(directory / _DATABASE)
        models = chr20.lift(given, sequence)
        print(f"{len(models)} of {len(given)} transcripts fit chromosome 20 of GRCh37.")
        chr20.write_fasta(sequence, directory / "genome.fa")
        chr20.write_gff3(models, directory / "genes.gff3")
        variants = chr20.variants(models, sequence, options.variants)
        chr20.write_vcf(variants, len(sequence), directory / "variants.vcf")
        bundle = build_bundle(
            directory / "genome.fa",
            directory / "genes.gff3",
            directory / "bundle",
            name="chr20",
            assembly="GRCh37",
        )
        outputs = OutputPaths(directory / "ours")
        with (directory / "variants.vcf").open("rb") as vcf:
            annotate(vcf, bundle, outputs, lambda _: None)
        ours = dict(ours_of(outputs.vcf))
        by_gene = {model.gene: model for model in models}
        records = [Record(*variant) for variant in variants]

        def truth_of(number: int, gene: str) -> Truth:
            return Truth(by_gene[gene], sequence, records[number])

        csq = compare(ours, dict(csqs_of(run_csq(directory))), truth_of, records, CSQ_CLASSES)
        tell(
            csq, CSQ_CLASSES, f"bcftools csq {pysam.version.__bcftools_version__}, {len(records):,} variants"
        )
        if options.snpeff:
            theirs = dict(snpeffs_of(run_snpeff(options.snpeff, directory, records, _SNPEFF_EVERY)))
            snpeff = compare(ours, theirs, truth_of, records, CSQ_CLASSES)
            tell_differences(snpeff, f"SnpEff, {len(theirs):,} variants")
            for kind, found in compare_names(ours, theirs).items():
                print(f"Names {kind} that both give: {found[True]:,} of {found.total():,} the same.")
        sys.exit(bool(csq.unexplained))


if __name__ == "__main__":
    main()
