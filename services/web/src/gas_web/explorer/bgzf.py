"""Writing BGZF (SAM specification, section 4.1): gzip in blocks that tools can seek in."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator

_BLOCK_BYTES = 65_280
"""Of text in a block, as htslib takes: packed it stays below 64 KiB, however little it can be packed."""
_HEADER = struct.Struct("<4BI2BH2B2H")
_TRAILER = struct.Struct("<2I")
END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
"""The empty block that marks the end of a file that is whole."""


def packed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces as BGZF, a block at a time, with the end marker."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= _BLOCK_BYTES:
            yield _block(bytes(waiting[:_BLOCK_BYTES]))
            del waiting[:_BLOCK_BYTES]
    if waiting:
        yield _block(bytes(waiting))
    yield END


def _block(text: bytes) -> bytes:
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = deflate.compress(text) + deflate.flush()
    size = _HEADER.size + len(body) + _TRAILER.size
    # ID1 ID2 CM FLG, MTIME, XFL OS, XLEN, then the extra field "BC" with the block's size less one.
    header = _HEADER.pack(31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, size - 1)
    return header + body + _TRAILER.pack(zlib.crc32(text), len(text))
