"""Mistakes that people make, and the sentence that tells them what to do."""

from __future__ import annotations

import pytest
from tests.chart.conftest import CHART, SETUPS, helm_template

MISTAKES = [
    ("aws", 'baseUrl=""', "baseUrl"),
    ("aws", 'baseUrl="https://gas.example.org/app"', "without a path"),
    ("aws", 'stack={"GAS_JOBS_TABLE":"x"}', "deploy.py --values-file"),
    ("aws", 'stack.GAS_JOB_REQUESTS_QUEUE_URL="gas-prod-job-requests"', "no queue's URL"),
    ("aws", 'secrets.existingSecret=""', "make a Secret with GAS_SECRET_KEY and GAS_GLOBUS_CLIENT_SECRET"),
    ("aws", 'globus.clientId=""', "redirect URI"),
    ("aws", "autoscaling.keda.enabled=false", "minReplicas to 1 or more, or leave KEDA on"),
    ("aws", "notifier.minReplicas=9", "greater than its maxReplicas"),
    ("aws", 'billing.provider="stripe"', "billing.stripePrice are needed"),
    ("aws", 'aws.identity="irsa"', "GAS_WEB_ROLE_ARN is missing"),
    ("aws", 'operations.group=""', "nobody may see /admin"),
    ("aws", "web.enabled=false", "signs in at the public pages"),
    ("aws", 'stack.GAS_THAWS_DLQ_URL=""', "GAS_THAWS_DLQ_URL is missing"),
    ("keys", 'aws.existingSecret=""', "AWS_ACCESS_KEY_ID"),
    ("gateway", "web.httpRoute.parentRefs=[]", "name the Gateway"),
    ("gateway", "secrets.externalSecret.storeRef=null", "needs storeRef and remoteKey"),
]


@pytest.mark.parametrize(("setup", "change", "message"), MISTAKES)
def test_mistake_is_told_before_anything_is_installed(setup: str, change: str, message: str) -> None:
    done = helm_template("--values", str(CHART / f"ci/{setup}-values.yaml"), "--set-json", change)
    assert done.returncode != 0
    assert message in done.stderr


def test_there_are_eight_setups() -> None:
    assert len(SETUPS) == 8
