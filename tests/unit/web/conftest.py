"""The real application on fakes, and browsers that are signed in to it."""

from __future__ import annotations

import gzip
import html
import io
import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gas_core import announce
from gas_core.domain import lifecycle, retention
from gas_core.domain.job import Asked, Failure, Job, ObjectRef, Progress
from gas_core.domain.keys import result_keys, standing_keys
from gas_core.domain.lifecycle import Timings
from gas_core.domain.plans import Plan
from gas_core.domain.states import Results
from gas_core.ports import UploadForm
from gas_core.testing import (
    FakeBilling,
    FakeClock,
    FakeJobs,
    FakePublisher,
    FakeQueue,
    FakeQueues,
    FakeStore,
    FakeUsers,
)
from gas_core.testing.store import INPUTS_BUCKET, ORIGIN, RESULTS_BUCKET
from gas_engine.outputs.table import SCHEMA
from gas_web.app import create_app
from gas_web.cluster import NoSuchPartError, Workload
from gas_web.config import WebSettings
from gas_web.container import Container
from gas_web.globus import Identity, SignInRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient

    from gas_core.domain.errors import GasError

ADA = Identity("ada-id", "Ada Researcher", "ada@university.example")
GREGOR = Identity("gregor-id", "Gregor Researcher", "gregor@abbey.example")
OLIVIA = Identity("olivia-id", "Olivia Operator", "olivia@gas.example")
QUEUES = ("job_requests", "job_notifications", "job_archives", "restores", "thaws")
SUMMARY = b"{}"
VCF = gzip.compress(b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")


@cache
def table() -> bytes:
    """The smallest table: one record without ALT."""
    empty = {"pos": 73, "ref": "A", "record": 1, "allele": 1, "ids": [], "known_ids": [], "regions": []}
    names = {"contig_name": "MT", "contig": "MT", "filter": "PASS", "status": "no_alt"}
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([empty | names], SCHEMA), file)
    return file.getvalue()


class FakeSignIn:
    """An identity provider that gives away a code to whom it is told."""

    def __init__(self) -> None:
        self.codes: dict[str, Identity] = {}
        self.verifiers: list[str] = []
        self.refuse_for_test: GasError | None = None

    def address(self, *, state: str, verifier: str, groups: bool = False) -> str:
        self.verifiers.append(verifier)
        asked = {"state": state} | ({"scope": "groups"} if groups else {})
        return f"https://globus.test/authorize?{urlencode(asked)}"

    def finish(self, *, code: str, verifier: str) -> Identity:
        if self.refuse_for_test:
            raise self.refuse_for_test
        if verifier not in self.verifiers or code not in self.codes:
            raise SignInRefusedError(status=400)
        return self.codes.pop(code)


class FakeCluster:
    """A release whose annotator is at work and may be paused, and whose web may not."""

    def __init__(self) -> None:
        self.paused = False
        self.thaws = 0
        self.refuse_for_test: GasError | None = None

    def workloads(self) -> tuple[Workload, ...]:
        if self.refuse_for_test:
            raise self.refuse_for_test
        annotator = Workload("annotator", 3, 2, "gas-annotator:1", 4, 1_790_000_000, "OOMKilled", self.paused)
        return annotator, Workload("web", 2, 2, "gas-web:1", 0, 0, "", None)

    def pause(self, component: str) -> None:
        self._know(component)
        self.paused = True

    def resume(self, component: str) -> None:
        self._know(component)
        self.paused = False

    def thaw_now(self) -> str:
        if self.refuse_for_test:
            raise self.refuse_for_test
        self.thaws += 1
        return f"gas-thaw-now-{self.thaws}"

    def _know(self, component: str) -> None:
        if component != "annotator":
            raise NoSuchPartError(component=component)


@dataclass
class World:
    """Everything that stands behind the pages, to set up and to look at."""

    clock: FakeClock = field(default_factory=FakeClock)
    users: FakeUsers = field(default_factory=FakeUsers)
    sign_in: FakeSignIn = field(default_factory=FakeSignIn)
    timings: Timings = field(default_factory=Timings)

    def __post_init__(self) -> None:
        self.jobs = FakeJobs(self.users)
        self.store = FakeStore(self.clock)
        self.billing = FakeBilling(self.clock)
        self.job_requests = FakeQueue(self.clock, "job-requests")
        self.job_archives = FakeQueue(self.clock, "job-archives")
        self.cluster = FakeCluster()
        self.publisher = FakePublisher(
            job_requests=self.job_requests,
            job_notifications=FakeQueue(self.clock),
            job_archives=self.job_archives,
        )

    def app(
        self,
        *,
        base_url: str = "http://localhost",
        ports: dict[str, Any] | None = None,
        **settings_changed: Any,
    ) -> Flask:
        """The application; ``ports`` stand in for fakes of this world."""
        addresses = {f"{name}_{kind}_url": name for name in QUEUES for kind in ("queue", "dlq")}
        told = addresses | {"pages": "all", "operators": OLIVIA.identity_id} | settings_changed
        settings = WebSettings(
            **told,
            jobs_table="jobs",
            users_table="users",
            inputs_bucket=INPUTS_BUCKET,
            results_bucket=RESULTS_BUCKET,
            job_requests_topic_arn="arn:requests",
            job_results_topic_arn="arn:results",
            plan_changes_topic_arn="arn:plan-changes",
            billing="stripe",
            stripe_secret_key="sk_test",
            stripe_publishable_key="pk_test",
            stripe_webhook_secret="whsec_fake",
            stripe_price="price_1",
            base_url=base_url,
            secret_key="a key for the tests of the pages",
            globus_client_id="client",
            globus_client_secret="secret",
        )
        parts = {
            "jobs": self.jobs,
            "users": self.users,
            "store": self.store,
            "publisher": self.publisher,
            "clock": self.clock,
            "sign_in": self.sign_in,
            "billing": self.billing,
            "queues": FakeQueues(self.job_requests, self.job_archives),
            "cluster": self.cluster,
        } | (ports or {})
        app = create_app(Container(settings=settings, store_origin=ORIGIN, **parts))
        app.testing = True
        # As in production: an error becomes a page.
        app.config["PROPAGATE_EXCEPTIONS"] = False
        return app

    def job(self, state: str, *, user: Identity = ADA, name: str = "sample.vcf") -> Job:
        """A job of a user in a state: of the status machine, or of the results machine."""
        self.users.sign_in(
            identity_id=user.identity_id, name=user.name, email=user.email, now=self.clock.now()
        )
        number = len(self.jobs.rows) + 1
        job_id = f"{number:08x}-0000-4000-8000-000000000000"
        self.clock.advance(1)
        now, timings = self.clock.now(), self.timings
        job = Job(
            job_id=job_id,
            user_id=user.identity_id,
            user_email=user.email,
            s3_inputs_bucket=INPUTS_BUCKET,
            s3_key_input_file=f"{user.identity_id}/{job_id}/input",
            created_time=now,
        )
        keys = result_keys(job_id, 1)
        steps: dict[str, list[Callable[[Job], Job]]] = {
            "UPLOADING": [],
            "ABANDONED": [lambda job: lifecycle.abandon(job, now=now, timings=timings)],
        }
        steps["PENDING"] = [
            lambda job: lifecycle.submit(
                job, file_name=name, version_id="v", size_bytes=9, traceparent="", now=now, timings=timings
            )
        ]
        steps["CANCELLED"] = [
            *steps["PENDING"],
            lambda job: lifecycle.cancel(job, now=now, timings=timings),
        ]
        steps["RUNNING"] = [
            *steps["PENDING"],
            lambda job: lifecycle.claim(job, results_bucket=RESULTS_BUCKET, now=now, timings=timings),
        ]
        steps["FAILED"] = [
            *steps["RUNNING"],
            lambda job: lifecycle.fail(
                job,
                attempt=1,
                failure=Failure("not_vcf", "It is no VCF.", "Choose another."),
                now=now,
                timings=timings,
            ),
        ]
        steps["COMPLETED"] = [
            *steps["RUNNING"],
            lambda job: lifecycle.complete(
                job,
                attempt=1,
                result_key=keys.vcf,
                log_key=keys.log,
                summary={"records": 350},
                checksums={"annot.vcf.gz": "5a" * 32},
                progress=Progress(350, 9, 9),
                now=now + 2,
                timings=timings,
            ),
        ]
        steps["DELETING"] = [
            *steps["COMPLETED"],
            lambda job: retention.delete(job, now=now + 3, timings=timings),
        ]
        over = now + 2 + timings.free_window_seconds
        asked = Asked("Expedited", "a-retrieval", started=over + 3, ready=over + 303, tries=1)
        steps["ARCHIVING"] = [
            *steps["COMPLETED"],
            lambda job: retention.archive_begin(job, now=over, timings=timings),
        ]
        steps["ARCHIVED"] = [
            *steps["ARCHIVING"],
            lambda job: retention.archive_commit(
                job, generation=2, archive_id="an-archive", now=over + 1, timings=timings
            ),
        ]
        steps["ASKED_BACK"] = [*steps["ARCHIVED"], lambda job: retention.ask_back(job, now=over + 2)]
        steps["RESTORING"] = [
            *steps["ASKED_BACK"],
            lambda job: retention.restore_begin(job, asked=asked, message="Coming.", now=over + 3),
        ]
        steps["GIVEN_UP"] = [
            *steps["RESTORING"],
            lambda job: retention.restore_stop(job, message="Every try failed.", now=over + 4),
        ]
        steps["LOST"] = [
            *steps["RESTORING"],
            lambda job: retention.lose(job, message="Its checksum differs.", now=over + 4),
        ]
        steps["RESTORED"] = [
            *steps["RESTORING"],
            lambda job: retention.copy_back(job, now=over + 304, timings=timings),
            lambda job: retention.restore_commit(
                job,
                generation=3,
                result_key=result_keys(job_id, 3).vcf,
                now=over + 305,
                timings=timings,
            ),
        ]
        for step in steps[state]:
            job = step(job)
        self.clock.advance(max(job.results_since - now, 0))
        if job.submit_time:
            place = ObjectRef(INPUTS_BUCKET, job.s3_key_input_file)
            job = replace(job, input_version_id=self.store.put_for_test(place, b"a vcf", name=name))
        if job.s3_key_log_file:
            for key, data in ((keys.log, b"The log"), (keys.summary, SUMMARY)):
                self.store.put_for_test(ObjectRef(RESULTS_BUCKET, key), data)
        if job.s3_key_result_file and job.results is not Results.DELETING:
            self.store.put_for_test(ObjectRef(RESULTS_BUCKET, job.s3_key_result_file), VCF)
            self.store.put_for_test(ObjectRef(RESULTS_BUCKET, standing_keys(job).table), table())
        self.jobs.add(job)
        return self.jobs.get(job_id)

    def plan(self, plan: Plan, *, settling: bool = False, user: Identity = ADA) -> None:
        """This user's plan from now on; ``settling`` if it changed just now and nobody has looked yet."""
        if not settling:
            self.users.set_plan_for_test(user.identity_id, plan, now=self.clock.now())
            return
        other = Plan.FREE if plan is Plan.PREMIUM else Plan.PREMIUM
        self.users.set_plan_for_test(user.identity_id, other, now=self.clock.now())
        self.clock.advance(1)
        announce.set_plan(
            user.identity_id,
            plan,
            source="operator",
            users=self.users,
            publisher=self.publisher,
            clock=self.clock,
            timings=self.timings,
        )


class Visitor:
    """A browser at the application; redirects are told, not followed."""

    def __init__(self, world: World, app: Flask, *, base_url: str = "http://localhost") -> None:
        self.world = world
        self.base_url = base_url
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(
            path,
            base_url=self.base_url,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    def begin_sign_in(self, path: str = "/login") -> str:
        """Go to Globus; the state that was sent along."""
        query = parse_qs(urlsplit(self.get(path).location).query)
        return query["state"][0]

    def sign_in(self, who: Identity = ADA, *, path: str = "/login", confirm: bool = True) -> Any:
        """Through Globus and back, with a profile that is confirmed; the answer of the callback."""
        if confirm:
            users, now = self.world.users, self.world.clock.now()
            users.sign_in(identity_id=who.identity_id, name=who.name, email=who.email, now=now)
            profile = {"name": who.name, "email": who.email, "institution": "", "window_mails": True}
            users.save_profile(who.identity_id, **profile, now=now)
        state = self.begin_sign_in(path)
        self.world.sign_in.codes["a-code"] = who
        return self.get(f"/authcallback?{urlencode({'code': 'a-code', 'state': state})}")

    def token(self) -> str:
        """The CSRF token of a page with a form."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/profile").text)
        assert found
        return found[1]

    def post(self, path: str, **fields: str | list[str]) -> Any:
        """Send a form as our own pages would."""
        return self.client.post(path, data={"csrf_token": self.token()} | fields, base_url=self.base_url)

    def upload_form(self) -> UploadForm:
        """The form of the submit page, as a browser reads it."""
        page = self.get("/annotate").text
        action = re.search(r'<form method="post" action="(https:[^"]+)"', page)
        assert action
        fields = {
            html.unescape(name): html.unescape(value)
            for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
            if name != "csrf_token"
        }
        chosen = re.search(r'<select[^>]* name="([^"]+)".*?<option value="([^"]*)"', page, re.DOTALL)
        if chosen:
            fields |= {chosen[1]: chosen[2]}
        limit = re.search(r'data-max-bytes="(\d+)"', page)
        assert limit
        return UploadForm(html.unescape(action[1]), fields, int(limit[1]), self.world.clock.now() + 900)

    def submit(self, name: str, data: bytes = b"##fileformat=VCFv4.2\n") -> str:
        """Upload a file and come back; the path of the job's page."""
        form = self.upload_form()
        self.world.store.upload_for_test(form, data, file_name=name)
        answer = self.get(path_of(form.fields["success_action_redirect"]))
        assert answer.status_code == 303
        location: str = answer.location
        return location


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def words(answer: Any) -> str:
    """The text of a page as a reader sees it, roughly."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def visitor(world: World) -> Visitor:
    """Nobody in particular."""
    return Visitor(world, world.app())


@pytest.fixture
def ada(world: World) -> Visitor:
    """Ada, signed in."""
    ada = Visitor(world, world.app())
    assert ada.sign_in(ADA).status_code == 302
    return ada


@pytest.fixture
def gregor(world: World) -> Visitor:
    """Gregor, signed in."""
    gregor = Visitor(world, world.app())
    assert gregor.sign_in(GREGOR).status_code == 302
    return gregor


@pytest.fixture
def olivia(world: World) -> Visitor:
    """Olivia, who looks after this GAS, signed in."""
    olivia = Visitor(world, world.app())
    assert olivia.sign_in(OLIVIA).status_code == 302
    return olivia


@pytest.fixture(name="Visitor")
def visitor_class() -> type[Visitor]:
    return Visitor


@pytest.fixture(name="words")
def words_of() -> Callable[[Any], str]:
    return words


@pytest.fixture(name="path_of")
def path_of_url() -> Callable[[str], str]:
    return path_of
