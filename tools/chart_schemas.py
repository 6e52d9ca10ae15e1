"""Store what the chart's tests validate manifests against: schemas of a cluster's API, kind by kind.

python tools/chart_schemas.py KEDA_VERSION [CRD_FILE ...]

KUBECONFIG leads to a cluster with KEDA; files hold CRDs that it does not have. Descriptions and what no
validator reads are left out, and objects are closed: a field that the API would drop is an error of ours.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent.parent / "tests/chart/schemas"

BUILT_IN = {
    "api/v1": ["ConfigMap", "PersistentVolumeClaim", "Pod", "Secret", "Service", "ServiceAccount"],
    "apis/apps/v1": ["Deployment"],
    "apis/autoscaling/v2": ["HorizontalPodAutoscaler"],
    "apis/batch/v1": ["CronJob", "Job"],
    "apis/networking.k8s.io/v1": ["Ingress", "NetworkPolicy"],
    "apis/policy/v1": ["PodDisruptionBudget"],
    "apis/rbac.authorization.k8s.io/v1": ["Role", "RoleBinding"],
}
CUSTOM = ["scaledobjects.keda.sh", "triggerauthentications.keda.sh"]
KEPT = {
    *(
        "type",
        "properties",
        "items",
        "required",
        "enum",
        "pattern",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
    ),
    *("minItems", "maxItems", "additionalProperties", "anyOf", "oneOf", "allOf", "not", "$ref"),
}


def main(keda: str, files: list[str]) -> int:
    kinds: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    version = json.loads(_kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]
    sources = [f"Kubernetes {version} /openapi/v3"]
    for path, names in BUILT_IN.items():
        document = json.loads(_kubectl("get", "--raw", f"/openapi/v3/{path}"))["components"]["schemas"]
        for name, schema in document.items():
            for group in schema.get("x-kubernetes-group-version-kind", []):
                if group["kind"] in names and _path(group) == path:
                    kinds[f"{_api_version(group)}/{group['kind']}"] = {"$ref": f"#/$defs/{name}"}
                    _collect(name, document, definitions)
    crds = [json.loads(_kubectl("get", "crd", name, "-o", "json")) for name in CUSTOM]
    sources.append(f"CRDs of KEDA {keda}")
    for file in files:
        crds.append(yaml.safe_load(Path(file).read_text()))
        sources.append(Path(file).name)
    for crd in crds:
        for version in crd["spec"]["versions"]:
            kind = f"{crd['spec']['group']}/{version['name']}/{crd['spec']['names']['kind']}"
            schema = _closed(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {
                "$ref": "#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
            }
            kinds[kind] = schema
    stored = {"source": sources, "kinds": kinds, "$defs": definitions}
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "kinds.json").write_text(json.dumps(stored, separators=(",", ":"), sort_keys=True) + "\n")
    print(f"{len(kinds)} kinds from {', '.join(sources)}")
    return 0


def _collect(name: str, document: dict[str, Any], into: dict[str, Any]) -> None:
    """A definition and all it refers to."""
    if name in into:
        return
    into[name] = {}
    schema = _closed(document[name])
    if name.endswith(("Quantity", "IntOrString")):
        schema = {"type": ["string", "number"]}
    if name.endswith("v1.Time"):
        schema = {"type": ["string", "null"]}
    into[name] = schema
    for target in _references(schema):
        _collect(target, document, into)


def _closed(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """A schema without what is for readers, closed where its properties are told."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["string", "integer"]}
    kept = {}
    for key, value in schema.items():
        if key == "properties":
            kept[key] = {name: _closed(part) for name, part in value.items()}
        elif key == "$ref":
            kept[key] = value.replace("#/components/schemas/", "#/$defs/")
        elif key in KEPT:
            kept[key] = _closed(value)
    if len(kept.get("allOf", [])) == 1:
        kept |= kept.pop("allOf")[0]
    open_ended = schema.get("x-kubernetes-preserve-unknown-fields")
    if "properties" in kept and "additionalProperties" not in kept and not open_ended:
        kept["additionalProperties"] = False
    return kept


def _references(schema: Any) -> list[str]:  # noqa: ANN401 - JSON
    if isinstance(schema, list):
        return [target for part in schema for target in _references(part)]
    if not isinstance(schema, dict):
        return []
    own = [schema["$ref"].removeprefix("#/$defs/")] if isinstance(schema.get("$ref"), str) else []
    return own + [target for part in schema.values() for target in _references(part)]


def _api_version(group: dict[str, str]) -> str:
    return "/".join(filter(None, (group["group"], group["version"])))


def _path(group: dict[str, str]) -> str:
    return f"apis/{_api_version(group)}" if group["group"] else f"api/{group['version']}"


def _kubectl(*arguments: str) -> str:
    return subprocess.run(["kubectl", *arguments], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
