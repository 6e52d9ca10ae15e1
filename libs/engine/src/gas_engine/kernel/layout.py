"""The arrays that the kernel works on: the reference (`Model`), the names met in a file, and what comes out.

Positions are 0-based half-open where named start and end. Text stands in pools of bytes, told by where it
starts (``_at``) and how long it is (``_size``).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Rows = npt.NDArray[Any]
"""A structured array; its fields are told by the dtypes of this module."""

BIN_BITS: Final = 14
"""A bin is 16 kb of a contig."""

CONTIG: Final = np.dtype(
    [
        ("seq_at", "i8"),  # in Model.seq
        ("length", "i8"),
        ("bin_at", "i8"),  # number of its first bin
        ("name_at", "i8"),  # in Model.pool
        ("name_size", "i4"),
        ("code", "i4"),  # row of Model.amino_acids
        ("circular", "u1"),
        ("mitochondrial", "u1"),
        ("odd", "u1"),  # not for the kernel
    ],
    align=True,
)
TRANSCRIPT: Final = np.dtype(
    [
        ("start", "i8"),
        ("end", "i8"),
        ("exon_at", "i8"),  # its first exon, in Model.exons
        ("label_at", "i8"),  # SYMBOL|Gene|Transcript|Feature|BIOTYPE
        ("hgvs_at", "i8"),  # as in ENST00000361381.2:c.
        ("protein_at", "i8"),  # as in ENSP00000354961.2:
        ("marks_at", "i8"),  # |CANONICAL|MANE|TSL|APPRIS, of these what the reference has
        ("mature_at", "i8"),  # its first mature microRNA, in Model.mature
        ("cds_first", "i8"),  # its coding stretch on the genome, -1 where it has none
        ("cds_last", "i8"),
        ("label_size", "i4"),
        ("hgvs_size", "i4"),
        ("protein_size", "i4"),
        ("marks_size", "i4"),
        ("matures", "i4"),
        ("exons", "i4"),
        ("length", "i4"),  # of the message
        ("cds_start", "i4"),  # on the message
        ("cds_end", "i4"),
        ("contig", "i4"),
        ("code", "i4"),
        ("rank", "i4"),  # of its identifier among all in the order of text
        ("gene", "i4"),  # number of its symbol or gene identifier, -1 where it has neither
        ("strand", "i1"),
        ("phase", "i1"),  # of its first coding stretch, as in GFF3
        ("lead", "i1"),  # bases missing before the first
        ("tail", "i1"),  # A's that complete its stop
        ("mitochondrial", "u1"),
        ("protein_coding", "u1"),  # by biotype
        ("decays", "u1"),  # nonsense-mediated, by biotype
        ("odd", "u1"),  # not for the kernel
    ],
    align=True,
)
EXON: Final = np.dtype([("start", "i8"), ("end", "i8"), ("message", "i8")], align=True)
"""``message``: bases of the transcript's exons to the left of this one on the genome."""
SEGMENT: Final = np.dtype([("start", "i8"), ("end", "i8")], align=True)
KNOWN: Final = np.dtype(
    [
        ("start", "i8"),
        ("alt_at", "i8"),  # in Model.pool
        ("id_at", "i8"),  # identifiers, joined with ;
        ("value_at", "i8"),  # the first of its values, in Model.values
        ("ref_size", "i4"),
        ("alt_size", "i4"),
        ("id_size", "i4"),  # 0 where only sources have it
        ("values", "i2"),
        ("odd", "i2"),  # not for the kernel
    ],
    align=True,
)
VALUE: Final = np.dtype([("at", "i8"), ("size", "i4"), ("source", "i4")], align=True)
"""What one source says of an allele: the values of its fields in Model.pool, a tab between each two."""
REGION: Final = np.dtype(
    [("start", "i8"), ("end", "i8"), ("name_at", "i8"), ("name_size", "i4"), ("name", "i4")], align=True
)
"""``name`` numbers the distinct names of all tracks."""


class Model(NamedTuple):
    """A reference as the kernel reads it; all arrays are C-contiguous and writable (mapped copy-on-write).

    ``seq`` holds a byte a base, upper case, contig after contig. The members of bin b, ascending, are
    ``<kind>_bin_items[<kind>_bins[b]:<kind>_bins[b + 1]]``; tracks have their bins one after another.
    """

    seq: Bytes
    contigs: Rows
    transcripts: Rows
    exons: Rows
    mature: Rows
    no_marks: Bytes  # what stands in place of a transcript's marks where there is no transcript
    transcript_bins: Longs
    transcript_bin_items: Ints
    known: Rows
    known_bins: Longs
    values: Rows
    fields: Longs  # (fields, 4): source, place among the values of that, start and size of its INFO key
    regions: Rows
    region_bins: Longs
    region_bin_items: Ints
    pool: Bytes
    amino_acids: Bytes  # (codes, 64): by the codon's bases in the order T, C, A, G
    starts: Bytes  # (codes, 64): 1 for a codon that begins a protein


NAME: Final = np.dtype(
    [
        ("hash", "u8"),  # 0: free
        ("at", "i8"),
        ("size", "i4"),
        ("kind", "i4"),
        ("id", "i4"),
        ("new_at", "i8"),  # the name it gets in the output
        ("new_size", "i4"),
        ("use", "i4"),
        ("bare", "u1"),
        ("valued", "u1"),
    ],
    align=True,
)
"""A name met in the input; ``use`` of an INFO key is told below."""

KIND_CONTIG, KIND_INFO, KIND_FILTER, KIND_FORMAT = 1, 2, 3, 4
USE_PLAIN, USE_UNDECLARED, USE_DROP, USE_RENAME, USE_AF, USE_AC, USE_AN, USE_END = 0, 1, 2, 4, 8, 16, 32, 64
USE_LEN = 128  # of a FORMAT column that has this key

LINE: Final = np.dtype(
    [
        ("start", "i8"),
        ("end", "i8"),
        ("number", "i8"),
        ("pos", "i8"),
        ("tabs", "i8", (9,)),  # where columns 1 to 9 end; the ninth is FORMAT
        ("contig", "i4"),  # number among those met in the file
        ("odd", "u1"),  # for Python
    ],
    align=True,
)

ROW: Final = np.dtype(
    [
        ("record", "i8"),
        ("pos", "i8"),
        ("qual", "f8"),
        ("frequency", "f8"),
        ("contig_name", "i4"),
        ("contig", "i4"),
        ("filter", "i4"),
        ("allele", "i4"),
        ("transcript", "i4"),  # of the most severe consequence, as are the next two
        ("first_term", "i4"),
        ("distance", "i8"),  # 0 where it lies on the transcript, or none is near
        ("ids_end", "i4"),
        ("known_end", "i4"),
        ("regions_end", "i4"),
        ("variant_class", "i1"),
        ("status", "i1"),
        ("skipped", "i1"),
        ("has_qual", "u1"),
        ("has_frequency", "u1"),
    ],
    align=True,
)
"""A row of the table; ``*_end`` count list items so far. -1 where a number stands for nothing."""
SITE: Final = np.dtype(
    [("text_start", "i8"), ("text_end", "i8"), ("start", "i8"), ("end", "i8"), ("contig", "i4")], align=True
)
"""An output record for the index: where its text lies in the output, what it covers, and its contig."""
DOUBTFUL: Final = np.dtype([("row", "i4"), ("column", "i4"), ("at", "i8"), ("end", "i8")], align=True)
"""A number whose text Python must read: column 0 is QUAL, 1 the allele frequency out of INFO."""

# What a consequence says in text, in CSQ's order; of the most severe one all but the last are columns, too.
EXON_NUMBER, INTRON_NUMBER, HGVS_C, HGVS_P, CDNA, CDS, PROTEIN, AMINO, CODONS, DISTANCE = range(10)
PARTS: Final = 10
# The other columns of text, as they stand in Columns.text.
HGVS_G, REF, ALT, CSQ, ID_VALUES, KNOWN_VALUES, FIELD_VALUES = range(9, 16)
TEXTS: Final = 16


class Columns(NamedTuple):
    """What a batch of records adds to the table. ``offsets[k]`` are Arrow's of text column k."""

    rows: Rows
    regions: Rows  # (track, name)
    values: Rows  # (row, field) of those of VCF sources
    doubtful: Rows
    text: Bytes  # (TEXTS, capacity)
    offsets: Ints  # (TEXTS, capacity)


REGION_ITEM: Final = np.dtype([("track", "i4"), ("name", "i4")], align=True)


FIELD_ITEM: Final = np.dtype([("row", "i4"), ("field", "i4")], align=True)


class Tallies(NamedTuple):
    """Counts of a run."""

    statuses: Longs
    skipped: Longs
    classes: Longs
    most_severe: Longs
    consequences: Longs
    genes: Longs
    gene_seen: Longs  # the allele that a gene was last counted for
    tracks: Longs
    sources: Longs  # alleles of which a VCF source says something
    contigs: Longs  # by number in the file
    sums: Longs


ALLELES_ANNOTATED, ALLELES_KNOWN, TRANSITIONS, TRANSVERSIONS, ALLELES = range(5)

ALLELE: Final = np.dtype(
    [
        ("at", "i8"),  # in the block
        ("size", "i8"),
        ("start", "i8"),  # trimmed
        ("end", "i8"),
        ("shared", "i8"),  # letters that REF and ALT begin with in common
        ("alt_at", "i8"),  # trimmed, in the arena
        ("alt_size", "i8"),
        ("hgvs_at", "i8"),
        ("hgvs_end", "i8"),
        ("known", "i8"),
        ("effects_at", "i4"),
        ("effects_end", "i4"),
        ("regions_at", "i4"),
        ("regions_end", "i4"),
        ("reason", "i4"),
        ("kind", "i4"),
        ("letters", "u1"),
    ],
    align=True,
)
EFFECT: Final = np.dtype(
    [
        ("transcript", "i4"),
        ("terms", "i8"),
        ("first_term", "i4"),
        ("beside", "i4"),  # order: 1 for transcripts that are touched and make no protein
        ("distance", "i8"),
        ("rank", "i8"),
        ("at", "i8", (PARTS,)),  # in the arena
        ("end", "i8", (PARTS,)),
    ],
    align=True,
)


class Scratch(NamedTuple):
    """Working memory of one thread."""

    arena: Bytes
    alleles: Rows
    effects: Rows
    order: Ints
    found: Ints
    regions: Ints  # (name, track) of the alleles of a record
    message: Bytes
    before: Bytes
    after: Bytes
    state: Longs


# Scratch.state
AT, MESSAGE_OF, EFFECTS, REGIONS = range(4)
WITH_HGVS, WITH_TABLE = 4, 5  # what a run is asked for, 0 or 1
GUESSES: Final = 6  # slots of the names that the last record had at as many places; see `names.expected_slot`
MOST_GUESSES: Final = 32
STATE: Final = GUESSES + MOST_GUESSES

# Cursors of a batch and of the output
OUT, RECORDS, ROWS, REGION_COUNT, DOUBTFUL_COUNT, SITES, IDS_COUNT, KNOWN_COUNT, VALUE_COUNT = range(9)
STOPPED_AT, STOPPED_SIZE, STOPPED_KIND = range(9, 12)
CURSORS: Final = 12

# Why the kernel stopped
DONE, ODD, UNKNOWN_NAME, FULL = 0, 1, 2, 3

MOST_ALLELES: Final = 64
LONGEST_ALLELE: Final = 1000
MOST_EFFECTS: Final = 1 << 16
ARENA_BYTES: Final = 1 << 22
