"""Records through the compiled core: blocks of text in; lines, rows and counts out, in bounded memory.

A record that the core does not handle comes here and goes the plain way, between the others. So does every
record of an input or bundle that is unusual as a whole. Python's work per record is then what it was; for
all others it is none.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import deflate
import numpy as np

from gas_engine.checkpoint import Place
from gas_engine.errors import EngineError, VcfError
from gas_engine.kernel import layout
from gas_engine.kernel import lines as scan
from gas_engine.kernel.layout import KIND_CONTIG, KIND_FILTER, KIND_FORMAT, KIND_INFO
from gas_engine.kernel.lines import scan_lines
from gas_engine.kernel.model import (
    longest_message,
    new_columns,
    new_local,
    new_scratch,
    new_tallies,
    picks_of,
)
from gas_engine.kernel.native import held
from gas_engine.kernel.records import annotate_lines
from gas_engine.kernel.registry import Entry, Registry
from gas_engine.limits import Limits, size_text
from gas_engine.outputs.columns import BatchMaker
from gas_engine.outputs.table import allele_frequencies
from gas_engine.records import RecordAnnotator
from gas_engine.vcf.record import SAMPLELESS_COLUMNS, Record, parse_record
from gas_engine.vcf.text import as_json, from_json, readable, shown
from gas_engine.vcf.utf8 import is_utf8

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gas_engine.bundle import Bundle
    from gas_engine.haplotypes.writer import Body
    from gas_engine.kernel.layout import Bytes, Longs, Rows
    from gas_engine.outputs.parts import TableParts
    from gas_engine.outputs.tally import Tally
    from gas_engine.pick import Pick
    from gas_engine.vcf.declare import Declarations
    from gas_engine.vcf.fields import OurFields
    from gas_engine.vcf.header import Header
    from gas_engine.vcf.source import Source

_LINES: Final = 8192
_OUT_BYTES: Final = 1 << 22
_SITES: Final = 1 << 16
_CALL_RECORDS: Final = 1000  # the caller is told of progress at least as often
# Handing over what the core wrote costs as much as some records done plainly. Where records that need Python
# lie closer, the ones between go the same way.
_FEW_RECORDS: Final = 8
# What a record costs beside its text, as long as it is held: its row of `layout.LINE`, and a margin.
_RECORD_OVERHEAD_BYTES: Final = 512
_NEWLINE, _RETURN = 10, 13
_FREQUENCY_KEYS: Final = frozenset({"AF", "AC", "AN"})
_USES: Final = {
    b"AF": layout.USE_AF,
    b"AC": layout.USE_AC,
    b"AN": layout.USE_AN,
    b"END": layout.USE_END,
}


@dataclass(slots=True)
class Piece:
    """Lines that were read: a block of text, where its records stand, and those that Python had to read."""

    block: Bytes
    lines: Rows
    odd: dict[int, Record]
    crc: int = 0
    """CRC-32 of the records' text before the block, where checkpoints ask for it."""

    def place_after(self, index: int) -> Place:
        """The place behind a record."""
        line = self.lines[index]
        end = int(line["end"])
        end += 2 if self.block[end] == _RETURN else 1
        crc = deflate.crc32(self.block[:end], self.crc)
        return Place(int(line["number"]), crc, int(line["contig"]), int(line["pos"]))


class Lines:
    """Read the lines of an input into pieces, in the order that the index needs.

    Contigs must come in one piece and positions must rise. Small unsorted files are sorted, large ones
    refused: people upload lists they edited in a spreadsheet, and sending those back for a sort would be
    unkind; files beyond ``max_sort_bytes`` come from pipelines, which sort. Contigs keep the order of their
    first record, equal positions the order of the input.
    """

    def __init__(
        self,
        source: Source,
        header: Header,
        limits: Limits,
        contigs: Contigs,
        *,
        all_odd: bool,
        with_crc: bool = False,
    ) -> None:
        self._source = source
        self._header = header
        self._limits = limits
        self._contigs = contigs
        self._all_odd = all_odd
        self._with_crc = with_crc
        self._start: Place | None = None
        self._other_input: EngineError
        self._state = np.zeros(scan.SCAN_STATE, np.int64)
        self._state[scan.ORDERED] = 1
        self._streaming = False
        self._highest = (0, 0)  # of the pieces read before, once they stream
        self.sorted_here = False

    @property
    def blank_lines(self) -> int:
        """Lines without text, so far."""
        return int(self._state[scan.BLANK])

    def start_at(self, place: Place, blank_lines: int, refusal: EngineError) -> None:
        """Leave out the records before a place, which were in order, ``blank_lines`` being among them.

        ``refusal`` is raised if what is left out is not what it was.
        """
        self._start, self._other_input = place, refusal
        state = self._state
        state[scan.NUMBER], state[scan.BLANK] = place.lines, blank_lines
        state[scan.LAST_CONTIG], state[scan.LAST_POS] = self._highest = (place.contig, place.pos)
        self._streaming = True

    def pieces(self) -> Iterator[Piece]:
        """Yield all records in order."""
        stream = self._read()
        if self._streaming:
            yield from stream
            return
        held: deque[Piece] = deque()
        held_bytes = 0
        for piece in stream:
            held.append(piece)
            held_bytes += _size_bytes(piece.lines)
            if held_bytes > self._limits.max_sort_bytes:
                break
        if not self._state[scan.ORDERED]:
            if held_bytes > self._limits.max_sort_bytes:
                raise self._refusal(held)
            self.sorted_here = True
            yield _in_order(held)
            return
        self._streaming = True
        while held:
            yield held.popleft()
        yield from stream

    def _read(self) -> Iterator[Piece]:
        state = self._state
        for before, crc, text in self._blocks():
            block = np.frombuffer(text, np.uint8)
            if not state[scan.NUMBER]:
                state[scan.NUMBER] = before
            state[scan.NEXT] = 0
            while state[scan.NEXT] < len(block):
                piece = Piece(block, np.zeros(_LINES, layout.LINE), {}, crc)
                self._fill(piece)
                if len(piece.lines):
                    yield piece
                    self._highest = (int(state[scan.LAST_CONTIG]), int(state[scan.LAST_POS]))

    def _blocks(self) -> Iterator[tuple[int, int, bytearray]]:
        """Yield (lines before it, CRC-32 of the records' text before it, block) from the first place on."""
        start = self._start
        crc = 0
        for before, block in self._source.blocks():
            first = before
            if start is not None:
                if before + block.count(b"\n") < start.lines:
                    crc = deflate.crc32(block, crc)
                    continue
                cut = _end_of_line(block, start.lines - before)
                if deflate.crc32(block[:cut], crc) != start.crc:
                    raise self._other_input
                first, crc, start = start.lines, start.crc, None
                del block[:cut]
            yield first, crc, block
            if self._with_crc:
                crc = deflate.crc32(block, crc)
        if start is not None:
            raise self._other_input

    def _fill(self, piece: Piece) -> None:
        """Read lines of the block from where the last piece ended."""
        state, names = self._state, self._contigs.names
        state[scan.COUNT] = 0
        status = layout.DONE
        while status != layout.FULL and state[scan.NEXT] < len(piece.block):
            status = scan_lines(
                piece.block,
                len(piece.block),
                self._header.columns,
                self._limits.max_line_bytes,
                self._all_odd,
                piece.lines,
                names.names,
                names.pool,
                state,
            )
            if self._streaming and not state[scan.ORDERED]:
                raise self._refusal([Piece(piece.block, piece.lines[: state[scan.COUNT]], piece.odd)])
            count = int(state[scan.COUNT])
            if status == layout.UNKNOWN_NAME:
                at, size = int(state[scan.NAME_AT]), int(state[scan.NAME_SIZE])
                self._contigs.add(int(state[scan.NUMBER]) + 1, piece.block[at : at + size].tobytes())
            elif count and piece.lines[count - 1]["odd"]:
                self._read_odd(piece, count - 1)
        piece.lines = piece.lines[: state[scan.COUNT]].copy()  # few lines may fill a block

    def _read_odd(self, piece: Piece, index: int) -> None:
        """Read one line as plain Python does, or say what is wrong with it."""
        line = piece.lines[index]
        number = int(line["number"])
        if number in piece.odd:
            return
        text = piece.block[line["start"] : line["end"]].tobytes()
        self._source.check_length(number, len(text))
        if not text.strip():
            self._state[scan.BLANK] += 1
            self._state[scan.COUNT] -= 1
            return
        record = parse_record(number, text, self._header.columns, vcf3=self._header.vcf3)
        piece.odd[number] = record
        line["contig"], line["pos"] = self._contigs.number(number, record.chrom), record.pos
        place = (int(line["contig"]), record.pos)
        if place < (int(self._state[scan.LAST_CONTIG]), int(self._state[scan.LAST_POS])):
            self._state[scan.ORDERED] = 0
        else:
            self._state[scan.LAST_CONTIG], self._state[scan.LAST_POS] = place
        if self._streaming and not self._state[scan.ORDERED]:
            raise self._refusal([Piece(piece.block, piece.lines[: index + 1], piece.odd)])

    def _refusal(self, pieces: Iterable[Piece]) -> VcfError:
        """Name the first record that comes late."""
        highest = self._highest if self._streaming else (0, 0)
        for piece in pieces:
            for line in piece.lines:
                place = (int(line["contig"]), int(line["pos"]))
                if place < highest:
                    found = f"{readable(self._contigs.name(place[0]))}:{place[1]} after a later position"
                    limit = size_text(self._limits.max_sort_bytes)
                    expected = f"a sorted record (beyond {limit} run bcftools sort before uploading)"
                    return VcfError(int(line["number"]), 2, "POS", found, expected)
                highest = place
        raise AssertionError("called only when a record came late")


class Contigs:
    """The contigs of a file, numbered in the order they are met; where each lies in the bundle."""

    def __init__(self, names: Registry, bundle: Bundle, declarations: Declarations, limits: Limits) -> None:
        self.names = names
        self._bundle = bundle
        self._declarations = declarations
        self._limits = limits
        self.met: list[bytes] = []
        self.places: Longs = np.full(limits.max_names + 1, -1, np.int64)

    def number(self, line: int, name: bytes) -> int:
        """Number of a contig, which is entered if it is new."""
        number = self.names.find(KIND_CONTIG, name)
        return self.add(line, name) if number is None else number

    def add(self, line: int, name: bytes) -> int:
        """Enter a contig that is met on that line; return its number."""
        if len(self.met) >= self._limits.max_names:
            expected = f"one of at most {self._limits.max_names:,} contigs"
            raise VcfError(line, 1, "CHROM", f"another contig, {shown(name)},", expected)
        self._declarations.note_contig(name)
        contig = self._bundle.contig(name.decode())
        if contig is not None:
            self.places[len(self.met)] = self._bundle.contig_number(contig)
        self.met.append(name)
        return self.names.add(KIND_CONTIG, name)

    def name(self, number: int) -> bytes:
        """Name of a contig by its number."""
        return self.met[number]


def _size_bytes(lines: Rows) -> int:
    """What records are taken to cost while they are held: the columns that can be long, and a row each."""
    tabs = lines["tabs"]
    text = tabs[:, 4] - tabs[:, 2] + tabs[:, 7] - tabs[:, 6] + lines["end"] - tabs[:, 7]
    return (
        int(np.where(lines["odd"], lines["end"] - lines["start"], text).sum())
        + len(lines) * _RECORD_OVERHEAD_BYTES
    )


def _end_of_line(block: bytearray, number: int) -> int:
    """Where the line of that number (from 1) ends, with its line feed."""
    return int(np.flatnonzero(np.frombuffer(block, np.uint8) == _NEWLINE)[number - 1]) + 1


def _in_order(pieces: Iterable[Piece]) -> Piece:
    """Join pieces into one whose lines are in order."""
    blocks: list[Bytes] = []
    lines: list[Rows] = []
    odd: dict[int, Record] = {}
    shift = 0
    for piece in pieces:
        if not blocks or blocks[-1] is not piece.block:
            shift = sum(map(len, blocks))
            blocks.append(piece.block)
        moved = piece.lines
        moved["start"] += shift
        moved["end"] += shift
        moved["tabs"] += shift
        lines.append(moved)
        odd |= piece.odd
    joined = np.concatenate(lines)
    order = np.lexsort((joined["pos"], joined["contig"]))
    return Piece(np.concatenate(blocks), joined[order], odd)


class RecordStream:
    """Annotate pieces into the outputs of one run."""

    def __init__(
        self,
        bundle: Bundle,
        header: Header,
        fields: OurFields,
        declarations: Declarations,
        contigs: Contigs,
        *,
        work: Workspace,
        body: Body,
        table: TableParts | None,
        tally: Tally,
        on_records: Callable[[], None],
        limits: Limits,
        pick: Pick,
        hgvs: bool,
    ) -> None:
        self._bundle = bundle
        self._header = header
        self._fields = fields
        self._declarations = declarations
        self._contigs = contigs
        self._names = contigs.names
        self._body = body
        self._table = table
        self._tally = tally
        self._on_records = on_records
        self.on_rest: Callable[[Piece, int], None] | None = None
        """Called between two records, all before them being with the outputs: with the last of them."""
        self._limits = limits
        self._plain = RecordAnnotator(bundle, fields, vcf3=header.vcf3, pick=pick, hgvs=hgvs)
        self._picks = held(picks_of(pick, bundle))
        tables = bundle.tables
        bins = len(tables.model.known_bins)
        self._tracks = held(
            np.array(
                [(number * bins, at, size) for number, (at, size) in enumerate(tables.track_keys)], np.int64
            ).reshape(-1, 3)
        )
        self._work = work
        work.scratch.state[layout.WITH_HGVS] = hgvs
        work.scratch.state[layout.WITH_TABLE] = table is not None
        self._batches = BatchMaker(bundle)
        self._tallies = new_tallies(len(tables.genes), len(bundle.tracks), len(bundle.sources))
        self._model, self._scratch, self._local = held(tables.model), held(work.scratch), held(work.local)
        self._columns, self._out, self._sites = held(work.columns), held(work.out), held(work.sites)
        self._counts, self._places = held(self._tallies), held(contigs.places)
        self._cursors = np.zeros(layout.CURSORS, np.int64)
        self._filters: list[str] = []
        self._keep_rest = header.columns > SAMPLELESS_COLUMNS
        self._go_plain = 0
        self.plain_records = 0

    @property
    def records(self) -> int:
        """Records so far."""
        return int(self._cursors[layout.RECORDS])

    def add(self, piece: Piece) -> None:
        """Annotate all records of a piece."""
        at, end = 0, len(piece.lines)
        while at < end:
            if self.on_rest is not None and at and self._at_rest:
                self.on_rest(piece, at - 1)
            if self._go_plain:
                self._go_plain -= 1
                self._add_plain(piece, at)
                at += 1
                if self.records % _CALL_RECORDS == 0:
                    self._on_records()
                continue
            stop = min(end, at + _CALL_RECORDS - self.records % _CALL_RECORDS)
            at, why = annotate_lines(
                self._model,
                self._scratch,
                piece.block,
                piece.lines,
                at,
                stop,
                self._places,
                self._names.names,
                self._names.pool,
                self._tracks,
                self._picks,
                self._out,
                self._columns,
                self._sites,
                self._counts,
                self._cursors,
                self._keep_rest,
                self._local,
            )
            self._settle_doubts(piece.block)
            if why == layout.UNKNOWN_NAME and self._enter_name(piece, at):
                continue
            if why == layout.FULL and self._cursors[layout.SITES]:
                self._flush()
                continue
            if why != layout.DONE:
                self._add_plain(piece, at)
                at += 1
            if self.records % _CALL_RECORDS == 0:
                self._on_records()

    @property
    def _at_rest(self) -> bool:
        """True if all records so far are with the outputs, and the table stands between row groups."""
        done = self._table is None or self._table.between_row_groups
        return done and not self._cursors[layout.SITES]

    def state(self) -> dict[str, Any]:
        """What it takes to go on after the records so far, as JSON takes it; the counts are handed over."""
        self.hand_over_counts()
        kinds = (KIND_INFO, KIND_FILTER, KIND_FORMAT)
        return {
            "records": self.records,
            "go_plain": self._go_plain,
            "names": [(kind, [as_json(name) for name, _ in self._names.of(kind)]) for kind in kinds],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self._cursors[layout.RECORDS] = state["records"]
        self._go_plain = state["go_plain"]
        for kind, names in state["names"]:
            for name in names:
                self._enter(kind, from_json(name), 0)

    def finish(self) -> None:
        """Hand over what is left, and the counts."""
        self._flush()
        self.hand_over_counts()

    def hand_over_counts(self) -> None:
        """Hand over the counts of the records so far, and how undeclared names stood in them."""
        for name, row in self._names.of(KIND_INFO):
            if row["use"] & layout.USE_UNDECLARED:
                kept = self._fields.fate(name) or name
                self._declarations.note_info(0, kept, bare=bool(row["bare"]), valued=bool(row["valued"]))
        self._tally.add_counts(self._tallies, self._bundle, self._contigs)
        for counts in self._tallies:
            counts.fill(0)

    def _enter_name(self, piece: Piece, index: int) -> bool:
        """Enter the name that the kernel stopped at; False if there are too many of them already."""
        cursors = self._cursors
        kind, at = int(cursors[layout.STOPPED_KIND]), int(cursors[layout.STOPPED_AT])
        name = piece.block[at : at + int(cursors[layout.STOPPED_SIZE])].tobytes()
        return self._enter(kind, name, int(piece.lines[index]["number"]))

    def _enter(self, kind: int, name: bytes, line: int) -> bool:
        """Enter a name that is met on that line; False if there are too many of them already."""
        if kind == KIND_INFO:
            kept = self._fields.fate(name)
            use = _USES.get(kept or b"", 0)
            if kept is None:
                use = layout.USE_DROP
            elif self._declarations.note_info(line, kept):
                use |= layout.USE_UNDECLARED
            if kept not in {None, name}:
                use |= layout.USE_RENAME
            self._names.add(kind, name, Entry(use=use, new=b"" if kept in {None, name} else kept or b""))
            return True
        if self._names.count(kind) >= self._limits.max_names:
            return False
        use = 0
        if kind == KIND_FILTER:
            self._declarations.note_filter(line, name)
            self._filters.append(readable(name))
        else:
            self._declarations.note_format(line, name)
            use = layout.USE_LEN if b"LEN" in name.split(b":") else 0
        self._names.add(kind, name, Entry(use=use))
        return True

    def _add_plain(self, piece: Piece, index: int) -> None:
        """Annotate one record in plain Python."""
        line = piece.lines[index]
        number = int(line["number"])
        record = piece.odd.pop(number, None)
        text = piece.block[line["start"] : line["end"]].tobytes()
        self._tally.not_utf8 += not is_utf8(text)
        if record is None:
            record = parse_record(number, text, self._header.columns, vcf3=self._header.vcf3)
        if 0 < self._cursors[layout.SITES] < _FEW_RECORDS:
            self._go_plain = _FEW_RECORDS
        self._flush()
        record.info = self._fields.cleared(record.info)
        self._declarations.note(record)
        annotated = self._plain.annotate(record)
        self._plain.write_into(annotated)
        out = record.to_line()
        site = np.zeros(1, layout.SITE)
        site["text_end"], site["contig"] = len(out), line["contig"]
        site["start"], site["end"] = record.pos - 1, record.end
        self._body.write(out, site)
        self._cursors[layout.RECORDS] += 1
        if self._table is not None:
            self._table.add(self.records, annotated)
        self._tally.add(annotated)
        self.plain_records += 1

    def _settle_doubts(self, block: Bytes) -> None:
        """Read the numbers that the kernel left to Python."""
        count = int(self._cursors[layout.DOUBTFUL_COUNT])
        rows = self._work.columns.rows
        for doubt in self._work.columns.doubtful[:count]:
            row = rows[doubt["row"]]
            text = block[doubt["at"] : doubt["end"]].tobytes()
            if doubt["column"] == 0:
                row["qual"] = float(text)
                continue
            frequencies = allele_frequencies(text)
            if row["allele"] <= len(frequencies):
                value = frequencies[row["allele"] - 1]
                row["has_frequency"] = value is not None
                row["frequency"] = value or 0.0
        self._cursors[layout.DOUBTFUL_COUNT] = 0

    def _flush(self) -> None:
        """Hand what the kernel wrote to the outputs."""
        cursors, work = self._cursors, self._work
        if not cursors[layout.SITES]:
            return
        sites = work.sites[: cursors[layout.SITES]].copy()
        self._body.write(work.out[: cursors[layout.OUT]].data, sites)
        if self._table is not None:
            # Not all that were met: how far the reader is ahead must not tell.
            last = int(work.columns.rows["contig_name"][: cursors[layout.ROWS]].max())
            contigs = [name.decode() for name in self._contigs.met[: last + 1]]
            self._table.add_batch(self._batches.batch(work.columns, cursors, contigs, self._filters))
        kept = int(cursors[layout.RECORDS])
        cursors.fill(0)
        cursors[layout.RECORDS] = kept


class Workspace:
    """The arrays that a run works in: some 150 MB, lent from run to run."""

    def __init__(self, message_bytes: int) -> None:
        self.message_bytes = message_bytes
        self.scratch = new_scratch(message_bytes)
        self.columns = new_columns()
        self.out = np.empty(_OUT_BYTES, np.uint8)
        self.sites = np.zeros(_SITES, layout.SITE)
        self.local = new_local()


_idle: list[Workspace] = []


@contextmanager
def workspace(bundle: Bundle) -> Iterator[Workspace]:
    """Lend working memory for one run on that bundle."""
    needed = longest_message(bundle.tables.model)
    work = _idle.pop() if _idle else None
    if work is None or work.message_bytes < needed:
        work = Workspace(needed)
    work.scratch.state[layout.MESSAGE_OF] = -1
    work.scratch.state[layout.GUESSES :] = 0  # of another file's names
    try:
        yield work
    finally:
        # After a failure, too: its traceback may hold the run for long, and a worker must not grow by that.
        _idle.append(work)


def needs_python(header: Header, bundle: Bundle) -> bool:
    """True for an input or a bundle whose every record goes the plain way."""
    return header.vcf3 or any(track.name in _FREQUENCY_KEYS for track in bundle.tracks)
