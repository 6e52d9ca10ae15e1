"""What an allele does to the transcripts it touches, in Sequence Ontology terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gas_engine.terms import ACCESSION, IMPACT, SEVERITY

if TYPE_CHECKING:
    from gas_engine.bundle import Bundle, Contig
    from gas_engine.model import AlleleAnnotation

__all__ = ["ACCESSION", "IMPACT", "SEVERITY", "annotate_allele", "ref_matches"]


def ref_matches(bundle: Bundle, contig: Contig, pos: int, ref: str) -> bool:
    """True if ``ref`` (1-based ``pos``) is what the reference has there; False too past the contig's end."""
    start = pos - 1
    end = start + len(ref)
    return 0 <= start and end <= contig.length and bundle.sequence(contig.name, start, end) == ref.upper()


def annotate_allele(bundle: Bundle, contig: Contig, pos: int, ref: str, alt: str) -> AlleleAnnotation:
    """All that is to be said of one ALT allele at 1-based ``pos``."""
    raise NotImplementedError
