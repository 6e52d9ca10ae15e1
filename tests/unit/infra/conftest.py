from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[3]


class TemplateLoader(yaml.SafeLoader):
    """YAML of CloudFormation: `!Ref x` reads as {"Ref": x}, and so on for every short form."""


def _short_form(loader: TemplateLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": value}


TemplateLoader.add_multi_constructor("!", _short_form)


Loader = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="session")
def load_template() -> Loader:
    def load(text: str) -> dict[str, Any]:
        loaded: dict[str, Any] = yaml.load(text, TemplateLoader)  # noqa: S506  a SafeLoader
        return loaded

    return load


@pytest.fixture(scope="session")
def template(load_template: Loader) -> dict[str, Any]:
    return load_template((ROOT / "infra/aws/gas.yaml").read_text())


@pytest.fixture(scope="session")
def of_type(template: dict[str, Any]) -> Callable[[str], dict[str, dict[str, Any]]]:
    """Resources of a type, by their logical names; only their properties."""

    def pick(kind: str) -> dict[str, dict[str, Any]]:
        return {
            name: resource["Properties"]
            for name, resource in template["Resources"].items()
            if resource["Type"] == f"AWS::{kind}"
        }

    return pick


@pytest.fixture(scope="session")
def deploy_module() -> ModuleType:
    """The deploy command, which is a script and not part of a package."""
    spec = importlib.util.spec_from_file_location("gas_deploy", ROOT / "infra/aws/deploy.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
