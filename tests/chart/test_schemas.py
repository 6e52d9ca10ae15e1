from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from tests.chart.conftest import CHART, helm_template, rendered

if TYPE_CHECKING:
    from tests.chart.conftest import Manifests

# The Prometheus operator's schemas are not stored; what we use of them is told here.
MONITORING = {
    "ServiceMonitor": {"selector", "endpoints"},
    "PodMonitor": {"selector", "podMetricsEndpoints"},
    "PrometheusRule": {"groups"},
}


def problems(o: dict[str, Any], kinds: dict[str, Any]) -> list[str]:
    kind = f"{o['apiVersion']}/{o['kind']}"
    if o["apiVersion"] == "monitoring.coreos.com/v1":
        return [f"{kind}: {name}" for name in set(o["spec"]) - MONITORING[o["kind"]]]
    schema = {"$defs": kinds["$defs"], **kinds["kinds"][kind]}
    validator = jsonschema.Draft202012Validator(schema)
    return [f"{o['metadata']['name']} ({kind}) {e.json_path}: {e.message}" for e in validator.iter_errors(o)]


def test_every_object_is_what_the_api_takes(manifests: Manifests, kinds: dict[str, Any]) -> None:
    assert [problem for o in manifests.objects for problem in problems(o, kinds)] == []


def test_field_that_the_api_does_not_know_is_found(kinds: dict[str, Any]) -> None:
    deployment = rendered("aws").of("Deployment")["gas-web"]
    wrong = deployment | {"spec": deployment["spec"] | {"replica": 1}}
    assert any("replica" in problem for problem in problems(wrong, kinds))


def test_no_two_objects_have_one_name(manifests: Manifests) -> None:
    names = [(o["kind"], o["metadata"]["name"]) for o in manifests.objects]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("annotator.wrokSize=1", "additional properties 'wrokSize' not allowed"),
        ('web.replicas="two"', "at '/web/replicas': got string, want integer"),
        ('image.pullPolicy="Sometimes"', "at '/image/pullPolicy'"),
        ('settings={"LOG_LEVEL":"debug"}', "at '/settings': additional properties 'LOG_LEVEL' not allowed"),
        ('settings={"GAS_LEASE_SECONDS":[60]}', "at '/settings/GAS_LEASE_SECONDS'"),
        ('operations.group="operators"', "at '/operations/group'"),
        ('sweeper.schedule="often"', "at '/sweeper/schedule'"),
        ('annotator.workSize="big"', "at '/annotator/workSize'"),
        ('annotator.bundles=["s3://references/bundles/GRCh38"]', "at '/annotator/bundles/0'"),
    ],
)
def test_value_that_is_not_known_or_of_another_type_is_refused(change: str, message: str) -> None:
    done = helm_template("--values", str(CHART / "ci/aws-values.yaml"), "--set-json", change)
    assert done.returncode != 0
    assert message in done.stderr
