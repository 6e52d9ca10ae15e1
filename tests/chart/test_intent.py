"""What every set-up has to hold, whatever its values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.chart.conftest import ROOT, rendered

if TYPE_CHECKING:
    from tests.chart.conftest import Manifests

WORKERS = {
    "annotator": "GAS_JOB_REQUESTS_QUEUE_URL",
    "archiver": "GAS_JOB_ARCHIVES_QUEUE_URL",
    "restorer": "GAS_RESTORES_QUEUE_URL",
    "notifier": "GAS_JOB_NOTIFICATIONS_QUEUE_URL",
}
WORKERS_BY_NAME = sorted(WORKERS)
SECRETS = {
    *("GAS_SECRET_KEY", "GAS_GLOBUS_CLIENT_SECRET", "GAS_STRIPE_SECRET_KEY", "GAS_STRIPE_WEBHOOK_SECRET"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
}


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def environment(manifests: Manifests, pod: dict[str, Any]) -> dict[str, str]:
    """Settings that a pod's first container gets from its ConfigMaps."""
    maps = [source["configMapRef"]["name"] for source in pod["spec"]["containers"][0].get("envFrom", [])]
    return {key: value for name in maps for key, value in manifests.of("ConfigMap")[name]["data"].items()}


def test_every_pod_meets_the_restricted_standard(manifests: Manifests) -> None:
    for name, pod in manifests.pods():
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] > 0, name
        assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault", name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec), name
        assert all("hostPath" not in volume for volume in spec["volumes"]), name
        for container in containers(pod):
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name
            assert security["readOnlyRootFilesystem"] is True, name


def test_no_pod_holds_a_token_of_the_api(manifests: Manifests) -> None:
    assert all(pod["spec"]["automountServiceAccountToken"] is False for _, pod in manifests.pods())


def test_only_the_operations_page_is_given_a_token_and_only_its_account_a_role(setup: str) -> None:
    manifests = rendered(setup)

    def has_token(pod: dict[str, Any]) -> bool:
        return any(
            "serviceAccountToken" in source
            for volume in pod["spec"]["volumes"]
            for source in volume.get("projected", {}).get("sources", [])
        )

    holders = [name for name, pod in manifests.pods() if has_token(pod)]
    bound = [s["name"] for b in manifests.of("RoleBinding").values() for s in b["subjects"]]
    operations = [name for name in manifests.of("Deployment") if name.endswith("-operations")]
    assert holders == [f"Deployment/{name}" for name in operations]
    assert bound == operations


def test_role_of_the_operations_page_lists_and_does_three_things() -> None:
    (role,) = rendered("aws").of("Role").values()
    looks = {
        resource for rule in role["rules"] if rule["verbs"] == ["list"] for resource in rule["resources"]
    }
    acts = [rule for rule in role["rules"] if rule["verbs"] != ["list"]]
    assert looks == {"deployments", "pods", "cronjobs", "scaledobjects"}
    assert [(rule["resources"], rule["verbs"], rule.get("resourceNames")) for rule in acts] == [
        (["scaledobjects"], ["patch"], [f"gas-{worker}" for worker in WORKERS_BY_NAME]),
        (["jobs"], ["create"], None),
    ]


def test_admin_is_led_to_its_own_pod_and_served_by_no_other(setup: str) -> None:
    manifests = rendered(setup)
    if "GAS_PAGES" not in repr(manifests.of("ConfigMap")):
        assert "/admin" not in repr([*manifests.of("Ingress").values(), *manifests.of("HTTPRoute").values()])
        return
    web, operations = (
        environment(manifests, manifests.component("Deployment", name)["spec"]["template"])
        for name in ("web", "operations")
    )
    assert ("GAS_PAGES" in web, operations["GAS_PAGES"]) == (False, "operators")
    # Whoever signs in at the public pages is asked there for the group.
    for name in ("GAS_OPERATORS", "GAS_OPERATOR_GROUP", "GAS_BASE_URL", "GAS_USERS_TABLE"):
        assert web[name] == operations[name]
    secrets = {
        variable["name"]: variable["valueFrom"]
        for variable in manifests.component("Deployment", "operations")["spec"]["template"]["spec"][
            "containers"
        ][0]["env"]
    }
    assert {"GAS_SECRET_KEY", "GAS_GLOBUS_CLIENT_SECRET"} <= set(secrets)
    assert "GAS_STRIPE_SECRET_KEY" not in secrets
    assert "GAS_BILLING" not in operations
    for ingress in manifests.of("Ingress").values():
        for rule in ingress["spec"]["rules"]:
            paths = [(p["path"], p["backend"]["service"]["name"]) for p in rule["http"]["paths"]]
            if len(paths) > 1:
                assert [name.rpartition("-")[2] for _, name in paths] == ["operations", "web"]
                assert [path for path, _ in paths] == ["/admin", "/"]
    for route in manifests.of("HTTPRoute").values():
        first, rest = route["spec"]["rules"]
        assert first["matches"] == [{"path": {"type": "PathPrefix", "value": "/admin"}}]
        assert first["backendRefs"][0]["name"].endswith("-operations")
        assert "matches" not in rest


def test_operations_page_is_the_webs_image() -> None:
    pod = rendered("aws").component("Deployment", "operations")["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"].endswith("gas-web:0.1.0")


def test_operations_page_inherits_settings_of_the_web() -> None:
    told = rendered("everything").of("ConfigMap")["annotation-operations"]["data"]
    assert (told["GAS_FREE_MAX_BYTES"], told["GAS_LOG_LEVEL"]) == ("5368709120", "info")


def test_every_container_says_what_it_needs(manifests: Manifests) -> None:
    for name, pod in manifests.pods():
        for container in containers(pod):
            assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
            assert "memory" in container["resources"]["limits"], name


def test_what_serves_is_probed(manifests: Manifests) -> None:
    for name, deployment in manifests.of("Deployment").items():
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        assert "readinessProbe" in container, name
        if "envFrom" in container:
            assert {"startupProbe", "livenessProbe"} <= set(container), name


def test_every_port_that_is_named_is_there(manifests: Manifests) -> None:
    for name, pod in manifests.pods():
        for container in containers(pod):
            ports = {port["name"] for port in container.get("ports", [])}
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                for check in ("httpGet", "tcpSocket"):
                    if check in container.get(probe, {}):
                        assert container[probe][check]["port"] in ports, name


def test_every_queue_has_its_scaler_and_no_replicas_beside_it(setup: str) -> None:
    manifests = rendered(setup)
    scaled = manifests.of("ScaledObject")
    if setup == "no-keda":
        assert not scaled
        assert all("replicas" in manifests.component("Deployment", w)["spec"] for w in WORKERS)
        return
    for worker, queue in WORKERS.items():
        deployment = manifests.component("Deployment", worker)
        scaler = manifests.component("ScaledObject", worker)
        (trigger,) = scaler["spec"]["triggers"]
        assert "replicas" not in deployment["spec"]
        assert scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
        assert trigger["type"] == "aws-sqs-queue"
        assert (
            trigger["metadata"]["queueURL"] == environment(manifests, deployment["spec"]["template"])[queue]
        )
        assert trigger["metadata"]["scaleOnInFlight"] == "true"
        assert all(isinstance(value, str) for value in trigger["metadata"].values())
        assert "identityOwner" not in trigger["metadata"]
        assert trigger["authenticationRef"]["name"] in manifests.of("TriggerAuthentication")
        assert len(scaler["metadata"]["name"]) <= 54


def test_emulators_are_where_keda_and_pods_can_look_them_up() -> None:
    for scaler in rendered("demo").of("ScaledObject").values():
        assert scaler["spec"]["triggers"][0]["metadata"]["awsEndpoint"] == "http://gas-aws.gas.svc:4566"


def test_web_has_either_replicas_or_an_autoscaler(setup: str) -> None:
    manifests = rendered(setup)
    autoscaled = bool(manifests.of("HorizontalPodAutoscaler"))
    assert ("replicas" in manifests.component("Deployment", "web")["spec"]) is not autoscaled


def test_grace_period_is_longer_than_the_drain(manifests: Manifests) -> None:
    for name, deployment in manifests.of("Deployment").items():
        pod = deployment["spec"]["template"]
        drain = environment(manifests, pod).get("GAS_DRAIN_SECONDS")
        if drain is None:
            continue
        pre_stop = pod["spec"]["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {})
        needed = int(drain) + 15 + pre_stop.get("seconds", 0)
        assert pod["spec"]["terminationGracePeriodSeconds"] == needed, name


def test_settings_hold_no_secret_and_every_secret_is_named(manifests: Manifests) -> None:
    for name, config in manifests.of("ConfigMap").items():
        assert not SECRETS & set(config["data"]), name
    made = set(manifests.of("Secret"))
    for name, pod in manifests.pods():
        for container in containers(pod):
            for variable in container.get("env", []):
                if variable["name"] in SECRETS:
                    assert "value" not in variable, name
    assert all(secret.endswith("-demo") for secret in made)


def test_changed_setting_rolls_the_pods_of_its_service_alone() -> None:
    def checksums(*sets: str) -> dict[str, str]:
        return {
            name: pod["metadata"]["annotations"]["checksum/settings"]
            for name, pod in rendered("aws", *sets).pods()
            if "checksum/settings" in pod["metadata"].get("annotations", {})
        }

    before, after = checksums(), checksums('notifier.settings={"GAS_LOG_LEVEL":"debug"}')
    assert {name for name in before if before[name] != after[name]} == {"Deployment/gas-notifier"}


def test_large_number_keeps_its_digits() -> None:
    assert (
        rendered("everything").of("ConfigMap")["annotation-web"]["data"]["GAS_FREE_MAX_BYTES"] == "5368709120"
    )


def test_cron_jobs_neither_pile_up_nor_run_for_ever(manifests: Manifests) -> None:
    for name, cron_job in manifests.of("CronJob").items():
        spec = cron_job["spec"]
        job = spec["jobTemplate"]["spec"]
        assert (spec["concurrencyPolicy"], spec["timeZone"]) == ("Forbid", "Etc/UTC"), name
        assert spec["startingDeadlineSeconds"], name
        assert {"activeDeadlineSeconds", "ttlSecondsAfterFinished", "backoffLimit"} <= set(job), name
        assert job["template"]["spec"]["restartPolicy"] == "Never", name


def test_thaw_is_the_restorers_image_and_account() -> None:
    pod = rendered("aws").of("CronJob")["gas-thaw"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"].endswith("gas-restorer:0.1.0")
    assert pod["containers"][0]["args"] == ["thaw"]
    assert pod["serviceAccountName"] == "gas-restorer"


def test_service_accounts_are_those_that_the_roles_trust() -> None:
    accounts = set(rendered("aws").of("ServiceAccount"))
    template = (ROOT / "infra/aws/gas.yaml").read_text()
    services = (*WORKERS, "web", "operations", "sweeper")
    trusted = {f"gas-{s}" for s in services if f"kubernetes-service-account: gas-{s}" in template}
    assert trusted <= accounts
    assert {pod["spec"].get("serviceAccountName") for _, pod in rendered("aws").pods()} - {None} <= accounts


def test_web_identity_annotates_each_account_with_its_role() -> None:
    for name, account in rendered("irsa").of("ServiceAccount").items():
        role = account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
        assert role.endswith(f"gas-prod-{name.removeprefix('gas-')}")


def test_network_policies_let_through_the_ports_in_use(setup: str) -> None:
    manifests = rendered(setup)
    policies = manifests.of("NetworkPolicy")
    if setup == "no-keda":
        assert not policies
        return
    for name, pod in manifests.pods():
        labels = pod["metadata"]["labels"]
        component = labels["app.kubernetes.io/component"]
        if "envFrom" not in pod["spec"]["containers"][0]:
            continue
        policy = manifests.component("NetworkPolicy", component)["spec"]
        assert policy["podSelector"]["matchLabels"].items() <= labels.items(), name
        opened = {port["port"] for rule in policy["ingress"] for port in rule["ports"]}
        served = {p["containerPort"] for c in containers(pod) for p in c.get("ports", [])}
        assert opened == served, name
        out = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
        assert {53, 443} <= out, name
        if setup.startswith("demo"):
            assert {4566, 9800} <= out, name


def test_budget_never_holds_back_the_only_pod(manifests: Manifests) -> None:
    for name, budget in manifests.of("PodDisruptionBudget").items():
        assert budget["spec"]["maxUnavailable"] == 1, name


def test_images_are_tagged_and_of_one_version(manifests: Manifests) -> None:
    tags = {c["image"].rpartition(":")[2] for _, pod in manifests.pods() for c in containers(pod)}
    assert len(tags) == 1
    assert "latest" not in tags


def test_metrics_of_everything_that_runs_are_read_and_may_be() -> None:
    operators = 'operations={"enabled": true, "group": "22222222-3333-4444-5555-666666666666"}'
    manifests = rendered("aws", "monitoring.enabled=true", operators)
    (service_monitor,) = manifests.of("ServiceMonitor").values()
    (pod_monitor,) = manifests.of("PodMonitor").values()
    named = {endpoint["port"] for endpoint in pod_monitor["spec"]["podMetricsEndpoints"]}
    (chosen,) = pod_monitor["spec"]["selector"]["matchExpressions"]
    read = set()
    for name, deployment in manifests.of("Deployment").items():
        pod = deployment["spec"]["template"]
        component = pod["metadata"]["labels"]["app.kubernetes.io/component"]
        ports = {port["name"]: port["containerPort"] for port in pod["spec"]["containers"][0]["ports"]}
        (policy,) = [
            policy
            for policy in manifests.of("NetworkPolicy").values()
            if policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == component
        ]
        open_ports = {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]}
        if component in chosen["values"]:
            (port,) = named & set(ports)
            assert ports[port] in open_ports, name
            read.add(component)
    assert read == {*WORKERS, "operations"}
    # The web's, by a Service of its own.
    assert service_monitor["metadata"]["name"] == "gas-web"


def test_monitoring_is_off_until_wanted() -> None:
    api = {o["apiVersion"] for o in rendered("aws").objects}
    assert "monitoring.coreos.com/v1" not in api
    rules = rendered("irsa").of("PrometheusRule")["gas-alerts"]["spec"]["groups"][0]["rules"]
    assert all(rule["annotations"]["runbook_url"].endswith(rule["alert"]) for rule in rules)


@pytest.mark.parametrize("setup", ["aws", "irsa", "keys", "no-keda", "gateway", "everything"])
def test_nothing_of_the_demo_reaches_a_service_for_people(setup: str) -> None:
    text = repr(rendered(setup).objects)
    assert "gas-demo" not in text
    assert "a-demo-has-no-secrets" not in text


def test_provisioning_job_is_named_by_what_it_does_and_to_which_pod() -> None:
    def job(*sets: str) -> str:
        (name,) = rendered("demo", *sets).of("Job")
        return name

    first = job()
    assert job('demo.parameters={"InputRetentionDays":"1"}') != first
    assert job('demo.resources.limits.memory="2Gi"') != first
    assert job("web.replicas=3") == first


BUNDLE = f"s3://references/bundles/GRCh38#sha256={'0' * 64}"


def test_bundles_are_there_before_the_annotator_starts() -> None:
    spec = rendered("everything").component("Deployment", "annotator")["spec"]["template"]["spec"]
    (fetching,) = spec["initContainers"]
    assert fetching["args"] == ["fetch"]
    for container in (fetching, *spec["containers"]):
        assert {"name": "bundles", "mountPath": "/bundles"} in container["volumeMounts"]
        assert container["envFrom"] == [{"configMapRef": {"name": "annotation-annotator"}}]
    (volume,) = (volume for volume in spec["volumes"] if volume["name"] == "bundles")
    assert volume["persistentVolumeClaim"] == {"claimName": "bundles"}
    settings = rendered("everything").of("ConfigMap")["annotation-annotator"]["data"]
    named, fetched = json.loads(settings["GAS_BUNDLES"])
    assert (named, fetched[:5]) == ("SARS-CoV-2", "s3://")
    assert settings["GAS_BUNDLE_DIRECTORY"] == "/bundles"


def test_web_offers_what_the_annotator_has() -> None:
    configured = rendered("everything").of("ConfigMap")
    offered = configured["annotation-web"]["data"]["GAS_BUNDLES"]
    assert offered == configured["annotation-annotator"]["data"]["GAS_BUNDLES"]
    assert "GAS_BUNDLES" not in configured["annotation-operations"]["data"]


def test_bundles_are_on_a_volume_of_the_pod_where_no_other_is_named() -> None:
    manifests = rendered("aws", f'annotator.bundles=["{BUNDLE}"]')
    spec = manifests.component("Deployment", "annotator")["spec"]["template"]["spec"]
    assert {"name": "bundles", "emptyDir": {}} in spec["volumes"]


@pytest.mark.parametrize("bundles", ["[]", '["rCRS"]'])
def test_nothing_is_fetched_where_bundles_come_with_the_engine(bundles: str) -> None:
    manifests = rendered("aws", f"annotator.bundles={bundles}")
    spec = manifests.component("Deployment", "annotator")["spec"]["template"]["spec"]
    assert "initContainers" not in spec
    assert "bundles" not in {volume["name"] for volume in spec["volumes"]}


def test_ingress_follows_the_public_address() -> None:
    hosts = {
        rule["host"]
        for ingress in rendered("demo").of("Ingress").values()
        for rule in ingress["spec"]["rules"]
    }
    prefixes = ("", "s3.", "globus.", "mail.")
    assert hosts == {f"{prefix}gas.example.test" for prefix in prefixes}
    environment = rendered("demo").of("ConfigMap")["gas-web"]["data"]
    assert environment["GAS_S3_PUBLIC_ENDPOINT_URL"] == "http://s3.gas.example.test:8080"
