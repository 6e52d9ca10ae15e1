"""Renders the chart as an operator would, and reads what comes out."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/gas"
SETUPS = sorted(path.name.removesuffix("-values.yaml") for path in (CHART / "ci").glob("*-values.yaml"))


def tool(name: str) -> ModuleType:
    """A script of tools/, which is no package."""
    spec = importlib.util.spec_from_file_location(f"gas_tools_{name}", ROOT / f"tools/{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


HELM = tool("render_k8s").helm


@dataclass(frozen=True, slots=True)
class Manifests:
    """Objects of one rendering."""

    objects: list[dict[str, Any]] = field(default_factory=list)

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """Objects of a kind by their names."""
        return {o["metadata"]["name"]: o for o in self.objects if o["kind"] == kind}

    def pods(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every pod's labels and spec, with the name of what makes it."""
        for o in self.objects:
            template = {
                "Pod": lambda o: o,
                "Deployment": lambda o: o["spec"]["template"],
                "Job": lambda o: o["spec"]["template"],
                "CronJob": lambda o: o["spec"]["jobTemplate"]["spec"]["template"],
            }.get(o["kind"])
            if template:
                yield f"{o['kind']}/{o['metadata']['name']}", template(o)

    def component(self, kind: str, name: str) -> dict[str, Any]:
        """The one object of a kind that belongs to a component."""
        (found,) = (
            o
            for o in self.objects
            if o["kind"] == kind and o["metadata"]["labels"]["app.kubernetes.io/component"] == name
        )
        return found


def helm_template(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [HELM(), "template", "gas", str(CHART), "--namespace", "gas", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


@cache
def rendered(setup: str, *sets: str) -> Manifests:
    """The manifests of a set-up; KEY=JSON changes a value."""
    arguments = ["--values", str(CHART / f"ci/{setup}-values.yaml")]
    for change in sets:
        arguments += ["--set-json", change]
    done = helm_template(*arguments)
    assert done.returncode == 0, done.stderr
    objects = yaml.load_all(done.stdout, yaml.CSafeLoader)
    return Manifests([o for o in objects if o])


@pytest.fixture(params=SETUPS)
def setup(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def manifests(setup: str) -> Manifests:
    return rendered(setup)


@pytest.fixture(scope="session")
def kinds() -> dict[str, Any]:
    """Schemas of the Kubernetes API and of CRDs; tools/chart_schemas.py says where they are from."""
    return json.loads((ROOT / "tests/chart/schemas/kinds.json").read_text())
