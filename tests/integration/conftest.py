"""The embedded stack and the site on it, started once for all integration tests."""

from gas_local.fixtures import site, stack

__all__ = ["site", "stack"]
