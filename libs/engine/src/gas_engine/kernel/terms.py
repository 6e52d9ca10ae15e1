"""Consequences as bits, bit 0 the most severe: a set of terms is one number of 64 bits, its sign unused."""

from __future__ import annotations

from typing import Final

import numpy as np

from gas_engine.kernel.jit import jit
from gas_engine.terms import SEVERITY, TERMS

BIT: Final = {name: 1 << rank for name, rank in SEVERITY.items()}
"""The bit of each term."""
INTERGENIC: Final = SEVERITY["intergenic_variant"]
OUTSIDE: Final = BIT["upstream_gene_variant"] | BIT["downstream_gene_variant"] | BIT["intergenic_variant"]
"""Terms of an allele that touches no gene."""
COUNT: Final = len(TERMS)
assert COUNT < 64  # noqa: S101 - what a set has room for

_LABELS: Final = [f"{term.name}".encode() for term in TERMS]
LABELS: Final = np.frombuffer(bytearray(b"".join(_LABELS)), np.uint8)
LABEL_AT: Final = np.cumsum([0, *map(len, _LABELS)]).astype(np.int64)
_IMPACTS: Final = [term.impact.encode() for term in TERMS]
IMPACTS: Final = np.frombuffer(bytearray(b"".join(_IMPACTS)), np.uint8)
IMPACT_AT: Final = np.cumsum([0, *map(len, _IMPACTS)]).astype(np.int64)


@jit
def first_term(terms: int) -> int:
    """Rank of the most severe term of a set that is not empty."""
    rank = 0
    while not terms >> rank & 1:
        rank += 1
    return rank
