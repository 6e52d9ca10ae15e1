"""What the submit, profile, landing and error pages promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Document


def test_the_upload_form_goes_to_the_store_with_its_fields_and_the_file_last(
    page: Callable[[str], Document], gallery: Any
) -> None:
    document = page("new")
    [form] = [form for form in document.all("form") if form["enctype"]]
    fields = [field for field in document.all("input") if form in field.parents]
    assert form["action"] == gallery.UPLOAD.url
    assert {field["name"]: field["value"] for field in fields[:-1]} == gallery.UPLOAD.fields
    assert (fields[-1]["type"], fields[-1]["name"]) == ("file", "file")


def test_the_limit_is_told_before_a_file_is_chosen(page: Callable[[str], Document]) -> None:
    document = page("new")
    hint = document.by_id("file-hint").text
    assert "Free plan: up to 150 KiB (153,600 bytes)" in hint
    assert "file-hint" in document.by_id("file")["aria-describedby"].split()


def test_a_problem_stands_in_the_title_in_a_linked_summary_and_at_the_field(
    page: Callable[[str], Document],
) -> None:
    document = page("new-problem")
    sentence = "The file never arrived. Choose it again."
    assert document.all("title")[0].text.startswith("Error: ")
    assert [link.text for link in document.all("a") if link["href"] == "#file"] == [sentence]
    assert document.by_id("file-checks").text.strip() == sentence
    assert document.by_id("file")["aria-invalid"] == "true"


def test_each_wrong_field_of_the_profile_says_what_to_enter(page: Callable[[str], Document]) -> None:
    document = page("profile-wrong")
    assert document.all("title")[0].text.startswith("Error: ")
    for field, sentence in (
        ("name", "Enter your name."),
        ("email", "Enter an address like name@example.org."),
    ):
        assert document.by_id(f"{field}-error").text.strip() == sentence
        assert [link.text for link in document.all("a") if link["href"] == f"#{field}"] == [sentence]
        assert f"{field}-error" in document.by_id(field)["aria-describedby"].split()
    assert document.by_id("institution")["aria-invalid"] == ""


def test_the_profile_asks_for_confirmation_once_and_says_when_it_saved(
    page: Callable[[str], Document],
) -> None:
    assert page("profile-first").all("h1")[0].text == "Confirm who you are"
    assert "Saved." in page("profile").words
    assert "Saved." not in page("profile-first").words


def test_the_landing_page_tells_when_globus_is_down(page: Callable[[str], Document]) -> None:
    assert "Globus, which signs you in, does not answer" in page("landing-globus-down").words
    assert "does not answer" not in page("landing").words


def test_an_error_page_needs_neither_reader_nor_store(page_of: Callable[..., Document], app: Any) -> None:
    template = app.jinja_env.get_template("errors/error.html")
    html = template.render(code=503, title="GAS cannot answer just now", sentence="Your jobs go on.")
    assert "GAS cannot answer just now" in html
    assert "Error 503" in html
    assert "4f1c2a" in page_of("errors/error.html", code=500, title="Broken", reference="4f1c2a").words
