"""What docs/user promises word by word is what the code says."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest
from tests.integration.bad_files import BAD_FILES

import gas_engine
from gas_annotator.failures import failure_of, out_of_tries
from gas_engine.errors import EngineError
from gas_engine.terms import IMPACT
from gas_engine.vcf.csq import CSQ_COLUMNS
from gas_local.environment import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCS = ROOT / "docs" / "user"


@pytest.mark.parametrize("kind", BAD_FILES)
def test_bad_file_fails_with_its_sentence(kind: str, tmp_path: Path) -> None:
    bad = BAD_FILES[kind]
    outputs = gas_engine.OutputPaths(tmp_path)
    with pytest.raises(EngineError) as caught:
        gas_engine.annotate(
            io.BytesIO(bad.data), gas_engine.default_bundle(), outputs, lambda _progress: None
        )
    failure = failure_of(caught.value, file_name="sample.vcf")
    assert failure
    assert f"{failure.sentence} {failure.hint}".startswith(bad.sentence)
    assert list(tmp_path.iterdir()) == [], "a part of a result"


def table_below(heading: str, page: str) -> list[list[str]]:
    """Cells of the rows of the first table below a heading."""
    lines = (DOCS / page).read_text().partition(heading)[2].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def names_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_sentence_of_a_failed_job_is_in_the_list_and_no_other() -> None:
    listed = {names_in(row[0])[0] for row in table_below("## Why a job fails", "file-formats.md")}
    # One kind of file stands in the list for all that are no VCF.
    alike = {BAD_FILES[kind].sentence for kind in ("PDF", "web page", "BAM", "Excel")}
    assert listed == {bad.sentence for bad in BAD_FILES.values()} - alike | {out_of_tries(5).sentence}


def test_every_column_of_csq_is_told() -> None:
    rows = table_below("## INFO: `CSQ`", "annotations.md")
    assert sorted(name for row in rows for name in names_in(row[0])) == sorted(CSQ_COLUMNS)


def test_every_term_that_a_mitochondrial_variant_can_have_is_told_with_its_impact() -> None:
    rows = [
        *table_below("### Consequences that a mitochondrial variant can have", "annotations.md"),
        *table_below("### Structural variants", "annotations.md"),
    ]
    told = {name: row[1] for row in rows for name in names_in(row[0])}
    assert told == {name: IMPACT[name] for name in told}
    # What takes introns, splice sites, untranslated ends or microRNAs does not happen here.
    elsewhere = re.compile(r"splice|intron|UTR|miRNA|NMD|^(non_)?coding_transcript_variant")
    assert set(IMPACT) - set(told) == {name for name in IMPACT if elsewhere.search(name)}
