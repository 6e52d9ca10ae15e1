"""Reference bundles: a genome, its gene models, known variants and region tracks, checked on load."""

from gas_engine.bundle.build import AlleleSource, TrackSource, build_bundle
from gas_engine.bundle.diff import diff_bundles
from gas_engine.bundle.inspect import inspect_bundle
from gas_engine.bundle.load import (
    SHIPPED,
    Bundle,
    default_bundle,
    read_manifest,
    shipped_directory,
    verify_bundle,
)
from gas_engine.bundle.manifest import Contig, Field, Manifest, Source, Track

__all__ = [
    "SHIPPED",
    "AlleleSource",
    "Bundle",
    "Contig",
    "Field",
    "Manifest",
    "Source",
    "Track",
    "TrackSource",
    "build_bundle",
    "default_bundle",
    "diff_bundles",
    "inspect_bundle",
    "read_manifest",
    "shipped_directory",
    "verify_bundle",
]
