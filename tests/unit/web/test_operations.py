"""The operators' page: what it tells, who may see it, and what its buttons do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from pydantic import ValidationError
from tests.unit.web.conftest import ADA, OLIVIA, Visitor

from gas_core.domain.errors import StoreUnavailableError
from gas_web.cluster import ClusterUnavailableError

if TYPE_CHECKING:
    from tests.unit.web.conftest import World

GROUP = "7d1e9a52-0000-4000-8000-0000000000aa"


def test_page_of_a_service_at_rest_says_that_nothing_needs_anybody(olivia: Any, words: Any) -> None:
    said = words(olivia.get("/admin"))
    assert "Nothing overdue, no dead letters" in said
    assert "Retrievals under way" in said
    assert "Failed in the last 7 days None." in said


def test_queues_show_what_waits_what_is_under_work_and_what_is_dead(
    world: World, olivia: Any, words: Any
) -> None:
    for body in ("one", "two", "three"):
        world.job_requests.send(body)
    world.job_requests.receive(wait_seconds=0)
    world.job_archives.bury_for_test("dead")
    said = words(olivia.get("/admin"))
    assert "job-requests 2 1 – 0" in said
    assert "job-archives 0 0 – 1 Send back" in said
    assert "1 dead letter." in said


def test_deployments_show_pods_image_and_why_they_restarted(olivia: Any, words: Any) -> None:
    said = words(olivia.get("/admin"))
    assert "annotator 2 of 3 Starting or ending 4" in said
    assert "OOMKilled gas-annotator:1 Pause annotator" in said
    assert "web 2 of 2 Running 0 – gas-web:1" in said
    assert "Pause web" not in said


def test_failures_and_retrievals_lead_to_what_happened_to_their_jobs(
    world: World, olivia: Any, words: Any
) -> None:
    failed, returning = world.job("FAILED"), world.job("RESTORING")
    page = olivia.get("/admin")
    said = words(page)
    assert f"{failed.job_id}" in said
    assert "not_vcf" in said
    assert f"{returning.job_id}" in said
    assert "Expedited" in said
    told = words(olivia.get(f"/admin/jobs/{failed.job_id}"))
    assert "claimed, attempt 1" in told
    assert "FAILED: not_vcf" in told


def test_pages_show_neither_names_nor_files_of_researchers(world: World, olivia: Any) -> None:
    job = world.job("FAILED", name="secret-patient.vcf")
    for path in ("/admin", f"/admin/jobs/{job.job_id}"):
        page = olivia.get(path).text
        assert "secret-patient" not in page
        assert ADA.email not in page


def test_overdue_rows_are_told_first(world: World, olivia: Any, words: Any) -> None:
    job = world.job("PENDING")
    world.clock.advance(3600)
    said = words(olivia.get("/admin"))
    assert "1 overdue." in said
    assert f"Overdue Job or user State Owes Since Told {job.job_id} PENDING/NONE announce" in said


def test_one_part_that_does_not_answer_leaves_the_others(world: World, olivia: Any, words: Any) -> None:
    world.cluster.refuse_for_test = ClusterUnavailableError(status=500)
    said = words(olivia.get("/admin"))
    assert "Kubernetes does not answer just now" in said
    assert "job-requests 0 0" in said


def test_tables_that_do_not_answer_are_not_taken_for_nothing_overdue(world: World, words: Any) -> None:
    class Silent(type(world.jobs)):  # type: ignore[misc]  # the fake's own class
        def overdue(self, **_: Any) -> Any:
            raise StoreUnavailableError(action="overdue", code="Throttling")

    olivia = Visitor(world, world.app(ports={"jobs": Silent(world.users)}))
    olivia.sign_in(OLIVIA)
    said = words(olivia.get("/admin"))
    assert "Nothing overdue" not in said
    assert "Not everything could be read" in said


def test_without_a_cluster_the_page_says_so_and_offers_nothing_of_it(world: World, words: Any) -> None:
    olivia = Visitor(world, world.app(ports={"cluster": None}))
    olivia.sign_in(OLIVIA)
    said = words(olivia.get("/admin"))
    assert "does not run in a cluster" in said
    assert "Thaw now" not in said
    assert olivia.post("/admin/thaw").status_code == 404
    assert olivia.get("/admin/workers/annotator/pause").status_code == 404


@pytest.mark.parametrize(
    ("path", "button"),
    [
        ("/admin/thaw", "Thaw now"),
        ("/admin/workers/annotator/pause", "Pause"),
        ("/admin/queues/job-requests/redrive", "Send back"),
    ],
)
def test_every_step_asks_first_and_asking_changes_nothing(
    world: World, olivia: Any, words: Any, path: str, button: str
) -> None:
    world.job_requests.bury_for_test("dead")
    assert button in words(olivia.get(path))
    assert (world.cluster.thaws, world.cluster.paused, len(world.job_requests.dead_letters)) == (0, False, 1)


def test_pausing_and_resuming_is_shown_and_audited(world: World, olivia: Any, words: Any) -> None:
    with structlog.testing.capture_logs() as lines:
        assert olivia.post("/admin/workers/annotator/pause").status_code == 303
    assert world.cluster.paused
    (line,) = [line for line in lines if line["event"] == "operator_acted"]
    assert (
        line
        | {
            "action": "pause",
            "component": "annotator",
            "user_id": OLIVIA.identity_id,
            "outcome": "done",
        }
        == line
    )
    said = words(olivia.get("/admin"))
    assert "The annotator is paused" in said
    assert "Paused: annotator." in said
    assert "Resume annotator" in said
    olivia.post("/admin/workers/annotator/resume")
    assert not world.cluster.paused


def test_dead_letters_sent_back_are_counted_and_audited(world: World, olivia: Any, words: Any) -> None:
    for body in ("one", "two"):
        world.job_requests.bury_for_test(body)
    with structlog.testing.capture_logs() as lines:
        olivia.post("/admin/queues/job-requests/redrive")
    assert [message.body for message in world.job_requests.messages] == ["one", "two"]
    (line,) = [line for line in lines if line["event"] == "operator_acted"]
    assert (line["queue"], line["moved"]) == ("job-requests", 2)
    assert "2 dead letters are messages of job-requests again." in words(olivia.get("/admin"))


def test_step_that_fails_is_audited_as_failed(world: World, olivia: Any) -> None:
    world.cluster.refuse_for_test = ClusterUnavailableError(status=500)
    token = olivia.token()
    with structlog.testing.capture_logs() as lines:
        answer = olivia.client.post("/admin/thaw", data={"csrf_token": token})
    assert answer.status_code == 503
    (line,) = [line for line in lines if line["event"] == "operator_acted"]
    assert (line["outcome"], line["error"]) == ("failed", "ClusterUnavailableError")


@pytest.mark.parametrize(
    "path", ["/admin/workers/web/pause", "/admin/workers/nobody/resume", "/admin/queues/nobodys/redrive"]
)
def test_what_there_is_not_cannot_be_acted_on(olivia: Any, path: str) -> None:
    assert olivia.post(path).status_code == 404
    assert olivia.get(path).status_code == 404


def test_only_operators_are_shown_the_way(olivia: Any, ada: Any, words: Any) -> None:
    assert "Operations" in words(olivia.get("/annotations"))
    assert "Operations" not in words(ada.get("/annotations"))


# Which process serves what --------------------------------------------------------------------------------


def _answers(world: World, pages: str, of: str = "") -> dict[str, int]:
    """The status of each address without parameters, of one blueprint if it is named, to Olivia."""
    app = world.app()
    app.config["WTF_CSRF_ENABLED"] = False
    told = {}
    other = world.app(pages=pages)
    other.config["WTF_CSRF_ENABLED"] = False

    olivia = Visitor(world, app)
    olivia.sign_in(OLIVIA)
    cookie = olivia.client.get_cookie("gas")
    for rule in other.url_map.iter_rules():
        if rule.endpoint.startswith(of) and rule.endpoint != "static" and not rule.arguments:
            method = "GET" if "GET" in rule.methods else "POST"
            client = other.test_client()
            client.set_cookie("gas", cookie.value)
            told[f"{method} {rule.endpoint}"] = client.open(rule.rule, method=method).status_code
    return told


def test_public_pods_serve_nothing_of_the_operators(world: World) -> None:
    assert set(_answers(world, "researchers", of="operations.").values()) == {404}
    assert _answers(world, "researchers", of="jobs.index") == {"GET jobs.index": 200}


def test_operators_pods_serve_nothing_else_and_take_the_session_of_the_others(world: World) -> None:
    told = _answers(world, "operators")
    served = {place for place, status in told.items() if status != 404}
    assert served == {
        "GET operations.index",
        "GET operations.confirm_thaw",
        "POST operations.thaw",
        "GET health.healthz",
        "GET health.readyz",
    }


def test_operators_pages_need_every_queue(world: World) -> None:
    with pytest.raises(ValidationError, match="GAS_THAWS_DLQ_URL has to be set"):
        world.app(thaws_dlq_url="")
    world.app(pages="researchers", thaws_dlq_url="")


# By a group of Globus -------------------------------------------------------------------------------------


def test_member_of_the_group_is_asked_for_it_on_the_way_to_the_page_only(world: World) -> None:
    member = replace(ADA, groups=frozenset({GROUP}))
    ada = Visitor(world, world.app(operator_group=GROUP))
    ada.sign_in(ADA)
    assert "scope" not in ada.get("/login?next=/annotations").location
    answer = ada.get("/admin")
    assert (answer.status_code, answer.location) == (302, "/login?next=/admin")
    assert "scope=groups" in ada.get(answer.location).location
    ada.sign_in(member, path="/login?next=/admin")
    assert ada.get("/admin").status_code == 200


def test_who_is_not_in_the_group_finds_no_page_and_is_not_asked_again(world: World) -> None:
    outsider = replace(ADA, groups=frozenset({"another"}))
    ada = Visitor(world, world.app(operator_group=GROUP))
    assert ada.sign_in(outsider, path="/login?next=/admin").location == "/admin"
    assert ada.get("/admin").status_code == 404
    assert ada.post("/admin/thaw").status_code == 404


def test_session_from_before_another_group_was_named_opens_nothing(world: World) -> None:
    first = Visitor(world, world.app(operator_group="old"))
    first.sign_in(replace(ADA, groups=frozenset({"old"})), path="/login?next=/admin")
    assert first.get("/admin").status_code == 200
    second = world.app(operator_group=GROUP).test_client()
    second.set_cookie("gas", first.client.get_cookie("gas").value)
    assert second.get("/admin").status_code == 404
