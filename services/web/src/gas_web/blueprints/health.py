"""What Kubernetes asks: is the process alive, and can it serve?"""

from __future__ import annotations

import uuid

from flask import Blueprint

from gas_core.domain.errors import GasError, JobNotFoundError
from gas_web.container import container

blueprint = Blueprint("health", __name__)

_NOBODYS_JOB = str(uuid.UUID(int=0))


@blueprint.get("/healthz")
def healthz() -> tuple[str, int]:
    """Alive; asks nobody else, since a restart would not mend them."""
    return "alive\n", 200


@blueprint.get("/readyz")
def readyz() -> tuple[str, int]:
    """Ready if the jobs table answers."""
    try:
        container().jobs.get(_NOBODYS_JOB)
    except JobNotFoundError:
        return "ready\n", 200
    except GasError as error:
        reason = " ".join((type(error).__name__, str(error.fields.get("code", "")))).strip()
        return f"the jobs table does not answer: {reason}\n", 503
    return "ready\n", 200
