"""What holds for all tests: one embedded stack, no skipping in CI, no race with a clock."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from gas_local.fixtures import site, stack

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["site", "stack"]

# Hypothesis' own limits measure how busy the machine is; what hangs is ended by pytest's timeout.
settings.register_profile(
    "gas", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("gas")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[pytest.TestReport]:
    """In CI nothing may be skipped: a check that cannot run there is a check that nobody runs."""
    report: pytest.TestReport = yield
    if report.skipped and "CI" in os.environ and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, which must be able to run it: {report.longrepr}"
    return report
