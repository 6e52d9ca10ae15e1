from __future__ import annotations

import re

import pytest

from gas_core.telemetry.trace import traced

# Sampled; since Trace Context Level 2 a flag of 2 says that the ID is random.
TRACEPARENT = r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[13]"
TOLD = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


def test_step_without_a_trace_begins_one() -> None:
    with traced("submit") as first:
        pass
    with traced("submit") as second:
        pass
    assert re.fullmatch(TRACEPARENT, first)
    assert first.split("-")[1] != second.split("-")[1]


def test_step_goes_on_in_the_trace_it_is_told_with_a_span_of_its_own() -> None:
    with traced("annotate", traceparent=TOLD) as handed_on:
        pass
    _, trace_id, span_id, _ = handed_on.split("-")
    assert trace_id == "a" * 32
    assert span_id != "b" * 16


def test_step_within_a_step_goes_on_in_the_trace_it_is_told_not_in_the_outer_one() -> None:
    with traced("sweep") as outer, traced("announce", traceparent=TOLD) as inner:
        assert inner.split("-")[1] == "a" * 32
        assert outer.split("-")[1] != "a" * 32


@pytest.mark.parametrize("broken", ["nonsense", "00-" + "0" * 32 + "-" + "b" * 16 + "-01", "ff"])
def test_trace_that_cannot_be_read_is_replaced_by_a_new_one(broken: str) -> None:
    with traced("annotate", traceparent=broken) as handed_on:
        assert re.fullmatch(TRACEPARENT, handed_on)
