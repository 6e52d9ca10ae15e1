"""Every route, asked by everybody: what each may reach, and what nobody else may."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import World

# For a job of Ada's that is COMPLETED, by endpoint and method: what nobody, Ada, Gregor and Olivia are
# answered. Ada and Gregor are researchers; Olivia looks after this GAS, and has no part in Ada's job.
ANSWERS = {
    ("pages.landing", "GET"): (200, 200, 200, 200),
    ("pages.help", "GET"): (200, 200, 200, 200),
    ("auth.login", "GET"): (302, 302, 302, 302),
    ("auth.callback", "GET"): (400, 302, 302, 302),
    ("auth.logout", "POST"): (302, 302, 302, 302),
    ("account.profile", "GET"): (302, 200, 200, 200),
    ("account.profile", "POST"): (302, 302, 302, 302),
    ("jobs.new", "GET"): (302, 200, 200, 200),
    ("jobs.submitted", "GET"): (302, 303, 404, 404),
    ("uploads.begin", "POST"): (302, 400, 400, 400),
    ("uploads.standing", "GET"): (302, 409, 404, 404),
    ("uploads.sign_part", "POST"): (302, 400, 400, 400),
    ("uploads.finish", "POST"): (302, 200, 404, 404),
    ("uploads.give_up", "POST"): (302, 200, 404, 404),
    ("jobs.index", "GET"): (302, 200, 200, 200),
    ("auth.logout_everywhere", "POST"): (302, 302, 302, 302),
    ("account.usage", "GET"): (302, 200, 200, 200),
    ("account.data", "GET"): (302, 200, 200, 200),
    ("account.confirm_close", "GET"): (302, 200, 200, 200),
    ("account.close", "POST"): (302, 422, 422, 422),
    ("jobs.selected", "POST"): (302, 303, 303, 303),
    ("jobs.describe", "GET"): (302, 200, 404, 404),
    ("jobs.describe", "POST"): (302, 303, 404, 404),
    ("jobs.input_file", "GET"): (302, 303, 404, 404),
    ("jobs.share", "POST"): (302, 400, 404, 404),
    ("jobs.provenance", "GET"): (302, 200, 404, 404),
    ("jobs.run_again", "POST"): (302, 303, 404, 404),
    ("jobs.show", "GET"): (302, 200, 404, 404),
    ("jobs.status", "GET"): (302, 200, 404, 404),
    ("jobs.log", "GET"): (302, 200, 404, 404),
    ("jobs.download", "GET"): (302, 303, 404, 404),
    ("results.table", "GET"): (302, 200, 404, 404),
    ("results.summary", "GET"): (302, 200, 404, 404),
    ("results.variant", "GET"): (302, 200, 404, 404),
    ("results.export", "GET"): (302, 200, 404, 404),
    ("results.browser", "GET"): (302, 200, 404, 404),
    ("results.genotypes", "GET"): (302, 200, 404, 404),
    ("results.contigs", "GET"): (302, 200, 404, 404),
    ("results.file", "GET"): (302, 303, 404, 404),
    ("results.save_view", "POST"): (302, 400, 404, 404),
    ("results.choose_columns", "POST"): (302, 303, 404, 404),
    ("jobs.confirm_cancel", "GET"): (302, 409, 404, 404),
    ("jobs.cancel", "POST"): (302, 303, 404, 404),
    ("jobs.confirm_keep_longer", "GET"): (302, 200, 404, 404),
    ("jobs.keep_longer", "POST"): (302, 303, 404, 404),
    ("jobs.bring_back", "POST"): (302, 403, 404, 404),
    ("jobs.confirm_delete", "GET"): (302, 200, 404, 404),
    ("jobs.delete", "POST"): (302, 303, 404, 404),
    ("plans.show", "GET"): (302, 200, 200, 200),
    ("plans.subscribe", "POST"): (302, 422, 422, 422),
    ("plans.card", "POST"): (302, 200, 200, 200),
    ("plans.confirm_cancel", "GET"): (302, 303, 303, 303),
    ("plans.cancel", "POST"): (302, 303, 303, 303),
    ("plans.resume", "POST"): (302, 303, 303, 303),
    ("plans.portal", "GET"): (302, 404, 404, 404),
    ("webhooks.stripe", "POST"): (400, 400, 400, 400),
    ("operations.index", "GET"): (302, 404, 404, 200),
    ("operations.job", "GET"): (302, 404, 404, 200),
    ("operations.confirm_thaw", "GET"): (302, 404, 404, 200),
    ("operations.thaw", "POST"): (302, 404, 404, 303),
    ("operations.confirm_pause", "GET"): (302, 404, 404, 200),
    ("operations.pause", "POST"): (302, 404, 404, 303),
    ("operations.confirm_resume", "GET"): (302, 404, 404, 200),
    ("operations.resume", "POST"): (302, 404, 404, 303),
    ("operations.confirm_redrive", "GET"): (302, 404, 404, 200),
    ("operations.redrive", "POST"): (302, 404, 404, 303),
    ("health.healthz", "GET"): (200, 200, 200, 200),
    ("health.readyz", "GET"): (200, 200, 200, 200),
    ("static", "GET"): (404, 404, 404, 404),
}
WHO = {"nobody": 0, "ada": 1, "gregor": 2, "olivia": 3}


def _open(world: World, visitors: type, who: str) -> Any:
    """A browser of this person, without CSRF: what guards a page must not lean on that."""
    app = world.app()
    app.config["WTF_CSRF_ENABLED"] = False
    visitor = visitors(world, app)
    if who != "nobody":
        from gas_web.globus import Identity

        visitor.sign_in(Identity(f"{who}-id", who.title(), f"{who}@university.example"))
    return visitor


def _path(visitor: Any, endpoint: str, job_id: str) -> str:
    with visitor.client.application.test_request_context():
        from flask import url_for

        of_a_job = endpoint.startswith(("jobs.", "results.", "uploads.")) or endpoint == "operations.job"
        of_a_job &= endpoint != "uploads.begin"
        parameters: dict[str, Any] = {"job_id": job_id} if of_a_job else {}
        if endpoint.endswith(("pause", "resume")) and endpoint.startswith("operations."):
            parameters = {"component": "annotator"}
        if endpoint.endswith("redrive"):
            parameters = {"name": "job-requests"}
        if endpoint in {"results.variant", "results.browser", "results.genotypes"}:
            parameters |= {"record": 1, "allele": 1}
        if endpoint == "results.file":
            parameters |= {"name": "annot.vcf.gz"}
        if endpoint == "static":
            parameters = {"tree": "old", "name": "css/gas.css"}
        return url_for(endpoint, **parameters)


def test_every_route_has_its_row(world: World) -> None:
    routes = {
        (rule.endpoint, method)
        for rule in world.app().url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routes == set(ANSWERS)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(("endpoint", "method"), ANSWERS)
def test_route_answers_each_as_it_should(
    world: World, Visitor: type, endpoint: str, method: str, who: str
) -> None:
    job = world.job("COMPLETED", name="of-ada-alone.vcf")
    visitor = _open(world, Visitor, who)
    before = world.jobs.rows[job.job_id]
    answer = visitor.client.open(_path(visitor, endpoint, job.job_id), method=method)
    assert answer.status_code == ANSWERS[endpoint, method][WHO[who]]
    if who != "ada":
        assert world.jobs.rows[job.job_id] == before
        assert job.input_file_name not in answer.text
    if who == "nobody" and answer.status_code == 302 and endpoint not in {"auth.login", "auth.logout"}:
        assert answer.location.startswith("/login?next=")


SHARED = {
    "jobs.show": 200,
    "jobs.download": 303,
    "jobs.provenance": 200,
    "results.table": 200,
    "results.summary": 200,
    "results.variant": 200,
    "results.export": 200,
    "results.browser": 200,
    "results.contigs": 200,
    "results.genotypes": 200,
    "results.file": 303,
}
"""What whoever has a link may reach of the job that it is for; all else is as it is without one."""


def _share(ada: Any, job_id: str, days: str = "7") -> str:
    """Have Ada share a job; what the link adds to an address."""
    assert ada.post(f"/annotations/{job_id}/share", days=days).status_code == 303
    link = re.search(r'value="([^"]+\?share=[0-9a-f]+)"', ada.get(f"/annotations/{job_id}").text)
    return link[1].partition("?")[2] if link else ""


@pytest.mark.parametrize("who", ["nobody", "gregor"])
@pytest.mark.parametrize("route", ANSWERS)
def test_link_opens_what_it_is_for_and_nothing_else(
    world: World, Visitor: type, ada: Any, route: tuple[str, str], who: str
) -> None:
    endpoint, method = route
    job = world.job("COMPLETED")
    link = _share(ada, job.job_id)
    before = world.jobs.rows[job.job_id]
    visitor = _open(world, Visitor, who)
    answer = visitor.client.open(f"{_path(visitor, endpoint, job.job_id)}?{link}", method=method)
    assert answer.status_code == SHARED.get(endpoint, ANSWERS[endpoint, method][WHO[who]])
    assert world.jobs.rows[job.job_id] == before


@pytest.mark.parametrize("endpoint", SHARED)
@pytest.mark.parametrize("how", ["forged", "empty", "of another job", "expired", "revoked", "replaced"])
def test_link_that_is_not_live_reads_as_no_job(
    world: World, Visitor: type, ada: Any, endpoint: str, how: str
) -> None:
    job, other = world.job("COMPLETED"), world.job("COMPLETED")
    link = _share(ada, job.job_id, "1")
    if how == "of another job":
        link = _share(ada, other.job_id)
    elif how == "expired":
        world.clock.advance(86_400)
    elif how == "revoked":
        assert _share(ada, job.job_id, "0") == ""
    elif how == "replaced":
        assert _share(ada, job.job_id, "1") != link
    else:
        link = "share=" + ("f" * 64 if how == "forged" else "")
    visitor = _open(world, Visitor, "nobody")
    answer = visitor.get(f"{_path(visitor, endpoint, job.job_id)}?{link}")
    assert answer.status_code == 404
    assert job.input_file_name not in answer.text


@pytest.mark.parametrize(("endpoint", "method"), [route for route in ANSWERS if route[1] == "GET"])
def test_head_is_answered_as_get_without_a_body(
    world: World, Visitor: type, endpoint: str, method: str
) -> None:
    job = world.job("COMPLETED")
    visitor = _open(world, Visitor, "ada")
    path = _path(visitor, endpoint, job.job_id)
    answer = visitor.client.head(path)
    assert answer.status_code == ANSWERS[endpoint, method][WHO["ada"]]
    assert not answer.data


@pytest.mark.parametrize(
    "endpoint",
    # A webhook has a signature in place of a token.
    [endpoint for endpoint, method in ANSWERS if method == "POST" and endpoint != "webhooks.stripe"],
)
@pytest.mark.parametrize("token", ["", "forged"])
def test_form_without_our_token_changes_nothing(
    world: World, ada: Any, words: Any, endpoint: str, token: str
) -> None:
    job = world.job("RUNNING")
    user = world.users.get("ada-id")
    data = {"csrf_token": token, "name": "Eve", "email": "eve@example.org"}
    answer = ada.client.post(_path(ada, endpoint, job.job_id), data=data)
    assert answer.status_code == 400
    assert "This form is too old" in words(answer)
    assert answer.headers["X-Request-ID"]
    assert world.jobs.get(job.job_id) == job
    assert world.users.get("ada-id") == user
    assert "Sign out" in words(ada.get("/"))


@pytest.mark.parametrize(
    "suffix",
    ["", "/status", "/log", "/download", "/cancel", "/delete", "/results", "/results/1/1", "/results/export"],
)
@pytest.mark.parametrize("job_id", ["00000000-0000-4000-8000-00000000dead", "1", "%2e%2e", "x" * 300])
def test_job_that_does_not_exist_is_not_found(ada: Any, words: Any, job_id: str, suffix: str) -> None:
    answer = ada.get(f"/annotations/{job_id}{suffix}")
    assert answer.status_code == 404
    assert "No such page, or not yours to see" in words(answer)
    assert "Sign out" in words(answer)


def test_job_of_somebody_else_reads_as_one_that_does_not_exist(world: World, gregor: Any) -> None:
    def page(job_id: str) -> str:
        text: str = gregor.get(f"/annotations/{job_id}").text
        return text.replace(gregor.token(), "")

    job = world.job("COMPLETED")
    assert page(job.job_id) == page("00000000-0000-4000-8000-00000000dead")


def test_lists_show_their_owner_alone(world: World, ada: Any, gregor: Any, words: Any) -> None:
    world.job("COMPLETED", name="of-ada.vcf")
    assert "of-ada.vcf" in words(ada.get("/annotations"))
    assert "No jobs yet." in words(gregor.get("/annotations"))
