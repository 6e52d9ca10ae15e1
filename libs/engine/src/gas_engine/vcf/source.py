"""From a stream of bytes to numbered lines: decompression, its caps, and what is not a VCF at all."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zlib
from collections import deque
from typing import TYPE_CHECKING, BinaryIO

from gas_engine.errors import CompressionError, EmptyInputError, LimitError, NotVcfError, VcfError
from gas_engine.limits import Limits, size_text
from gas_engine.vcf import bgzf
from gas_engine.vcf.kinds import HEAD_BYTES, other_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK_BYTES = 64 * 1024
_BLOCK_BYTES = 1024 * 1024
_UNPACKED_CHUNK_BYTES = 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WBITS = 31
_UTF8_BOM = b"\xef\xbb\xbf"


class Source:
    """One input read once, front to back, in bounded memory.

    ``bytes_read`` counts bytes of the stream as it is, ``uncompressed_bytes`` the text they unpack to;
    ``compression`` is ``plain``, ``gzip`` or ``bgzf``. ``on_read`` is called for every chunk; what it raises
    passes through.
    """

    def __init__(self, stream: BinaryIO, limits: Limits, on_read: Callable[[], None] = lambda: None) -> None:
        self._stream = stream
        self._limits = limits
        self._on_read = on_read
        self._digest = hashlib.sha256()
        self._tail = b""
        self.bytes_total = _size_of(stream)
        self.bytes_read = 0
        self.uncompressed_bytes = 0
        self.compression = "plain"
        self._chunks = self._text()
        self._ended: deque[bytes] = deque()
        self._pending = b""
        self._number = 0

    @property
    def sha256(self) -> str:
        """Checksum of the bytes read so far; of the whole input once the lines have run out."""
        return self._digest.hexdigest()

    @property
    def line(self) -> int:
        """Number of the last line that `lines` gave."""
        return self._number

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield (number from 1, line without its line end). CRLF ends a line as LF does.

        Raises
        ------
        EmptyInputError, NotVcfError, CompressionError, LimitError, VcfError
        """
        while True:
            while self._ended:
                line = self._ended.popleft()
                self._number += 1
                self.check_length(self._number, len(line))
                yield self._number, line.removesuffix(b"\r")
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            *ended, self._pending = (self._pending + chunk).split(b"\n")
            self._ended.extend(ended)
            self.check_length(self._number + len(self._ended) + 1, len(self._pending))
        if self._pending:
            line, self._pending = self._pending, b""
            self._number += 1
            yield self._number, line.removesuffix(b"\r")

    def blocks(self) -> Iterator[tuple[int, bytearray]]:
        """Yield what `lines` has not, as (lines before it, block of whole lines, each with its line feed)."""
        block = bytearray(b"".join(line + b"\n" for line in self._ended) + self._pending)
        self._ended.clear()
        for chunk in self._chunks:
            block += chunk
            if len(block) < _BLOCK_BYTES:
                continue
            cut = block.rfind(b"\n") + 1
            rest = block[cut:]
            if cut:
                del block[cut:]
                yield self._number, block
                self._number += block.count(b"\n")
                block = rest
            self.check_length(self._number + 1, len(rest))
        if block:
            if not block.endswith(b"\n"):
                block += b"\n"
            yield self._number, block

    def check_length(self, number: int, length: int) -> None:
        """Refuse a line beyond the cap."""
        limit = self._limits.max_line_bytes
        if length > limit:
            raise VcfError(number, None, "", f"a line of more than {size_text(limit)}", "a VCF line")

    def _text(self) -> Iterator[bytes]:
        """Yield uncompressed chunks, the first long enough to tell the kind of file."""
        chunks = self._counted(self._unpacked())
        head = b""
        for chunk in chunks:
            head += chunk
            if len(head) >= HEAD_BYTES:
                break
        head = head.removeprefix(_UTF8_BOM)
        if not head:
            raise EmptyInputError
        if kind := other_kind(head[:HEAD_BYTES]):
            raise NotVcfError(kind)
        yield head
        yield from chunks

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        limits = self._limits
        for chunk in chunks:
            self.uncompressed_bytes += len(chunk)
            if self.uncompressed_bytes > limits.max_uncompressed_bytes:
                raise LimitError(
                    size_text(limits.max_uncompressed_bytes), "Split it by contig and upload the parts."
                )
            if self.uncompressed_bytes > max(limits.ratio_grace_bytes, limits.max_ratio * self.bytes_read):
                raise LimitError(
                    f"{limits.max_ratio:,} times its size",
                    "Files that do so are taken for a trap; upload this one uncompressed.",
                )
            yield chunk

    def _unpacked(self) -> Iterator[bytes]:
        raw = self._raw()
        first = next(raw, b"")
        if not first.startswith(_GZIP_MAGIC):
            yield first
            yield from raw
            return
        # A BGZF block is a gzip member with an extra field BC, which every writer puts first.
        self.compression = "bgzf" if first[3:4] == b"\x04" and first[12:14] == b"BC" else "gzip"
        yield from self._unpack_blocks(first, raw) if self.compression == "bgzf" else self._gunzip(first, raw)
        if self.compression == "bgzf" and self._tail != bgzf.EOF:
            raise CompressionError(self.bytes_read, cut_short=True)

    def _unpack_blocks(self, first: bytes, raw: Iterator[bytes]) -> Iterator[bytes]:
        """Unpack BGZF block by block; `_gunzip` says what is wrong with what does not look like one."""
        data = first
        while True:
            end, blocks = bgzf.whole_blocks(data)
            if blocks:
                try:
                    yield bgzf.unpack(data, blocks)
                except ValueError as error:
                    raise CompressionError(self.bytes_read, cut_short=False) from error
                data = data[end:]
            elif len(data) > bgzf.MOST_BYTES:
                break
            chunk = next(raw, b"")
            if not chunk:
                break
            data += chunk
        yield from self._gunzip(data, raw)

    def _gunzip(self, first: bytes, raw: Iterator[bytes]) -> Iterator[bytes]:
        """Unpack member after member; BGZF is many small ones."""
        member: zlib._Decompress | None = None
        data = first
        while data:
            if member is None:
                data = data.lstrip(b"\0")  # tape and block devices pad with zeros
                if data:
                    member = zlib.decompressobj(_GZIP_WBITS)
            while member is not None:
                try:
                    unpacked = member.decompress(data, _UNPACKED_CHUNK_BYTES)
                except zlib.error as error:
                    raise CompressionError(self.bytes_read, cut_short=False) from error
                yield unpacked
                data = member.unconsumed_tail
                if member.eof:
                    data = member.unused_data.lstrip(b"\0")
                    member = zlib.decompressobj(_GZIP_WBITS) if data else None
                elif not data and len(unpacked) < _UNPACKED_CHUNK_BYTES:
                    break
            data = next(raw, b"")
        if member is not None:
            raise CompressionError(self.bytes_read, cut_short=True)

    def _raw(self) -> Iterator[bytes]:
        while chunk := self._stream.read(CHUNK_BYTES):
            # A pipe or a socket may give less than asked for; the first chunk decides the kind.
            while len(chunk) < len(bgzf.EOF) and (more := self._stream.read(CHUNK_BYTES)):
                chunk += more
            self.bytes_read += len(chunk)
            self._digest.update(chunk)
            self._tail = (self._tail + chunk[-len(bgzf.EOF) :])[-len(bgzf.EOF) :]
            self._on_read()
            yield chunk


def _size_of(stream: BinaryIO) -> int | None:
    """Bytes from here to the end where that can be known without reading, else None."""
    try:
        status = os.fstat(stream.fileno())
    except (io.UnsupportedOperation, AttributeError):
        if not (hasattr(stream, "seekable") and stream.seekable()):
            return None
        here = stream.tell()
        end = stream.seek(0, io.SEEK_END)
        stream.seek(here)
        return end - here
    return status.st_size if stat.S_ISREG(status.st_mode) else None
