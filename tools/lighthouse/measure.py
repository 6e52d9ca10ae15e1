"""Hold the main pages to Lighthouse: the median of three runs each, in Chromium, on the embedded stack.

    python tools/lighthouse/measure.py [FOLDER]

Accessibility and best practices have to reach 95; performance is told and decides nothing, as it measures the
machine as much as the page. FOLDER gets the reports as JSON. Starts emulators and services of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect, sync_playwright

from gas_local.environment import ROOT
from gas_local.fixtures import running_stack
from gas_local.services import service_programs
from gas_local.supervisor import Supervisor
from gas_local.world import ADA

if TYPE_CHECKING:
    from playwright.sync_api import Page

HERE = Path(__file__).parent
LIGHTHOUSE = HERE / "node_modules" / ".bin" / "lighthouse"
SAMPLE = ROOT / "examples" / "sample.vcf"
RUNS = 3
LEAST = 95
ENFORCED = ("accessibility", "best-practices")
TOLD = ("performance",)
PATIENCE_SECONDS = 90
TRIES = 2
"""A browser that did not come up, or a trace that it lost, says nothing of the page."""


def main() -> int:
    """0 if every page reaches what is enforced."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    chromium = shutil.which("chromium")
    if chromium is None or not LIGHTHOUSE.exists():
        sys.exit("Chromium and Lighthouse are needed: apt-get install chromium, and 'make lighthouse'.")
    with (
        tempfile.TemporaryDirectory() as scratch,
        running_stack(Path(scratch)) as stack,
        Supervisor(Path(scratch) / "log") as supervisor,
    ):
        supervisor.start(*service_programs(stack.environment))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            cookie, job = prepared(browser.new_page(), stack.base_url)
            browser.close()
        # Results are in the archive after five minutes, which a busy machine takes for a page or two.
        pages = {
            "results": (f"{job}/results", cookie),
            "job": (job, cookie),
            "submit": ("/annotate", cookie),
            "landing": ("/", ""),
        }
        failed = False
        for name, (path, session) in pages.items():
            reports = [report(stack.base_url + path, session, chromium) for _ in range(RUNS)]
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"{name}.json").write_text(json.dumps(reports[-1]))
            scores = {kind: medians(reports, kind) for kind in (*ENFORCED, *TOLD)}
            short = [kind for kind in ENFORCED if scores[kind] < LEAST]
            print(name, ", ".join(f"{kind} {score:.0f}" for kind, score in scores.items()), flush=True)
            for kind in short:
                print(f"  {kind} has to reach {LEAST}: {', '.join(shortcomings(reports[-1], kind))}")
            failed = failed or bool(short)
    return int(failed)


def prepared(page: Page, base_url: str) -> tuple[str, str]:
    """Sign in and have the sample annotated: the session's cookie, and the path of the job."""
    page.goto(base_url)
    page.get_by_role("link", name="Sign in with Globus").click()
    page.get_by_role("button", name=ADA.name).click()
    page.get_by_role("button", name="Confirm").click()
    page.goto(f"{base_url}/annotate")
    page.get_by_label("VCF file").set_input_files(SAMPLE)
    page.get_by_role("button", name="Annotate").click()
    expect(page.locator("#now[data-state^='COMPLETED']")).to_be_visible(timeout=60_000)
    (session,) = (cookie for cookie in page.context.cookies(base_url) if cookie["name"] == "gas")
    return f"gas={session['value']}", page.url.removeprefix(base_url)


def report(url: str, cookie: str, chromium: str) -> dict[str, Any]:
    """One run of Lighthouse, its report."""
    command = [
        str(LIGHTHOUSE),
        url,
        "--quiet",
        "--output=json",
        f"--only-categories={','.join((*ENFORCED, *TOLD))}",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
    ]
    if cookie:
        command.append(f"--extra-headers={json.dumps({'Cookie': cookie})}")
    told = answer(command, {**os.environ, "CHROME_PATH": chromium})
    reached = told["finalDisplayedUrl"]
    if reached.partition("?")[0] != url:
        sys.exit(f"lighthouse: {url} led to {reached}, so something else was measured.")
    return told


def answer(command: list[str], environment: dict[str, str]) -> dict[str, Any]:
    """What Lighthouse says; another try if it says nothing, and the end of all if it does so again."""
    problem = ""
    for _ in range(TRIES):
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                check=False,
                env=environment,
                timeout=PATIENCE_SECONDS,
            )
        except subprocess.TimeoutExpired:
            problem = f"no report within {PATIENCE_SECONDS} s"
            continue
        if not done.returncode:
            told: dict[str, Any] = json.loads(done.stdout)
            return told
        problem = done.stderr.strip()[-2000:]
    sys.exit(f"lighthouse: {problem}")


def medians(reports: list[dict[str, Any]], kind: str) -> float:
    """Of 100."""
    return 100 * median(each["categories"][kind]["score"] or 0 for each in reports)


def shortcomings(told: dict[str, Any], kind: str) -> list[str]:
    return [
        audit["id"]
        for audit in told["categories"][kind]["auditRefs"]
        if audit["weight"] and told["audits"][audit["id"]]["score"] not in {None, 1}
    ]


if __name__ == "__main__":
    sys.exit(main())
