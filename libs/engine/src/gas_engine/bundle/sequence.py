"""Sequences: FASTA to one byte a base in upper case, contig after contig."""

from __future__ import annotations

import gzip
import io
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, BinaryIO, Final, cast

import numpy as np

from gas_engine.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gas_engine.kernel.layout import Bytes

_CHUNK_BYTES: Final = 1 << 24
_BREAKS: Final = b"\n\r"
_UPPER: Final = bytes(range(256)).upper()
_BASES: Final = b"ACGTUNRYSWKMBDHV-*."


def open_bytes(path: Path) -> BinaryIO:
    """Open a file that may be gzipped."""
    with path.open("rb") as stream:
        zipped = stream.read(2) == b"\x1f\x8b"
    return cast("BinaryIO", gzip.open(path, "rb")) if zipped else path.open("rb")


@contextmanager
def open_text(path: Path) -> Iterator[IO[str]]:
    """Open a text that may be gzipped; what cannot be read is a BundleError."""
    try:
        with io.TextIOWrapper(open_bytes(path), encoding="utf-8") as lines:
            yield lines
    except (OSError, EOFError, UnicodeDecodeError) as fault:
        raise BundleError(f"{path} cannot be read: {fault}.") from fault


def stream_fasta(path: Path, write: Callable[[bytes], object]) -> dict[str, int]:
    """Give the bases of a FASTA to ``write``, a piece at a time; return contigs and their lengths.

    Raises
    ------
    BundleError
        If it is no FASTA.
    """
    lengths: dict[str, int] = {}
    name = ""
    pending = b""
    for chunk in _chunks(path):
        data = pending + chunk
        # A header must be seen whole, and whether a ">" begins a line.
        cut = data.rfind(b"\n") + 1 if chunk else len(data)
        data, pending = data[:cut], data[cut:]
        for index, part in enumerate((b"\n" + data).split(b"\n>")):
            bases = part
            if index:
                header, _, bases = part.partition(b"\n")
                words = header.decode("utf-8", "replace").split()
                if not words or words[0] in lengths or "\ufffd" in words[0]:
                    raise BundleError(f"{path} is not a FASTA file: a contig has no name of its own.")
                name = words[0]
                lengths[name] = 0
            bases = bases.translate(_UPPER, _BREAKS)
            if bases and (not name or bases.translate(None, _BASES)):
                raise BundleError(f"{path} is not a FASTA file: text where bases belong.")
            lengths[name] = lengths.get(name, 0) + len(bases)
            write(bases)
    lengths.pop("", None)
    if not lengths:
        raise BundleError(f"{path} is not a FASTA file: it has no line that begins with >.")
    return lengths


def _chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file that may be gzipped, and an empty piece at its end."""
    try:
        with open_bytes(path) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                yield chunk
    except (OSError, EOFError) as fault:
        raise BundleError(f"{path} cannot be read: {fault}.") from fault
    yield b""


def read_fasta(path: Path) -> tuple[Bytes, dict[str, int]]:
    """All bases in memory, and the contigs with their lengths."""
    data = bytearray()
    lengths = stream_fasta(path, data.extend)
    return np.frombuffer(data, np.uint8), lengths
