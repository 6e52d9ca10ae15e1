"""Variant annotation: a VCF and a reference bundle in; annotated VCF, table, summary and log out."""

from gas_engine.annotate import Progress, annotate, annotate_text
from gas_engine.bundle import Bundle, default_bundle
from gas_engine.errors import EngineError
from gas_engine.likely import Sample, agrees, likely, sample_of
from gas_engine.limits import Limits
from gas_engine.outputs.paths import OutputPaths
from gas_engine.outputs.summary import Summary
from gas_engine.pick import Keep, Pick
from gas_engine.version import __version__
from gas_engine.warm import warm

__all__ = [
    "Bundle",
    "EngineError",
    "Keep",
    "Limits",
    "OutputPaths",
    "Pick",
    "Progress",
    "Sample",
    "Summary",
    "__version__",
    "agrees",
    "annotate",
    "annotate_text",
    "default_bundle",
    "likely",
    "sample_of",
    "warm",
]
