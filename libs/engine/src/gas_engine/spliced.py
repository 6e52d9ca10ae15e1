"""A transcript's message: its sequence, and where each base of the genome lies on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gas_engine.codon import STOP, GeneticCode, reverse_complement

if TYPE_CHECKING:
    from collections.abc import Callable

    from gas_engine.bundle.genes import Transcript


@dataclass(frozen=True, slots=True)
class Spliced:
    """A transcript as one piece, 5' to 3' on its own strand.

    Positions on it ("cDNA" positions) are 0-based. ``cds_start`` and ``cds_end`` (half-open) are both 0 for a
    transcript that makes no protein. ``lead`` counts the bases missing before the first coding base where the
    model begins within a codon; codons are counted from the missing bases on, as VEP does.
    ``tail`` is what the poly(A) tail adds so that an incomplete last codon becomes a stop.
    """

    transcript: Transcript
    code: GeneticCode
    sequence: str
    cds_start: int
    cds_end: int
    lead: int
    tail: str = field(default="", init=False)

    def __post_init__(self) -> None:
        left_over = (self.lead + self.cds_end - self.cds_start) % 3
        if self.code.mitochondrial and left_over and self.cds_end:
            tail = "A" * (3 - left_over)
            last = self.sequence[self.cds_end - left_over : self.cds_end] + tail
            if self.code.amino_acid(last) == STOP:
                object.__setattr__(self, "tail", tail)

    @property
    def coding(self) -> bool:
        """True if the transcript makes a protein."""
        return self.cds_end > self.cds_start

    @property
    def cds(self) -> str:
        """Coding sequence in frame: missing first bases as N, a stop completed by poly(A) included."""
        return "N" * self.lead + self.sequence[self.cds_start : self.cds_end] + self.tail

    @property
    def utr3(self) -> str:
        """What follows the coding sequence; poly(A) ends the message of a mitochondrial gene.

        Two bases of the tail are enough: a reading frame that gets past them reads lysine for ever.
        """
        return self.sequence[self.cds_end :] + ("AA" if self.code.mitochondrial else "")

    def cdna_position(self, base: int) -> int | None:
        """Where base ``base`` of the genome (0-based) lies on the message; None in an intron or outside."""
        offset = 0
        for start, end in self.transcript.exons:
            if start <= base < end:
                offset += base - start
                return offset if self.transcript.strand > 0 else len(self.sequence) - 1 - offset
            offset += end - start
        return None


def splice(transcript: Transcript, code: GeneticCode, sequence: Callable[[int, int], str]) -> Spliced:
    """Put a transcript's exons together; ``sequence`` gives the genome's forward strand."""
    message = "".join(sequence(start, end) for start, end in transcript.exons)
    if transcript.strand < 0:
        message = reverse_complement(message)
    bare = Spliced(transcript, code, message, 0, 0, 0)
    if transcript.cds is None:
        return bare
    ends = (bare.cdna_position(transcript.cds[0]), bare.cdna_position(transcript.cds[1] - 1))
    first, last = sorted(end for end in ends if end is not None)
    return Spliced(transcript, code, message, first, last + 1, (3 - transcript.cds_phase) % 3)
