"""A disk that is full ends a run in one sentence, and leaves nothing half."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from gas_engine.cli import main


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes: a write is then refused as on a full disk, by another name."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [0, 4_000, 20_000], ids=["at once", "in the table", "later"])
def test_a_write_that_is_refused_is_one_sentence_and_leaves_nothing(
    vcf_text: Callable[..., str], tmp_path: Path, room: int
) -> None:
    source, out = tmp_path / "in.vcf", tmp_path / "out"
    source.write_text(vcf_text(*[f"MT 64 id{number * 7919 % 100_003} C T . . ." for number in range(5000)]))
    with room_for(room):
        done = CliRunner().invoke(main, ["annotate", str(source), "-o", str(out)])
    assert (done.exit_code, done.stderr) == (1, "Error: There is no room for the results: File too large.\n")
    assert list(out.iterdir()) == []


def test_a_bundle_for_which_there_is_no_room_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "genome.fa").write_text(">c1\n" + "ACGT" * 5000 + "\n")
    (tmp_path / "genes.gff3").write_text(
        "c1\tx\tlnc_RNA\t11\t100\t.\t+\t.\tID=T1\nc1\tx\texon\t11\t100\t.\t+\t.\tParent=T1\n"
    )
    given = ["bundle", "build", str(tmp_path / "genome.fa"), str(tmp_path / "genes.gff3")]
    with room_for(10_000):
        done = CliRunner().invoke(main, [*given, "-o", str(tmp_path / "b"), "--name", "n", "--assembly", "a"])
    assert (done.exit_code, done.stderr) == (1, "Error: There is no room for the results: File too large.\n")
    assert {path.name for path in tmp_path.iterdir()} == {"genome.fa", "genes.gff3"}
