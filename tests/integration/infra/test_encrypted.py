"""A key of the operator's in KMS: a job's life on buckets that are encrypted with it.

The emulator notes and tells how objects are encrypted; it neither encrypts nor checks who may use a key, and
its CloudFormation leaves a bucket's encryption out, so that it is set here as the template does.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from gas_local.environment import ROOT
from gas_local.fixtures import running_stack
from gas_local.journey import Browser
from gas_local.provision import MAIL_SENDER, deploy
from gas_local.services import service_programs
from gas_local.supervisor import Supervisor
from gas_local.world import ADA

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def test_upload_form_results_and_archive_work_on_buckets_with_a_key_of_ones_own(tmp_path: Path) -> None:
    with running_stack(tmp_path / "stack") as stack:
        key = stack.client("kms").create_key()["KeyMetadata"]["Arn"]
        parameters = {"WebOrigin": stack.base_url, "MailSender": MAIL_SENDER, "KmsKeyArn": key}
        deploy(
            stack=stack.name,
            endpoint_url=stack.aws_url,
            parameters=parameters,
            env_file=tmp_path / "stack.env",
        )
        s3 = stack.client("s3")
        buckets = [stack[f"GAS_{name}_BUCKET"] for name in ("INPUTS", "RESULTS", "ARCHIVE")]
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
        for bucket in buckets:
            s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
        times = {"GAS_FREE_WINDOW_SECONDS": "3", "GAS_DOWNLOAD_URL_SECONDS": "5"}
        with Supervisor(tmp_path / "log") as supervisor:
            supervisor.start(*service_programs(stack.environment | times))
            browser = Browser(stack.base_url)
            browser.sign_in(ADA)
            outcome = browser.follow(browser.submit(ROOT / "examples/sample.vcf"), seconds=120)
            assert outcome.status == "COMPLETED"
            assert browser.download(outcome)
            end = time.monotonic() + 120
            while "Contents" not in s3.list_objects_v2(Bucket=buckets[-1]):
                assert time.monotonic() < end, "nothing was archived"
                time.sleep(0.5)
            plain = [
                (bucket, each["Key"])
                for bucket in buckets
                for each in s3.list_objects_v2(Bucket=bucket)["Contents"]
                if s3.head_object(Bucket=bucket, Key=each["Key"]).get("SSEKMSKeyId") != key
            ]
            assert plain == []
