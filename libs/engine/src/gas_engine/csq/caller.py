"""One csq at work: records go in and what it says of each comes out, in the order they went in."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import deque
from contextlib import suppress
from queue import Full, Queue
from threading import Thread
from typing import TYPE_CHECKING, Final, Self

from gas_engine.csq import child
from gas_engine.errors import CsqError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from gas_engine.bundle import Contig
    from gas_engine.csq.files import ReferenceFiles

_CODES: Final = {1: 0, 2: 1, 11: 0}
"""csq's number of NCBI's genetic codes; it knows no other start codon than ATG."""
_CHUNKS: Final = 16
_WAIT_SECONDS: Final = 0.2
_BCSQ: Final = b"BCSQ="


class Caller:
    """A process of csq for one genetic code. ``said`` gets its word for each record, or ``b""``.

    While csq reads its gene models, or is behind, `send` waits; ``tick`` is called meanwhile, and what it
    raises passes through.
    """

    def __init__(
        self, files: ReferenceFiles, genetic_code: int, contigs: Iterable[Contig], tick: Callable[[], None]
    ) -> None:
        self.said: deque[bytes] = deque()
        self._tick = tick
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        arguments = (str(files.fasta), str(files.gff3), str(_CODES[genetic_code]))
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            (sys.executable, "-P", child.__file__, *arguments),  # by path: it needs nothing else of ours
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        self._given: Queue[bytes] = Queue(_CHUNKS)
        self._threads = [Thread(target=work, daemon=True) for work in (self._feed, self._hear)]
        for thread in self._threads:
            thread.start()
        lines = (f"##contig=<ID={contig.name},length={contig.length}>\n" for contig in contigs)
        head = "##fileformat=VCFv4.2\n" + "".join(lines) + "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        self.send(head.encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        with suppress(Full):
            self._given.put_nowait(b"")
        for thread in self._threads:
            thread.join()
        self._errors.close()

    def send(self, lines: bytes) -> None:
        """Give whole lines; CsqError if csq has ended."""
        while True:
            if self._process.poll() is not None:
                raise self._failure()
            try:
                self._given.put(lines, timeout=_WAIT_SECONDS)
            except Full:
                self._tick()
            else:
                return

    def end(self) -> None:
        """Wait until all is said; CsqError if csq ends otherwise than well."""
        self.send(b"")
        for thread in self._threads:
            while thread.is_alive():
                thread.join(_WAIT_SECONDS)
                self._tick()
        if self._process.wait():
            raise self._failure()

    def _feed(self) -> None:
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - as asked of Popen
        # Where the pipe breaks csq has ended; why, its exit code and its last line tell.
        with suppress(BrokenPipeError), pipe:
            while lines := self._given.get():
                pipe.write(lines)

    def _hear(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101 - as asked of Popen
        with pipe:
            for line in pipe:
                if not line.startswith(b"#"):
                    info = line.split(b"\t")[7].rstrip(b"\n")
                    self.said.append(info.removeprefix(_BCSQ) if info.startswith(_BCSQ) else b"")

    def _failure(self) -> CsqError:
        code = self._process.wait()
        self._errors.seek(0)
        lines = [line for line in self._errors.read().decode("utf-8", "replace").splitlines() if line.strip()]
        said = next((line for line in lines if line.lower().startswith("error")), lines[-1] if lines else "")
        return CsqError(code, said.strip().rstrip("."))
