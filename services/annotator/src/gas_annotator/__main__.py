"""Starts the annotator, or with the argument ``fetch`` brings the reference bundles that it needs."""

from __future__ import annotations

import sys

import structlog

from gas_annotator.bootstrap import built, built_store
from gas_annotator.bundles import fetch_bundles
from gas_annotator.config import AnnotatorSettings, FetchSettings
from gas_core.domain.errors import TransientError
from gas_core.telemetry import logs
from gas_core.worker import run_worker
from gas_engine.errors import BundleError

log = structlog.get_logger()


def main(arguments: list[str]) -> int:
    """Exit code 0 at the end of the worker, or once all bundles are there."""
    match arguments:
        case []:
            return _annotate()
        case ["fetch"]:
            return _fetch()
        case _:
            sys.stderr.write("usage: python -m gas_annotator [fetch]\n")
            return 2


def _annotate() -> int:
    settings = AnnotatorSettings.from_environment()
    logs.configure(settings, service="annotator")
    with built(settings) as (queue, handlers):
        run_worker(queue, handlers, settings)
    return 0


def _fetch() -> int:
    settings = FetchSettings.from_environment()
    logs.configure(settings, service="annotator")
    try:
        fetch_bundles(settings.offered, built_store(settings), settings.bundle_directory)
    except (BundleError, TransientError, OSError) as error:
        # The pod waits, and its init container is started again after a pause that grows.
        log.error("bundles_not_fetched", error=str(error))  # noqa: TRY400 - one sentence tells all
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
