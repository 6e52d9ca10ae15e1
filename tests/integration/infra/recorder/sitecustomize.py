"""Writes down each AWS call of a process that has this folder on its PYTHONPATH, and that does not notice."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import botocore.client

_NAMES = ("TableName", "IndexName", "Bucket", "Key", "QueueUrl", "TopicArn")
_whole = botocore.client.BaseClient._make_api_call


def _recorded(self: Any, operation_name: str, api_params: dict[str, Any]) -> Any:
    called: dict[str, Any] = {"service": self.meta.service_model.service_name, "operation": operation_name}
    called |= {name: api_params[name] for name in _NAMES if name in api_params}
    deleted = api_params.get("Delete", {}).get("Objects", [])
    called["keys"] = [entry["Key"] for entry in deleted]
    called["versioned"] = "VersionId" in api_params or any("VersionId" in entry for entry in deleted)
    called["batch"] = list(api_params.get("RequestItems", {}))
    called["transaction"] = [
        [part, item["TableName"]]
        for each in api_params.get("TransactItems", [])
        for part, item in each.items()
    ]
    module = sys.orig_argv[sys.orig_argv.index("-m") + 1]
    with Path(os.environ["RECORDED_CALLS"], f"{module}.jsonl").open("a") as calls:
        calls.write(json.dumps(called) + "\n")
    return _whole(self, operation_name, api_params)


botocore.client.BaseClient._make_api_call = _recorded
