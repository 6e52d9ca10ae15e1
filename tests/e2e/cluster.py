"""A namespace of a cluster, looked at and changed as an operator does: by kubectl and helm."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from gas_local.ports import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


class ClusterError(AssertionError):
    """A command failed, or something did not come about in time."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """One namespace; every command acts on it alone."""

    name: str

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        return run("kubectl", "--namespace", self.name, *arguments, given=given)

    def helm(self, *arguments: str) -> str:
        return run("helm", "--namespace", self.name, *arguments)

    def get(self, kind: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.kubectl("get", kind, name, "--output", "json"))
        return found

    def list(self, kind: str, **labels: str) -> list[dict[str, Any]]:
        """Objects with these labels of ours, such as component="web"."""
        chosen = ",".join(f"app.kubernetes.io/{name}={value}" for name, value in labels.items())
        found: list[dict[str, Any]] = json.loads(
            self.kubectl("get", kind, "--selector", chosen, "--output", "json")
        )["items"]
        return found

    def pods(self, component: str) -> list[dict[str, Any]]:
        """Pods of a component that are not on their way out."""
        return [
            pod
            for pod in self.list("pods", component=component)
            if "deletionTimestamp" not in pod["metadata"] and pod["status"]["phase"] in {"Pending", "Running"}
        ]

    def ready(self, component: str) -> int:
        """How many of them are ready."""
        return sum(
            condition["type"] == "Ready" and condition["status"] == "True"
            for pod in self.pods(component)
            for condition in pod["status"].get("conditions", [])
        )

    def evict(self, pod: str) -> bool:
        """Ask the Eviction API, as a drain does; False where a budget says not now, or the pod is gone."""
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": self.name},
        }
        path = f"/api/v1/namespaces/{self.name}/pods/{pod}/eviction"
        try:
            self.kubectl("create", "--raw", path, "--filename", "-", given=json.dumps(body))
        except ClusterError as error:
            if "disruption budget" in str(error) or "not found" in str(error).lower():
                return False
            raise
        return True

    @contextmanager
    def forwarded(self, service: str, port: int) -> Iterator[str]:
        """A service's address on this machine."""
        local = free_port()
        command = [
            "kubectl",
            "--namespace",
            self.name,
            "port-forward",
            f"service/{service}",
            f"{local}:{port}",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                # The first line is written once it listens.
                assert process.stdout is not None
                assert "Forwarding" in process.stdout.readline()
                yield f"http://{HOST}:{local}"
            finally:
                process.terminate()

    def remove(self) -> None:
        """Scalers first, while KEDA is there to let go of them; nobody waits for the namespace's end."""
        self.kubectl("delete", "scaledobjects", "--all", "--timeout=60s")
        run("kubectl", "delete", "namespace", self.name, "--wait=false")


def make_namespace(name: str) -> Namespace:
    """A new namespace in which only restricted pods may run; an earlier one of that name ends first."""
    run("kubectl", "wait", "--for=delete", f"namespace/{name}", "--timeout=120s")
    run("kubectl", "create", "namespace", name)
    run("kubectl", "label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    return Namespace(name)


def ingress_address() -> str:
    """Where the cluster's ingress answers: the first node's address."""
    (node, *_) = json.loads(run("kubectl", "get", "nodes", "--output", "json"))["items"]
    return next(a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP")


def run(*command: str, given: str | None = None, seconds: float = 600) -> str:
    """A command's output; ClusterError with what it said where it failed."""
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode:
        raise ClusterError(f"{' '.join(command)}: {done.stderr.strip()}\n{done.stdout.strip()}")
    return done.stdout


def wait_for(look: Callable[[], T], *, seconds: float, what: str) -> T:
    """Look until it is true, and give what was seen."""
    end = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > end:
            raise ClusterError(f"{what} did not come about within {seconds:.0f} s; last seen: {seen}")
        time.sleep(1)
    return seen
