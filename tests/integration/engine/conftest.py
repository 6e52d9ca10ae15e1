"""Whole runs of the engine on the shipped bundle."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pysam
import pytest

from gas_engine import Bundle, Limits, OutputPaths, Summary, annotate, default_bundle

COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"

TRANSITIONS = {"A": "G", "G": "A", "C": "T", "T": "C"}


@dataclass(frozen=True)
class FinishedRun:
    outputs: OutputPaths
    summary: Summary

    @property
    def lines(self) -> list[bytes]:
        """All lines of the output VCF."""
        with pysam.BGZFile(str(self.outputs.vcf), "r", None) as vcf:
            return vcf.read().splitlines()

    @property
    def records(self) -> list[list[str]]:
        """Columns of the output's records."""
        return [line.decode().split("\t") for line in self.lines if not line.startswith(b"#")]


Runner = Callable[..., FinishedRun]


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return default_bundle()


@pytest.fixture
def run_engine(tmp_path: Path, bundle: Bundle) -> Runner:
    """Annotate text or bytes into ``tmp_path / "out"``."""

    def run(vcf: str | bytes, limits: Limits | None = None) -> FinishedRun:
        data = vcf.encode() if isinstance(vcf, str) else vcf
        outputs = OutputPaths(tmp_path / "out")
        summary = annotate(io.BytesIO(data), bundle, outputs, lambda _: None, limits=limits or Limits())
        return FinishedRun(outputs, summary)

    return run


@pytest.fixture
def vcf_text() -> Callable[..., str]:
    """Make a VCF of records written with spaces for tabs."""

    def make(*records: str, meta: tuple[str, ...] = (), samples: tuple[str, ...] = ()) -> str:
        columns = COLUMNS + ("\tFORMAT\t" + "\t".join(samples) if samples else "")
        lines = ["##fileformat=VCFv4.2", *meta, columns, *(record.replace(" ", "\t") for record in records)]
        return "\n".join(lines) + "\n"

    return make


@pytest.fixture
def snv_at(bundle: Bundle) -> Callable[..., str]:
    """Make a record of a transition on the bundle's contig, with spaces for tabs."""

    def make(pos: int, info: str = ".") -> str:
        ref = bundle.sequence(bundle.contigs[0].name, pos - 1, pos)
        return f"MT {pos} . {ref} {TRANSITIONS[ref]} . . {info}"

    return make


@pytest.fixture
def samples_directory() -> Path:
    """Where the four samples of the original service lie: GAS_SAMPLES, or beside the checkout."""
    default = Path(__file__).parents[4] / "shared" / "data"
    directory = Path(os.environ.get("GAS_SAMPLES", default))
    if not (directory / "test.vcf").exists():
        pytest.skip("the original's samples are not here: set GAS_SAMPLES to their directory")
    return directory


@pytest.fixture
def bcftools() -> str:
    path = shutil.which("bcftools")
    if path is None:
        pytest.skip("bcftools is not installed")
    return path
