"""The SHA-256 tree hash of the Glacier vault API.

Leaves are the SHA-256 of every MiB (the last may be shorter). Level by level, neighbours are joined by
hashing them together; one without a neighbour goes up as it is (Amazon S3 Glacier Developer Guide, "Computing
Checksums"). Ranges that begin at a multiple of their own length, a power of two of MiB, have a hash that is a
node of the archive's tree: such a range can be checked alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

MIB = 1 << 20


def leaves(data: bytes) -> list[bytes]:
    """Hashes of the MiBs of ``data``, which begins on a MiB of the archive. No data is one empty leaf."""
    view = memoryview(data)
    return [hashlib.sha256(view[at : at + MIB]).digest() for at in range(0, max(len(data), 1), MIB)]


def root(hashes: Iterable[bytes]) -> str:
    """The tree hash over leaves, hexadecimal; needs at least one."""
    level = list(hashes)
    while len(level) > 1:
        joined = [
            hashlib.sha256(one + other).digest() for one, other in zip(level[::2], level[1::2], strict=False)
        ]
        level = joined + level[len(joined) * 2 :]
    return level[0].hex()


def of_file(path: Path) -> str:
    """The tree hash of a file, read in bounded memory."""
    hashes: list[bytes] = []
    with path.open("rb") as source:
        while chunk := source.read(MIB):
            hashes += leaves(chunk)
    return root(hashes or leaves(b""))
