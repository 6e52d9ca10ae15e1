from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gas_core.domain.names import clean_file_name, log_name, result_name


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("sample.vcf", "sample.vcf"),
        ('my ~"odd" name (1).VCF', 'my ~"odd" name (1).VCF'),
        ("naïve 名前🧬.vcf.gz", "naïve 名前🧬.vcf.gz"),
        ("C:\\Users\\ada\\sample.vcf", "sample.vcf"),
        ("../../etc/passwd", "passwd"),
        ("/abs/olute.vcf", "olute.vcf"),
        ("cafe\u0301.vcf", "caf\u00e9.vcf"),
        ("a\r\nb\tc\x00.vcf", "abc.vcf"),
        ("invoice\u202efcv.exe", "invoicefcv.exe"),
        ("", "upload.vcf"),
        ("...", "upload.vcf"),
        ("folder/", "upload.vcf"),
        ("  spaced.vcf  ", "spaced.vcf"),
    ],
)
def test_name_stays_its_owners_without_what_does_harm(name: str, cleaned: str) -> None:
    assert clean_file_name(name) == cleaned


@pytest.mark.parametrize("ending", [".vcf", ".VCF", ".vcf.gz", ".vcf.bgz", ".txt"])
def test_name_that_is_too_long_keeps_its_ending(ending: str) -> None:
    cleaned = clean_file_name("ü" * 300 + ending)
    assert len(cleaned.encode()) <= 255
    assert cleaned == "ü" * ((255 - len(ending)) // 2) + ending


@given(st.text(max_size=400))
def test_cleaned_name_is_one_name_that_any_file_system_takes(name: str) -> None:
    cleaned = clean_file_name(name)
    assert cleaned.strip(". ")
    assert 0 < len(cleaned.encode()) <= 255
    assert not {"/", "\\"} & set(cleaned)
    assert not [char for char in cleaned if unicodedata.category(char) == "Cc"]


@given(st.text(max_size=400))
def test_cleaning_twice_changes_nothing_more(name: str) -> None:
    once = clean_file_name(name)
    assert clean_file_name(once) == once


@pytest.mark.parametrize(
    "name", ["sample.vcf", "sample.VCF", "sample.vcf.gz", "sample.vcf.bgz", "sample.Vcf.GZ", "sample"]
)
def test_results_and_log_are_called_after_the_stem(name: str) -> None:
    assert result_name(name) == "sample.annot.vcf.gz"
    assert log_name(name) == "sample.vcf.count.log"


@pytest.mark.parametrize("name", ["my.sample.v2.vcf", "a.txt", ".vcf"])
def test_only_the_endings_of_a_vcf_are_taken_off(name: str) -> None:
    stem = {"my.sample.v2.vcf": "my.sample.v2", "a.txt": "a.txt", ".vcf": "upload"}[name]
    assert result_name(name) == f"{stem}.annot.vcf.gz"


@given(st.text(max_size=400).map(clean_file_name))
def test_results_and_log_have_names_that_any_file_system_takes(name: str) -> None:
    for made in (result_name(name), log_name(name)):
        assert len(made.encode()) <= 255
