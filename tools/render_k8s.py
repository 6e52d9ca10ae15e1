"""Render the plain manifests in k8s/ from the chart, a folder for each set-up.

``python tools/render_k8s.py``
    Write them; run it after changing the chart.
``python tools/render_k8s.py --check``
    Say whether they are what the chart gives.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETUPS = {"aws": "ci/aws-values.yaml", "demo": "demo-values.yaml"}

_HELMS_OWN = re.compile(r"^ *(helm\.sh/chart|app\.kubernetes\.io/managed-by): .*\n", re.MULTILINE)


def helm() -> str:
    """Helm from PATH, else the one that ``make .venv/bin/helm`` took out of its package."""
    path = os.pathsep.join((os.environ.get("PATH", ""), str(ROOT / ".venv/bin")))
    found = shutil.which("helm", path=path)
    if found is None:
        raise FileNotFoundError("helm is neither in PATH nor in .venv/bin: run 'make .venv/bin/helm'.")
    return found


def manifests(values: str) -> str:
    """What the chart gives for a values file, without its test and without the labels of Helm itself."""
    command = [helm(), "template", "gas", str(ROOT / "charts/gas"), "--namespace", "gas", "--no-hooks"]
    command += ["--values", str(ROOT / "charts/gas" / values)]
    rendered = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return f"# Rendered by 'make k8s' from charts/gas and its {values}.\n" + _HELMS_OWN.sub("", rendered)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if k8s/ is out of date")
    check = parser.parse_args().check
    for name, values in SETUPS.items():
        page = ROOT / "k8s" / name / "gas.yaml"
        if not check:
            page.write_text(manifests(values), encoding="utf-8")
        elif page.read_text(encoding="utf-8") != manifests(values):
            sys.stderr.write(f"k8s/{name}/gas.yaml is out of date: run 'make k8s' and commit it.\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
