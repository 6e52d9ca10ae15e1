"""The reference bundles of this deployment by name; the few that were used last stay open."""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

import structlog

import gas_engine
from gas_engine.bundle import Manifest, read_manifest
from gas_engine.errors import BundleError

log = structlog.get_logger()


class Shelf:
    """``manifests`` are those of all bundles, in the order offered; ``most_open`` are open at a time.

    BundleError if one is damaged or not there, or if two go by one name.
    """

    def __init__(self, directories: Iterable[Path], *, most_open: int) -> None:
        self._directories: dict[str, Path] = {}
        self._most_open = most_open
        self._open: OrderedDict[str, gas_engine.Bundle] = OrderedDict()
        self.manifests: dict[str, Manifest] = {}
        for directory in directories:
            manifest = read_manifest(directory)
            if manifest.name in self.manifests:
                raise BundleError(
                    f"Two bundles are called {manifest.name}, and a researcher chooses by name: build one of "
                    "them again with another --name."
                )
            self.manifests[manifest.name] = manifest
            self._directories[manifest.name] = directory

    def open(self, name: str) -> gas_engine.Bundle:
        """The bundle of this name, mapped into memory; KeyError if there is none."""
        if name in self._open:
            self._open.move_to_end(name)
            return self._open[name]
        directory = self._directories[name]
        while len(self._open) >= self._most_open:
            closed, _ = self._open.popitem(last=False)
            log.info("bundle_closed", bundle=closed)
        # A bundle's caches refer to it, so it is unmapped when such circles are looked for, and not before.
        gc.collect()
        bundle = self._open[name] = gas_engine.Bundle.load(directory)
        log.info("bundle_opened", bundle=name)
        return bundle

    def warm(self) -> None:
        """Open as many as stay open, the first offered first, and read them into memory."""
        for name in reversed(list(self._directories)[: self._most_open]):
            gas_engine.warm(self.open(name))
