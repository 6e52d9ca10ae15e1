"""bcftools csq behind our seam: its word for every record, all else of the record as it came."""

from __future__ import annotations

import contextlib
import io
import os
import random
import shutil
import signal
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pysam
import pytest
from click.testing import CliRunner
from tests.csq import bcftools_csq
from tests.integration.engine.worlds import a_bundle, a_file

import gas_engine
from gas_engine import Bundle, EngineError, OutputPaths
from gas_engine.cli import main
from gas_engine.csq import child, run
from gas_engine.csq.files import ReferenceFiles
from gas_engine.csq.run import annotate_with_csq
from gas_engine.errors import CsqError

Maker = Callable[..., str]
Lines = list[list[bytes]]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def annotated(data: bytes, bundle: Bundle, directory: Path) -> Lines:
    """Columns of the records that it leaves."""
    outputs = OutputPaths(directory)
    annotate_with_csq(io.BytesIO(data), bundle, outputs, lambda _: None)
    assert set(directory.iterdir()) == set(outputs.all) - {outputs.table}
    with pysam.TabixFile(str(outputs.vcf)) as tabix:
        assert tabix.contigs
    with pysam.BGZFile(str(outputs.vcf), "r", None) as vcf:
        return [line.split(b"\t") for line in vcf.read().splitlines() if not line.startswith(b"#")]


def children() -> list[int]:
    """Processes of csq that this one started; a test run has others, which are not ours to end."""
    here = os.getpid()
    started = Path(f"/proc/{here}/task/{here}/children").read_text().split()
    return [int(pid) for pid in started if child.__file__.encode() in command_of(pid)]


def command_of(pid: str) -> bytes:
    """A process's command line; empty if it is gone."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def test_on_the_mitochondrion_it_says_what_csq_itself_says(bundle: Bundle, tmp_path: Path) -> None:
    contig = bundle.contigs[0].name
    rng = random.Random(1)
    records = []
    for pos in range(500, 16_000, 7):
        ref = bundle.sequence(contig, pos - 1, pos - 1 + rng.choice((1, 1, 1, 2, 3)))
        alt = rng.choice([each for each in ("A", "C", "G", "T", ref[0] + "CA") if each != ref])
        records.append(f"{contig}\t{pos}\t.\t{ref}\t{alt}\t.\t.\t.\n")
    text = f"##fileformat=VCFv4.2\n##contig=<ID={contig}>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    data = (text + "".join(records)).encode()
    files = Path(str(resources.files(gas_engine))) / "bundles" / "rCRS"
    shutil.copy(files / "sequence.fa", tmp_path / "rcrs.fa")
    (tmp_path / "in.vcf").write_bytes(data)
    options = ("-l", "-n", "1024", "--force", "-C", "1")
    names = ("-f", tmp_path / "rcrs.fa", "-g", files / "genes.gff3", tmp_path / "in.vcf")
    theirs = bcftools_csq(*options, *map(str, names)).splitlines()
    expected = [line.split("\t")[7] for line in theirs if not line.startswith("#")]
    found = [columns[7].decode() for columns in annotated(data, bundle, tmp_path / "out")]
    assert len(found) > 2000
    assert found == expected
    assert sum("missense" in info for info in found) > 500


@pytest.mark.parametrize("seed", [3, 8])
def test_on_made_up_genomes_records_come_back_in_order_and_unchanged(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    bundle = a_bundle(rng)
    data = a_file(rng, bundle)
    lines = annotated(data, bundle, tmp_path)
    whole = OutputPaths(tmp_path / "own")
    gas_engine.annotate(io.BytesIO(data), bundle, whole, lambda _: None)
    with pysam.BGZFile(str(whole.vcf), "r", None) as vcf:
        ours = [line.split(b"\t") for line in vcf.read().splitlines() if not line.startswith(b"#")]
    assert [line[:2] + line[3:7] + line[8:] for line in lines] == [
        line[:2] + line[3:7] + line[8:] for line in ours
    ]
    assert any(b"BCSQ=" in line[7] for line in lines)


def test_what_csq_cannot_take_passes_through_and_is_counted(
    bundle: Bundle, vcf_text: Maker, snv_at: Maker, tmp_path: Path
) -> None:
    odd = (
        "MT 3000 . A <DEL> . . END=3100",
        "MT 3300 . N T . . X=1",
        "chrX 5 . A C . . .",
        "chrX 7 . A . . . .",
    )
    data = vcf_text(snv_at(2000, "BCSQ=mine"), *odd).encode()
    lines = annotated(data, bundle, tmp_path)
    assert lines[0][7].startswith(b"BCSQ_INPUT=mine;BCSQ=non_coding|MT-RNR2|")
    assert [line[7] for line in lines[1:]] == [b"END=3100", b"X=1;GAS_REF_MISMATCH", b".", b"."]
    told = OutputPaths(tmp_path).log.read_text()
    assert "Consequences are those of bcftools csq" in told
    assert "passed through: contig not in the reference bundle: 2" in told


def test_an_unsorted_or_faulty_input_is_told_as_ever(bundle: Bundle, vcf_text: Maker, tmp_path: Path) -> None:
    lines = annotated(vcf_text("MT 72 . T C . . .", "MT 64 . C T . . .").encode(), bundle, tmp_path / "a")
    assert [line[1] for line in lines] == [b"64", b"72"]
    with pytest.raises(EngineError, match="Line 3, column 2"):
        annotated(vcf_text("MT x . C T . . .").encode(), bundle, tmp_path / "b")
    assert list((tmp_path / "b").iterdir()) == []


def test_the_end_of_its_process_ends_the_run_in_a_sentence(
    bundle: Bundle, vcf_text: Maker, tmp_path: Path
) -> None:
    def kill(_: gas_engine.Progress) -> None:
        for pid in children():
            os.kill(pid, signal.SIGKILL)

    text = vcf_text(*["MT 64 . C T . . ."] * 3000).encode()
    with pytest.raises(CsqError, match=r"bcftools csq was ended by signal 9\. Without --engine csq"):
        annotate_with_csq(io.BytesIO(text), bundle, OutputPaths(tmp_path), kill)
    assert list(tmp_path.iterdir()) == []
    assert children() == []


def test_a_cancelled_run_leaves_neither_files_nor_process(
    bundle: Bundle, vcf_text: Maker, tmp_path: Path
) -> None:
    class CancelledError(Exception):
        pass

    def cancel(_: gas_engine.Progress) -> None:
        if children():
            raise CancelledError

    text = vcf_text(*["MT 64 . C T . . ."] * 3000).encode()
    with pytest.raises(CancelledError):
        annotate_with_csq(io.BytesIO(text), bundle, OutputPaths(tmp_path), cancel)
    assert list(tmp_path.iterdir()) == []
    assert children() == []


def test_a_reference_that_csq_cannot_read_is_told_in_its_words(
    bundle: Bundle, vcf_text: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "reference_files", lambda *_: ReferenceFiles(tmp_path / "none"))
    with pytest.raises(CsqError, match=r"ended with exit code 1: .*none/genome"):
        annotate_with_csq(
            io.BytesIO(vcf_text("MT 64 . C T . . .").encode()), bundle, OutputPaths(tmp_path), lambda _: None
        )


def test_without_pysam_it_says_what_to_install(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "find_spec", lambda _: None)
    with pytest.raises(CsqError, match=r"pysam, which is not installed: pip install 'gas-engine\[csq\]'"):
        annotate_with_csq(io.BytesIO(), bundle, OutputPaths(tmp_path), lambda _: None)


def test_the_command_takes_the_engine_and_refuses_what_it_has_not(tmp_path: Path, vcf_text: Maker) -> None:
    text = vcf_text("MT 8993 . T G . . .").encode()
    given = ("annotate", "-", "-o", str(tmp_path / "out"), "--engine", "csq")
    assert CliRunner().invoke(main, given, input=text).exit_code == 0
    assert "missense: 1" in OutputPaths(tmp_path / "out").log.read_text()
    refused = CliRunner().invoke(main, (*given, "--resume"), input=text)
    sentence = "none of --haplotypes, --no-hgvs, --pick and --resume"
    assert (refused.exit_code, sentence in refused.stderr) == (2, True)
