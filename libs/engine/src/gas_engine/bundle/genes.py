"""Gene models: transcripts with their exons and coding stretch, read from GFF3.

Read are the dialects of Ensembl (``ID=transcript:ENST...``, ``biotype=``, ``version=``), GENCODE
(``transcript_type=``, ``gene_name=``) and NCBI (``gene_biotype=``; a CDS may hang on its gene directly, as
on the mitochondrion). Specification: Sequence Ontology, "Generic Feature Format Version 3", v1.26.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from gas_engine.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gas_engine.bundle.manifest import Contig

Segment = tuple[int, int]

_COLUMNS: Final = 9


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript on the genome. Positions are 0-based half-open; exons run in genomic order.

    ``cds`` runs from the first to the last coding base on the genome, introns included, stop codon included.
    ``cds_phase`` is GFF3's phase of the first coding stretch: bases to skip before the first whole codon.
    ``versioned_id`` and ``protein_id`` are what HGVS names refer to.
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
    contig: str
    strand: int
    attributes: dict[str, str]
    parent: str
    exons: list[Segment] = field(default_factory=list)
    cds: list[tuple[int, int, int]] = field(default_factory=list)
    protein_id: str = ""

    def first(self, *names: str) -> str:
        return next((self.attributes[name] for name in names if self.attributes.get(name)), "")


def read_gff3(lines: Iterable[str], contig_of: Callable[[str], Contig | None]) -> list[Transcript]:
    """Transcripts of a GFF3 text, in genomic order.

    Raises
    ------
    BundleError
        Naming the line, for rows that are not GFF3, lie on no contig or past its end, or do not fit together.
    """
    rows: dict[str, _Row] = {}
    parts: list[tuple[int, str, _Row, int, int, int]] = []
    for number, kind, start, end, phase, row in _rows(lines, contig_of):
        if kind in {"exon", "CDS"}:
            parts.append((number, kind, row, start, end, phase))
        elif identifier := row.attributes.get("ID"):
            rows[identifier] = row
    for number, kind, part, start, end, phase in parts:
        for parent in part.parent.split(","):
            if parent not in rows:
                raise BundleError(
                    f"GFF3 line {number}: {kind} has Parent {parent!r}, which no row has as its ID."
                )
            if kind == "exon":
                rows[parent].exons.append((start, end))
            else:
                rows[parent].cds.append((start, end, phase))
                rows[parent].protein_id = part.first("protein_id", "Name", "ID")
    transcripts = [_transcript(key, row, rows) for key, row in rows.items() if row.exons or row.cds]
    return sorted(transcripts, key=lambda t: (t.contig, t.start, t.end, t.transcript_id))


def _rows(
    lines: Iterable[str], contig_of: Callable[[str], Contig | None]
) -> Iterator[tuple[int, str, int, int, int, _Row]]:
    for number, text in enumerate(lines, 1):
        line = text.rstrip("\r\n")
        if line.startswith("##FASTA"):
            return
        if not line or line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) != _COLUMNS:
            raise BundleError(f"GFF3 line {number}: {len(columns)} columns where {_COLUMNS} belong.")
        seqid, _, kind, first, last, _, strand, phase, text_attributes = columns
        contig = contig_of(seqid)
        if contig is None:
            raise BundleError(f"GFF3 line {number}: contig {seqid!r} is not in the FASTA.")
        if not (first.isdigit() and last.isdigit() and 1 <= int(first) <= int(last)):
            raise BundleError(f"GFF3 line {number}: {first}..{last} is not a stretch of 1-based positions.")
        if int(last) > contig.length:
            raise BundleError(
                f"GFF3 line {number}: the feature ends at {last}, past the end of {seqid} ({contig.length}). "
                "Features across the origin of a circular contig cannot be read: split or leave them out."
            )
        attributes = {
            unquote(key.strip()): unquote(value.strip())
            for key, _, value in (pair.partition("=") for pair in text_attributes.split(";") if pair.strip())
        }
        row = _Row(contig.name, -1 if strand == "-" else 1, attributes, attributes.get("Parent", ""))
        yield number, kind, int(first) - 1, int(last), int(phase) if phase in {"0", "1", "2"} else 0, row


def _transcript(key: str, row: _Row, rows: dict[str, _Row]) -> Transcript:
    gene = rows.get(row.parent, row)
    exons = tuple(sorted(row.exons or {(start, end) for start, end, _ in row.cds}))
    transcript_id = row.first("transcript_id") or key.removeprefix("transcript:")
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
                raise BundleError(f"GFF3: the CDS of transcript {transcript_id} does not lie in its exons.")
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
    )
