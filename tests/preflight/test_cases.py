"""The engine on the cases that preflight.test.mjs holds the browser to: both say the same of a file."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gas_annotator.failures import failure_of
from gas_engine import Bundle, OutputPaths, annotate, default_bundle, likely, sample_of
from gas_engine.bundle import SHIPPED, Contig, Manifest, shipped_directory
from gas_engine.errors import EngineError
from gas_web.bundles import SHIPPED as OFFERED

if TYPE_CHECKING:
    from gas_engine.outputs.summary import Summary

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("cases.json").read_text())
CHOICES: dict[str, list[dict[str, Any]]] = json.loads(Path(__file__).with_name("choices.json").read_text())
RCRS = OFFERED["rCRS"]


def data_of(case: dict[str, Any]) -> bytes:
    return case["text"].encode() if "text" in case else base64.b64decode(case["base64"])


def annotated(case: dict[str, Any], folder: Path) -> Summary:
    return annotate(io.BytesIO(data_of(case)), default_bundle(), OutputPaths(folder), lambda _: None)


@pytest.mark.parametrize(
    "case", [case for case in CASES if "refused" in case], ids=lambda case: str(case["name"])
)
def test_engine_refuses_in_the_same_words(case: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(EngineError) as raised:
        annotated(case, tmp_path)
    failure = failure_of(raised.value, file_name=case["file"])
    assert failure is not None
    assert f"{failure.sentence} {failure.hint}".startswith(case["refused"])


@pytest.mark.parametrize(
    "case", [case for case in CASES if "ready" in case], ids=lambda case: str(case["name"])
)
def test_engine_takes_what_is_said_to_be_ready_and_finds_the_same_in_it(
    case: dict[str, Any], tmp_path: Path
) -> None:
    summary, ready = annotated(case, tmp_path), case["ready"]
    assert summary.input.version.removeprefix("VCFv") == ready["version"]
    assert summary.input.compression == ready["compression"]
    assert summary.input.samples == ready["samples"]
    assert summary.records.read == ready["records"]
    outside = {name: count for name, count in ready["contigs"].items() if name not in RCRS.contigs}
    assert dict(summary.contigs_outside) == outside


@pytest.fixture(scope="module")
def manifests() -> dict[str, Manifest]:
    told = [
        Manifest(
            name=each["name"],
            assembly=each["assembly"],
            version="1",
            contigs=tuple(Contig(c["name"], c["length"], tuple(c["aliases"])) for c in each["contigs"]),
        )
        for each in CHOICES["bundles"]
    ]
    shipped = [Bundle.load(shipped_directory(name)).manifest for name in SHIPPED]
    return {manifest.name: manifest for manifest in (*shipped, *told)}


@pytest.mark.parametrize("case", CHOICES["cases"], ids=lambda case: str(case["name"]))
def test_engine_finds_the_same_bundle_the_likeliest(
    case: dict[str, Any], manifests: dict[str, Manifest]
) -> None:
    sample = sample_of(io.BytesIO(case["text"].encode()))
    found = [manifest.name for manifest in likely(sample, [manifests[name] for name in case["bundles"]])]
    assert next(iter(found), "") == case["chosen"]


@pytest.mark.parametrize("name", SHIPPED)
def test_submit_page_knows_every_name_of_the_shipped_references(
    name: str, manifests: dict[str, Manifest]
) -> None:
    manifest, offered = manifests[name], OFFERED[name]
    assert (offered.name, offered.assembly) == (manifest.name, manifest.assembly)
    contigs = {each: c.length for c in manifest.contigs for each in (c.name, *c.aliases)}
    assert dict(offered.contigs) == contigs
