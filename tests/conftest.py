"""What holds for all tests: one embedded stack for those that need it, and no skipping in CI."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gas_local.fixtures import site, stack

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["site", "stack"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[pytest.TestReport]:
    """In CI nothing may be skipped: a check that cannot run there is a check that nobody runs."""
    report: pytest.TestReport = yield
    if report.skipped and "CI" in os.environ and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, which must be able to run it: {report.longrepr}"
    return report
