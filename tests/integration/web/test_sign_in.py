"""Signing in, with the real application and Globus Auth's protocol on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest
from flask.sessions import SecureCookieSessionInterface
from tests.integration.web.conftest import HTTP, HTTPS, Visitor

from gas_local.world import ADA, CLIENT_ID, GREGOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from tests.integration.web.conftest import Globus

NOT_FINISHED = "Sign-in did not finish; nothing changed."
GLOBUS_DOWN = "Globus, which signs you in, does not answer just now."
CODE_SECONDS = 600


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def with_query(address: str, **changes: str | None) -> str:
    """The address with other parameters; None takes one out."""
    query = {name: value for name, value in (query_of(address) | changes).items() if value is not None}
    return urlunsplit(urlsplit(address)._replace(query=urlencode(query)))


def signer(app: Flask) -> Any:
    return SecureCookieSessionInterface().get_signing_serializer(app)


def held(app: Flask, cookie: str) -> dict[str, Any]:
    """What a session's cookie says; its signature is checked."""
    content: dict[str, Any] = signer(app).loads(cookie)
    return content


def refused(answer: Any, visitor: Visitor) -> bool:
    return answer.status_code == 400 and NOT_FINISHED in answer.text and not visitor.signed_in


# Where it leads


def test_who_signs_in_is_whom_globus_told(visitor: Visitor) -> None:
    assert visitor.sign_in(ADA).status_code == 302
    page = visitor.get("/profile").text
    assert f'value="{ADA.name}"' in page
    assert f'value="{ADA.email}"' in page


def test_globus_is_asked_for_a_code_with_an_s256_challenge_and_no_more_scopes_than_needed(
    visitor: Visitor,
) -> None:
    first, second = (query_of(visitor.login()) for _ in range(2))
    assert first["client_id"] == CLIENT_ID
    assert first["response_type"] == "code"
    assert first["code_challenge_method"] == "S256"
    assert set(first["scope"].split()) == {"openid", "profile", "email"}
    assert first.get("access_type", "online") == "online"
    for drawn in ("state", "code_challenge"):
        assert first[drawn] != second[drawn], drawn
        assert len(first[drawn]) == 43, drawn


def test_first_sign_in_passes_the_profile_and_then_goes_where_it_was_meant_to(visitor: Visitor) -> None:
    answer = visitor.sign_in(GREGOR, next="/annotations?page=2")
    assert answer.location == "/profile?next=/annotations?page%3D2"
    saved = visitor.post(
        answer.location, csrf_token=visitor.csrf_token(), name=GREGOR.name, email=GREGOR.email
    )
    assert saved.location == "/annotations?page=2"
    visitor.post("/logout", csrf_token=visitor.csrf_token())
    assert visitor.sign_in(GREGOR, next="/annotations?page=2").location == "/annotations?page=2"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "/\t/evil.example/",
        "/\r\nLocation: https://evil.example/",
        "javascript:alert(1)",
        "annotations",
        " /annotations",
        "/" + "a" * 2000,
        "",
    ],
)
def test_sign_in_leads_to_no_place_but_ours(visitor: Visitor, target: str) -> None:
    visitor.sign_in(ADA)
    visitor.post("/profile", csrf_token=visitor.csrf_token(), name=ADA.name, email=ADA.email)
    # Who is signed in already is sent on at once; whoever is not, after Globus.
    assert visitor.get(f"/login?{urlencode({'next': target})}").location == "/annotations"
    visitor.post("/logout", csrf_token=visitor.csrf_token())
    assert visitor.sign_in(ADA, next=target).location == "/annotations"


# What is not accepted


@pytest.mark.parametrize("state", ["", None, "guessed", "é", "a" * 5000])
def test_answer_without_our_state_is_refused_and_its_code_not_used(
    visitor: Visitor, globus: Globus, state: str | None
) -> None:
    back = globus.choose(visitor.login(), ADA)
    tokens = set(globus.tokens())
    answer = visitor.come_back(with_query(back, state=state))
    assert refused(answer, visitor)
    assert set(globus.tokens()) == tokens
    # One wrong answer ends it: the right one comes too late.
    assert refused(visitor.come_back(back), visitor)
    assert set(globus.tokens()) == tokens


def test_answer_to_a_sign_in_of_another_browser_is_refused(
    app: Flask, visitor: Visitor, globus: Globus
) -> None:
    """Login CSRF: whoever follows a stranger's link must not end up in the stranger's account."""
    stranger = Visitor(app, globus, HTTP)
    back = globus.choose(stranger.login(), GREGOR)
    assert refused(visitor.come_back(back), visitor)
    visitor.login()
    assert refused(visitor.come_back(back), visitor)


def test_code_of_another_sign_in_is_refused_for_its_verifier(visitor: Visitor, globus: Globus) -> None:
    """Code injection: the state is right, but the code was asked for with another verifier."""
    stolen = query_of(globus.choose(visitor.login(), GREGOR))["code"]
    back = globus.choose(visitor.login(), ADA)
    tokens = set(globus.tokens())
    assert refused(visitor.come_back(with_query(back, code=stolen)), visitor)
    assert set(globus.tokens()) == tokens


def test_answer_followed_once_more_changes_nothing(visitor: Visitor, globus: Globus) -> None:
    back = globus.choose(visitor.login(), ADA)
    visitor.come_back(back)
    tokens = set(globus.tokens())
    assert visitor.come_back(back).location == "/annotations"
    visitor.post("/logout", csrf_token=visitor.csrf_token())
    assert refused(visitor.come_back(back), visitor)
    assert set(globus.tokens()) == tokens


def test_used_code_is_refused_even_to_who_kept_the_cookie_of_that_sign_in(
    visitor: Visitor, globus: Globus
) -> None:
    back = globus.choose(visitor.login(), ADA)
    kept = visitor.cookie
    visitor.come_back(back)
    tokens = set(globus.tokens())
    visitor.cookie = kept
    assert refused(visitor.come_back(back), visitor)
    assert set(globus.tokens()) == tokens


def test_code_that_lay_about_too_long_is_refused(visitor: Visitor, globus: Globus) -> None:
    back = globus.choose(visitor.login(), ADA)
    globus.wait(CODE_SECONDS + 1)
    assert refused(visitor.come_back(back), visitor)


def test_error_that_globus_answers_with_is_told_and_ends_the_sign_in(
    visitor: Visitor, globus: Globus
) -> None:
    address = visitor.login()
    back = globus.refuse(with_query(address, response_type="token"))
    assert query_of(back)["error"] == "unsupported_response_type"
    assert refused(visitor.come_back(back), visitor)
    assert refused(visitor.come_back(globus.choose(address, ADA)), visitor)


def test_declined_access_is_told_and_can_be_tried_again(visitor: Visitor) -> None:
    state = query_of(visitor.login())["state"]
    declined = urlencode({"error": "access_denied", "error_description": "<b>no</b>", "state": state})
    answer = visitor.get(f"/authcallback?{declined}")
    assert refused(answer, visitor)
    assert "<b>no</b>" not in answer.text
    assert visitor.sign_in(ADA).status_code == 302
    assert visitor.signed_in


# What Globus keeps of it


def test_tokens_are_dead_once_they_told_who_it_is(visitor: Visitor, globus: Globus) -> None:
    before = set(globus.tokens())
    visitor.sign_in(ADA)
    fresh = set(globus.tokens()) - before
    assert fresh
    for token in fresh:
        assert not globus.is_active(token)
        assert globus.who_is(token) == 401


def test_tokens_are_dead_even_if_globus_did_not_tell_who_it_is(visitor: Visitor, globus: Globus) -> None:
    before = set(globus.tokens())
    globus.fail("/v2/oauth2/userinfo", 503)
    answer = visitor.sign_in(ADA)
    assert answer.status_code == 503
    assert GLOBUS_DOWN in answer.text
    assert not visitor.signed_in
    fresh = set(globus.tokens()) - before
    assert fresh
    assert not any(globus.is_active(token) for token in fresh)


def test_revocation_that_fails_turns_nobody_away(visitor: Visitor, globus: Globus) -> None:
    globus.fail("/v2/oauth2/token/revoke", 500)
    assert visitor.sign_in(ADA).status_code == 302
    assert visitor.signed_in


@pytest.mark.parametrize("status", [429, 500, 503])
def test_globus_in_trouble_is_said_to_be_so_and_the_next_try_works(
    visitor: Visitor, globus: Globus, status: int
) -> None:
    globus.fail("/v2/oauth2/token", status)
    answer = visitor.sign_in(ADA)
    assert answer.status_code == 503
    assert GLOBUS_DOWN in answer.text
    assert not visitor.signed_in
    globus.heal()
    visitor.sign_in(ADA)
    assert visitor.signed_in


def test_wrong_secret_of_ours_is_not_blamed_on_who_signs_in(visit: Callable[..., Visitor]) -> None:
    visitor = visit(GAS_GLOBUS_CLIENT_SECRET="not the secret that was registered")
    answer = visitor.sign_in(ADA)
    assert answer.status_code == 503
    assert GLOBUS_DOWN in answer.text


def test_globus_that_nobody_reaches_is_said_to_be_so(visit: Callable[..., Visitor]) -> None:
    visitor = visit(GAS_GLOBUS_URL="http://127.0.0.1:9")
    answer = visitor.sign_in(ADA)
    assert answer.status_code == 503
    assert GLOBUS_DOWN in answer.text


# The session


def test_cookie_over_https_is_secure_and_bound_to_this_host(visit: Callable[..., Visitor]) -> None:
    answer = visit(HTTPS).sign_in(ADA)
    (cookie,) = answer.headers.getlist("Set-Cookie")
    name_and_value, *flags = [part.strip() for part in cookie.split(";")]
    assert name_and_value.startswith("__Host-gas=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)
    assert not any(flag.startswith("Domain") for flag in flags)
    assert any(flag.startswith("Expires") for flag in flags)


def test_session_holds_the_identity_and_nothing_that_should_be_read_from_the_table(
    app: Flask, visitor: Visitor
) -> None:
    visitor.sign_in(ADA)
    own = held(app, visitor.cookie)
    # By its name a session is ended here, by its epoch everywhere; both are held against the table.
    assert own.pop("session_id")
    assert own == {"_permanent": True, "user_id": ADA.identity_id, "epoch": 0}


def test_nothing_from_before_the_sign_in_stays_in_the_session(
    app: Flask, visitor: Visitor, globus: Globus
) -> None:
    """Session fixation: what somebody put into this browser before must be worth nothing after."""
    back = globus.choose(visitor.login(), ADA)
    before = held(app, visitor.cookie)
    assert set(before) == {"sign_in"}
    planted = signer(app).dumps(before | {"csrf_token": "known to another", "session_id": "known too"})
    visitor.cookie = planted
    visitor.come_back(back)
    own = visitor.cookie
    after = held(app, own)
    assert after.pop("session_id") != "known too"
    assert after == {"_permanent": True, "user_id": ADA.identity_id, "epoch": 0}
    visitor.cookie = planted
    assert not visitor.signed_in
    visitor.cookie = own
    assert visitor.signed_in


def test_form_token_from_before_the_sign_in_is_worth_nothing_after(visitor: Visitor) -> None:
    visitor.sign_in(GREGOR)
    old = visitor.csrf_token()
    visitor.post("/logout", csrf_token=old)
    visitor.sign_in(ADA)
    assert visitor.post("/logout", csrf_token=old).status_code == 400
    assert visitor.signed_in


def test_cookie_that_somebody_wrote_or_changed_signs_nobody_in(visitor: Visitor) -> None:
    visitor.sign_in(ADA)
    payload, _, signature = visitor.cookie.partition(".")
    for forged in (f"{payload}x.{signature}", visitor.cookie[:-2], payload, "{}", ""):
        visitor.cookie = forged
        assert not visitor.signed_in, forged


def test_second_sign_in_in_one_browser_replaces_the_first(visitor: Visitor) -> None:
    visitor.sign_in(ADA)
    visitor.post("/logout", csrf_token=visitor.csrf_token())
    visitor.sign_in(GREGOR)
    page = visitor.get("/profile").text
    assert GREGOR.email in page
    assert ADA.email not in page


def test_sign_out_takes_a_form_of_ours_and_ends_the_session(visitor: Visitor) -> None:
    visitor.sign_in(ADA)
    assert visitor.get("/logout").status_code == 405
    assert visitor.post("/logout").status_code == 400
    assert visitor.signed_in
    assert visitor.post("/logout", csrf_token=visitor.csrf_token()).location == "/"
    assert visitor.cookie == ""
    assert not visitor.signed_in
    assert visitor.get("/annotations").location == "/login?next=/annotations"
