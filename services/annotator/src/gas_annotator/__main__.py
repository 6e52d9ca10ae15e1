"""Starts the annotator."""

from __future__ import annotations

from gas_annotator.bootstrap import built
from gas_annotator.config import AnnotatorSettings
from gas_core.telemetry import logs
from gas_core.worker import run_worker


def main() -> None:
    """Annotate until SIGTERM."""
    settings = AnnotatorSettings.from_environment()
    logs.configure(settings, service="annotator")
    with built(settings) as (queue, handlers):
        run_worker(queue, handlers, settings)


if __name__ == "__main__":
    main()
