"""Which allele each haplotype carries, and which genotypes tell of the same haplotype.

A genotype is used if all its alleles are separated by ``|`` or are alike: then it is known which of a
sample's haplotypes carries what. PS (VCF 4.2 to 4.5, section 1.4.2) names the phase set; genotypes without
it belong to one set, as the specification has it.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

UNPHASED: Final = -1
ALIKE: Final = 0
"""A haploid genotype, or one whose alleles are all the same: it fits every phase set."""
_NO_SET: Final = 1
_FIRST_SET: Final = 2

NONE: Final = -1
"""In place of an allele that is missing, or that a sample of lower ploidy has not."""
_GENOTYPE: Final = re.compile(rb"[|/]?((?:[0-9]+|\.)(?:[|/\\](?:[0-9]+|\.))*)")
# Beyond the ploidy of what is sequenced (strawberries have 8); a longer genotype is taken as missing.
_MOST_COPIES: Final = 16
_LONGEST_NUMBER: Final = 4
_LONGEST_SET: Final = 18


@dataclass(frozen=True, slots=True)
class Genotypes:
    """The genotypes of one record.

    ``alleles`` (samples, copies) holds the number of the allele, 0 for REF, `NONE` where there is none.
    ``phase`` (samples,) holds `UNPHASED`, `ALIKE`, or the number of the phase set; it is None where no sample
    is unphased and none names a set.
    """

    alleles: npt.NDArray[np.int16]
    phase: npt.NDArray[np.int64] | None

    @property
    def size_bytes(self) -> int:
        """Memory that it takes."""
        return self.alleles.nbytes + (0 if self.phase is None else self.phase.nbytes)


def read_genotypes(rest: bytes) -> Genotypes | None:
    """Read FORMAT and sample columns, as they stand in a record; None where FORMAT has no GT."""
    format_, *columns = rest.split(b"\t")
    keys = format_.split(b":")
    if b"GT" not in keys:
        return None
    if keys == [b"GT"]:
        found = [_genotype(column) for column in columns]
        sets: list[bytes] = []
    else:
        values = [column.split(b":") for column in columns]
        found = [_genotype(_value(each, keys.index(b"GT"))) for each in values]
        sets = [_value(each, keys.index(b"PS")) for each in values] if b"PS" in keys else []
    copies = {len(alleles) for alleles, _ in found}
    rows = [alleles for alleles, _ in found]
    if len(copies) > 1:
        # transposed and back: the shorter ones are filled up
        rows = list(zip(*zip_longest(*rows, fillvalue=NONE), strict=True))
    alleles = np.array(rows, np.int16).reshape(len(columns), max(copies))
    phase = [phase for _, phase in found]
    if sets:
        phase = [_set(text) if own == _NO_SET else own for own, text in zip(phase, sets, strict=True)]
    plain = all(each in {ALIKE, _NO_SET} for each in phase)
    return Genotypes(alleles, None if plain else np.array(phase, np.int64))


def _value(values: list[bytes], number: int) -> bytes:
    """The value of a sample; missing where its last ones are left out."""
    return values[number] if number < len(values) else b"."


@lru_cache(4096)
def _genotype(text: bytes) -> tuple[tuple[int, ...], int]:
    """Alleles, and whether they are phased."""
    match = _GENOTYPE.fullmatch(text)
    if match is None:
        return (NONE,), ALIKE
    numbers = re.split(rb"[|/\\]", match[1])
    if len(numbers) > _MOST_COPIES:
        return (NONE,), ALIKE
    alleles = tuple(
        int(number) if number.isdigit() and len(number) <= _LONGEST_NUMBER else NONE for number in numbers
    )
    if len(set(alleles)) == 1:
        return alleles, ALIKE
    # VCF 4.4: a separator in front tells of the first allele
    return alleles, UNPHASED if text.strip(b"0123456789.|") or b"/" in text else _NO_SET


def _set(text: bytes) -> int:
    """A number for what PS says."""
    if text in {b".", b""}:
        return _NO_SET
    if text.isdigit() and len(text) <= _LONGEST_SET:
        return _FIRST_SET + int(text)
    return _FIRST_SET + 10**_LONGEST_SET + zlib.crc32(text)
