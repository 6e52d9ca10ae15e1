"""``python -m gas_annotator fetch`` as an init container runs it, on the embedded stack's S3."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import gas_engine
from gas_local.environment import ROOT

if TYPE_CHECKING:
    from gas_local.fixtures import Stack

BUCKET = "references-of-an-operator"
BUNDLE = ROOT / "libs/engine/src/gas_engine/bundles/rCRS"


def uploaded(stack: Stack, prefix: str = "bundles/rCRS") -> str:
    """Put the engine's own bundle into a bucket of an operator; its address."""
    s3 = stack.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for file in BUNDLE.iterdir():
        s3.upload_file(str(file), BUCKET, f"{prefix}/{file.name}")
    sha256 = hashlib.sha256((BUNDLE / "manifest.json").read_bytes()).hexdigest()
    return f"s3://{BUCKET}/{prefix}#sha256={sha256}"


def fetch(stack: Stack, cache: Path, *bundles: str) -> subprocess.CompletedProcess[str]:
    """What an init container does."""
    settings = {"GAS_BUNDLES": json.dumps(bundles), "GAS_BUNDLE_DIRECTORY": str(cache)}
    return subprocess.run(
        [sys.executable, "-m", "gas_annotator", "fetch"],
        env=stack.environment | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def last_line(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    line: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return line


def test_two_pods_that_start_at_once_have_the_bundle(stack: Stack, tmp_path: Path) -> None:
    address = uploaded(stack)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: fetch(stack, tmp_path, address), range(2)))
    assert [done.returncode for done in both] == [0, 0], both
    (directory,) = tmp_path.iterdir()
    assert gas_engine.Bundle.load(directory).name == "rCRS"
    assert last_line(fetch(stack, tmp_path, address))["event"] == "bundle_found"


def test_checksum_that_does_not_match_is_told_and_leaves_nothing(stack: Stack, tmp_path: Path) -> None:
    address = uploaded(stack, "bundles/changed")
    stack.client("s3").put_object(Bucket=BUCKET, Key="bundles/changed/known.vcf", Body=b"changed")
    done = fetch(stack, tmp_path, address)
    assert done.returncode == 1
    told = last_line(done)
    assert told["event"] == "bundles_not_fetched"
    assert "known.vcf is not the file that its manifest lists" in told["error"]
    assert list(tmp_path.iterdir()) == []


def test_bundle_that_is_not_there_is_named(stack: Stack, tmp_path: Path) -> None:
    uploaded(stack)
    done = fetch(stack, tmp_path, f"s3://{BUCKET}/bundles/none#sha256={'0' * 64}")
    assert done.returncode == 1
    assert f"s3://{BUCKET}/bundles/none/manifest.json is not there" in last_line(done)["error"]


def test_wrong_address_is_told_by_the_name_of_its_setting(stack: Stack, tmp_path: Path) -> None:
    done = fetch(stack, tmp_path, "s3://no-checksum/bundles/x")
    assert (done.returncode, done.stderr.split(":")[0]) == (2, "GAS_BUNDLES")


def test_annotator_says_that_its_bundle_was_not_fetched(stack: Stack, tmp_path: Path) -> None:
    settings = {
        "GAS_BUNDLES": json.dumps([f"s3://{BUCKET}/bundles/x#sha256={'0' * 64}"]),
        "GAS_BUNDLE_DIRECTORY": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "gas_annotator"],
        env=stack.environment | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert "There is no reference bundle at" in done.stderr


def test_web_does_not_start_without_the_references_that_it_is_to_offer(stack: Stack) -> None:
    address = uploaded(stack, "bundles/offered")
    wrong = json.dumps(["SARS-CoV-2", address.partition("#")[0] + "#sha256=" + "0" * 64])
    done = subprocess.run(
        [sys.executable, "-m", "gas_web"],
        env=stack.environment | {"GAS_BUNDLES": wrong, "GAS_BASE_URL": "http://localhost:1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1, done.stderr
    told = last_line(done)
    assert told["event"] == "bundles_not_read"
    assert "bundles/offered/manifest.json has the SHA-256" in told["error"]
