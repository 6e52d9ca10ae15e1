"""The annotated VCF: records go out as they come, the header once what it must declare is known.

BGZF blocks stand for themselves, so a file is the header's blocks followed by the records' blocks; joining
them copies bytes without compressing anything twice. The index is made of the same pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Self

import numpy as np

from gas_engine.vcf import bgzf
from gas_engine.vcf.index import Indexer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path
    from types import TracebackType

    from gas_engine.kernel.layout import Rows

_COPY_BYTES = 4 * 1024 * 1024
_HELD_BYTES = 4 * 1024 * 1024


class TextWriter:
    """Write records as text to a stream, in the order of a file: the header first.

    The first few MiB of records are held until ``head`` is asked for the header's lines: it can declare what
    these use, and stop a run that belongs to another reference, before a byte is written.
    """

    def __init__(self, out: BinaryIO, head: Callable[[], Iterable[bytes]]) -> None:
        self._out = out
        self._head = head
        self._held: bytearray | None = bytearray()

    def write(self, text: bytes | memoryview, _sites: Rows) -> None:
        """Append records."""
        if self._held is None:
            self._out.write(text)
            return
        self._held += text
        if len(self._held) >= _HELD_BYTES:
            self.finish()

    def finish(self) -> None:
        """Write what is held."""
        if self._held is not None:
            self._out.write(b"".join(line + b"\n" for line in self._head()))
            self._out.write(self._held)
            self._held = None
        self._out.flush()


class BodyWriter:
    """Write records as BGZF without a header, and keep what the index needs."""

    def __init__(self, path: Path, pool: ThreadPoolExecutor, settled: dict[str, Rows] | None = None) -> None:
        self._path = path
        self._indexer = Indexer()
        self._bytes = 0
        if settled is None:
            self._blocks = bgzf.BlockWriter(path, pool)
            return
        self._bytes, settled_bytes = settled["bytes"].tolist()
        self._blocks = bgzf.BlockWriter(path, pool, settled_bytes, settled["text"].tobytes())
        self._indexer.restore(settled)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._blocks.__exit__(kind, error, trace)

    def write(self, text: bytes | memoryview, sites: Rows) -> None:
        """Append records; ``sites`` tell where each stands in ``text``, and must not be written to again."""
        self._blocks.write(text)
        self._indexer.add(self._bytes, sites, self._blocks.offsets)
        self._bytes += len(text)

    def settle(self) -> dict[str, Rows]:
        """Bring what was written to the disk; return all else that a writer needs to go on from here."""
        text = self._blocks.settle()
        return {
            "bytes": np.array([self._bytes, self._blocks.offsets[-1]], np.int64),
            "text": np.frombuffer(text, np.uint8),
            **self._indexer.state(),
        }

    def finish(
        self,
        vcf: Path,
        index: Path,
        header: Iterable[bytes],
        contigs: Sequence[bytes],
        tick: Callable[[], None],
    ) -> None:
        """Write ``vcf``, header lines and then the records, and its index. The body stays.

        ``contigs`` are the names by the numbers that the sites carry.
        """
        head, _ = bgzf.pack(b"".join(line + b"\n" for line in header))
        with vcf.open("wb") as whole, self._path.open("rb") as records:
            whole.write(head)
            while chunk := records.read(_COPY_BYTES):
                whole.write(chunk)
                tick()
            whole.write(bgzf.EOF)
        self._indexer.write(index, contigs, self._blocks.offsets, len(head))
