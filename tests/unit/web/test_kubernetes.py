"""What is asked of the Kubernetes API, and what its answers are taken for.

The API here is a small server that speaks as the real one does; tests/e2e/test_operations.py asks that one.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gas_web.cluster import ClusterUnavailableError, NoSuchPartError, Workload
from gas_web.kubernetes import KubernetesCluster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Object = dict[str, Any]


def labelled(kind: str, name: str, **rest: Any) -> Object:
    labels = {"app.kubernetes.io/instance": "gas", "app.kubernetes.io/component": name}
    return {"metadata": {"name": f"gas-{kind}{name}", "uid": f"uid-{name}", "labels": labels}} | rest


def deployment(name: str, *, wanted: int, ready: int) -> Object:
    template = {"spec": {"containers": [{"image": f"gas-{name}:1"}]}}
    # The API leaves readyReplicas out where it is 0.
    status = {"readyReplicas": ready} if ready else {}
    return labelled("", name, spec={"replicas": wanted, "template": template}, status=status)


def pod(name: str, *, restarts: int = 0, ended: str = "", reason: str = "") -> Object:
    last = {"terminated": {"finishedAt": ended, "reason": reason}} if ended else {}
    return labelled(
        "pod-", name, status={"containerStatuses": [{"restartCount": restarts, "lastState": last}]}
    )


class Api:
    """Objects by place, and what was asked of them."""

    def __init__(self) -> None:
        self.lists: dict[str, list[Object] | None] = {
            "/apis/apps/v1/namespaces/genomics/deployments": [
                deployment("web", wanted=2, ready=2),
                deployment("annotator", wanted=3, ready=0),
            ],
            "/api/v1/namespaces/genomics/pods": [
                pod("annotator", restarts=2, ended="2026-11-24T12:00:00Z", reason="OOMKilled"),
                pod("annotator", restarts=1, ended="2026-11-24T11:00:00Z", reason="Error"),
                pod("annotator"),
                labelled("pod-", "web"),
            ],
            "/apis/keda.sh/v1alpha1/namespaces/genomics/scaledobjects": [labelled("", "annotator")],
            "/apis/batch/v1/namespaces/genomics/cronjobs": [
                labelled(
                    "",
                    "thaw",
                    spec={
                        "jobTemplate": {
                            "metadata": {"labels": {"app.kubernetes.io/component": "thaw"}},
                            "spec": {"backoffLimit": 0, "template": {"spec": {"restartPolicy": "Never"}}},
                        }
                    },
                )
            ],
        }
        self.status = 200
        self.asked: list[tuple[str, str, dict[str, list[str]], dict[str, str], Any]] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length)) if length else None
                api.asked.append((self.command, parts.path, parse_qs(parts.query), dict(self.headers), body))
                found = api.lists.get(parts.path, []) if self.command == "GET" else []
                status = api.status if found is not None else 404
                told = json.dumps({"items": found}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            do_GET = do_POST = do_PATCH = answer  # noqa: N815 - the server's own names

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def scaler(self) -> Object:
        (found,) = self.lists["/apis/keda.sh/v1alpha1/namespaces/genomics/scaledobjects"] or []
        return found


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()
    yield api
    api.server.shutdown()
    api.server.server_close()


@pytest.fixture
def account(tmp_path: Path) -> Path:
    (tmp_path / "namespace").write_text("genomics")
    (tmp_path / "token").write_text("first")
    return tmp_path


@pytest.fixture
def cluster(api: Api, account: Path) -> KubernetesCluster:
    return KubernetesCluster(release="gas", url=api.url, account=account)


def test_workloads_are_deployments_with_what_their_pods_went_through(cluster: KubernetesCluster) -> None:
    assert cluster.workloads() == (
        Workload("annotator", 3, 0, "gas-annotator:1", 3, 1_795_521_600, "OOMKilled", paused=False),
        Workload("web", 2, 2, "gas-web:1", 0, 0, "", paused=None),
    )


def test_only_the_release_is_asked_for_with_the_token_of_the_moment(
    api: Api, cluster: KubernetesCluster, account: Path
) -> None:
    cluster.workloads()
    (account / "token").write_text("renewed")
    cluster.workloads()
    assert {query["labelSelector"][0] for _, _, query, _, _ in api.asked} == {
        "app.kubernetes.io/instance=gas"
    }
    assert [headers["Authorization"] for _, _, _, headers, _ in api.asked] == ["Bearer first"] * 3 + [
        "Bearer renewed"
    ] * 3


@pytest.mark.parametrize("mark", ["autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas"])
def test_worker_paused_by_whatever_hand_is_shown_so(api: Api, cluster: KubernetesCluster, mark: str) -> None:
    api.scaler()["metadata"]["annotations"] = {mark: "0"}
    assert cluster.workloads()[0].paused is True


def test_cluster_without_keda_has_workers_that_cannot_be_paused(api: Api, cluster: KubernetesCluster) -> None:
    api.lists["/apis/keda.sh/v1alpha1/namespaces/genomics/scaledobjects"] = None
    assert [one.paused for one in cluster.workloads()] == [None, None]
    with pytest.raises(NoSuchPartError):
        cluster.pause("annotator")


def test_pausing_takes_the_pods_and_resuming_takes_every_mark(api: Api, cluster: KubernetesCluster) -> None:
    cluster.pause("annotator")
    cluster.resume("annotator")
    patches = [
        (path, headers["Content-Type"], body) for m, path, _, headers, body in api.asked if m == "PATCH"
    ]
    place = "/apis/keda.sh/v1alpha1/namespaces/genomics/scaledobjects/gas-annotator"
    kind = "application/merge-patch+json"
    paused, replicas = "autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas"
    assert patches == [
        (place, kind, {"metadata": {"annotations": {paused: None, replicas: "0"}}}),
        (place, kind, {"metadata": {"annotations": {paused: None, replicas: None}}}),
    ]
    with pytest.raises(NoSuchPartError):
        cluster.pause("web")


def test_thaw_now_is_the_cron_jobs_own_job(api: Api, cluster: KubernetesCluster) -> None:
    name = cluster.thaw_now()
    (_, path, _, _, job) = next(asked for asked in api.asked if asked[0] == "POST")
    assert path == "/apis/batch/v1/namespaces/genomics/jobs"
    assert name.startswith("gas-thaw-now-")
    assert job["spec"] == {"backoffLimit": 0, "template": {"spec": {"restartPolicy": "Never"}}}
    assert job["metadata"] == {
        "name": name,
        "labels": {"app.kubernetes.io/component": "thaw"},
        "annotations": {"cronjob.kubernetes.io/instantiate": "manual"},
        "ownerReferences": [
            {"apiVersion": "batch/v1", "kind": "CronJob", "name": "gas-thaw", "uid": "uid-thaw"}
        ],
    }


def test_thaw_that_is_not_installed_cannot_be_started(api: Api, cluster: KubernetesCluster) -> None:
    api.lists["/apis/batch/v1/namespaces/genomics/cronjobs"] = []
    with pytest.raises(NoSuchPartError):
        cluster.thaw_now()


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_refusal_and_trouble_are_told_with_their_status(
    api: Api, cluster: KubernetesCluster, status: int
) -> None:
    api.status = status
    with pytest.raises(ClusterUnavailableError) as raised:
        cluster.workloads()
    assert raised.value.fields["status"] == status


def test_api_that_cannot_be_reached_is_unavailable(account: Path) -> None:
    cluster = KubernetesCluster(release="gas", url="http://127.0.0.1:1", account=account)
    with pytest.raises(ClusterUnavailableError, match="does not answer"):
        cluster.workloads()
