"""Bad and odd files through the front door of the real service: what the job's page says in the end."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from tests.integration.bad_files import BAD_FILES, vcf

from gas_local.fixtures import running_stack
from gas_local.journey import Browser
from gas_local.services import service_programs
from gas_local.supervisor import Supervisor
from gas_local.world import ADA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gas_local.journey import Outcome

pytestmark = pytest.mark.slow

GOOD = vcf("MT 73 . A G . . .")
SAMPLES = 3_000


@pytest.fixture(scope="module")
def ada(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Ada, signed in at a site of these tests' own, which has one reference: sentences name it alone."""
    folder = tmp_path_factory.mktemp("site")
    with running_stack(folder) as stack, Supervisor(folder / "log") as supervisor:
        supervisor.start(*service_programs(stack.environment | {"GAS_BUNDLES": '["rCRS"]'}))
        browser = Browser(stack.base_url, watch=supervisor.check)
        browser.sign_in(ADA)
        yield browser


def ended(ada: Browser, file: Path, data: bytes) -> Outcome:
    file.write_bytes(data)
    return ada.follow(ada.submit(file))


@pytest.mark.parametrize("kind", BAD_FILES)
def test_bad_file_fails_and_its_page_says_why(ada: Browser, tmp_path: Path, kind: str) -> None:
    bad = BAD_FILES[kind]
    outcome = ended(ada, tmp_path / "sample.vcf", bad.data)
    assert (outcome.status, outcome.results) == ("FAILED", "NONE")
    assert " ".join(outcome.sentences).startswith(bad.sentence)


def test_header_without_records_completes_with_a_note(ada: Browser, tmp_path: Path) -> None:
    outcome = ended(ada, tmp_path / "sample.vcf", vcf())
    assert (outcome.status, outcome.results) == ("COMPLETED", "AVAILABLE")
    assert outcome.sentences[0] == "No records, so nothing to annotate."
    assert [line for line in ada.download(outcome).splitlines() if line[0] != "#"] == []


def test_unsorted_records_come_back_in_order(ada: Browser, tmp_path: Path) -> None:
    unsorted = vcf("MT 263 . A G . . .", "MT 73 . A G . . .", "MT 152 . T C . . .")
    outcome = ended(ada, tmp_path / "sample.vcf", unsorted)
    assert outcome.status == "COMPLETED"
    records = [line.split("\t") for line in ada.download(outcome).splitlines() if line[0] != "#"]
    assert [record[1] for record in records] == ["73", "152", "263"]
    assert "The records were not in order" in ada.log(outcome)


def test_line_of_a_megabyte_and_three_thousand_samples_pass(ada: Browser, tmp_path: Path) -> None:
    long = gzip.compress(vcf(f"MT 73 . A G . . X={'A' * 1024**2}"))
    assert ended(ada, tmp_path / "long.vcf.gz", long).status == "COMPLETED"
    names = "\t".join(f"S{number}" for number in range(SAMPLES))
    columns = f"INFO\tFORMAT\t{names}".encode()
    wide = GOOD.replace(b"INFO", columns).replace(b"\t.\n", b"\t.\tGT" + b"\t0/1" * SAMPLES + b"\n")
    outcome = ended(ada, tmp_path / "wide.vcf", wide)
    assert outcome.status == "COMPLETED"
    assert ada.download(outcome).splitlines()[-1].count("\t0/1") == SAMPLES


def test_letters_that_are_not_utf8_come_back_as_they_were(ada: Browser, tmp_path: Path) -> None:
    outcome = ended(
        ada, tmp_path / "sample.vcf", vcf("MT 73 . A G . . X=caf").replace(b"caf\n", b"caf\xe9\n")
    )
    assert outcome.status == "COMPLETED"
    assert "Lines that are not UTF-8: 1" in ada.log(outcome)


@pytest.mark.parametrize(
    "name",
    [
        "my ~sample~ (2).VCF",
        'say "hi" & <b>.vcf',
        "naïve 名前🧬.vcf",
        "100%25.vcf",
        "no ending",
        "-rf.vcf",
        "a" * 251 + ".vcf",
    ],
)
def test_file_keeps_its_name_whatever_that_is(ada: Browser, tmp_path: Path, name: str) -> None:
    outcome = ended(ada, tmp_path / name, GOOD)
    assert outcome.status == "COMPLETED"
    assert ada.heading(outcome) == name
    assert "73" in ada.download(outcome)
