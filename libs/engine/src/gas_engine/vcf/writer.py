"""The annotated VCF: records go out as they come, the header once everything it must declare is known.

BGZF blocks stand for themselves, so a file is the header's blocks followed by the records' blocks; joining
them copies bytes without compressing anything twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import pysam

from gas_engine.vcf.source import BGZF_EOF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from types import TracebackType

    from gas_engine.vcf.record import Record

_COPY_BYTES = 4 * 1024 * 1024


class BodyWriter:
    """Write records as BGZF without a header."""

    def __init__(self, path: Path) -> None:
        self._file = pysam.BGZFile(str(path), "w", None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, record: Record) -> None:
        self._file.write(record.to_line())


def join_header_and_body(path: Path, header: Iterable[bytes], body: Path, tick: Callable[[], None]) -> None:
    """Write ``path`` as header lines plus the records of ``body``, which is removed."""
    with pysam.BGZFile(str(path), "w", None) as head:
        for line in header:
            head.write(line + b"\n")
    with path.open("r+b") as whole, body.open("rb") as records:
        # The records overwrite the header's end marker: in the middle it would end the file for some readers.
        whole.seek(-len(BGZF_EOF), 2)
        while chunk := records.read(_COPY_BYTES):
            whole.write(chunk)
            tick()
    body.unlink()


def index_vcf(path: Path) -> None:
    """Write the .tbi beside a BGZF VCF whose records are in order."""
    pysam.tabix_index(str(path), preset="vcf", force=True)
