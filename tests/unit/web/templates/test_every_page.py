"""What holds for every page, whatever it shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Document

REFERRING = ("for", "aria-labelledby", "aria-describedby")


def test_tags_nest_and_ids_are_unique(page: Callable[[str], Document], each_sample: str) -> None:
    document = page(each_sample)
    ids = [element["id"] for element in document.elements if element["id"] and not element.inert]
    assert document.mistakes == []
    assert len(ids) == len(set(ids))


def test_one_question_one_heading_one_primary_button(
    page: Callable[[str], Document], each_sample: str
) -> None:
    document = page(each_sample)
    primary = [element for element in document.elements if element.classes & {"btn-primary", "btn-danger"}]
    assert len(document.all("h1")) == 1
    assert document.all("h1")[0].text.strip()
    assert len(primary) <= 1


def test_the_title_names_the_page_and_the_product(page: Callable[[str], Document], each_sample: str) -> None:
    title = page(each_sample).all("title")[0].text
    assert re.fullmatch(r"\S.* · GAS", title, flags=re.DOTALL)


def test_every_field_has_a_label_and_references_lead_somewhere(
    page: Callable[[str], Document], each_sample: str
) -> None:
    document = page(each_sample)
    labelled = {label["for"] for label in document.all("label")}
    for field in document.all("input", "select", "textarea"):
        if field["type"] != "hidden":
            wrapped = any(parent.tag == "label" for parent in field.parents)
            assert wrapped or field["id"] in labelled, field.attributes
    ids = {element["id"] for element in document.elements if not element.inert}
    for element in document.elements:
        for attribute in REFERRING:
            assert set(element[attribute].split()) <= ids, element.attributes
        if element.tag == "a" and element["href"].startswith("#"):
            assert element["href"][1:] in ids


def test_every_link_and_button_has_words(page: Callable[[str], Document], each_sample: str) -> None:
    for element in page(each_sample).all("a", "button", "summary"):
        assert element.text.strip() or element["aria-label"], element.attributes


def test_nothing_inline_that_the_policy_would_block(
    page: Callable[[str], Document], each_sample: str
) -> None:
    for element in page(each_sample).elements:
        assert element.tag != "style"
        assert not [name for name in element.attributes if name == "style" or name.startswith("on")]
        if element.tag == "script":
            assert element["src"]
            assert not element.text.strip()


def test_no_other_host_is_asked(page: Callable[[str], Document], each_sample: str) -> None:
    for element in page(each_sample).elements:
        for name in ("src", "href", "action"):
            assert not re.match(r"([a-z]+:)?//", element[name]), element.attributes


def test_every_asset_and_icon_exists(page: Callable[[str], Document], gallery: Any, each_sample: str) -> None:
    sprite = (gallery.WEB / "assets/vendor/bootstrap-icons/sprite.svg").read_text()
    for element in page(each_sample).elements:
        for name in ("src", "href"):
            if element[name].startswith("/assets/"):
                path, _, icon = element[name].removeprefix("/assets/").partition("#")
                assert (gallery.WEB / "assets" / path).is_file(), path
                assert f'id="{icon}"' in sprite or not icon


def test_every_form_that_changes_something_here_carries_the_csrf_token(
    page: Callable[[str], Document], each_sample: str
) -> None:
    document = page(each_sample)
    for form in document.all("form"):
        fields = [field for field in document.all("input") if form in field.parents]
        if form["role"] == "search":  # it asks for another address, and changes nothing
            assert form["method"] == "get"
            assert not [field for field in fields if field["type"] == "hidden"]
            continue
        assert form["method"] == "post"
        assert form["enctype"] == "multipart/form-data" or [
            field["value"] for field in fields if field["name"] == "csrf_token"
        ] == ["a-csrf-token"]


def test_keyboards_reach_the_content_first(page: Callable[[str], Document], each_sample: str) -> None:
    document = page(each_sample)
    first = document.all("a")[0]
    assert first["href"] == "#main"
    assert [element["id"] for element in document.all("main")] == ["main"]


def test_a_hostile_name_stays_text(page: Callable[[str], Document], gallery: Any) -> None:
    for sample in ("job-hostile", "jobs", "confirm-delete-hostile", "profile-wrong"):
        document = page(sample)
        assert not document.all("img")
        shown = document.words + " ".join(element["value"] for element in document.all("input"))
        assert " ".join(gallery.HOSTILE.split()) in shown


def test_a_page_without_a_reader_offers_sign_in_and_no_sections(page: Callable[[str], Document]) -> None:
    words = page("sign-in-failed").words
    assert "Sign in" in words
    assert "Jobs" not in words
    assert "Sign out" not in words
