"""The operator's guide, block by block: those it calls tried are run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from gas_local.environment import ROOT

if TYPE_CHECKING:
    from tests.e2e.conftest import Service

pytestmark = pytest.mark.cluster

GUIDE = ROOT / "docs/operator/kubernetes.md"
BLOCKS = re.findall(r"<!-- tried -->\n```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
OPERATIONS_BLOCKS = re.findall(
    r"<!-- tried with operations -->\n```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL
)
"""Those for the operations pod, which test_operations.py installs."""


def run_block(block: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


@pytest.mark.parametrize("block", BLOCKS)
def test_commands_of_the_guide_work_as_they_stand(service: Service, block: str) -> None:
    (job_id,) = service.submit(ROOT / "examples/sample.vcf", 1, at_once=1)
    service.wait_until_ended([job_id], seconds=180)
    done = run_block(block, JOB=job_id)
    assert done.returncode == 0, done.stderr
    if "kubectl --namespace gas logs" in block:
        assert "job_completed" in done.stdout
        assert "gas-web" in done.stdout


def test_guide_has_blocks_to_try() -> None:
    assert len(BLOCKS) >= 4
