"""``Cluster`` over the API of Kubernetes, with the token that a pod is given.

Six requests, written out: the client library for them would be 75 MB in the image of every web pod.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from gas_web.cluster import ClusterUnavailableError, NoSuchPartError, Workload

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TIMEOUT_SECONDS = 5
_COMPONENT = "app.kubernetes.io/component"
_PAUSED = ("autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas")
"""How KEDA is told to leave a Deployment alone; the second also says with how many pods."""
_MERGE = "application/merge-patch+json"

Object = dict[str, Any]


class KubernetesCluster:
    """One release, in the namespace of this pod.

    ``account`` is where the service account's token, namespace and certificate authority are mounted. The
    token is read for each request, since it is renewed while the pod runs.
    """

    def __init__(
        self, *, release: str, url: str = "https://kubernetes.default.svc", account: Path = _ACCOUNT
    ) -> None:
        self._release = release
        self._url = url
        self._account = account

    def workloads(self) -> tuple[Workload, ...]:
        scalers = {_component(scaler): scaler for scaler in self._scalers()}
        pods = defaultdict(list)
        for pod in self._list("/api/v1", "pods"):
            pods[_component(pod)].append(pod)
        deployments = self._list("/apis/apps/v1", "deployments")
        return tuple(
            _workload(deployment, pods[_component(deployment)], scalers.get(_component(deployment)))
            for deployment in sorted(deployments, key=_component)
        )

    def pause(self, component: str) -> None:
        # Without pods, not with as many as there happen to be: a worker that is paused takes no jobs.
        self._annotate(component, {_PAUSED[0]: None, _PAUSED[1]: "0"})

    def resume(self, component: str) -> None:
        self._annotate(component, dict.fromkeys(_PAUSED))

    def thaw_now(self) -> str:
        found = self._list("/apis/batch/v1", "cronjobs", component="thaw")
        if not found:
            raise NoSuchPartError(component="thaw")
        (cron_job,) = found
        template, owner = cron_job["spec"]["jobTemplate"], cron_job["metadata"]
        name = f"{owner['name']}-now-{uuid.uuid4().hex[:8]}"
        # As `kubectl create job --from` makes it.
        metadata = template.get("metadata", {}) | {
            "name": name,
            "annotations": template.get("metadata", {}).get("annotations", {})
            | {"cronjob.kubernetes.io/instantiate": "manual"},
            "ownerReferences": [
                {"apiVersion": "batch/v1", "kind": "CronJob", "name": owner["name"], "uid": owner["uid"]}
            ],
        }
        job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"]}
        self._ask("POST", "/apis/batch/v1", "jobs", body=job)
        return name

    def _scalers(self) -> list[Object]:
        """None of them where KEDA is not installed."""
        try:
            return self._list("/apis/keda.sh/v1alpha1", "scaledobjects")
        except ClusterUnavailableError as error:
            if error.fields.get("status") == requests.codes.not_found:
                return []
            raise

    def _annotate(self, component: str, annotations: dict[str, str | None]) -> None:
        for scaler in self._scalers():
            if _component(scaler) == component:
                place = f"scaledobjects/{scaler['metadata']['name']}"
                body = {"metadata": {"annotations": annotations}}
                self._ask("PATCH", "/apis/keda.sh/v1alpha1", place, body=body, content_type=_MERGE)
                return
        raise NoSuchPartError(component=component)

    def _list(self, group: str, kind: str, *, component: str = "") -> list[Object]:
        selector = f"app.kubernetes.io/instance={self._release}"
        if component:
            selector += f",{_COMPONENT}={component}"
        items: list[Object] = self._ask("GET", group, kind, selector=selector)["items"]
        return items

    def _ask(
        self,
        method: str,
        group: str,
        place: str,
        *,
        selector: str = "",
        body: Object | None = None,
        content_type: str = "application/json",
    ) -> Object:
        namespace = (self._account / "namespace").read_text().strip()
        token = (self._account / "token").read_text().strip()
        with requests.Session() as session:
            session.trust_env = False
            try:
                answer = session.request(
                    method,
                    f"{self._url}{group}/namespaces/{namespace}/{place}",
                    params={"labelSelector": selector} if selector else None,
                    json=body,
                    headers={"Authorization": f"Bearer {token}", "Content-Type": content_type},
                    verify=str(self._account / "ca.crt"),
                    timeout=_TIMEOUT_SECONDS,
                )
            except requests.RequestException as error:
                raise ClusterUnavailableError(
                    action=method, place=place, error=type(error).__name__
                ) from error
        if not answer.ok:
            raise ClusterUnavailableError(
                action=method, place=place, status=answer.status_code, reason=answer.reason
            )
        told: Object = answer.json()
        return told


def _component(o: Object) -> str:
    return str(o["metadata"].get("labels", {}).get(_COMPONENT, ""))


def _workload(deployment: Object, pods: list[Object], scaler: Object | None) -> Workload:
    containers = [
        container for pod in pods for container in pod.get("status", {}).get("containerStatuses", [])
    ]
    ends = [
        (_epoch(ended["finishedAt"]), str(ended.get("reason", "")))
        for container in containers
        if (ended := container.get("lastState", {}).get("terminated")) and ended.get("finishedAt")
    ]
    last_restart, last_reason = max(ends, default=(0, ""))
    marks = scaler["metadata"].get("annotations", {}) if scaler else {}
    return Workload(
        component=_component(deployment),
        wanted=deployment["spec"].get("replicas", 1),
        ready=deployment.get("status", {}).get("readyReplicas", 0),
        image=deployment["spec"]["template"]["spec"]["containers"][0]["image"],
        restarts=sum(container["restartCount"] for container in containers),
        last_restart=last_restart,
        last_reason=last_reason,
        paused=any(mark in marks for mark in _PAUSED) if scaler else None,
    )


def _epoch(time: str) -> int:
    """Of Kubernetes' RFC 3339, always in UTC."""
    return int(datetime.fromisoformat(time).timestamp())
