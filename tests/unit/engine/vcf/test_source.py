"""Bytes become numbered lines, whatever they were packed in, within the caps."""

import gzip
import hashlib
import io
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gas_engine.errors import CompressionError, EmptyInputError, LimitError, NotVcfError, VcfError
from gas_engine.limits import Limits
from gas_engine.vcf.bgzf import EOF as BGZF_EOF
from gas_engine.vcf.source import Source

TEXT = b"##fileformat=VCFv4.2\n" + b"".join(b"line %d\n" % number for number in range(20_000))


def lines_of(data: bytes, limits: Limits | None = None) -> list[bytes]:
    return [line for _, line in Source(io.BytesIO(data), limits or Limits()).lines()]


def bgzf(data: bytes, tmp_path: Path) -> bytes:
    path = tmp_path / "packed.gz"
    with pysam.BGZFile(str(path), "w", None) as out:
        out.write(data)
    return path.read_bytes()


class Dribble(io.RawIOBase):
    """A pipe that gives a byte or two at a time and cannot be measured."""

    def __init__(self, data: bytes) -> None:
        self._inner = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._inner.read(min(size, 2) if size > 0 else 2)

    def seekable(self) -> bool:
        return False


def test_plain_gzip_and_bgzf_give_the_same_lines(tmp_path: Path) -> None:
    expected = TEXT.splitlines()
    packed = {"plain": TEXT, "gzip": gzip.compress(TEXT), "bgzf": bgzf(TEXT, tmp_path)}
    for compression, data in packed.items():
        source = Source(io.BytesIO(data), Limits())
        assert [line for _, line in source.lines()] == expected
        assert source.compression == compression
        assert source.bytes_read == source.bytes_total == len(data)
        assert source.uncompressed_bytes == len(TEXT)
        assert source.sha256 == hashlib.sha256(data).hexdigest()


def test_gzip_files_joined_end_to_end_are_one() -> None:
    half = TEXT.index(b"line 10000\n")
    assert lines_of(gzip.compress(TEXT[:half]) + gzip.compress(TEXT[half:])) == TEXT.splitlines()


def test_a_pipe_that_dribbles_is_read_like_a_file() -> None:
    text = b"##fileformat=VCFv4.2\r\n#CHROM"
    source = Source(cast("BinaryIO", Dribble(gzip.compress(text))), Limits())
    assert list(source.lines()) == [(1, b"##fileformat=VCFv4.2"), (2, b"#CHROM")]
    assert source.bytes_total is None


@given(st.lists(st.binary(max_size=40).map(lambda line: line.translate(None, b"\r\n"))), st.booleans())
def test_lines_come_out_as_they_went_in(lines: list[bytes], final_newline: bool) -> None:  # noqa: FBT001 - drawn
    lines = [b"##fileformat=VCFv4.2", *lines, b"end"]
    for end in (b"\n", b"\r\n"):
        assert lines_of(end.join(lines) + (end if final_newline else b"")) == lines


def test_a_byte_order_mark_is_taken_off() -> None:
    assert lines_of(b"\xef\xbb\xbf##fileformat=VCFv4.2\n") == [b"##fileformat=VCFv4.2"]


@pytest.mark.parametrize("data", [b"", gzip.compress(b""), BGZF_EOF, b"\xef\xbb\xbf"])
def test_an_empty_file_is_said_to_be_empty(data: bytes) -> None:
    with pytest.raises(EmptyInputError, match="empty"):
        lines_of(data)


def test_the_kind_of_another_file_is_seen_through_its_gzip() -> None:
    with pytest.raises(
        NotVcfError, match=r"looks like a BAM alignment file\. Choose the \.vcf or \.vcf\.gz\."
    ):
        lines_of(gzip.compress(b"BAM\x01" + bytes(100)))


@pytest.mark.parametrize("kept", [0.01, 0.5, 0.9, 0.999])
def test_truncated_gzip_is_said_to_be_cut_short(kept: float) -> None:
    data = gzip.compress(TEXT)
    data = data[: int(len(data) * kept)]
    with pytest.raises(CompressionError, match=f"cut short after {len(data):,} bytes"):
        lines_of(data)


def test_bgzf_cut_between_two_blocks_is_still_seen_to_be_cut_short(tmp_path: Path) -> None:
    data = bgzf(TEXT, tmp_path)
    assert data.endswith(BGZF_EOF)
    with pytest.raises(CompressionError, match="cut short"):
        lines_of(data[: -len(BGZF_EOF)])


def test_damaged_gzip_is_told_with_the_place() -> None:
    data = bytearray(gzip.compress(TEXT))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(CompressionError, match="damaged near byte"):
        lines_of(bytes(data))


def test_garbage_after_the_gzip_data_is_damage_but_zero_padding_is_not() -> None:
    assert lines_of(gzip.compress(TEXT) + bytes(512)) == TEXT.splitlines()
    with pytest.raises(CompressionError, match="damaged"):
        lines_of(gzip.compress(TEXT) + b"garbage")


def test_a_gzip_bomb_is_stopped_by_its_ratio() -> None:
    limits = Limits(max_ratio=100, ratio_grace_bytes=1_000_000)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(b"##fileformat=VCFv4.2\n" + b"A\n" * 20_000_000) + packer.flush()
    source = Source(io.BytesIO(bomb), limits)
    with pytest.raises(LimitError, match="more than 100 times its size"):
        list(source.lines())
    assert source.uncompressed_bytes < 20_000_000, "it is not unpacked first and judged then"


def test_ordinary_text_that_packs_well_is_no_bomb() -> None:
    text = b"##fileformat=VCFv4.2\n" + b"MT\t73\t.\tA\tG\t.\t.\t.\tGT\t" + b"0|0\t" * 100_000
    assert len(lines_of(gzip.compress(text))) == 2


def test_the_size_of_the_text_is_capped() -> None:
    with pytest.raises(LimitError, match=r"more than 1 KiB\. Split it by contig"):
        lines_of(gzip.compress(TEXT), Limits(max_uncompressed_bytes=1024))


def test_a_line_of_a_megabyte_passes_and_one_beyond_the_cap_is_named() -> None:
    long = b"A" * 1_000_000
    text = b"##fileformat=VCFv4.2\n" + long + b"\nend"
    assert lines_of(text)[1] == long
    with pytest.raises(VcfError, match=r"Line 2: a line of more than 512 KiB where a VCF line belongs\."):
        lines_of(text, Limits(max_line_bytes=512 * 1024))


def test_an_exception_of_the_caller_stops_the_reading() -> None:
    class StopNowError(Exception):
        pass

    def stop() -> None:
        raise StopNowError

    with pytest.raises(StopNowError):
        list(Source(io.BytesIO(TEXT), Limits(), stop).lines())
