"""The table of a run, for the results page: a Parquet row per ALT allele, in the order of the output VCF.

Shape, and why: the page lists variants by their most severe consequence, filters on it, opens one into its
transcripts and shows genotypes on demand. So the most severe consequence stands in flat columns, which a
column store filters without reading the rest. All consequences, it first, are one column of text, entries
joined as in CSQ, that costs nothing until a row is opened: eighteen nested columns, as version 1 had them,
took as long to write as all the others, for their repetition levels. Genotypes stay in the VCF, found by its
index at ``contig_name:pos``. Every record has a row: one without ALT has ``allele`` 0.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from gas_engine.vcf.csq import table_entries, table_fields
from gas_engine.vcf.record import MISSING
from gas_engine.vcf.text import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from types import TracebackType

    from gas_engine.bundle import Field
    from gas_engine.records import Allele, AnnotatedRecord

TABLE_VERSION: Final = "2"
"""In the file's metadata, as ``gas_table_version``. Tables of earlier versions stay with users for years."""
_ROW_GROUP_ROWS = 32_768
_ROW_GROUP_BYTES = 48 * 1024 * 1024
# Rows are Python objects until packed: some 20 consequences a mitochondrial row.
_BATCH_ROWS = 2048
_BATCH_TEXT_BYTES = 8 * 1024 * 1024
_NAMES = pa.dictionary(pa.int32(), pa.string())

REGION: Final = pa.struct([pa.field("track", pa.string()), pa.field("name", pa.string())])

CSQ_FIELDS: Final = "gas_csq_fields"
"""Of the file's metadata: the names of what stands between the bars of ``csq``."""
SCHEMA: Final = pa.schema(
    [
        # Which record: 1-based number of the record in the output VCF, its contig there and in the bundle.
        pa.field("record", pa.int64(), nullable=False),
        pa.field("contig_name", _NAMES, nullable=False),
        pa.field("contig", _NAMES, nullable=False),
        pa.field("pos", pa.int64(), nullable=False),
        pa.field("ids", pa.list_(pa.string()), nullable=False),
        pa.field("ref", pa.string(), nullable=False),
        pa.field("qual", pa.float64()),
        pa.field("filter", _NAMES, nullable=False),
        # Which allele: 1-based number among the record's ALTs, 0 where there is none.
        pa.field("allele", pa.int32(), nullable=False),
        pa.field("alt", pa.string()),
        pa.field("variant_class", _NAMES),
        pa.field("allele_frequency", pa.float64()),
        pa.field("status", _NAMES, nullable=False),
        pa.field("skipped", _NAMES),
        pa.field("known_ids", pa.list_(pa.string()), nullable=False),
        pa.field("regions", pa.list_(REGION), nullable=False),
        pa.field("hgvs_g", pa.string()),
        # The most severe consequence; null where the allele was not annotated.
        pa.field("consequence", _NAMES),
        pa.field("impact", _NAMES),
        pa.field("symbol", _NAMES),
        pa.field("gene_id", _NAMES),
        pa.field("transcript_id", _NAMES),
        pa.field("biotype", _NAMES),
        pa.field("hgvs_c", pa.string()),
        pa.field("hgvs_p", pa.string()),
        pa.field("protein_position", pa.string()),
        pa.field("amino_acids", pa.string()),
        pa.field("codons", pa.string()),
        pa.field("exon", pa.string()),
        pa.field("intron", pa.string()),
        pa.field("cdna_position", pa.string()),
        pa.field("cds_position", pa.string()),
        pa.field("strand", pa.int8()),
        pa.field("distance", pa.int64()),
        # All of them, the most severe first: CSQ's entries without what the row says of the allele.
        pa.field("csq", pa.string()),
    ],
    metadata={"gas_table_version": TABLE_VERSION, CSQ_FIELDS: table_fields(())},
)
SOURCED: Final = "gas_sourced"
"""Of the file's metadata: names of the columns with values of VCF sources, joined by commas."""
_FIELD_TYPES: Final = {"Integer": pa.int64(), "Float": pa.float64(), "String": pa.string()}
# Values that hardly come twice are kept as they are: a dictionary of them is work, and a quarter more bytes.
_UNIQUE: Final = frozenset(
    {
        "record",
        "pos",
        "qual",
        "allele_frequency",
        "hgvs_g",
        "hgvs_c",
        "ids.list.element",
        "known_ids.list.element",
        "csq",
    }
)
# Where a reader can leave row groups out by their smallest and largest value: what is filtered on, not text.
_STATISTICS: Final = [
    name
    for name in SCHEMA.names
    if pa.types.is_dictionary(SCHEMA.field(name).type) or pa.types.is_primitive(SCHEMA.field(name).type)
]
FROM_FIRST: Final = (
    "impact",
    "symbol",
    "gene_id",
    "transcript_id",
    "biotype",
    "hgvs_c",
    "hgvs_p",
    "protein_position",
    "amino_acids",
    "codons",
    "exon",
    "intron",
    "cdna_position",
    "cds_position",
    "hgvs_g",
)
"""Columns of text that say what the most severe consequence says."""


def schema_of(fields: Iterable[Field], marks: Iterable[str]) -> pa.Schema:
    """The schema of a table that has values of VCF sources: a column a field, by its INFO key, comes last.

    ``marks`` are those that the bundle has of transcripts; ``csq`` has them too.
    """
    sourced = [pa.field(field.key, _FIELD_TYPES[field.type]) for field in fields]
    own = {CSQ_FIELDS: table_fields(marks)}
    if sourced:
        own[SOURCED] = ",".join(field.name for field in sourced)
    return pa.schema(
        [*SCHEMA, *sourced], SCHEMA.metadata | {name.encode(): own[name].encode() for name in own}
    )


def _dictionaries(fields: Iterable[pa.Field], above: str = "") -> list[str]:
    """Paths of the columns, as Parquet names them, that are written with a dictionary of their values."""
    found = []
    for field in fields:
        path, kind = above + field.name, field.type
        if pa.types.is_list(kind):
            path, kind = f"{path}.list.element", kind.value_type
        if pa.types.is_struct(kind):
            found += _dictionaries(kind, path + ".")
        elif path not in _UNIQUE:
            found.append(path)
    return found


class TableWriter:
    """Write rows as they come. Arrow packs them a batch at a time; some batches make a row group."""

    def __init__(self, path: Path, fields: Sequence[Field], marks: Sequence[str]) -> None:
        self._fields = fields
        self._marks = marks
        self._schema = schema_of(fields, marks)
        self._writer = pq.ParquetWriter(
            path,
            self._schema,
            compression="zstd",
            use_dictionary=_dictionaries(self._schema),
            column_encoding=dict.fromkeys(("record", "pos"), "DELTA_BINARY_PACKED"),  # they rise
            write_statistics=_STATISTICS,
        )
        # Packing a row group takes as long as annotating one: it goes on beside.
        self._packer = ThreadPoolExecutor(1, "table")
        self._packing: Future[None] | None = None
        self._rows = _Rows(self._schema)
        self._batches: list[pa.RecordBatch] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._pack()
                self._write_row_group()
                if self._packing is not None:
                    self._packing.result()
        finally:
            self._packer.shutdown()
            self._writer.close()

    @property
    def between_row_groups(self) -> bool:
        """True if every row is in a row group that is written or being written."""
        return not self._batches and not self._rows.count

    def add(self, number: int, annotated: AnnotatedRecord) -> None:
        """Add the rows of record ``number`` of the output, whose ID already holds the known ones."""
        shared = _record_columns(number, annotated)
        frequencies = allele_frequencies(annotated.record.info)
        for allele in annotated.alleles or (None,):
            frequency = (
                frequencies[allele.number - 1] if allele and allele.number <= len(frequencies) else None
            )
            said = _allele_columns(allele, self._marks) | _values(allele, self._fields)
            self._rows.add(shared | said | {"allele_frequency": frequency})
        if self._rows.full:
            self._pack()

    def add_batch(self, batch: pa.RecordBatch) -> None:
        """Add rows that are packed already."""
        self._pack()
        self._keep(batch)

    def _pack(self) -> None:
        if self._rows.count:
            rows, self._rows = self._rows, _Rows(self._schema)
            self._keep(rows.batch())

    def _keep(self, batch: pa.RecordBatch) -> None:
        self._batches.append(batch)
        rows = sum(batch.num_rows for batch in self._batches)
        if rows >= _ROW_GROUP_ROWS or sum(batch.nbytes for batch in self._batches) >= _ROW_GROUP_BYTES:
            self._write_row_group()

    def _write_row_group(self) -> None:
        # Words numbered alike in all batches are written by their numbers, else as text.
        group = pa.Table.from_batches(self._batches, self._schema).unify_dictionaries()
        self._batches = []
        if self._packing is not None:
            self._packing.result()
        self._packing = self._packer.submit(self._writer.write_table, group) if group.num_rows else None


class _Rows:
    """Rows not packed yet."""

    def __init__(self, schema: pa.Schema) -> None:
        self.count = 0
        self._schema = schema
        self._text_bytes = 0
        self._columns: dict[str, list[Any]] = {name: [] for name in schema.names}

    @property
    def full(self) -> bool:
        return self.count >= _BATCH_ROWS or self._text_bytes >= _BATCH_TEXT_BYTES

    def add(self, row: dict[str, Any]) -> None:
        for name, column in self._columns.items():
            column.append(row[name])
        self.count += 1
        self._text_bytes += sum(len(row[name] or "") for name in ("ref", "alt", "csq"))

    def batch(self) -> pa.RecordBatch:
        arrays = [pa.array(self._columns[field.name], field.type) for field in self._schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)


def _record_columns(number: int, annotated: AnnotatedRecord) -> dict[str, Any]:
    record = annotated.record
    return {
        "record": number,
        "contig_name": record.chrom.decode(),
        "contig": annotated.contig,
        "pos": record.pos,
        "ids": [] if record.id == MISSING else readable(record.id).split(";"),
        "ref": record.ref.decode(),
        "qual": None if record.qual == MISSING else float(record.qual),
        "filter": readable(record.filter),
        "status": annotated.status.value,
    }


def _allele_columns(allele: Allele | None, marks: Sequence[str]) -> dict[str, Any]:
    said = allele.annotation if allele else None
    first = said.consequences[0] if said and said.consequences else None
    return {
        "allele": allele.number if allele else 0,
        "alt": allele.alt if allele else None,
        "variant_class": allele.variant_class if allele else None,
        "skipped": (said.skipped or None) if said else None,
        "known_ids": list(said.known_ids) if said else [],
        "regions": [
            {"track": track, "name": name}
            for track, names in (said.overlaps if said else {}).items()
            for name in names
        ],
        "consequence": first.terms[0] if first else None,
        **{name: (getattr(first, name) or None) if first else None for name in FROM_FIRST},
        "strand": int(first.strand) if first and first.strand else None,
        "distance": int(first.distance) if first and first.distance else None,
        "csq": table_entries(said.consequences, marks) if said and first else None,
    }


def _values(allele: Allele | None, fields: Iterable[Field]) -> dict[str, Any]:
    found = allele.annotation.values if allele else {}
    kinds = {"Integer": int, "Float": float, "String": str}
    return {field.key: kinds[field.type](found[field]) if field in found else None for field in fields}


def allele_frequencies(info: bytes) -> list[float | None]:
    """Return the frequency of each ALT by INFO: AF where given, else AC / AN; None if unreadable."""
    values = dict.fromkeys((b"AF", b"AC", b"AN"), b"")
    for entry in info.split(b";"):
        name, _, value = entry.partition(b"=")
        if name in values:
            values[name] = value
    if values[b"AF"]:
        return [_number(text) for text in values[b"AF"].split(b",")]
    total = _number(values[b"AN"])
    if not total or not values[b"AC"]:
        return []
    counts = [_number(text) for text in values[b"AC"].split(b",")]
    return [None if count is None else count / total for count in counts]


def _number(text: bytes) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
