"""Blocks that are packed and unpacked here are those of everybody else; damage is noticed."""

from __future__ import annotations

import gzip
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gas_engine.vcf import bgzf


@given(st.binary(max_size=200), st.integers(1, 900))
def test_what_is_packed_unpacks_here_and_with_gzip(piece: bytes, times: int) -> None:
    text = piece * times
    packed, sizes = bgzf.pack(text)
    assert sum(sizes) == len(packed)
    end, blocks = bgzf.whole_blocks(packed)
    assert end == len(packed)
    assert bgzf.unpack(packed, blocks) == text
    assert gzip.decompress(packed + bgzf.EOF) == text


def test_a_block_that_is_not_all_there_is_left_for_later() -> None:
    packed, sizes = bgzf.pack(random.Random(1).randbytes(100_000))
    assert bgzf.whole_blocks(packed[:-1])[0] == sizes[0]
    assert bgzf.whole_blocks(packed[: sizes[0] + 10])[0] == sizes[0]
    assert bgzf.whole_blocks(gzip.compress(b"text"))[0] == 0


@pytest.mark.parametrize("at", [40, -6, -4])
def test_a_changed_byte_is_noticed(at: int) -> None:
    packed = bytearray(bgzf.pack(b"ACGT" * 1000)[0])
    packed[at] ^= 1
    with pytest.raises(ValueError):  # noqa: PT011 - the caller says more
        bgzf.unpack(bytes(packed), bgzf.whole_blocks(bytes(packed))[1])
