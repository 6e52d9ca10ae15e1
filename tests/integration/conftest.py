"""The embedded stack, started once for all integration tests."""

from gas_local.fixtures import stack

__all__ = ["stack"]
