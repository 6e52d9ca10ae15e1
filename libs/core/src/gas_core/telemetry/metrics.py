"""Every metric of GAS. Units are in the names; labels are small sets, never IDs."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

MESSAGES = Counter(
    "gas_messages_total",
    "Messages that a worker settled, by what became of them: done, refused, postponed, failed, unreadable, "
    "handed_back.",
    ["queue", "outcome"],
)

MESSAGE_DURATION = Histogram(
    "gas_message_duration_seconds",
    "From receiving a message to settling it.",
    ["queue"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000),
)

RESULTS = Counter(
    "gas_results_total",
    "What became of results: archived, restored; missing, lost and given_up need an operator.",
    ["event"],
)

HEARTBEATS = Counter(
    "gas_heartbeats_total",
    "Renewals of a lease and its message's visibility: kept, lost, failed.",
    ["outcome"],
)

JOB_WAIT = Histogram(
    "gas_job_wait_seconds",
    "From submitting a job to the claim of its first attempt.",
    buckets=(0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000),
)

JOB_DURATION = Histogram(
    "gas_job_duration_seconds",
    "From submitting a job to its terminal status.",
    ["status"],
    buckets=(0.3, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000),
)
