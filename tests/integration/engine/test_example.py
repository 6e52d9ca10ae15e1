"""The sample is what its script makes, and the engine says of it what is written down."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gas_engine import Bundle, OutputPaths, annotate

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def make_sample() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_sample", EXAMPLES / "make_sample.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_makes_the_same_bytes_again(make_sample: Any, bundle: Bundle) -> None:
    text = make_sample.make_sample(bundle)
    assert (EXAMPLES / "sample.vcf").read_text() == text
    assert (EXAMPLES / "expected.json").read_text() == make_sample.expected_of(text, bundle)


def test_the_sample_shows_every_kind_of_effect(bundle: Bundle, tmp_path: Path) -> None:
    with (EXAMPLES / "sample.vcf").open("rb") as vcf:
        told = json.loads(annotate(vcf, bundle, OutputPaths(tmp_path), lambda _: None).to_json())
    assert 200 <= told["records"]["read"] <= 400
    assert {"missense_variant", "synonymous_variant", "frameshift_variant"} <= set(told["most_severe"])
    assert set(told["impacts"]) == {"HIGH", "MODERATE", "LOW", "MODIFIER"}
    assert {"coding", "RNA gene"} <= set(told["locations"])
    assert told["alleles"]["known"] >= 7
    assert told["alleles"]["skipped"] == {}
