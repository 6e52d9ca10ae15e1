"""What the pages stand on; bootstrap fills it with adapters, tests with fakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

from gas_core.admin.handlers import Admin
from gas_core.domain.lifecycle import Timings
from gas_core.ports import Billing, Clock, Jobs, ObjectStore, Publisher, Queues, Users
from gas_web.bundles import SHIPPED, Bundle
from gas_web.cluster import Cluster
from gas_web.config import WebSettings
from gas_web.globus import SignIn
from gas_web.handlers import Limits


@dataclass(frozen=True, slots=True)
class Container:
    """Ports and settings of one web process. ``store_origin`` is where browsers send files to."""

    settings: WebSettings
    jobs: Jobs
    users: Users
    store: ObjectStore
    publisher: Publisher
    clock: Clock
    sign_in: SignIn
    store_origin: str
    billing: Billing | None = None
    """None where premium is not sold."""
    queues: Queues | None = None
    """None where operators have no page."""
    cluster: Cluster | None = None
    """None where there is no Kubernetes."""
    bundles: tuple[Bundle, ...] = tuple(SHIPPED.values())
    """The references to choose among, the first offered first."""

    @property
    def admin(self) -> Admin:
        """What operators ask."""
        return Admin(self.jobs, self.users, self.publisher, self.clock, self.timings)

    @property
    def timings(self) -> Timings:
        return self.settings.timings

    @property
    def limits(self) -> Limits:
        settings = self.settings
        return Limits(
            free_max_bytes=settings.free_max_bytes,
            premium_max_bytes=settings.premium_max_bytes,
            upload_form_seconds=settings.upload_form_seconds,
            part_bytes=settings.part_bytes,
            parts_seconds=settings.parts_seconds,
            part_url_seconds=settings.part_url_seconds,
            download_url_seconds=settings.download_url_seconds,
        )


def container() -> Container:
    """The container of the application that serves this request."""
    return cast("Container", current_app.extensions["gas"])
