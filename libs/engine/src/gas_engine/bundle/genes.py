"""Gene models: transcripts with their exons and coding stretch, read from GFF3 or GTF.

Read are the dialects of Ensembl (``ID=transcript:ENST...``, ``biotype=``, ``version=``), GENCODE
(``transcript_type=``, ``gene_name=``) and NCBI RefSeq (``gene_biotype=``; a CDS may hang on its gene
directly, as on the mitochondrion; contigs by accession, which its ``region`` rows give a chromosome). GTF is
told by its attributes (``gene_id "..."``); its CDS lack the stop codon, which rows of their own give back.
Specifications: Sequence Ontology, "Generic Feature Format Version 3", v1.26; GTF 2.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

from gas_engine.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gas_engine.bundle.manifest import Contig

Segment = tuple[int, int]

_COLUMNS: Final = 9
_PHASES: Final = frozenset("012")
_PARTS: Final = frozenset({"exon", "CDS", "stop_codon"})
_SLIPPAGE: Final = "exception=ribosomal slippage"
_PRIMARY: Final = frozenset({"primary_transcript", "miRNA_primary_transcript", "pre_miRNA"})
_GTF_PAIR: Final = re.compile(r'\s*([^\s";]+)\s+(?:"([^"]*)"|([^\s";]+))\s*(?:;|$)')
_GTF_TRANSCRIPT: Final = re.compile(r'transcript_id "([^"]+)"')
_SUPPORT: Final = re.compile(r"[1-5]\b")
_APPRIS: Final = re.compile(r"appris_(principal|alternative)_([1-9])")
NMD: Final = "nonsense_mediated_decay"
# What GTF calls a transcript's columns, and under which name GFF3 has them.
_GTF_VERSIONS: Final = {"transcript_version": "version"}


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript on the genome. Positions are 0-based half-open; exons run in genomic order.

    ``cds`` runs from the first to the last coding base on the genome, introns included, stop codon included.
    ``cds_phase`` is GFF3's phase of the first coding stretch: bases to skip before the first whole codon.
    ``versioned_id`` and ``protein_id`` are what HGVS names refer to. ``canonical`` (``YES``), ``mane``
    (``MANE_Select``, ``MANE_Plus_Clinical``), ``tsl`` (``1`` to ``5``) and ``appris`` (``P1``, ``A2``) are
    as VEP writes them, and empty where the source does not say. ``mature`` are the stretches of a
    microRNA's transcript that become mature microRNAs.
    """

    transcript_id: str
    versioned_id: str
    gene_id: str
    symbol: str
    biotype: str
    contig: str
    strand: int
    exons: tuple[Segment, ...]
    cds: Segment | None = None
    cds_phase: int = 0
    protein_id: str = ""
    canonical: str = ""
    mane: str = ""
    tsl: str = ""
    appris: str = ""
    mature: tuple[Segment, ...] = ()

    @property
    def start(self) -> int:
        """First base."""
        return self.exons[0][0]

    @property
    def end(self) -> int:
        """One past the last base."""
        return self.exons[-1][1]

    @property
    def introns(self) -> tuple[Segment, ...]:
        """The gaps between exons, in genomic order."""
        return tuple((left[1], right[0]) for left, right in zip(self.exons, self.exons[1:], strict=False))


@dataclass(slots=True)
class _Row:
    kind: str
    contig: str
    strand: int
    place: Segment
    attributes: dict[str, str]
    parent: str
    exons: list[Segment] = field(default_factory=list)
    cds: list[tuple[int, int, int]] = field(default_factory=list)
    frames: list[tuple[int, int, int]] = field(default_factory=list)
    all_framed: bool = True
    slips: bool = False
    protein_id: str = ""
    mature: list[Segment] = field(default_factory=list)

    def first(self, *names: str) -> str:
        return next((self.attributes[name] for name in names if self.attributes.get(name)), "")


class _Part(NamedTuple):
    """An exon, CDS or stop codon, whose transcript may come later in the file."""

    line: int
    kind: str
    start: int
    end: int
    phase: int
    parents: str
    protein_id: str
    framed: bool  # a CDS that states its phase, and claims no exception to it
    slips: bool  # a CDS at whose edge the ribosome slips, so that it reads a base twice or leaves one out


def read_genes(lines: Iterable[str], contig_of: Callable[[str], Contig | None]) -> list[Transcript]:
    """Transcripts of a GFF3 or GTF text, in genomic order.

    Raises
    ------
    BundleError
        Naming the line, for rows that are neither, lie on no contig or past its end, or do not fit together.
    """
    reader = _Reader(contig_of)
    for number, text in enumerate(lines, 1):
        if text.startswith("##FASTA"):
            break
        line = text.rstrip("\r\n")
        if line and not line.startswith("#"):
            reader.read(number, line)
    return reader.transcripts()


class _Reader:
    """Rows as they come; parts wait for their transcripts."""

    def __init__(self, contig_of: Callable[[str], Contig | None]) -> None:
        self._contig_of = contig_of
        self._accessions: dict[str, Contig] = {}
        self._rows: dict[str, _Row] = {}
        self._parts: list[_Part] = []
        self._gtf: bool | None = None

    @property
    def _format(self) -> str:
        return "GTF" if self._gtf else "GFF3"

    def read(self, number: int, line: str) -> None:
        columns = line.split("\t")
        if len(columns) != _COLUMNS:
            raise BundleError(
                f"{self._format} line {number}: {len(columns)} columns where {_COLUMNS} belong."
            )
        seqid, _, kind, first, last, _, strand, phase, attributes = columns
        if self._gtf is None:
            self._gtf = bool(_GTF_PAIR.match(attributes)) and "=" not in attributes.partition(" ")[0]
        if kind == "region" and not self._gtf:
            self._note_accession(seqid, attributes)
        contig = self._contig_of(seqid) or self._accessions.get(seqid)
        if contig is None:
            raise BundleError(f"{self._format} line {number}: contig {seqid!r} is not in the FASTA.")
        if not (first.isdigit() and last.isdigit() and 1 <= int(first) <= int(last)):
            raise BundleError(
                f"{self._format} line {number}: {first}..{last} is not a stretch of 1-based positions."
            )
        if int(last) > contig.length:
            raise BundleError(
                f"{self._format} line {number}: the feature ends at {last}, past the end of {seqid} "
                f"({contig.length}). Features across the origin of a circular contig cannot be read: "
                "split or leave them out."
            )
        direction = -1 if strand == "-" else 1
        place = (int(first) - 1, int(last))
        if kind not in _PARTS:
            self._add_row(kind, contig.name, direction, place, attributes)
            return
        if self._gtf:
            match = _GTF_TRANSCRIPT.search(attributes)
            parents = match[1] if match else ""
            protein_id = _gtf_protein(attributes) if kind == "CDS" else ""
            if parents and parents not in self._rows:
                self._add_row("transcript", contig.name, direction, place, attributes)
        else:
            parents = _attribute(attributes, "Parent")
            names = ("protein_id", "Name", "ID") if kind == "CDS" else ()
            protein_id = next((found for name in names if (found := _attribute(attributes, name))), "")
        frame = int(phase) if phase in _PHASES else 0
        framed = kind == "CDS" and phase in _PHASES and "exception=" not in attributes
        slips = kind == "CDS" and _SLIPPAGE in attributes
        self._parts.append(_Part(number, kind, *place, frame, parents, protein_id, framed, slips))

    def _note_accession(self, seqid: str, attributes: str) -> None:
        """RefSeq names contigs by accession and says in a ``region`` row which chromosome that is."""
        chromosome = _attribute(attributes, "chromosome")
        if _attribute(attributes, "genome") == "mitochondrion":
            chromosome = "MT"
        contig = self._contig_of(chromosome) if chromosome else None
        if contig is not None and _attribute(attributes, "genome") in {"chromosome", "mitochondrion"}:
            self._accessions[seqid] = contig

    def _add_row(self, kind: str, contig: str, strand: int, place: Segment, text: str) -> None:
        if not self._gtf:
            pairs = (pair.partition("=") for pair in text.split(";") if pair.strip())
            attributes = {unquote(key.strip()): unquote(value.strip()) for key, _, value in pairs}
            if identifier := attributes.get("ID"):
                parent = attributes.get("Parent", "")
                self._rows[identifier] = _Row(kind, contig, strand, place, attributes, parent)
            return
        attributes = {}
        for key, quoted, bare in _GTF_PAIR.findall(text):
            name, value = _GTF_VERSIONS.get(key, key), quoted or bare
            if name == "tag" and name in attributes:
                attributes[name] += f",{value}"  # GTF says each in a pair of its own, GFF3 all in one
            attributes.setdefault(name, value)
        if kind == "gene":
            return  # every row of a transcript says all that is needed of its gene
        if identifier := attributes.get("transcript_id"):
            row = _Row(kind, contig, strand, place, attributes, attributes.get("gene_id", ""))
            self._rows.setdefault(identifier, row)

    def transcripts(self) -> list[Transcript]:
        for part in self._parts:
            for parent in part.parents.split(","):
                row = self._rows.get(parent)
                if row is None:
                    raise BundleError(
                        f"{self._format} line {part.line}: {part.kind} has Parent {parent!r}, "
                        "which no row has as its ID."
                    )
                if part.kind == "exon":
                    row.exons.append((part.start, part.end))
                else:
                    row.cds.append((part.start, part.end, part.phase))
                    row.protein_id = part.protein_id or row.protein_id
                if part.kind == "CDS":
                    row.frames.append((part.start, part.end, part.phase))
                    row.all_framed = row.all_framed and part.framed
                    row.slips = row.slips or part.slips
        self._parts = []
        self._place_mature()
        found = [_transcript(key, row, self._rows) for key, row in self._rows.items() if row.exons or row.cds]
        return sorted(found, key=lambda t: (t.contig, t.start, t.end, t.transcript_id))

    def _place_mature(self) -> None:
        """RefSeq's miRNA rows are parts of a primary transcript: they go into it, with their exons."""
        for row in self._rows.values():
            whole = self._rows.get(row.parent)
            if row.kind == "miRNA" and whole is not None and whole.kind in _PRIMARY:
                whole.mature.append(row.place)
                row.exons.clear()


def _exons(transcript_id: str, row: _Row) -> tuple[Segment, ...]:
    """Exons in genomic order, cut where the ribosome slips, so that the message is what it reads.

    It slips where two pieces of the coding sequence share bases of one exon, and where NCBI says so of pieces
    that leave some out.
    """
    for left, right in pairwise(sorted(row.exons)):
        if left[1] > right[0]:
            raise BundleError(
                f"The exons of transcript {transcript_id} overlap: {left[0] + 1}..{left[1]} and "
                f"{right[0] + 1}..{right[1]}. Mend it or leave it out."
            )
    exons = sorted(row.exons or {(start, end) for start, end, _ in row.cds})
    for (_, stop, _), (again, _, _) in pairwise(sorted(row.frames)):
        at = next((place for place, exon in enumerate(exons) if exon[0] < again and stop < exon[1]), None)
        if at is not None and (again < stop or row.slips):
            exons[at : at + 1] = [(exons[at][0], stop), (again, exons[at][1])]
    return tuple(exons)


def _check_phases(transcript_id: str, row: _Row) -> None:
    """Refuse a reading frame that is not what the coding pieces say; only the first phase is read.

    Left alone are transcripts some of whose pieces state no phase or claim an exception, as NCBI's do where
    the ribosome slips: their frame is read on from the first piece.
    """
    if not row.all_framed:
        return
    ordered = sorted(row.frames, reverse=row.strand < 0)
    for (start, end, phase), (first, last, stated) in pairwise(ordered):
        follows = (phase - (end - start)) % 3
        if stated != follows:
            raise BundleError(
                f"The CDS of transcript {transcript_id} contradicts itself: piece {first + 1}..{last} has "
                f"phase {stated}, and {follows} follows from the one before. Mend it or leave it out."
            )


def _attribute(text: str, name: str) -> str:
    """One attribute of a GFF3 row, without reading the others."""
    for pair in text.split(";"):
        key, _, value = pair.partition("=")
        if key.strip() == name:
            return unquote(value.strip())
    return ""


def _gtf_protein(text: str) -> str:
    pairs = {key: quoted or bare for key, quoted, bare in _GTF_PAIR.findall(text)}
    protein, version = pairs.get("protein_id", ""), pairs.get("protein_version", "")
    return f"{protein}.{version}" if protein and version else protein


def _transcript(key: str, row: _Row, rows: dict[str, _Row]) -> Transcript:
    gene = rows.get(row.parent, row)
    transcript_id = row.first("transcript_id") or key.removeprefix("transcript:")
    exons = _exons(transcript_id, row)
    version = row.first("version")
    biotype_names = ("biotype", "transcript_biotype", "transcript_type", "gene_biotype", "gene_type")
    cds: Segment | None = None
    phase = 0
    if row.cds:
        ordered = sorted(row.cds)
        cds = (ordered[0][0], ordered[-1][1])
        phase = (ordered[0] if row.strand > 0 else ordered[-1])[2]
        for base in (cds[0], cds[1] - 1):
            if not any(start <= base < end for start, end in exons):
                raise BundleError(f"The CDS of transcript {transcript_id} does not lie in its exons.")
        _check_phases(transcript_id, row)
    return Transcript(
        transcript_id=transcript_id,
        versioned_id=f"{transcript_id}.{version}" if version else transcript_id,
        gene_id=gene.first("gene_id") or (row.parent or key).removeprefix("gene:"),
        symbol=gene.first("gene_name", "Name", "gene"),
        biotype=row.first(*biotype_names) or gene.first(*biotype_names),
        contig=row.contig,
        strand=row.strand,
        exons=exons,
        cds=cds,
        cds_phase=phase,
        protein_id=row.protein_id.removeprefix("CDS:") or transcript_id,
        mature=tuple(sorted(row.mature)),
        **_marks(row),
    )


def _marks(row: _Row) -> dict[str, str]:
    """How the source rates a transcript, in VEP's words: Ensembl's and GENCODE's tags, or RefSeq's."""
    tags = {tag.strip().replace(" ", "_") for tag in row.first("tag").split(",")}
    support = _SUPPORT.match(row.first("transcript_support_level"))
    appris = _APPRIS.search(row.first("tag"))
    # MANE Select is one of RefSeq's Selects, and tagged as the former alone
    refseq = "MANE Select" in row.first("tag") or "RefSeq_Select" in tags
    return {
        "canonical": "YES" if refseq or "Ensembl_canonical" in tags else "",
        "mane": next((mane for mane in ("MANE_Select", "MANE_Plus_Clinical") if mane in tags), ""),
        "tsl": support[0] if support else "",
        "appris": f"{appris[1][0].upper()}{appris[2]}" if appris else "",
    }
