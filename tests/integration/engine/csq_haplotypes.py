"""Compounds of ours held against those of bcftools csq ``-p a``, haplotype by haplotype.

The slow ribosome is the judge: of what must be read together, of what is never read, and of the protein.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from tests.csq import bcftools_csq
from tests.integration.engine import ribosome
from tests.unit.engine.consequence.test_against_csq import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tests.integration.engine.ribosome import Change, Gene
    from tests.integration.engine.test_haplotypes import Row

LENGTH = {"feature_elongation", "feature_truncation"}
IN_FRAME = {"missense", "inframe_insertion", "inframe_deletion", "inframe_altering", "protein_altering"}
START = {"start_lost", "start_retained"}
STOP = {"stop_gained", "stop_lost", "stop_retained"}
_BITS = 30  # of a number of FORMAT/BCSQ
_RESIDUES = re.compile(r"(\d+)([A-Z*]*)(?:>(\d+)([A-Z*]*))?")


class Said(NamedTuple):
    """What a tool says of a haplotype: its variants that it reads together, in which words, and residues."""

    variants: frozenset[str]
    words: frozenset[str]
    residues: str = ""


Of = dict[str, list[Said]]
"""By haplotype, as in ``S3:2``."""


def write_phased(rows: Iterable[Row], contig: str, length: int, samples: str, vcf: Path) -> None:
    """A VCF of one contig that csq takes; blanks in ``samples`` are tabs."""
    vcf.write_text(
        f"##fileformat=VCFv4.2\n##contig=<ID={contig},length={length}>\n"
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"
        + samples.replace(" ", "\t")
        + "\n"
        + "".join(row.line(contig) for row in rows)
    )


def csq_of(fasta: Path, gff3: Path, vcf: Path) -> dict[str, Of]:
    """Run csq, and find for each transcript what is said of each haplotype."""
    out = bcftools_csq("-p", "a", "-n", "64", "-f", str(fasta), "-g", str(gff3), str(vcf))
    return said_by_csq(out.splitlines())


def said_by_csq(lines: Iterable[str]) -> dict[str, Of]:
    """Read the bits of FORMAT/BCSQ: haplotype ``h`` has entry ``i`` of INFO if bit ``2 i + h`` is set."""
    found: dict[str, Of] = {}
    names: list[str] = []
    for line in lines:
        columns = line.split("\t")
        if line.startswith("#CHROM"):
            names = columns[9:]
        if line.startswith("#") or "BCSQ=" not in columns[7]:
            continue
        entries = columns[7].partition("BCSQ=")[2].split(";")[0].split(",")
        for number, entry in enumerate(entries):
            parts = entry.split("|")
            if len(parts) < 7:
                continue
            variants = frozenset(re.sub(r"^(\d+)", r"\1:", text) for text in parts[6].split("+"))
            said = Said(variants, frozenset(parts[0].split("&")), parts[5])
            for haplotype in _carriers(names, columns[9:], number):
                found.setdefault(parts[2], {}).setdefault(haplotype, []).append(said)
    return found


def _carriers(names: list[str], columns: list[str], number: int) -> Iterator[str]:
    for name, column in zip(names, columns, strict=True):
        text = column.rpartition(":")[2]
        values = [] if text == "." or ":" not in column else [int(value) for value in text.split(",")]
        for copy in range(2):
            at, bit = divmod(2 * number + copy, _BITS)
            if at < len(values) and values[at] >> bit & 1:
                yield f"{name}:{copy + 1}"


def said_by_us(told: Iterable[dict[str, str]]) -> Of:
    """By haplotype, from entries of CSQ_HAPLOTYPE."""
    found: Of = {}
    for entry in told:
        words = frozenset(word for term in entry["Consequence"].split("&") if (word := WORDS[term]))
        said = Said(frozenset(entry["Variants"].split("&")), words, entry["HGVSp"])
        for haplotype in entry["Carriers"].split("&"):
            found.setdefault(haplotype, []).append(said)
    return found


@dataclass
class Compared:
    """``fits`` counts how often the residues that csq tells of a compound give the changed protein."""

    classes: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)
    fits: Counter[bool] = field(default_factory=Counter)

    def add(
        self, haplotype: str, gene: Gene, changes: list[Change], ours: list[Said], csq: list[Said]
    ) -> None:
        """Compare what is said of one haplotype."""
        reading = ribosome.read(gene, changes)
        reference = ribosome.read(gene, []).protein
        by_name = {change.name: change for change in changes}
        mine = {said.variants: said for said in ours}
        theirs: defaultdict[frozenset[str], set[str]] = defaultdict(set)
        residues = {said.variants: said.residues for said in csq}
        for said in csq:
            theirs[said.variants].update(word.removeprefix("*") for word in said.words)
        groups = [frozenset(group) for group in reading.groups]
        left_out = frozenset(by_name) - reading.unread - frozenset().union(*theirs)
        beside = any(_touch(one, other) for one in left_out for other in by_name.keys() - {one})
        for group in groups:
            if len(group) == 1:
                continue
            near = [names for names in theirs if names & (group - reading.unread)]
            case = _Case(
                ours=mine[group].words,
                csq=frozenset().union(*(theirs[names] for names in near)),
                together=near == [group],
                behind=bool(group & reading.unread),
                joined=len(near) == 1
                and near[0] == frozenset().union(*(one for one in groups if one & near[0])),
                side_by_side=beside
                or (
                    len(near) > 1 and any(_touch(one, other) for one, other in combinations(sorted(group), 2))
                ),
                unchanged=ribosome.read(gene, [by_name[name] for name in group]).protein == reference,
            )
            classes = _classes(case)
            for name in classes or ["not explained"]:
                self.classes[name] += 1
                text = f"{' '.join(sorted(group))}: {_words(case.ours)}; {_words(case.csq)}"
                if not classes:
                    self.unexplained.append(f"{haplotype} {text} {[sorted(names) for names in near]}")
            if case.together and not case.behind:
                changed = ribosome.read(gene, [by_name[name] for name in group]).protein
                if (fits := residues_fit(reference, residues[group], changed)) is not None:
                    self.fits[fits] += 1


@dataclass(frozen=True)
class _Case:
    """A compound: ``together`` if csq reads the same together, ``behind`` if some of it is never read."""

    ours: frozenset[str]
    csq: frozenset[str]
    together: bool
    behind: bool
    joined: bool
    side_by_side: bool
    unchanged: bool


def _words(words: frozenset[str]) -> str:
    return "&".join(sorted(words))


def _touch(one: str, other: str) -> bool:
    """True if the REFs of two variants, as they are written, overlap or adjoin."""
    (start, end), (other_start, other_end) = map(_written, (one, other))
    return start <= other_end and other_start <= end


def _written(name: str) -> tuple[int, int]:
    pos, ref, _ = re.split("[:>]", name)
    return int(pos), int(pos) + len(ref)


def _classes(case: _Case) -> list[str]:
    """Why the two say different things; empty where nothing explains it."""
    differ = case.ours ^ case.csq
    reasons = {
        "the same": case.together and not differ,
        "side by side": case.side_by_side,
        "the start codon": bool(START & (case.ours | case.csq)),
        "the message is the reference's": case.unchanged and "synonymous" in case.ours,
        "a residue that changes": not case.unchanged and "synonymous" in case.csq - case.ours,
        "neighbouring codons": not (case.together or case.behind) and case.joined,
    }
    if reason := next((name for name, holds in reasons.items() if holds), None):
        return [reason]
    if not case.together and not case.behind:
        return []
    shifted = "frameshift" in case.ours & case.csq
    words = {
        "feature_elongation, feature_truncation": LENGTH,
        "in frame, by VEP's words or csq's": IN_FRAME,
        "a stop in or behind a shifted frame" if shifted else "at the stop codon": STOP | {"frameshift"},
    }
    found = [] if case.together else ["what is never read"]
    found += [name for name, those in words.items() if differ & those]
    return [] if differ.difference(*words.values()) else found


def residues_fit(reference: str, said: str, changed: str) -> bool | None:
    """Whether csq's residues (``12CC>12LM``) make the changed protein, up to its stop; None without any."""
    match = _RESIDUES.fullmatch(said)
    if match is None or match[3] is None:
        return None
    at = int(match[1]) - 1
    made = reference[:at] + match[4] + reference[at + len(match[2]) :]
    if "*" in made:
        made = made[: made.index("*") + 1]
    return reference[at:].startswith(match[2]) and changed.startswith(made)
