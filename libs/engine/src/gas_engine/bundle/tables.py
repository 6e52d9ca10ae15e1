"""A reference as arrays: what the compiled core reads, and what the plain one is answered from.

The arrays are made once, from whatever the parts were read from, and are then kept in memory (a small
reference) or in a file that is mapped (a genome); see ``bundle.packed``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from gas_engine.bundle.genes import NMD, Segment, Transcript
from gas_engine.codon import GENETIC_CODES, STOP, genetic_code, reverse_complement
from gas_engine.kernel import layout
from gas_engine.kernel.layout import BIN_BITS, Bytes, Ints, Longs, Model, Rows
from gas_engine.vcf.csq import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gas_engine.bundle.known import KnownRows
    from gas_engine.bundle.manifest import Contig
    from gas_engine.bundle.regions import Region

MARKS: Final = ("canonical", "mane", "tsl", "appris")
"""How a source rates a transcript; a column of CSQ each, where it rates any."""
TRANSCRIPT_TEXTS: Final = (
    "transcript_id",
    "versioned_id",
    "gene_id",
    "symbol",
    "biotype",
    "protein_id",
    *MARKS,
)
_CODE_NUMBERS: Final = tuple(GENETIC_CODES)
_LONGEST_LABEL: Final = 1000


class TextColumn:
    """Words one after another, as Arrow keeps them: word i is ``data[offsets[i]:offsets[i + 1]]``."""

    def __init__(self, data: Bytes, offsets: Longs) -> None:
        self.data = data
        self.offsets = offsets

    @classmethod
    def of(cls, words: Iterable[str]) -> TextColumn:
        """Pack words."""
        encoded = [word.encode() for word in words]
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(word) for word in encoded], out=offsets[1:])
        return cls(_bytes(b"".join(encoded)), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.data[self.offsets[index] : self.offsets[index + 1]].tobytes().decode()


class Tables(NamedTuple):
    """All arrays of a reference.

    ``texts`` are the columns `TRANSCRIPT_TEXTS` of the transcripts; ``genes`` the names that alleles are
    counted by; ``region_names`` what ``Model.regions["name"]`` numbers; ``track_starts`` the first region of
    each track, and their total; ``track_keys`` (start, size) of each track's INFO key in the pool.
    """

    model: Model
    texts: tuple[TextColumn, ...]
    genes: TextColumn
    region_names: TextColumn
    track_starts: Longs
    track_keys: Longs

    @property
    def marks(self) -> tuple[str, ...]:
        """Those of `MARKS` that any transcript has."""
        columns = dict(zip(TRANSCRIPT_TEXTS, self.texts, strict=True))
        return tuple(name for name in MARKS if len(columns[name].data))


def _bytes(data: bytes) -> Bytes:
    return np.frombuffer(bytearray(data), np.uint8)


class Pool:
    """Text that rows point into."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._met: dict[bytes, int] = {}

    def add(self, text: str | bytes) -> tuple[int, int]:
        """Return (start, size) of a text, which is kept once."""
        encoded = text.encode() if isinstance(text, str) else text
        at = self._met.get(encoded)
        if at is None:
            at = self._met[encoded] = len(self._data)
            self._data += encoded
        return at, len(encoded)

    def add_block(self, block: bytes | bytearray) -> int:
        """Append a block of texts that are pointed into; return where it starts."""
        at = len(self._data)
        self._data += block
        return at

    def array(self) -> Bytes:
        """All of it."""
        return np.frombuffer(self._data or bytearray(1), np.uint8)


def bins_of(contigs: Rows, contig: Ints, start: Longs, end: Longs) -> tuple[Longs, Ints]:
    """Members of every 16 kb bin, ascending, as (first place of each bin, members)."""
    total = int(contigs["bin_at"][-1] + (contigs["length"][-1] >> BIN_BITS) + 1) if len(contigs) else 0
    first = contigs["bin_at"][contig] + (start >> BIN_BITS)
    spans = (end >> BIN_BITS) - (start >> BIN_BITS) + 1
    items = np.repeat(np.arange(len(contig), dtype=np.int32), spans)
    bins = np.repeat(first - np.cumsum(spans) + spans, spans) + np.arange(int(spans.sum()))
    order = np.argsort(bins, kind="stable")
    places = np.zeros(total + 1, np.int64)
    np.cumsum(np.bincount(bins, minlength=total), out=places[1:])
    return places, np.ascontiguousarray(items[order])


def contig_rows(contigs: Sequence[Contig], pool: Pool) -> Rows:
    """One row a contig; sequences and bins run on from contig to contig."""
    rows = np.zeros(len(contigs), layout.CONTIG)
    seq_at = bin_at = 0
    for row, contig in zip(rows, contigs, strict=True):
        row["seq_at"], row["length"], row["bin_at"] = seq_at, contig.length, bin_at
        row["name_at"], row["name_size"] = pool.add(contig.name)
        row["code"] = _CODE_NUMBERS.index(genetic_code(contig.genetic_code).number)
        row["circular"] = contig.circular
        row["mitochondrial"] = genetic_code(contig.genetic_code).mitochondrial
        row["odd"] = escaped(contig.name) != contig.name or len(contig.name) > _LONGEST_LABEL
        seq_at += contig.length
        bin_at += (contig.length >> BIN_BITS) + 1
    return rows


def build_tables(
    contigs: Sequence[Contig],
    sequence: Bytes,
    transcripts: Sequence[Transcript],
    known: KnownRows,
    tracks: Sequence[tuple[str, Sequence[Region]]],
) -> Tables:
    """Put the parts of a reference into arrays; transcripts in genomic order."""
    pool = Pool()
    places = contig_rows(contigs, pool)
    numbers = {contig.name: number for number, contig in enumerate(contigs)}
    rows, exons, mature, genes = _transcript_rows(transcripts, places, numbers, pool, sequence)
    transcript_bins, transcript_items = bins_of(places, rows["contig"], rows["start"], rows["end"])
    known_rows, known_bins, values = known.rows(places, pool)
    regions, region_bins, region_items, names, track_starts = _region_rows(tracks, places, numbers, pool)
    track_keys = np.array([pool.add(name) for name, _ in tracks], np.int64).reshape(-1, 2)
    amino_acids = np.array(
        [list("".join(GENETIC_CODES[n].amino_acids.values()).encode()) for n in _CODE_NUMBERS], np.uint8
    )
    starts = np.array(
        [[codon in GENETIC_CODES[n].starts for codon in GENETIC_CODES[n].amino_acids] for n in _CODE_NUMBERS],
        np.uint8,
    )
    model = Model(
        seq=sequence,
        contigs=places,
        transcripts=rows,
        exons=exons,
        mature=mature,
        no_marks=_bytes(b"|" * len(_marks_of(transcripts))),
        transcript_bins=transcript_bins,
        transcript_bin_items=transcript_items,
        known=known_rows,
        known_bins=known_bins,
        values=values,
        fields=known.field_rows(pool),
        regions=regions,
        region_bins=region_bins,
        region_bin_items=region_items,
        pool=pool.array(),
        amino_acids=amino_acids,
        starts=starts,
    )
    texts = tuple(TextColumn.of(getattr(each, name) for each in transcripts) for name in TRANSCRIPT_TEXTS)
    return Tables(model, texts, genes, names, track_starts, track_keys)


def _transcript_rows(
    transcripts: Sequence[Transcript],
    contigs: Rows,
    numbers: dict[str, int],
    pool: Pool,
    sequence: Bytes,
) -> tuple[Rows, Rows, Rows, TextColumn]:
    rows = np.zeros(len(transcripts), layout.TRANSCRIPT)
    exons: list[tuple[int, int, int]] = []
    mature: list[Segment] = []
    marks = _marks_of(transcripts)
    ranks = {name: rank for rank, name in enumerate(sorted({each.transcript_id for each in transcripts}))}
    genes: dict[str, int] = {}
    met: set[tuple[str, str]] = set()
    for row, each in zip(rows, transcripts, strict=True):
        contig = numbers[each.contig]
        row["contig"], row["code"] = contig, contigs["code"][contig]
        row["mitochondrial"] = contigs["mitochondrial"][contig]
        row["start"], row["end"], row["strand"], row["phase"] = (
            each.start,
            each.end,
            each.strand,
            each.cds_phase,
        )
        row["exon_at"], row["exons"] = len(exons), len(each.exons)
        place = 0
        for start, end in each.exons:
            exons.append((start, end, place))
            place += end - start
        row["length"] = place
        row["label_at"], row["label_size"] = pool.add(_label(each))
        row["hgvs_at"], row["hgvs_size"] = pool.add(
            f"{each.versioned_id}:{'n' if each.cds is None else 'c'}."
        )
        row["protein_at"], row["protein_size"] = pool.add(f"{each.protein_id}:")
        row["marks_at"], row["marks_size"] = pool.add(
            "".join(f"|{escaped(getattr(each, name))}" for name in marks)
        )
        row["mature_at"], row["matures"] = len(mature), len(each.mature)
        mature += each.mature
        row["rank"] = ranks[each.transcript_id]
        name = each.symbol or each.gene_id
        row["gene"] = genes.setdefault(name, len(genes)) if name else -1
        row["protein_coding"] = each.biotype == "protein_coding"
        row["decays"] = each.biotype == NMD
        row["cds_first"], row["cds_last"] = each.cds or (-1, -1)
        overlapping = any(left[1] > right[0] for left, right in zip(each.exons, each.exons[1:], strict=False))
        names = (each.versioned_id, each.protein_id)
        row["odd"] = (
            overlapping
            # beside a single base of a circular contig a distance is 0, which the core takes for none
            or each.end - each.start == 1
            or (each.contig, each.transcript_id) in met
            or any(escaped(name) != name or len(name) > _LONGEST_LABEL for name in names)
        )
        met.add((each.contig, each.transcript_id))
        if each.cds is not None:
            _set_coding(row, each, int(contigs["code"][contig]), int(contigs["seq_at"][contig]), sequence)
    return rows, np.array(exons, layout.EXON), np.array(mature, layout.SEGMENT), TextColumn.of(genes)


def _marks_of(transcripts: Sequence[Transcript]) -> list[str]:
    return [name for name in MARKS if any(getattr(each, name) for each in transcripts)]


def _label(each: Transcript) -> str:
    words = (each.symbol, each.gene_id, "Transcript", each.transcript_id, each.biotype)
    return "|".join(map(escaped, words))


def _set_coding(row: np.void, each: Transcript, code: int, seq_at: int, sequence: Bytes) -> None:
    """Where the coding sequence lies on the message, and what poly(A) adds; as in ``spliced``."""
    assert each.cds is not None  # noqa: S101 - the caller asked
    ends = sorted(_on_message(each, int(row["length"]), base) for base in (each.cds[0], each.cds[1] - 1))
    row["cds_start"], row["cds_end"] = ends[0], ends[1] + 1
    row["lead"] = (3 - each.cds_phase) % 3
    left_over = int(row["lead"] + row["cds_end"] - row["cds_start"]) % 3
    if not (row["mitochondrial"] and left_over):
        return
    message = "".join(sequence[seq_at + start : seq_at + end].tobytes().decode() for start, end in each.exons)
    if each.strand < 0:
        message = reverse_complement(message)
    last = message[row["cds_end"] - left_over : row["cds_end"]] + "A" * (3 - left_over)
    if GENETIC_CODES[_CODE_NUMBERS[code]].amino_acid(last) == STOP:
        row["tail"] = 3 - left_over


def _on_message(each: Transcript, length: int, base: int) -> int:
    place = 0
    for start, end in each.exons:
        if start <= base < end:
            place += base - start
            break
        place += end - start
    return place if each.strand > 0 else length - 1 - place


def _region_rows(
    tracks: Sequence[tuple[str, Sequence[Region]]], contigs: Rows, numbers: dict[str, int], pool: Pool
) -> tuple[Rows, Longs, Ints, TextColumn, Longs]:
    names: dict[str, int] = {}
    found: list[tuple[int, int, int, int, int]] = []
    all_bins = [np.zeros(0, np.int64)]
    all_items = [np.zeros(0, np.int32)]
    starts = [0]
    placed = 0
    for _, regions in tracks:
        begin = len(found)
        where = []
        for contig, start, end, name in regions:
            number = names.setdefault(name, len(names))
            found.append((start, end, *pool.add(escaped(name)), number))
            where.append((numbers[contig], start, end))
        columns = np.array(where, np.int64).reshape(-1, 3)
        bins, items = bins_of(contigs, columns[:, 0].astype(np.int32), columns[:, 1], columns[:, 2])
        all_bins.append(bins + placed)
        all_items.append(items + np.int32(begin))
        placed += len(items)
        starts.append(len(found))
    rows = np.array(found, layout.REGION) if found else np.zeros(0, layout.REGION)
    return (
        rows,
        np.concatenate(all_bins),
        np.concatenate(all_items),
        TextColumn.of(names),
        np.array(starts, np.int64),
    )
