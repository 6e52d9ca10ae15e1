"""The environment that our programs start with: nothing of the developer's own AWS set-up gets through."""

from __future__ import annotations

import os
import sys
from pathlib import Path

REGION = "us-east-1"

ROOT = Path(__file__).resolve().parents[4]
"""The checkout. The package is installed editable, so it knows where it lies."""


def base_environment() -> dict[str, str]:
    """PATH and the like, with our interpreter first, and without proxies (everything is on this machine)."""
    kept = {
        name: os.environ[name] for name in ("HOME", "LANG", "LC_ALL", "TMPDIR", "TZ") if name in os.environ
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**kept, "PATH": path, "PYTHONUNBUFFERED": "1"}


def aws_environment(endpoint_url: str) -> dict[str, str]:
    """Credentials that only the emulator takes, and its address."""
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
