"""What is made from the chart is what the chart gives, and what it needs is what infra/aws tells."""

from __future__ import annotations

import re

import pytest
import yaml
from tests.chart.conftest import CHART, ROOT, rendered, tool


def test_table_of_values_is_what_the_comments_tell() -> None:
    readme = tool("chart_readme")
    current = (CHART / "README.md").read_text()
    assert readme.page((CHART / "values.yaml").read_text(), current) == current


def test_value_without_a_comment_is_found() -> None:
    readme = tool("chart_readme")
    with pytest.raises(readme.UndescribedError, match=r"web\.port"):
        readme.values("# -- Told\nname: x\nweb:\n  port: 80\n")


@pytest.mark.parametrize("setup", ["aws", "demo"])
def test_plain_manifests_are_what_the_chart_gives(setup: str) -> None:
    render = tool("render_k8s")
    assert (ROOT / f"k8s/{setup}/gas.yaml").read_text() == render.manifests(render.SETUPS[setup])


def test_demo_names_what_infra_aws_makes() -> None:
    """The demo's names are written from the stack's name; the template is who really gives them."""
    template = (ROOT / "infra/aws/gas.yaml").read_text()
    settings = rendered("demo").of("ConfigMap")["gas-annotator"]["data"]
    for kind, setting in [("topic", "_TOPIC_ARN"), ("queue", "_QUEUE_URL"), ("table", "_TABLE")]:
        for name, value in settings.items():
            if name.endswith(setting):
                suffix = re.split(r"[/:]", value)[-1].removeprefix("gas-demo-")
                assert f"${{AWS::StackName}}-{suffix}" in template, (kind, name)
    for name, value in settings.items():
        if name.endswith("_BUCKET"):
            suffix = value.removeprefix("gas-demo-000000000000-")
            assert f"${{AWS::StackName}}-${{AWS::AccountId}}-{suffix}" in template, name


def test_versions_of_chart_and_services_are_one() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert f'version = "{chart["appVersion"]}"' in (ROOT / "libs/core/pyproject.toml").read_text()
