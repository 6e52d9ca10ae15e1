"""What the operations page needs of the cluster that GAS runs in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gas_core.domain.errors import PermanentError, TransientError


class ClusterUnavailableError(TransientError):
    """Kubernetes does not answer as it should."""


class NoSuchPartError(PermanentError):
    """The release has no such worker or CronJob."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment. ``paused`` is None where nothing scales it; ``last_restart`` is 0 if there was none."""

    component: str
    wanted: int
    ready: int
    image: str
    restarts: int
    last_restart: int
    last_reason: str
    paused: bool | None


class Cluster(Protocol):
    """One release in its namespace. ClusterUnavailableError where it does not answer."""

    def workloads(self) -> tuple[Workload, ...]:
        """Its Deployments, by component."""
        ...

    def pause(self, component: str) -> None:
        """Take a worker's pods away, gently, and start no more; NoSuchPartError if nothing scales it."""
        ...

    def resume(self, component: str) -> None:
        """Let it be scaled again; NoSuchPartError if nothing scales it."""
        ...

    def thaw_now(self) -> str:
        """Start a pass of thaw beside its schedule: its Job's name. NoSuchPartError without a CronJob."""
        ...
