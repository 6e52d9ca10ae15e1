"""Small inputs to build bundles from, and a copy of the shipped bundle that may be damaged."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

import pytest

import gas_engine

SEQUENCE = "ATGGCTTGGAAATAA" + "ACGTACGTAC" * 10
GFF3 = (
    "##gff-version 3\n"
    "1\tt\tgene\t1\t15\t.\t+\t.\tID=gene:G1;Name=ONE;biotype=protein_coding\n"
    "1\tt\tmRNA\t1\t15\t.\t+\t.\tID=transcript:T1;Parent=gene:G1;biotype=protein_coding;version=3\n"
    "1\tt\texon\t1\t15\t.\t+\t.\tParent=transcript:T1\n"
    "1\tt\tCDS\t1\t15\t.\t+\t0\tParent=transcript:T1;protein_id=P1.1\n"
)


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    (tmp_path / "small.fa").write_text(f">1 a contig\n{SEQUENCE[:60]}\n{SEQUENCE[60:].lower()}\n")
    (tmp_path / "small.gff3").write_text(GFF3)
    return tmp_path


@pytest.fixture
def copied_rcrs(tmp_path: Path) -> Path:
    shipped = Path(str(resources.files(gas_engine))) / "bundles" / "rCRS"
    return Path(shutil.copytree(shipped, tmp_path / "rCRS"))
