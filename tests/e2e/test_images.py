"""Images: small, without tools to build with, and the same each time."""

from __future__ import annotations

import pytest
from tests.e2e.cluster import run
from tests.e2e.conftest import ROOT, SERVICES, TAG

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("images")]

BASE = "python:3.11-slim-bookworm"
SMALL_BYTES = 150_000_000
CONTENTS = """
cd /opt/gas
find . -mindepth 1 -printf '%P %m %T@ %l\\n' | sort
find . -type f -exec sha256sum {} + | sort
"""


def size(image: str) -> int:
    return int(run("docker", "image", "inspect", "--format", "{{.Size}}", image))


def inside(image: str, command: str) -> str:
    return run("docker", "run", "--rm", "--entrypoint", "sh", image, "-c", command)


@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"annotator", "web"}))
def test_image_that_reads_no_tables_is_small(service: str) -> None:
    assert size(f"gas-{service}:{TAG}") - size(BASE) < SMALL_BYTES


def test_second_build_has_the_same_content() -> None:
    build = ["docker", "build", "--quiet", "--no-cache", "--tag", "gas-sweeper:again"]
    run("env", "DOCKER_BUILDKIT=1", *build, "--file", f"{ROOT}/services/sweeper/Dockerfile", str(ROOT))
    assert inside("gas-sweeper:again", CONTENTS) == inside(f"gas-sweeper:{TAG}", CONTENTS)


@pytest.mark.parametrize("service", SERVICES)
def test_image_runs_as_nobody_special_and_cannot_compile(service: str) -> None:
    told = inside(
        f"gas-{service}:{TAG}", "id -u; command -v gcc cc make || echo none; ls /root 2>&1 | head -1"
    )
    assert told.splitlines()[:2] == ["10001", "none"]
