"""What is fuzzed: each target takes bytes and raises if the engine does with them what it must not.

It must neither crash nor hang, must refuse with an `EngineError` and nothing else, and what the compiled core
says must be what plain Python says: an answer that is wrong and silent is the worst of the three.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.integration.engine.plain import Said, assert_equal, fast, plainly
from tests.integration.engine.worlds import a_bundle, a_file

from gas_engine import Bundle, EngineError, OutputPaths, annotate
from gas_engine.bundle import TrackSource, build_bundle, verify_bundle
from gas_engine.bundle.manifest import MANIFEST_NAME
from gas_engine.bundle.packed import TABLES_NAME
from gas_engine.errors import BundleError

_CROWDED_WORLD: Final = 7
"""A seed whose made-up genome has two contigs, six genes, known alleles and tracks."""

FASTA: Final = ">1 a contig\n" + "ATGGCTTGGAAATAA" * 4 + "\n>2\n" + "acgtnRYacgtacgtacgt" * 3 + "\n"
GFF3: Final = (
    "##gff-version 3\n"
    "1\tt\tgene\t1\t40\t.\t+\t.\tID=gene:G1;Name=ONE;biotype=protein_coding\n"
    "1\tt\tmRNA\t1\t40\t.\t+\t.\tID=transcript:T1;Parent=gene:G1;biotype=protein_coding;version=3\n"
    "1\tt\texon\t1\t15\t.\t+\t.\tParent=transcript:T1\n"
    "1\tt\texon\t20\t40\t.\t+\t.\tParent=transcript:T1\n"
    "1\tt\tCDS\t1\t15\t.\t+\t0\tParent=transcript:T1;protein_id=P1.1\n"
    "2\tt\tncRNA_gene\t5\t30\t.\t-\t.\tID=gene:G2;biotype=lncRNA\n"
    "2\tt\tlnc_RNA\t5\t30\t.\t-\t.\tID=transcript:T2;Parent=gene:G2;biotype=lncRNA\n"
    "2\tt\texon\t5\t30\t.\t-\t.\tParent=transcript:T2\n"
)
GTF: Final = (
    '1\tt\tgene\t1\t40\t.\t-\t.\tgene_id "G1"; gene_name "ONE"; gene_type "protein_coding";\n'
    '1\tt\ttranscript\t1\t40\t.\t-\t.\tgene_id "G1"; transcript_id "T1.2"; transcript_type "x";\n'
    '1\tt\texon\t1\t40\t.\t-\t.\tgene_id "G1"; transcript_id "T1.2";\n'
    '1\tt\tCDS\t4\t24\t.\t-\t0\tgene_id "G1"; transcript_id "T1.2"; protein_id "P1";\n'
    '1\tt\tstop_codon\t1\t3\t.\t-\t0\tgene_id "G1"; transcript_id "T1.2";\n'
)
KNOWN: Final = (
    "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    "1\t3\trs1\tG\tA,GT\t.\t.\t.\n1\t9\trs2;rs3\tGA\tG\t.\t.\tRS=2\n2\t4\trs4\tT\tC\t.\t.\t.\n"
)
BED: Final = "track name=x\n1\t0\t10\tone\n1\t5\t20\ttwo\t0\t+\n2\t3\t9\n"
_VARIANTS: Final = (
    b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    b"1\t1\t.\tATGG\tA\t.\t.\t.\n1\t3\t.\tG\tA,GTT\t.\t.\t.\n1\t16\t.\tA\tC\t.\t.\t.\n2\t4\t.\tT\tC\t.\t.\t.\n"
)
PARTS: Final = ("genes", "fasta", "known", "bed", MANIFEST_NAME, TABLES_NAME)
"""The first byte of an input for `bundle`, modulo their number, says which part the rest stands for."""


def vcf(data: bytes) -> None:
    """A VCF, packed or not, on a crowded little genome: fast and plain say the same, or both refuse."""
    reference = _world()
    directory = _scratch()
    expected = _said(plainly, data, reference, directory)
    found = _said(fast, data, reference, directory)
    if expected is None:
        assert found is None, "what plain Python refuses was annotated"
    elif belongs(expected):
        assert found is not None, "what plain Python annotates was refused"
        assert_equal(expected, found)


def belongs(said: Said) -> bool:
    """True unless the file as a whole is taken to be of another reference."""
    records = said.counts["records"]
    checked = records["read"] - records["outside_bundle"]
    return bool(not records["read"] or (checked > 0 and 2 * records["ref_mismatch"] <= checked))


def bundle(data: bytes) -> None:
    """A part of a bundle, or of what one is built of: refused in a sentence, or good enough to use."""
    part = PARTS[data[0] % len(PARTS)] if data else PARTS[0]
    directory = _scratch() / "bundle"
    shutil.rmtree(directory, ignore_errors=True)
    try:
        if part in {MANIFEST_NAME, TABLES_NAME}:
            shutil.copytree(_built(), directory)
            (directory / part).write_bytes(data[1:])
            if part == TABLES_NAME:
                _vouch_for_header(directory, data[1:])
            Bundle.load(directory)
            verify_bundle(directory)
        else:
            build(directory, **{part: data[1:]})
    except BundleError:
        return
    reference = Bundle.load(directory)
    _said(
        lambda *_: annotate(io.BytesIO(_VARIANTS), reference, OutputPaths(directory / "out"), lambda _: None)
    )


def build(directory: Path, **parts: bytes) -> None:
    """Build a small bundle, some of whose parts are given."""
    texts = {"fasta": FASTA, "genes": GFF3, "known": KNOWN, "bed": BED}
    inputs = directory.with_name("inputs")
    inputs.mkdir(exist_ok=True)
    for name, text in texts.items():
        (inputs / name).write_bytes(parts.get(name, text.encode()))
    build_bundle(
        inputs / "fasta",
        inputs / "genes",
        directory,
        name="small",
        assembly="small",
        known_vcfs=[inputs / "known"],
        tracks=[TrackSource("peaks", "peaks", inputs / "bed")],
    )


def seeds() -> dict[str, dict[str, bytes]]:
    """Inputs to start from, by target and name."""
    rng = random.Random(1)
    files = {f"made-{number}": a_file(rng, _world()) for number in range(24)}
    texts = [FASTA, GFF3, GTF, KNOWN, BED]
    starts = {
        f"text-{number}": bytes([PARTS.index(part)]) + text.encode()
        for number, (part, text) in enumerate(
            zip(("fasta", "genes", "genes", "known", "bed"), texts, strict=True)
        )
    }
    for name in (MANIFEST_NAME, TABLES_NAME):
        starts[name] = bytes([PARTS.index(name)]) + (_built() / name).read_bytes()
    return {"vcf": files, "bundle": starts}


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {"vcf": vcf, "bundle": bundle}


def _said(annotator: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return annotator(*arguments)
    except EngineError:
        return None


def _vouch_for_header(directory: Path, tables: bytes) -> None:
    """Let the manifest call a changed header the right one, so that the checks behind it are reached."""
    header = tables[16 : 16 + int.from_bytes(tables[8:16], "little")]
    manifest = json.loads((directory / MANIFEST_NAME).read_text())
    manifest["checksums"][TABLES_NAME] = hashlib.sha256(header).hexdigest()
    (directory / MANIFEST_NAME).write_text(json.dumps(manifest))


@cache
def _world() -> Bundle:
    return a_bundle(random.Random(_CROWDED_WORLD))


@cache
def _scratch() -> Path:
    return Path(_scratch_directory().name)


@cache
def _scratch_directory() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="gas-fuzz-")


@cache
def _built() -> Path:
    directory = _scratch() / "whole"
    build(directory)
    return directory
