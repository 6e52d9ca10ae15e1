"""The INFO field CSQ_HAPLOTYPE: an entry for each compound that a record has a part in, in the manner of CSQ.

Carriers stand in the entry itself, by name: the sample columns stay as they came, and genotypes alone do not
tell who carries just these variants of a codon and no third.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from gas_engine.allele import vep_alleles
from gas_engine.terms import SEVERITY
from gas_engine.vcf.csq import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gas_engine.haplotypes.groups import Told
    from gas_engine.vcf.header import Header

CSQ_HAPLOTYPE: Final = b"CSQ_HAPLOTYPE"

COLUMNS: Final = (
    "Allele",
    "Consequence",
    "IMPACT",
    "SYMBOL",
    "Gene",
    "Feature_type",
    "Feature",
    "BIOTYPE",
    "HGVSc",
    "HGVSp",
    "CDS_position",
    "Protein_position",
    "Amino_acids",
    "Codons",
    "STRAND",
    "Variants",
    "Haplotypes",
    "Carriers",
)
_ENTRY_BYTES: Final = 16 * 1024
_TIMES_THE_LINE: Final = 4
"""Entries of one transcript in one record take up to the one and the other times the record's own length."""
_ESCAPES: Final = str.maketrans({"&": "%26", ":": "%3A"})


def sample_names(column_line: bytes) -> list[str]:
    """Names of the samples, fit to stand among Carriers; bytes that are not UTF-8 come out as they came."""
    names = column_line.decode("utf-8", "surrogateescape").split("\t")[9:]
    return [escaped(name).translate(_ESCAPES) for name in names]


class _Entry(NamedTuple):
    rank: tuple[int, str]
    number: int
    tail: str


class Entries:
    """What is to be written into records that are held, and counts of it."""

    def __init__(self, header: Header) -> None:
        self._samples = sample_names(header.column_line)
        self._of: defaultdict[int, list[_Entry]] = defaultdict(list)
        self.compounds = 0
        self.records = 0
        self.left_out = 0
        self.most_severe: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._of)

    def __contains__(self, record: int) -> bool:
        return record in self._of

    def add(self, compounds: Iterable[Told]) -> None:
        """Take in what is told of one transcript, the compound that most haplotypes carry first."""
        used: Counter[int] = Counter()
        for told in sorted(compounds, key=lambda each: (-len(each.carriers), _names(each))):
            self.compounds += 1
            self.most_severe[told.consequence.terms[0]] += 1
            tail = _tail(told, self._samples)
            rank = (SEVERITY[told.consequence.terms[0]], told.consequence.transcript_id)
            for variant in told.variants:
                used[variant.record] += len(tail)
                if used[variant.record] > _ENTRY_BYTES + _TIMES_THE_LINE * variant.line_bytes:
                    self.left_out += 1
                else:
                    self._of[variant.record].append(_Entry(rank, variant.number, tail))

    def pop(self, record: int, ref: str, alts: str) -> bytes:
        """The INFO entry of a record, the most severe compound first."""
        self.records += 1
        alleles = vep_alleles(ref, alts.split(","))
        entries = sorted(self._of.pop(record), key=lambda each: each.rank)
        text = ",".join(f"{escaped(alleles[each.number - 1])}|{each.tail}" for each in entries)
        return CSQ_HAPLOTYPE + b"=" + text.encode("utf-8", "surrogateescape")


def _names(told: Told) -> str:
    return "&".join(variant.name for variant in told.variants)


def _tail(told: Told, samples: Sequence[str]) -> str:
    """All of an entry behind its allele, the same in all records of a compound."""
    each = told.consequence
    return "|".join(
        (
            "&".join(each.terms),
            each.impact,
            escaped(each.symbol),
            escaped(each.gene_id),
            each.feature_type,
            escaped(each.transcript_id),
            escaped(each.biotype),
            escaped(each.hgvs_c),
            escaped(each.hgvs_p),
            each.cds_position,
            each.protein_position,
            each.amino_acids,
            each.codons,
            each.strand,
            _names(told),
            str(len(told.carriers)),
            "&".join(f"{samples[sample]}:{copy + 1}" for sample, copy in told.carriers.tolist()),
        )
    )
