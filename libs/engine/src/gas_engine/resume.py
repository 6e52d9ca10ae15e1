"""Leave checkpoints of a run, and go on from the last one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gas_engine.checkpoint import Checkpoint, StoppedError
from gas_engine.errors import ResumeError
from gas_engine.version import __version__

if TYPE_CHECKING:
    from gas_engine.bundle import Bundle
    from gas_engine.checkpoint import Checkpoints
    from gas_engine.outputs.parts import TableParts
    from gas_engine.outputs.paths import OutputPaths
    from gas_engine.outputs.tally import Tally
    from gas_engine.stream import Contigs, Lines, Piece, RecordStream
    from gas_engine.vcf.declare import Declarations
    from gas_engine.vcf.header import Header
    from gas_engine.vcf.writer import BodyWriter


def identity(header: Header, bundle: Bundle, provenance: bytes) -> dict[str, str]:
    """What two runs must have in common for one to go on with the other, by the words for it.

    ``provenance`` is the line of the output's header that tells how it was made, options included.
    """
    head = b"\n".join((header.version.encode(), *header.meta, header.column_line, b"%d" % header.columns))
    return {
        "version of the engine": __version__,
        "bundle": hashlib.sha256(bundle.manifest.to_json().encode()).hexdigest(),
        "set of options": provenance.decode(),
        "input": hashlib.sha256(head).hexdigest(),
    }


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a run that have a state between two records."""

    lines: Lines
    contigs: Contigs
    declarations: Declarations
    tally: Tally
    body: BodyWriter
    table: TableParts
    stream: RecordStream


class Resumption:
    """The checkpoints of one run. ``begun`` is the one that it goes on from, if there is any.

    Raises
    ------
    ResumeError
        There is one, and it is damaged or of a run of another kind.
    """

    def __init__(
        self, checkpoints: Checkpoints, staged: OutputPaths, identity: dict[str, str], header_lines: int
    ) -> None:
        self._checkpoints = checkpoints
        self._staged = staged
        self._identity = identity
        self._header_lines = header_lines
        self.begun = Checkpoint.load(staged.checkpoint)
        if self.begun:
            self.begun.check(identity, staged.checkpoint)

    def follow(self, parts: Parts) -> None:
        """Have the parts go on from where they were, and leave checkpoints of them from now on.

        What is the outputs' own, body and table, begins there already.
        """
        if self.begun:
            state = self.begun.state
            for name in state["contigs"]:
                parts.contigs.add(0, name.encode())
            parts.declarations.restore(state["declarations"])
            parts.tally.restore(state["tally"])
            parts.stream.restore(state["stream"])
            records = parts.stream.records
            blank_lines = self.begun.place.lines - self._header_lines - records
            refusal = ResumeError(self._staged.directory, "is of a run with another input")
            parts.lines.start_at(self.begun.place, blank_lines, refusal)
            self._checkpoints.written(records)
        parts.stream.on_rest = lambda piece, last: self._leave(parts, piece, last)

    def _leave(self, parts: Parts, piece: Piece, last: int) -> None:
        """Leave a checkpoint after a record of a piece, if one is due; StoppedError if the run is to stop."""
        # Records that were put in order are few, and do not lie in the input as they come.
        if not self._checkpoints.due or parts.lines.sorted_here:
            return
        place = piece.place_after(last)
        state = {
            "contigs": [name.decode() for name in parts.contigs.met[: place.contig + 1]],
            "stream": parts.stream.state(),
            "declarations": parts.declarations.state(),
            "tally": parts.tally.state(),
        }
        finished, body = parts.table.settle(), parts.body.settle()
        Checkpoint(self._identity, place, finished, state, body).save(self._staged.checkpoint)
        self._checkpoints.written(parts.stream.records)
        if self._checkpoints.stopping:
            raise StoppedError
