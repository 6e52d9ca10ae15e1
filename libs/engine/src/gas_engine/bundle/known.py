"""Known variants: the identifiers that a bundle's VCF gives to alleles."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

import numpy as np

from gas_engine.allele import left_align, trim
from gas_engine.errors import BundleError
from gas_engine.kernel import layout
from gas_engine.kernel.layout import BIN_BITS, Bytes, Longs, Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from gas_engine.bundle.manifest import Contig
    from gas_engine.bundle.tables import Pool

_MIN_COLUMNS: Final = 5


class KnownRows:
    """Alleles and their identifiers, as they are read: some 40 bytes of memory each.

    Two spellings of one indel are one allele: alleles are trimmed and left-aligned. As REF is what the
    reference has, its length is enough to tell it.
    """

    def __init__(self) -> None:
        self._contigs = array("i")
        self._starts = array("q")
        self._ref_sizes = array("i")
        self._alts = array("i")
        self._alt_numbers: dict[str, int] = {}
        self._ids = bytearray()
        self._id_ends = array("q")

    def add(self, contig: int, start: int, ref_size: int, alt: str, identifier: str) -> None:
        """Give an allele an identifier; positions are 0-based, alleles trimmed and left-aligned."""
        self._contigs.append(contig)
        self._starts.append(start)
        self._ref_sizes.append(ref_size)
        self._alts.append(self._alt_numbers.setdefault(alt, len(self._alt_numbers)))
        self._ids += identifier.encode()
        self._id_ends.append(len(self._ids))

    def rows(self, contigs: Rows, pool: Pool) -> tuple[Rows, Longs]:
        """One row an allele, by contig and position, and the first row of every bin."""
        contig = np.array(self._contigs, np.int32)
        start = np.array(self._starts, np.int64)
        ref_size = np.array(self._ref_sizes, np.int32)
        alt = np.array(self._alts, np.int32)
        id_end = np.array(self._id_ends, np.int64)
        id_at = np.concatenate((np.zeros(1, np.int64), id_end[:-1])) if len(id_end) else id_end
        odd = _odd_pieces(np.frombuffer(self._ids, np.uint8), id_at, id_end)
        base = pool.add_block(self._ids)
        order = np.lexsort((alt, ref_size, start, contig))
        contig, start, ref_size, alt = contig[order], start[order], ref_size[order], alt[order]
        id_at, id_end, odd = id_at[order], id_end[order], odd[order]
        first = np.ones(len(start), bool)
        for column in (contig, start, ref_size, alt):
            first[1:] &= column[1:] == column[:-1]
        first[1:] = ~first[1:]
        begins = np.flatnonzero(first)
        ends = np.append(begins[1:], len(start))
        alts = np.array([pool.add(word) for word in self._alt_numbers], np.int64).reshape(-1, 2)
        found = np.zeros(len(begins), layout.KNOWN)
        found["start"], found["ref_size"] = start[begins], ref_size[begins]
        found["alt_at"], found["alt_size"] = alts[alt[begins], 0], alts[alt[begins], 1]
        found["id_at"], found["id_size"] = id_at[begins] + base, id_end[begins] - id_at[begins]
        found["odd"] = odd[begins]
        for row in np.flatnonzero(ends - begins > 1):
            members = range(begins[row], ends[row])
            words = dict.fromkeys(bytes(self._ids[id_at[each] : id_end[each]]) for each in members)
            found[row]["id_at"], found[row]["id_size"] = pool.add(b";".join(words))
            found[row]["odd"] = odd[begins[row] : ends[row]].any()
        bins = contigs["bin_at"][contig[begins]] + (start[begins] >> BIN_BITS)
        total = int(contigs["bin_at"][-1] + (contigs["length"][-1] >> BIN_BITS) + 1)
        places = np.zeros(total + 1, np.int64)
        np.cumsum(np.bincount(bins, minlength=total), out=places[1:])
        return found, places


def _odd_pieces(text: Bytes, starts: Longs, ends: Longs) -> npt.NDArray[np.bool_]:
    """Whether each piece holds a character that CSQ must escape."""
    marked = np.zeros(len(text) + 1, np.int64)
    np.cumsum(np.isin(text, np.frombuffer(b"%;=,| \t\r\n", np.uint8)), out=marked[1:])
    return marked[ends] > marked[starts]


def read_known(  # noqa: C901 - a check per column
    lines: Iterable[str],
    contig_of: Callable[[str], Contig | None],
    number_of: Callable[[str], int],
    sequence: Callable[[str, int, int], str],
) -> KnownRows:
    """Read the records of a VCF text; its REF must be what the reference has.

    Raises
    ------
    BundleError
        Naming the line, for a record that is malformed, on no contig, or contradicts the reference.
    """
    known = KnownRows()
    for number, text in enumerate(lines, 1):
        if text.startswith("#"):
            continue
        columns = text.rstrip("\r\n").split("\t", _MIN_COLUMNS)
        if columns == [""]:
            continue
        if len(columns) < _MIN_COLUMNS or not columns[1].isdigit():
            raise BundleError(f"Known variants, line {number}: this is not a VCF record.")
        chrom, pos, identifiers, ref, alts = columns[:_MIN_COLUMNS]
        contig = contig_of(chrom)
        if contig is None:
            raise BundleError(f"Known variants, line {number}: contig {chrom!r} is not in the FASTA.")
        start = int(pos) - 1
        ref = ref.upper()
        if sequence(contig.name, start, start + len(ref)) != ref:
            raise BundleError(
                f"Known variants, line {number}: REF {ref} contradicts the reference at {chrom}:{pos}. "
                "Is the file of another assembly?"
            )
        for alt in alts.upper().split(","):
            at, short_ref, short_alt = trim(start, ref, alt)
            if bool(short_ref) != bool(short_alt):
                at, short_ref, short_alt = left_align(
                    at,
                    short_ref,
                    short_alt,
                    lambda a, b, name=contig.name: sequence(name, a, b),  # type: ignore[misc]  # mypy cannot type a lambda's default
                )
            for identifier in identifiers.split(";"):
                if identifier != ".":
                    known.add(number_of(contig.name), at, len(short_ref), short_alt, identifier)
    return known
