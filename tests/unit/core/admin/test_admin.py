"""The operator's command line, on fakes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from structlog.testing import capture_logs

from gas_core.admin.cli import cli
from gas_core.admin.handlers import Admin
from gas_core.domain import plans
from gas_core.domain.errors import StoreUnavailableError
from gas_core.domain.job import Due, Failure, Job, MailRecord
from gas_core.domain.keys import archive_key
from gas_core.domain.lifecycle import Timings
from gas_core.domain.messages import UserChanged
from gas_core.domain.plans import Plan
from gas_core.domain.states import Results, Status
from gas_core.testing import FakeClock, FakeJobs, FakePublisher, FakeQueue, FakeUsers, Fault, Faults, Moment

SWEPT, THAWED = 2 * Timings().sweep_seconds, 2 * Timings().thaw_seconds
"""What is due for that long was left undone by two passes."""

ADA, GREGOR = "a1b2c3d4-0000-4000-8000-000000000001", "a1b2c3d4-0000-4000-8000-000000000002"


class World:
    """gas-admin with fakes around it, and two users."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.timings = Timings()
        self.jobs = FakeJobs()
        self.users = FakeUsers()
        self.publisher = FakePublisher(
            job_requests=FakeQueue(self.clock), job_notifications=FakeQueue(self.clock)
        )
        for identity_id, name in ((ADA, "Ada"), (GREGOR, "Gregor")):
            self.users.sign_in(
                identity_id=identity_id, name=name, email=f"{name.lower()}@lab.example", now=self.clock.now()
            )

    def run(self, *words: str, faults: Faults | None = None) -> Result:
        faults = faults or Faults()
        admin = Admin(
            faults.wrap(self.jobs, "jobs"),
            faults.wrap(self.users, "users"),
            self.publisher,
            self.clock,
            self.timings,
        )
        return CliRunner().invoke(cli, words, obj=admin)

    def job(
        self, number: int, results: Results, *, due: dict[Due, int], since: int = 0, **fields: Any
    ) -> Job:
        now = self.clock.now()
        job = Job(
            job_id=f"{number:08x}-0000-4000-8000-000000000000",
            user_id=ADA,
            user_email="ada@lab.example",
            s3_inputs_bucket="inputs",
            s3_key_input_file="k",
            created_time=1,
            submit_time=2,
            status=Status.COMPLETED,
            results=results,
            results_since=now - since,
            due={kind.value: now + seconds for kind, seconds in due.items()},
        )
        self.jobs.add(replace(job, **fields))
        return job


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("name", [ADA, "ada@lab.example", "Ada@Lab.Example"])
def test_plan_is_set_announced_and_logged_with_who_did_it(world: World, name: str) -> None:
    with capture_logs() as lines:
        done = world.run("plan", "set", name, "premium")
    assert (done.exit_code, done.stdout) == (0, f"{ADA}: free → premium\n")
    user = world.users.get(ADA)
    assert (user.plan, user.plan_source) == (Plan.PREMIUM, "operator")
    assert world.publisher.published == [UserChanged(user_id=ADA)]
    (line,) = [line for line in lines if line["event"] == "plan_set_by_operator"]
    assert line["operator"]
    assert (line["user_id"], line["plan"], line["was"], line["was_source"]) == (
        ADA,
        "premium",
        "free",
        "default",
    )
    assert world.users.get(GREGOR).plan is Plan.FREE


def test_plan_set_again_makes_it_the_operators_and_tells_nobody(world: World) -> None:
    user = world.users.get(ADA)
    bought = plans.change_plan(user, Plan.PREMIUM, source="stripe", now=1, timings=Timings())
    world.users.commit(user, replace(bought, due={}))
    done = world.run("plan", "set", ADA, "premium")
    assert "had the plan premium already; an operator stands for it now." in done.stdout
    assert world.users.get(ADA).plan_source == "operator"
    assert world.publisher.published == []


def test_setting_a_paying_user_free_tells_of_the_subscription(world: World) -> None:
    user = world.users.get(ADA)
    world.users.commit(user, plans.change_plan(user, Plan.PREMIUM, source="stripe", now=1, timings=Timings()))
    done = world.run("plan", "set", ADA, "free")
    assert f"{ADA}: premium → free" in done.stdout
    assert "A subscription at Stripe is not ended by this" in done.stdout


def test_address_of_several_users_is_refused_with_their_ids(world: World) -> None:
    world.users.save_profile(
        GREGOR, name="Gregor", email="ada@lab.example", institution="", window_mails=True, now=2
    )
    done = world.run("plan", "set", "ada@lab.example", "premium")
    assert done.exit_code == 1
    assert ADA in done.stderr
    assert GREGOR in done.stderr
    assert world.users.get(ADA).plan is world.users.get(GREGOR).plan is Plan.FREE


@pytest.mark.parametrize("name", ["nobody", "nobody@lab.example"])
@pytest.mark.parametrize("words", [("plan", "set", "{}", "free"), ("plan", "show", "{}")])
def test_user_who_never_signed_in_is_told_as_such(world: World, words: tuple[str, ...], name: str) -> None:
    done = world.run(*(word.format(name) for word in words))
    assert done.exit_code == 1
    assert "There is no such user. A user exists once they have signed in" in done.stderr


def test_plan_of_another_name_is_refused(world: World) -> None:
    done = world.run("plan", "set", ADA, "gold")
    assert done.exit_code == 2
    assert "'gold' is not one of 'free', 'premium'" in done.stderr


def test_plan_is_shown_with_its_source_and_since_when(world: World) -> None:
    text = world.run("plan", "show", ADA).stdout
    assert "plan_source" in text
    assert "default" in text
    facts = json.loads(world.run("plan", "show", "ada@lab.example", "--json").stdout)
    assert (facts["identity_id"], facts["plan"], facts["plan_since"]) == (ADA, "free", world.clock.now())
    assert facts["plan_settling"] is False


def test_status_of_an_idle_service_says_so(world: World) -> None:
    done = world.run("lifecycle", "status")
    assert done.exit_code == 0
    assert "archiving       0\n" in done.stdout
    assert "overdue         0\n" in done.stdout


def test_status_counts_what_moves_and_names_what_is_overdue(world: World) -> None:
    world.job(1, Results.ARCHIVING, due={Due.LEASE: 30}, since=90)
    world.job(2, Results.RESTORING, due={Due.RETRIEVAL: -2 * THAWED}, since=7200, due_tries=3)
    world.job(3, Results.RESTORING, due={Due.RETRIEVAL: 60}, since=10)
    world.job(4, Results.ARCHIVED, due={Due.RETRIEVAL: -THAWED})
    world.job(5, Results.AVAILABLE, due={Due.WINDOW: 200})
    world.run("plan", "set", ADA, "premium")
    done = world.run("lifecycle", "status")
    assert done.exit_code == 3
    assert "archiving       1\n  00000001-0000-4000-8000-000000000000  for 1 min\n" in done.stdout
    longest_first = (
        "restoring       2\n"
        "  00000002-0000-4000-8000-000000000000  for 2 h\n"
        "  00000003-0000-4000-8000-000000000000  for 10 s\n"
    )
    assert longest_first in done.stdout
    assert "asked back      1\n" in done.stdout
    assert "plans changing  1\n" in done.stdout
    assert "overdue         2\n" in done.stdout
    late = "  00000002-0000-4000-8000-000000000000  COMPLETED/RESTORING  retrieval for 20 min, told 3 times\n"
    assert late in done.stdout
    status = json.loads(world.run("lifecycle", "status", "--json").stdout)
    assert status["moving"]["RESTORING"][0] == {
        "job_id": "00000002-0000-4000-8000-000000000000",
        "since": world.clock.now() - 7200,
    }
    assert [debt["kind"] for debt in status["overdue"]] == ["retrieval", "retrieval"]


@pytest.mark.parametrize(
    ("results", "kind", "patience"),
    [
        (Results.AVAILABLE, Due.WINDOW, SWEPT),
        (Results.DELETING, Due.CLEANUP, SWEPT),
        (Results.ARCHIVED, Due.RETRIEVAL, THAWED),
        (Results.RESTORING, Due.RETRIEVAL, THAWED),
    ],
)
def test_debt_is_overdue_once_two_passes_left_it_undone(
    world: World, results: Results, kind: Due, patience: int
) -> None:
    world.job(1, results, due={kind: 0})
    for seconds in (0, 1, patience - 2):
        world.clock.advance(seconds)
        assert world.run("lifecycle", "status").exit_code == 0
    world.clock.advance(1)
    done = world.run("lifecycle", "status")
    assert done.exit_code == 3
    assert f"{kind} for {patience // 60} min, told 0 times" in done.stdout


def test_other_debt_of_a_row_that_waits_for_thaw_is_as_patient(world: World) -> None:
    """Thaw alone looks at such a row, so it announces what else it owes."""
    due = {Due.RETRIEVAL: 3600, Due.ANNOUNCE_RESULTS: 1 - THAWED}
    world.job(1, Results.RESTORING, due=due)
    assert world.run("lifecycle", "status").exit_code == 0
    world.clock.advance(1)
    assert world.run("lifecycle", "status").exit_code == 3


def test_change_of_plan_is_overdue_once_two_sweeps_left_it_undone(world: World) -> None:
    world.run("plan", "set", ADA, "premium")
    world.clock.advance(Timings().announce_grace_seconds + SWEPT - 1)
    assert world.run("lifecycle", "status").exit_code == 0
    world.clock.advance(1)
    done = world.run("lifecycle", "status")
    assert done.exit_code == 3
    assert f"{ADA}  premium  plan_change for 2 min" in done.stdout


@pytest.mark.parametrize(("tries", "code"), [(2, 0), (3, 3)])
def test_debt_that_somebody_was_told_of_in_vain_is_overdue(world: World, tries: int, code: int) -> None:
    """An archiver that is dead pays nothing, however regularly the sweeper moves the debts on."""
    world.job(1, Results.AVAILABLE, due={Due.WINDOW: 2400, Due.CLEANUP: 2401}, due_tries=tries)
    user = world.users.get(ADA)
    later = {"plan_change": world.clock.now() + 2400}
    world.users.commit(user, replace(user, due=later, due_tries=tries))
    done = world.run("lifecycle", "status")
    assert done.exit_code == code
    for text in (
        f"COMPLETED/AVAILABLE  window looked at again in 40 min, told {tries} times",
        f"{ADA}  free  plan_change looked at again in 40 min, told {tries} times",
    ):
        assert (text in done.stdout) is (code == 3)
    assert "cleanup" not in done.stdout, "nobody was told of that yet"


def test_passes_that_run_less_often_are_given_more_time(world: World) -> None:
    world.timings = replace(Timings(), sweep_seconds=600)
    world.job(1, Results.AVAILABLE, due={Due.WINDOW: -1199})
    assert world.run("lifecycle", "status").exit_code == 0
    world.clock.advance(1)
    assert world.run("lifecycle", "status").exit_code == 3


def test_status_of_many_lists_the_longest_and_counts_the_others(world: World) -> None:
    for number in range(25):
        world.job(number, Results.RESTORING, due={Due.RETRIEVAL: 60}, since=number)
    text = world.run("lifecycle", "status").stdout
    assert "restoring       25\n  00000018-0000-4000-8000-000000000000  for 24 s\n" in text
    assert "00000004-" not in text
    assert "  and 5 more (--json lists all)\n" in text


def test_status_that_saw_only_a_part_says_so_and_has_the_longest_overdue(world: World) -> None:
    for number in range(5):
        # All in one partition of the index.
        world.job(number, Results.RESTORING, due={Due.RETRIEVAL: -THAWED - number})
    done = world.run("lifecycle", "status", "--limit", "2")
    assert "restoring       at least 2" in done.stdout
    assert "00000004-0000-4000-8000-000000000000" in done.stdout


def test_row_that_goes_while_the_index_is_read_is_left_out(world: World) -> None:
    class Gone(FakeJobs):
        def overdue(self, **_: Any) -> Any:
            return iter(["00000009-0000-4000-8000-000000000000"])

    world.jobs = Gone()
    assert world.run("lifecycle", "status").exit_code == 0


def inventory(folder: Path, archives: dict[str, str]) -> str:
    """A file as Glacier's inventory-retrieval gives it: archive ID → description."""
    listed = [
        {
            "ArchiveId": archive_id,
            "ArchiveDescription": description,
            "CreationDate": "2026-01-01T00:00:00Z",
            "Size": 1,
            "SHA256TreeHash": "a" * 64,
        }
        for archive_id, description in archives.items()
    ]
    path = folder / "inventory.json"
    path.write_text(
        json.dumps({"VaultARN": "arn", "InventoryDate": "2026-01-02T00:00:00Z", "ArchiveList": listed})
    )
    return str(path)


def test_archives_that_no_job_names_are_listed_and_no_others(world: World, tmp_path: Path) -> None:
    archived = world.job(
        1, Results.ARCHIVED, due={}, results_file_archive_id="named", generation=3, archive_generation=3
    )
    archiving = world.job(2, Results.ARCHIVING, due={Due.LEASE: 9}, generation=3)
    back = world.job(3, Results.AVAILABLE, due={Due.CLEANUP: 9}, retired_archives=("retired",), generation=3)
    lost = world.job(4, Results.LOST, due={}, results_file_archive_id="gone", generation=3)
    gone = "00000009-0000-4000-8000-000000000000"
    path = inventory(
        tmp_path,
        {
            "named": archive_key(archived.job_id, 3),
            "twin": archive_key(archived.job_id, 3),
            "first-try": archive_key(archived.job_id, 2),
            "in-the-making": archive_key(archiving.job_id, 3),
            "dead-archiver": archive_key(archiving.job_id, 2),
            "retired": archive_key(back.job_id, 2),
            "unnamed": archive_key(back.job_id, 2),
            "perhaps-the-lost-one": archive_key(lost.job_id, 2),
            "of-a-deleted-job": archive_key(gone, 2),
            "-of-somebody-else": "holiday pictures",
            "nearly-ours": f"{gone}/2/results.tar.bak",
        },
    )
    done = world.run("archive", "orphans", path)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"twin  {archived.job_id}  3",
        f"first-try  {archived.job_id}  2",
        f"dead-archiver  {archiving.job_id}  2",
        f"unnamed  {back.job_id}  2",
        f"of-a-deleted-job  {gone}  2",
    ]
    assert "5 of 9 archives belong to no job" in done.stderr
    told = json.loads(world.run("archive", "orphans", path, "--json").stdout)
    assert told[0] == {"archive_id": "twin", "job_id": archived.job_id, "generation": 3}


@pytest.mark.parametrize("text", ["", "VaultARN,Size", "[]", "{}", '{"ArchiveList": [{"Size": 1}]}'])
def test_file_that_is_no_inventory_is_refused(world: World, tmp_path: Path, text: str) -> None:
    path = tmp_path / "inventory"
    path.write_text(text)
    done = world.run("archive", "orphans", str(path))
    assert done.exit_code == 1
    assert "This is no inventory of a vault in JSON." in done.stderr


def test_job_is_shown_as_its_row_is(world: World) -> None:
    job = world.job(1, Results.AVAILABLE, due={Due.WINDOW: 200}, input_file_name="sämple.vcf", window_ends=60)
    text = world.run("job", "show", job.job_id).stdout
    assert "sämple.vcf" in text
    assert "1970-01-01 00:01:00Z" in text
    assert "restore_message" not in text
    facts = json.loads(world.run("job", "show", job.job_id, "--json").stdout)
    assert (facts["status"], facts["results"]) == ("COMPLETED", "AVAILABLE")


def test_events_of_a_job_are_told_in_order(world: World) -> None:
    job = world.job(
        1,
        Results.NONE,
        due={Due.CLEANUP: 900},
        status=Status.FAILED,
        attempt=2,
        failures=1,
        start_time=3,
        complete_time=4,
        failure=Failure("not_vcf", "It is no VCF."),
        mails={"failed": MailRecord(5, 6, "<id>")},
        results_since=0,
    )
    events = [line.partition("  ")[2] for line in world.run("job", "events", job.job_id).stdout.splitlines()]
    assert events == [
        "upload form handed out",
        "submitted, 0 bytes",
        "claimed, attempt 2, 1 tries ended badly",
        "FAILED: not_vcf",
        "mail failed begun",
        "mail failed sent",
        "due: cleanup, told 0 times",
    ]
    told = json.loads(world.run("job", "events", job.job_id, "--json").stdout)
    assert told[0] == {"time": 1, "event": "upload form handed out"}


@pytest.mark.parametrize("command", ["show", "events"])
def test_job_that_is_not_there_is_told_as_such(world: World, command: str) -> None:
    done = world.run("job", command, "00000000-0000-4000-8000-00000000dead")
    assert done.exit_code == 1
    assert "There is no such job. Deleted jobs leave no row." in done.stderr


def test_table_that_does_not_answer_is_one_sentence(world: World) -> None:
    faults = Faults(Fault(0, Moment.BEFORE, StoreUnavailableError(action="get_user", code="Throttled")))
    done = world.run("plan", "show", ADA, faults=faults)
    assert done.exit_code == 1
    assert (
        "AWS did not answer as it should; trying again may work. (action get_user, code Throttled)"
        in done.stderr
    )


def test_operator_who_dies_before_telling_leaves_the_change_to_the_sweeper(world: World) -> None:
    class Dead:
        def publish(self, _message: object) -> None:
            raise KeyboardInterrupt

    admin = Admin(world.jobs, world.users, Dead(), world.clock, Timings())
    with pytest.raises(KeyboardInterrupt):
        admin.set_plan(ADA, Plan.PREMIUM, operator="root")
    assert world.users.get(ADA).plan is Plan.PREMIUM
    world.clock.advance(Timings().announce_grace_seconds)
    assert list(world.users.overdue(now=world.clock.now(), limit=5)) == [ADA]
