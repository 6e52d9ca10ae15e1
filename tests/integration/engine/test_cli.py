"""The command line does the work, says what it did, and blames in one sentence."""

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gas_engine import OutputPaths, __version__
from gas_engine.cli import main

Maker = Callable[..., str]


def call(*arguments: str | Path, given: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=given)


def test_annotate_leaves_the_five_files_and_says_so(vcf_text: Maker, tmp_path: Path) -> None:
    source = tmp_path / "in.vcf"
    source.write_text(vcf_text("MT 3243 . A G . . .", "chr1 5 . C T . . ."))
    done = call("annotate", source, "-o", tmp_path / "out")
    assert done.exit_code == 0
    assert done.stdout.startswith("1 of 2 records annotated on rCRS (alleles: 1, with a known ID: ")
    assert all(path.exists() for path in OutputPaths(tmp_path / "out").all)
    assert done.stderr == ""


def test_annotate_reads_standard_input_and_can_be_quiet(vcf_text: Maker, tmp_path: Path) -> None:
    done = call("annotate", "-", "-o", tmp_path, "--quiet", given=vcf_text("MT 3243 . A G . . .").encode())
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert json.loads(OutputPaths(tmp_path).summary.read_text())["records"]["annotated"] == 1


def test_annotate_keeps_the_consequences_that_are_asked_for(vcf_text: Maker, tmp_path: Path) -> None:
    text = vcf_text("MT 8529 . G A . . .").encode()

    def kept(*options: str) -> list[str]:
        done = call("annotate", "-", "-o", tmp_path, *options, given=text)
        assert done.exit_code == 0
        with gzip.open(OutputPaths(tmp_path).vcf, "rt") as lines:
            entries = list(lines)[-1].partition("CSQ=")[2].split("\t")[0].split(",")
        return [entry.split("|")[3] for entry in entries]

    everything = kept()
    assert len(everything) > 10
    assert kept("--pick", "gene") == everything  # each of these genes has one transcript
    assert kept("--pick", "most_severe") == [everything[0]] == ["MT-ATP8"]
    assert kept("--pick", "allele", "--pick-order", "biotype,length") == ["MT-ND5"]


def test_haplotypes_are_told_if_asked_for_and_need_samples(vcf_text: Maker, tmp_path: Path) -> None:
    # two substitutions in the codon of MT-ND1's second residue
    records = [
        f"MT {pos} . {ref} {alt} . . . GT 0|1" for pos, ref, alt in ((3310, "C", "A"), (3311, "C", "A"))
    ]
    text = vcf_text(*records, samples=("S1",)).encode()
    for options, count in (((), 0), (("--haplotypes",), 2)):
        assert call("annotate", "-", "-o", tmp_path, *options, given=text).exit_code == 0
        with gzip.open(OutputPaths(tmp_path).vcf, "rt") as lines:
            assert sum("CSQ_HAPLOTYPE=" in line for line in lines) == count
    assert "a haplotype carries together\n  compounds: 1\n" in OutputPaths(tmp_path).log.read_text()
    done = call("annotate", "-", "-o", tmp_path, "--haplotypes", given=vcf_text(records[0][:-7]).encode())
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: --haplotypes needs phased genotypes: the file has no samples.")


def test_a_pick_order_of_no_known_criterion_is_a_wrong_call(tmp_path: Path) -> None:
    done = call("annotate", "-", "-o", tmp_path, "--pick-order", "rank,beauty", given=b"")
    assert done.exit_code == 2
    assert "'beauty' is no criterion to pick by" in done.stderr


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (b"", "Error: The file is empty."),
        (b"%PDF-1.7\n", "Error: The file looks like a PDF document."),
        (b"##fileformat=VCFv4.2\n#CHROM\tX\n", "Error: Line 2, column 2:"),
    ],
)
def test_a_bad_input_is_one_sentence_on_standard_error(tmp_path: Path, given: bytes, sentence: str) -> None:
    done = call("annotate", "-", "-o", tmp_path, given=given)
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


def test_a_directory_that_cannot_be_made_is_one_sentence(vcf_text: Maker, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    text = vcf_text("MT 3243 . A G . . .").encode()
    done = call("annotate", "-", "-o", tmp_path / "file" / "out", given=text)
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "Not a directory" in done.stderr


def test_wrong_calls_have_their_own_exit_code(tmp_path: Path) -> None:
    assert call("annotate").exit_code == 2
    assert call("annotate", tmp_path / "none.vcf", "-o", tmp_path).exit_code == 2
    assert call("nonsense").exit_code == 2


def test_help_tells_enough_to_start() -> None:
    for command in (["annotate"], ["bundle", "build"]):
        said = call(*command, "--help").stdout
        assert "gas-engine " + " ".join(command) in said.split("Example")[1]
    assert "Exit codes" in call("--help").stdout
    assert __version__ in call("--version").stdout


def test_inspect_tells_what_the_shipped_bundle_holds() -> None:
    told = json.loads(call("bundle", "inspect").stdout)
    assert (told["name"], told["genes"], told["contigs"][0]["length"]) == ("rCRS", 37, 16569)


def test_a_directory_without_a_bundle_is_one_sentence(tmp_path: Path) -> None:
    done = call("bundle", "inspect", tmp_path)
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)


def test_a_bundle_built_from_files_annotates(vcf_text: Maker, tmp_path: Path) -> None:
    (tmp_path / "genome.fa").write_text(">c1\n" + "ACGT" * 100 + "\n")
    (tmp_path / "genes.gff3").write_text(
        "##gff-version 3\n"
        "c1\tx\tgene\t11\t100\t.\t+\t.\tID=gene:G1;Name=ONE;biotype=lncRNA\n"
        "c1\tx\tlnc_RNA\t11\t100\t.\t+\t.\tID=transcript:T1;Parent=gene:G1;biotype=lncRNA\n"
        "c1\tx\texon\t11\t100\t.\t+\t.\tParent=transcript:T1\n"
    )
    (tmp_path / "known.vcf").write_text(
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\nc1\t21\trs5\tA\tC\n"
    )
    (tmp_path / "parts.bed").write_text("c1\t20\t30\tleft\n")
    built = call(
        *("bundle", "build", tmp_path / "genome.fa", tmp_path / "genes.gff3", "-o", tmp_path / "bundle"),
        *("--name", "tiny", "--assembly", "made-up", "--known", tmp_path / "known.vcf"),
        *("--track", f"parts={tmp_path / 'parts.bed'}", "--genetic-code", "c1=2", "--circular", "c1"),
    )
    assert built.output == f"tiny: 1 contigs, 1 transcripts, 1 known alleles, in {tmp_path / 'bundle'}\n"
    text = vcf_text("c1 21 . A C . . .").encode()
    done = call("annotate", "-", "-o", tmp_path / "out", "--bundle", tmp_path / "bundle", given=text)
    assert done.exit_code == 0
    told = json.loads(OutputPaths(tmp_path / "out").summary.read_text())
    assert (told["genes"], told["tracks"], told["alleles"]["known"]) == ({"ONE": 1}, {"parts": 1}, 1)


@pytest.mark.parametrize(
    "option", [("--track", "parts"), ("--genetic-code", "c1=two"), ("--genetic-code", "2")]
)
def test_a_malformed_option_is_a_wrong_call(tmp_path: Path, option: tuple[str, str]) -> None:
    (tmp_path / "f").touch()
    done = call(
        "bundle",
        "build",
        tmp_path / "f",
        tmp_path / "f",
        "-o",
        tmp_path / "b",
        "--name",
        "n",
        "--assembly",
        "a",
        *option,
    )
    assert done.exit_code == 2
    assert option[0] in done.stderr


def test_the_installed_command_starts() -> None:
    command = Path(sys.executable).with_name("gas-engine")
    done = subprocess.run((command, "--version"), capture_output=True, text=True, check=True, timeout=60)
    assert re.fullmatch(r"gas-engine, version [0-9.]+\n", done.stdout)


def test_with_a_dash_the_text_goes_to_standard_output_and_what_is_told_of_it_does_not(
    vcf_text: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = vcf_text("MT 3243 . A G . . .", "chr1 5 . C T . q10 NEW=1").encode()
    call("annotate", "-", "-o", "out", given=text)
    done = call("annotate", "-", "-o", "-", given=text)
    assert done.exit_code == 0
    assert done.stdout_bytes == gzip.decompress(OutputPaths(tmp_path / "out").vcf.read_bytes())
    assert done.stderr.startswith("1 of 2 records annotated on rCRS")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_text_of_another_assembly_is_refused_before_a_byte_is_written(vcf_text: Maker) -> None:
    done = call("annotate", "-", "-o", "-", given=vcf_text("MT 3243 . C G . . .").encode())
    assert (done.exit_code, done.stdout) == (1, "")
    assert "REF contradicts rCRS" in done.stderr


def test_names_that_come_undeclared_behind_the_header_are_counted(
    vcf_text: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gas_engine.vcf.writer._HELD_BYTES", 1)
    # A structural variant is done between the others, so that what came before it is written.
    text = vcf_text("MT 64 . C T . . DP=1", "MT 70 . G <DEL> . . END=80", "MT 3243 . A G . q10 NEW=1")
    done = call("annotate", "-", "-o", "-", given=text.encode())
    assert done.exit_code == 0
    assert "ID=DP," in done.stdout
    assert "ID=NEW," not in done.stdout
    assert "Names that came undeclared after the header was written: 2; they stay so." in done.stderr


def test_a_reader_that_has_enough_ends_the_run_without_a_word(vcf_text: Maker, tmp_path: Path) -> None:
    source = tmp_path / "in.vcf"
    source.write_text(vcf_text(*["MT 64 . C T . . ."] * 20_000))
    command = [Path(sys.executable).with_name("gas-engine"), "annotate", "-q", source, "-o", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert run.stdout.readline().startswith(b"##fileformat")
        run.stdout.close()
        assert run.stderr.read() == b""


def test_names_are_left_out_where_nobody_wants_them(vcf_text: Maker) -> None:
    done = call("annotate", "-", "-o", "-", "--no-hgvs", given=vcf_text("MT 3310 . C T . . .").encode())
    assert "missense_variant" in done.stdout
    assert ":p." not in done.stdout
    assert ":m." not in done.stdout
