from __future__ import annotations

import string
from email.header import Header

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import parse_options_header

from gas_core.adapters.file_names import content_disposition, from_form, from_metadata

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=80)


@given(NAMES)
def test_name_is_read_back_from_the_header_as_it_was(name: str) -> None:
    header = content_disposition(name)
    assert parse_options_header(header) == ("attachment", {"filename": name})


@given(st.text())
def test_header_is_one_line_of_ascii_whatever_the_name(name: str) -> None:
    header = content_disposition(name.encode(errors="replace").decode())
    assert set(header) <= set(string.printable) - set("\r\n\t\v\f")


@pytest.mark.parametrize("name", ["naïve.vcf", "名前🧬.vcf", "ü" * 200 + ".vcf"])
def test_name_that_s3_gave_back_in_rfc_2047_words_is_read(name: str) -> None:
    assert from_metadata(Header(name, "utf-8", maxlinelen=10_000).encode()) == name


@given(NAMES.filter(lambda name: "=?" not in name))
def test_name_whose_utf8_bytes_came_as_latin1_is_read(name: str) -> None:
    assert from_metadata(name.encode().decode("latin-1")) == name


@pytest.mark.parametrize("text", ["plain.vcf", "=?no-such-charset?q?abc?=", "=?utf-8?q?=ff=fe?=", "é", "名"])
def test_what_cannot_be_decoded_is_taken_as_it_is(text: str) -> None:
    assert from_metadata(text) == text


@pytest.mark.parametrize(
    ("written", "name"),
    [("say %22hi%22.vcf", 'say "hi".vcf'), ("a%0D%0Ab.vcf", "ab.vcf"), ("5%.vcf", "5%.vcf")],
)
def test_name_that_a_browser_wrote_into_a_form_is_read(written: str, name: str) -> None:
    assert from_form(written) == name
