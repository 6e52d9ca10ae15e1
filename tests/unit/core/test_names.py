"""Names of files as researchers give them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gas_core.domain.names import MAX_BYTES, clean_file_name, log_name, result_name


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("test.vcf", "test.vcf"),
        ("my ~file~ (2).VCF", "my ~file~ (2).VCF"),
        ('say "hi".vcf.gz', 'say "hi".vcf.gz'),
        ("变异体 – müller.vcf", "变异体 – müller.vcf"),
        ("C:\\data\\patient 7.vcf", "patient 7.vcf"),
        ("../../etc/passwd", "passwd"),
        ("/abs/olute.vcf", "olute.vcf"),
        ("a\r\nSet-Cookie: x.vcf", "aSet-Cookie: x.vcf"),
        ("evil\u202efcv.exe", "evilfcv.exe"),
        ("cafe\u0301.vcf", "caf\u00e9.vcf"),
        ("", "upload.vcf"),
        ("   ", "upload.vcf"),
        ("..", "upload.vcf"),
        ("folder/", "upload.vcf"),
    ],
)
def test_name_keeps_what_is_its_owners_and_loses_what_is_harmful(given_name: str, kept: str) -> None:
    assert clean_file_name(given_name) == kept


@pytest.mark.parametrize("ending", [".vcf", ".vcf.gz", ".VCF", ".vcf.bgz", ".txt"])
def test_long_name_is_cut_before_its_ending(ending: str) -> None:
    name = clean_file_name("ü" * 300 + ending)
    assert name == "ü" * ((MAX_BYTES - len(ending)) // 2) + ending


@pytest.mark.parametrize("name", ["sample.vcf", "sample.VCF", "sample.vcf.gz", "sample.Vcf.Bgz"])
def test_results_are_named_after_the_file_without_its_ending(name: str) -> None:
    assert result_name(name) == "sample.annot.vcf.gz"
    assert log_name(name) == "sample.vcf.count.log"


def test_name_without_our_ending_is_kept_whole() -> None:
    assert result_name("reads.txt") == "reads.txt.annot.vcf.gz"


def test_name_that_is_nothing_but_an_ending_gets_a_stem() -> None:
    assert result_name(".vcf") == "upload.annot.vcf.gz"


@given(st.text(max_size=400))
def test_any_text_becomes_a_name_that_any_file_system_takes(text: str) -> None:
    name = clean_file_name(text)
    for each in (name, result_name(name), log_name(name)):
        assert 0 < len(each.encode()) <= MAX_BYTES
        assert not set(each) & set("/\\\0\r\n")
        assert each not in {".", ".."}
    assert clean_file_name(name) == name
