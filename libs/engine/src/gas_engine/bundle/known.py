"""Known variants: the identifiers that a bundle's VCF gives to alleles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gas_engine.allele import left_align, trim
from gas_engine.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gas_engine.bundle.manifest import Contig

Key = tuple[str, int, str, str]

_MIN_COLUMNS: Final = 5


class KnownVariants:
    """Identifiers by allele. Two spellings of one indel are one allele: keys are trimmed and left-aligned."""

    def __init__(self) -> None:
        self._ids: dict[Key, tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def get(self, key: Key) -> tuple[str, ...]:
        """Identifiers of an allele, in the order of the file; none if it is not known."""
        return self._ids.get(key, ())

    def add(self, key: Key, identifier: str) -> None:
        """Give an allele one more identifier."""
        if identifier not in self.get(key):
            self._ids[key] = (*self.get(key), identifier)


def allele_key(contig: Contig, start: int, ref: str, alt: str, sequence: Callable[[int, int], str]) -> Key:
    """The one key of an allele, however it is spelled; ``start`` is 0-based."""
    return (contig.name, *left_align(*trim(start, ref.upper(), alt.upper()), sequence))


def read_known(
    lines: Iterable[str],
    contig_of: Callable[[str], Contig | None],
    sequence: Callable[[str, int, int], str],
) -> KnownVariants:
    """Read the records of a VCF text; its REF must be what the reference has.

    Raises
    ------
    BundleError
        Naming the line, for a record that is malformed, on no contig, or contradicts the reference.
    """
    known = KnownVariants()
    for number, text in enumerate(lines, 1):
        line = text.rstrip("\r\n")
        if not line or line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) < _MIN_COLUMNS or not columns[1].isdigit():
            raise BundleError(f"Known variants, line {number}: this is not a VCF record.")
        chrom, pos, identifiers, ref, alts = columns[:_MIN_COLUMNS]
        contig = contig_of(chrom)
        if contig is None:
            raise BundleError(f"Known variants, line {number}: contig {chrom!r} is not in the FASTA.")
        start = int(pos) - 1
        if sequence(contig.name, start, start + len(ref)) != ref.upper():
            raise BundleError(
                f"Known variants, line {number}: REF {ref} contradicts the reference at {chrom}:{pos}. "
                "Is the file of another assembly?"
            )
        for alt in alts.split(","):
            key = allele_key(contig, start, ref, alt, lambda a, b, name=contig.name: sequence(name, a, b))  # type: ignore[misc]  # mypy cannot type a lambda's default
            for identifier in identifiers.split(";"):
                if identifier != ".":
                    known.add(key, identifier)
    return known
