from __future__ import annotations

import pytest
from prometheus_client import Counter, Histogram

from gas_core.telemetry import metrics

EVERY = [each for each in vars(metrics).values() if isinstance(each, Counter | Histogram)]


@pytest.mark.parametrize("metric", EVERY, ids=lambda metric: metric.describe()[0].name)
def test_metric_is_named_by_the_rules_of_prometheus(metric: Counter | Histogram) -> None:
    (told,) = metric.describe()
    assert told.name.startswith("gas_")
    assert told.documentation
    assert told.name.endswith("_seconds") == isinstance(metric, Histogram)
    assert not {"job_id", "user_id", "message_id"} & set(metric._labelnames)
