"""What other services tell us. They have no session; each proves by a signature who it is."""

from __future__ import annotations

import structlog
from flask import Blueprint, request

from gas_core.domain.billing import EventRefusedError
from gas_web.blueprints.plans import payments

blueprint = Blueprint("webhooks", __name__)
log = structlog.get_logger()


@blueprint.post("/webhooks/stripe")
def stripe() -> tuple[str, int]:
    """An event of Stripe's. Whatever is not answered by 200 comes again."""
    try:
        payments().hear(request.get_data(), request.headers.get("Stripe-Signature", ""))
    except EventRefusedError as error:
        log.warning("billing_event_refused", **error.fields)
        return "signature refused\n", 400
    return "heard\n", 200
