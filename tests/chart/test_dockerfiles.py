"""Images are made alike; what differs is told here."""

from __future__ import annotations

import re

import pytest
from tests.chart.conftest import ROOT

SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/Dockerfile"))


def text(service: str) -> str:
    return (ROOT / f"services/{service}/Dockerfile").read_text()


def shape(service: str) -> str:
    """A Dockerfile without what may differ: the service's name and words, its libraries, its ports."""
    lines = text(service).replace(f"gas_{service}", "gas_X").replace(f"gas-{service}", "gas-X")
    lines = re.sub(rf"\b{service}\b", "X", lines)
    lines = re.sub(r"^(#.*|EXPOSE.*|COPY libs/.*|.*image\.description.*)\n", "", lines, flags=re.MULTILINE)
    # The annotator's image has the engine, and its core compiled.
    lines = re.sub(r"^RUN NUMBA_CACHE_DIR=.*\n.*\n", "", lines, flags=re.MULTILINE)
    lines = re.sub(r" \\\n +NUMBA_CACHE_DIR=.*", "", lines)
    return lines.replace(" /src/libs/engine", "")


def test_every_service_has_an_image() -> None:
    assert sorted(path.name for path in (ROOT / "services").iterdir() if (path / "src").is_dir()) == SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_images_are_built_alike(service: str) -> None:
    assert shape(service) == shape("web")


@pytest.mark.parametrize("service", SERVICES)
def test_image_runs_as_a_numbered_user_by_exec(service: str) -> None:
    user, entrypoint = text(service).splitlines()[-3:][0], text(service).splitlines()[-1]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text(service), re.MULTILINE), user
    assert entrypoint == f'ENTRYPOINT ["python", "-m", "gas_{service}"]'


@pytest.mark.parametrize("service", SERVICES)
def test_image_has_hashed_requirements_of_its_own_alone(service: str) -> None:
    requirements = set(re.findall(r"requirements/([a-z]+)\.txt", text(service)))
    assert requirements == {"build", service}
    # --no-deps: with a newer version about, pip takes coverage[toml] for something the lock does not name.
    assert text(service).count("--require-hashes") == text(service).count("--no-deps --require-hashes") == 2
    assert "/opt/gas/bin/python check" in text(service), "the lock is shown to be complete"
