"""The kernel's columns as rows of the table: no Python object per row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gas_engine.kernel import layout
from gas_engine.kernel.words import CLASSES, REASONS, STATUSES
from gas_engine.outputs.table import REGION, SCHEMA, schema_of
from gas_engine.terms import IMPACT, TERMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gas_engine.bundle import Bundle
    from gas_engine.bundle.tables import TextColumn
    from gas_engine.kernel.layout import Columns, Longs

Array = Any
"""Of pyarrow or numpy; the former has no types."""
_TERM_NAMES: Final = [term.name for term in TERMS]
_OF_TEXT: Final = {
    "hgvs_g": layout.HGVS_G,
    "csq": layout.CSQ,
    "exon": layout.EXON_NUMBER,
    "intron": layout.INTRON_NUMBER,
    "hgvs_c": layout.HGVS_C,
    "hgvs_p": layout.HGVS_P,
    "cdna_position": layout.CDNA,
    "cds_position": layout.CDS,
    "protein_position": layout.PROTEIN,
    "amino_acids": layout.AMINO,
    "codons": layout.CODONS,
}
_IMPACTS: Final = sorted(set(IMPACT.values()))
_IMPACT_OF_TERM: Final = np.array([_IMPACTS.index(IMPACT[name]) for name in _TERM_NAMES])
_NO_TEXT: Final = pa.scalar(None, pa.string())
_OF_TRANSCRIPT: Final = {"transcript_id": 0, "gene_id": 2, "symbol": 3, "biotype": 4}  # in Tables.texts


class BatchMaker:
    """Make record batches for one bundle."""

    def __init__(self, bundle: Bundle) -> None:
        tables = bundle.tables
        self._words = {name: _arrow(tables.texts[number]) for name, number in _OF_TRANSCRIPT.items()}
        # One more, which -1 takes: "no transcript".
        self._strands = np.append(tables.model.transcripts["strand"], np.int8(0))
        self._contigs = [contig.name for contig in bundle.contigs]
        self._tracks = pa.array([track.name for track in bundle.tracks], pa.string())
        self._regions = _arrow(tables.region_names)
        self._schema = schema_of(bundle.fields, bundle.marks)
        self._sourced = self._schema.names[len(SCHEMA) :]

    def batch(
        self, columns: Columns, cursors: Longs, contig_names: Sequence[str], filters: Sequence[str]
    ) -> pa.RecordBatch:
        """Return the rows that a batch holds; names by their number in the file."""
        count = int(cursors[layout.ROWS])
        rows = columns.rows[:count]
        contigs = [*contig_names, *self._contigs]
        contig = np.where(rows["contig"] < 0, rows["contig_name"], rows["contig"] + len(contig_names))
        first_terms, outside = rows["first_term"], rows["first_term"] < 0
        transcripts, touches_none = rows["transcript"], rows["transcript"] < 0
        made: dict[str, Array] = {
            "record": pa.array(rows["record"]),
            "contig_name": _named(rows["contig_name"], contig_names),
            "contig": _named(contig, contigs),
            "pos": pa.array(rows["pos"]),
            "ids": _lists(rows["ids_end"], _text(columns, layout.ID_VALUES, int(cursors[layout.IDS_COUNT]))),
            "ref": _text(columns, layout.REF, count),
            "qual": pa.array(rows["qual"], mask=rows["has_qual"] == 0),
            "filter": _named(rows["filter"], filters),
            "allele": pa.array(rows["allele"]),
            "alt": _text(columns, layout.ALT, count, rows["allele"] > 0),
            "variant_class": _named(rows["variant_class"], CLASSES, rows["variant_class"] < 0),
            "allele_frequency": pa.array(rows["frequency"], mask=rows["has_frequency"] == 0),
            "status": _named(rows["status"], STATUSES),
            "skipped": _named(rows["skipped"], REASONS, rows["skipped"] <= 0),
            "known_ids": _lists(
                rows["known_end"], _text(columns, layout.KNOWN_VALUES, int(cursors[layout.KNOWN_COUNT]))
            ),
            "regions": self._region_lists(columns, rows, int(cursors[layout.REGION_COUNT])),
            "consequence": _named(first_terms, _TERM_NAMES, outside),
            "impact": _named(_IMPACT_OF_TERM[first_terms], _IMPACTS, outside),
            **self._of_transcripts(transcripts, touches_none),
            **{name: _text_or_null(columns, number, count) for name, number in _OF_TEXT.items()},
            "strand": pa.array(self._strands[transcripts], mask=touches_none),
            "distance": pa.array(rows["distance"], mask=rows["distance"] == 0),
        }
        made |= self._values(columns, count, int(cursors[layout.VALUE_COUNT]))
        return pa.RecordBatch.from_arrays([made[name] for name in self._schema.names], schema=self._schema)

    def _of_transcripts(self, transcripts: layout.Ints, nulls: Array) -> dict[str, Array]:
        """Columns of names; each is looked up once for each transcript of the batch."""
        met = pa.array(transcripts, mask=nulls).dictionary_encode()
        found = {}
        for name, words in self._words.items():
            own = words.take(met.dictionary)
            distinct = pc.if_else(pc.equal(own, ""), _NO_TEXT, own).dictionary_encode()
            found[name] = pa.DictionaryArray.from_arrays(
                distinct.indices.take(met.indices), distinct.dictionary
            )
        return found

    def _values(self, columns: Columns, rows: int, count: int) -> dict[str, Array]:
        """Columns of the fields of VCF sources."""
        items = columns.values[:count]
        values = _text(columns, layout.FIELD_VALUES, count)
        made = {}
        for number, name in enumerate(self._sourced):
            own = np.flatnonzero(items["field"] == number)
            places = np.full(rows, -1, np.int32)
            places[items["row"][own]] = own
            taken = values.take(pa.array(places, mask=places < 0))
            made[name] = taken.cast(self._schema.field(name).type)
        return made

    def _region_lists(self, columns: Columns, rows: layout.Rows, count: int) -> Array:
        regions = columns.regions[:count]
        children = [
            self._tracks.take(pa.array(np.ascontiguousarray(regions["track"]))),
            self._regions.take(pa.array(np.ascontiguousarray(regions["name"]))),
        ]
        return _lists(rows["regions_end"], pa.StructArray.from_arrays(children, fields=list(REGION)))


def _text(columns: Columns, number: int, count: int, present: Array = None) -> Array:
    """A text column, null where it is not ``present``; copied, as the batch's memory is used again."""
    offsets = columns.offsets[number, : count + 1]
    size = int(offsets[-1])
    data = columns.text[number, :size].tobytes()
    bits = None if present is None else pa.py_buffer(np.packbits(present, bitorder="little"))
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets.tobytes()), pa.py_buffer(data), bits)


def _text_or_null(columns: Columns, number: int, count: int) -> Array:
    offsets = columns.offsets[number, : count + 1]
    return _text(columns, number, count, offsets[1:] > offsets[:-1])


def _named(numbers: Array, words: Sequence[str], nulls: Array = None) -> Array:
    """Words by their numbers, as a dictionary of words without repetition.

    For one with repetitions Arrow writes a page that is too long, and ends in what was in memory before.
    """
    number_of = {word: number for number, word in enumerate(dict.fromkeys(words))}
    if len(number_of) < len(words):
        numbers = np.array([number_of[word] for word in words])[numbers]
    indices = pa.array(np.maximum(numbers, 0).astype(np.int32), mask=nulls)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(number_of), pa.string()))


def _lists(ends: Array, values: Array) -> Array:
    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def _arrow(column: TextColumn) -> Array:
    return pa.LargeStringArray.from_buffers(
        len(column), pa.py_buffer(column.offsets), pa.py_buffer(column.data)
    ).cast(pa.string())
