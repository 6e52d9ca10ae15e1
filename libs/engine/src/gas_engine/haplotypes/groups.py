"""The coding variants of each transcript, with who carries them, until the transcript is over.

Haplotypes of a transcript are told apart by the variants they carry; each is read once, however many samples
have it. A variant is `unsure` on a haplotype if its genotype is unphased or of another phase set, if it
overlaps another one of the haplotype, or if it reaches out of the coding part of an exon: it is not applied,
and what would be read across it is not told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from gas_engine.bundle.genes import NMD
from gas_engine.coding import MessageChange
from gas_engine.codon import reverse_complement
from gas_engine.consequence import Place, consequence_of
from gas_engine.haplotypes.compound import Compound, codons_of, compounds, lies_in, may_end
from gas_engine.haplotypes.genotypes import ALIKE, UNPHASED, Genotypes
from gas_engine.hgvs import Change, transcript_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from gas_engine.bundle import Bundle
    from gas_engine.bundle.genes import Transcript
    from gas_engine.model import TranscriptConsequence
    from gas_engine.spliced import Spliced

    Codes = npt.NDArray[np.uint8]
    Carriers = npt.NDArray[np.int32]
    Flags = npt.NDArray[np.bool_]
    Pattern = list[tuple[int, int]]
    """Of a haplotype: numbers of the members that it carries, each with `_SURE` or `_UNSURE`."""

_CODON: Final = 3
_TWO: Final = 2
_LONGEST_CODONS: Final = 2000
"""Letters of the Codons column beyond which it, the residues and the protein's name are left out."""
_ABSENT, _SURE, _UNSURE = 0, 1, 2
_MOST_PATTERNS: Final = 10_000
"""Haplotypes of one transcript that are read as a whole; with more of them it is given up."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One ALT of a record.

    ``record`` is the record's number in the output, from 0, and ``number`` the ALT's in it, from 1; ``name``
    is how it is written, as in ``11778:G>A``; ``line_bytes`` is the length of the record.
    """

    record: int
    number: int
    name: str
    change: Change
    line_bytes: int


class Member(NamedTuple):
    """A variant as it lies on the message of a transcript; ``whole`` if it can be applied there."""

    variant: Variant
    genotypes: Genotypes
    change: MessageChange
    whole: bool


@dataclass(frozen=True, slots=True)
class Told:
    """Variants that are read together, what they do on one transcript, and who carries just them.

    ``carriers`` (haplotypes, 2) holds the number of the sample in the file and of its haplotype, from 0.
    """

    variants: tuple[Variant, ...]
    consequence: TranscriptConsequence
    carriers: Carriers


class AllTold(NamedTuple):
    """What a transcript's haplotypes tell.

    ``undecided`` counts haplotypes with variants that overlap, and compounds that an unsure variant lies in.
    """

    compounds: list[Told]
    undecided: int


class Group:
    """The variants of one transcript so far. ``members`` is None once it was given up.

    ``size_bytes`` is the memory of its genotypes, kept by the caller, as groups share them.
    """

    def __init__(self, bundle: Bundle, transcript: Transcript) -> None:
        self._bundle = bundle
        self.transcript = transcript
        self.spliced: Spliced = bundle.spliced(transcript)
        self.members: list[Member] | None = []
        self.size_bytes = 0
        self._lost = 0

    @property
    def end(self) -> int:
        """One past the last coding base on the genome."""
        assert self.transcript.cds is not None  # noqa: S101 - only coding ones are asked for
        return self.transcript.cds[1]

    def place(self, change: Change) -> Place:
        """Where on the message a change lies."""
        return Place(self.spliced, change)

    def add(self, variant: Variant, place: Place, genotypes: Genotypes) -> None:
        """Take in a variant that touches the coding sequence, there."""
        if self.members is None:
            self._lost += 1
            return
        spliced = self.spliced
        alt = variant.change.alt if self.transcript.strand > 0 else reverse_complement(variant.change.alt)
        change = MessageChange(spliced, place.low, place.high, alt)
        whole = place.whole and spliced.cds_start <= place.low and place.high <= spliced.cds_end
        self.members.append(Member(variant, genotypes, change, whole=whole))

    def give_up(self) -> None:
        """Forget the variants: they are too many to hold."""
        self._lost += len(self.members or ())
        self.members = None
        self.size_bytes = 0

    def told(self) -> AllTold | None:
        """Read every haplotype that carries two variants or more; None if that was given up."""
        if self.members is None:
            return None if self._lost >= _TWO else AllTold([], 0)
        members = sorted(self.members, key=lambda each: (each.change.start, each.change.end))
        ending = [
            index for index, each in enumerate(members) if each.whole and may_end(self.spliced, each.change)
        ]
        crowds = list(self._crowds(members))
        if len(members) < _TWO or not (ending or crowds):
            return AllTold([], 0)
        codes, carriers = _codes(members)
        found = _Found()
        # Haplotypes with a variant behind which all may belong to a compound are read as a whole, others
        # only where variants crowd: of these there are few that differ, however many samples there are.
        entire = (codes[ending] == _SURE).any(axis=0)
        apart = []
        for crowd in crowds:
            for pattern, columns in _patterns(codes, crowd, ~entire):
                read, ends = self._read(members, pattern)
                if ends:
                    entire[columns] = True
                else:
                    apart.append((read, columns))
        for read, columns in apart:
            found.add(read, columns[~entire[columns]])
        patterns = _patterns(codes, range(len(members)), entire)
        if len(patterns) > _MOST_PATTERNS:
            return None
        for pattern, columns in patterns:
            found.add(self._read(members, pattern)[0], columns)
        return AllTold(
            [self._told(members, key, each, carriers) for key, each in found.of.items()], found.undecided
        )

    def _crowds(self, members: Sequence[Member]) -> Iterator[range]:
        """Two members or more, one after another, that share codons with the next."""
        first = end = 0
        last = -1
        for index, member in enumerate(members):
            begin, behind = codons_of(self.spliced, member.change)
            near = begin < last or (index and member.change.start == members[index - 1].change.start)
            if not near:
                if index - first >= _TWO:
                    yield range(first, index)
                first, last = index, behind
            last = max(last, behind)
            end = index + 1
        if end - first >= _TWO:
            yield range(first, end)

    def _read(self, members: Sequence[Member], pattern: Pattern) -> tuple[_Read, bool]:
        """Read one haplotype; the second is True if what follows its last variant is not translated."""
        sure, unsure, overlap = _told_apart(members, pattern)
        told, ends = compounds(self.spliced, [members[index].change for index in sure])
        kept = {
            tuple(sure[index] for index in compound.members): compound
            for compound in told
            if not any(lies_in(*self._coding(members[index]), compound.covered) for index in unsure)
        }
        return _Read(kept, len(told) - len(kept) + overlap), ends

    def _told(
        self, members: Sequence[Member], key: tuple[int, ...], each: _Carried, carriers: Carriers
    ) -> Told:
        variants = sorted((members[index].variant for index in key), key=_by_place)
        who = np.unique(carriers[np.concatenate(each.columns)], axis=0)
        return Told(tuple(variants), self._consequence(each.compound, variants), who)

    def _coding(self, member: Member) -> tuple[int, int]:
        """Where a variant lies on the coding sequence in frame."""
        offset = self.spliced.lead - self.spliced.cds_start
        return member.change.start + offset, member.change.end + offset

    def _consequence(self, compound: Compound, variants: Sequence[Variant]) -> TranscriptConsequence:
        transcript, effect = self.transcript, compound.effect
        terms = effect.terms | ({"NMD_transcript_variant"} if transcript.biotype == NMD else set())
        first, last = compound.start, compound.stop - 1
        if last < first:
            first, last = last, first  # bases added: the two that they come between
        short = len(effect.codons) <= _LONGEST_CODONS
        return consequence_of(
            transcript,
            terms,
            hgvs_c=self._hgvs_c(variants),
            hgvs_p=f"{transcript.protein_id}:{effect.protein}" if effect.protein and short else "",
            cds_position=_span(first + 1, last + 1),
            protein_position=_span(first // _CODON + 1, last // _CODON + 1),
            amino_acids=effect.amino_acids if short else "",
            codons=effect.codons if short else "",
        )

    def _hgvs_c(self, variants: Sequence[Variant]) -> str:
        """As in ``ENST00000361381.2:c.[76A>C;83G>C]``, in the order of the transcript."""
        transcript = self.transcript

        def base(index: int) -> str:
            return self._bundle.sequence(transcript.contig, index, index + 1)

        names = [transcript_name(self.spliced, variant.change, base) for variant in variants]
        prefix = f"{transcript.versioned_id}:c."
        parts = [name.removeprefix(prefix) for name in names[:: transcript.strand]]
        return f"{prefix}[{';'.join(parts)}]"


def _by_place(variant: Variant) -> tuple[int, int, int]:
    return variant.change.start, variant.record, variant.number


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


class _Read(NamedTuple):
    """The compounds of a haplotype, by the numbers of their members; and how many are not told."""

    compounds: dict[tuple[int, ...], Compound]
    undecided: int


@dataclass(slots=True)
class _Carried:
    compound: Compound
    columns: list[npt.NDArray[np.int64]]


class _Found:
    """Compounds with the columns of the haplotypes that carry them."""

    def __init__(self) -> None:
        self.of: dict[tuple[int, ...], _Carried] = {}
        self.undecided = 0

    def add(self, read: _Read, columns: npt.NDArray[np.int64]) -> None:
        if len(columns):
            self.undecided += read.undecided
            for key, compound in read.compounds.items():
                self.of.setdefault(key, _Carried(compound, [])).columns.append(columns)


def _told_apart(members: Sequence[Member], pattern: Pattern) -> tuple[list[int], set[int], bool]:
    """Numbers of the members of a haplotype that can be applied, of the others, and whether any overlap."""
    carried = [index for index, code in pattern if code == _SURE]
    unsure = {index for index, code in pattern if code == _UNSURE}
    overlapping: set[int] = set()
    furthest = carried[0]
    for index in carried[1:]:
        one, other = members[furthest].change, members[index].change
        if other.start < one.end or (other.start, other.end) == (one.start, one.end):
            overlapping |= {furthest, index}
        if other.end >= one.end:
            furthest = index
    unsure |= overlapping
    unsure.update(index for index in carried if not members[index].whole)
    return [index for index in carried if index not in unsure], unsure, bool(overlapping)


def _codes(members: Sequence[Member]) -> tuple[Codes, Carriers]:
    """Whether a haplotype carries a variant, and surely: (members, haplotypes); and whose they are.

    A sample of several phase sets has its haplotypes once for each: what is alike on all its haplotypes is in
    every set, and what is of another set is unsure.
    """
    samples = len(members[0].genotypes.alleles)
    copies = max(member.genotypes.alleles.shape[1] for member in members)
    codes = np.zeros((len(members), samples, copies), np.uint8)
    sets = np.zeros((len(members), samples), np.int64)
    for row, member in enumerate(members):
        alleles, phase = member.genotypes.alleles, member.genotypes.phase
        carried = alleles == member.variant.number
        anywhere = carried.any(axis=1)
        codes[row, :, : alleles.shape[1]] = np.where(carried, _SURE, _ABSENT)
        if phase is None:
            phase = np.where((alleles == alleles[:, :1]).all(axis=1), ALIKE, 1)
        codes[row, anywhere & (phase == UNPHASED)] = _UNSURE
        sets[row] = np.where(anywhere, phase, ALIKE)
    least = np.where(sets > ALIKE, sets, np.iinfo(np.int64).max).min(axis=0)
    mixed = np.flatnonzero(sets.max(axis=0) > least).tolist()
    carriers = [np.indices((samples, copies), np.int32).reshape(2, -1).T]
    columns = [codes.reshape(len(members), -1)]
    for sample in mixed:
        own, of = codes[:, sample], sets[:, sample]
        for number in np.unique(of[of > ALIKE]).tolist():
            others = (of > ALIKE) & (of != number)
            columns.append(np.where(others[:, None], _UNSURE, own).astype(np.uint8))
            carriers.append(carriers[0][sample * copies : (sample + 1) * copies])
    codes[:, mixed] = _ABSENT
    return np.concatenate(columns, axis=1), np.concatenate(carriers)


def _patterns(codes: Codes, rows: range, among: Flags) -> list[tuple[Pattern, npt.NDArray[np.int64]]]:
    """The distinct haplotypes that carry two variants or more of these rows, each with its columns."""
    part = codes[rows.start : rows.stop]
    kept = np.flatnonzero(among & ((part == _SURE).sum(axis=0) >= _TWO))
    if not len(kept):
        return []
    distinct, numbers = np.unique(part[:, kept].T, axis=0, return_inverse=True)
    order = np.argsort(numbers.reshape(-1), kind="stable")
    ends = np.cumsum(np.bincount(numbers.reshape(-1)))
    found = []
    for row, columns in zip(distinct, np.split(kept[order], ends[:-1]), strict=True):
        carried = np.flatnonzero(row)
        found.append(
            (list(zip((carried + rows.start).tolist(), row[carried].tolist(), strict=True)), columns)
        )
    return found
