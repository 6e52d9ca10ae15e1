"""The pages of a job say and offer only what is true of it now."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from gas_engine.terms import IMPACT
from gas_web.explorer.terms import colour_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Document

OFFERS = {
    "cancel": "/cancel",
    "delete": "/delete",
    "download": "/download",
    "log": "/log",
    "keep_longer": "/keep-longer",
    "bring_back": "/bring-back",
}


@pytest.mark.parametrize(
    "offered",
    [
        set(),
        {"cancel"},
        {"delete"},
        {"log"},
        {"download", "log", "delete", "keep_longer"},
        {"log", "bring_back"},
    ],
)
def test_the_panel_offers_what_may_be_done_and_nothing_else(
    page_of: Callable[..., Document], gallery: Any, offered: set[str]
) -> None:
    job = gallery.job("COMPLETED", "AVAILABLE", actions=offered)
    document = page_of("jobs/_now.html", job=job)
    links = [element["href"] or element["action"] for element in document.all("a", "form")]
    assert {
        name for name, ending in OFFERS.items() if any(link.endswith(ending) for link in links)
    } == offered


def test_the_panel_is_asked_for_again_only_while_the_server_says_so(
    page_of: Callable[..., Document], gallery: Any
) -> None:
    moving = page_of("jobs/_now.html", job=gallery.job(poll_seconds=5)).by_id("now")
    ended = page_of("jobs/_now.html", job=gallery.job("CANCELLED")).by_id("now")
    assert moving["data-poll-seconds"] == "5"
    assert moving["hx-get"].endswith("/status")
    assert not [name for name in ended.attributes if name.startswith("hx-") or name == "data-poll-seconds"]


def test_an_unknown_total_shows_no_bar(page: Callable[[str], Document]) -> None:
    assert page("job-running").all("progress")[0]["value"] == "0.605"
    assert page("job-unknown-total").all("progress") == []


def test_quarters_are_announced_and_not_each_record(page_of: Callable[..., Document], gallery: Any) -> None:
    def announced(fraction: float) -> str:
        progress = SimpleNamespace(records=1, total_about=10, fraction=fraction)
        return page_of("jobs/_now.html", job=gallery.job(progress=progress)).by_id("now")["data-announce"]

    assert announced(0.1) == "Annotating"
    assert announced(0.26) == announced(0.49) == "Annotating, 25 percent"
    assert announced(0.5) == "Annotating, 50 percent"


def test_a_failure_says_why_once_and_what_to_do(page: Callable[[str], Document]) -> None:
    words = page("job-failed").words
    assert words.count("No record lies on a contig of rCRS: found chrY.") == 1
    assert "Choose a file with variants of the mitochondrial genome." in words
    assert "Submit again" in words


def test_a_304_is_told_to_htmx_as_no_swap(page: Callable[[str], Document]) -> None:
    [meta] = [meta for meta in page("job-running").all("meta") if meta["name"] == "htmx-config"]
    config = json.loads(meta["content"])
    assert config["responseHandling"][0] == {"code": "304", "swap": False}
    assert config["includeIndicatorStyles"] is False
    assert config["allowEval"] is False
    assert config["historyCacheSize"] == 0


def test_the_summary_tells_counts_shares_and_what_was_left_out(page: Callable[[str], Document]) -> None:
    document = page("job-done")
    rows = [" ".join(row.text.split()) for row in document.all("tr")]
    facts = [" ".join(fact.text.split()) for fact in document.all("div")]
    assert "alleles annotated347" in facts
    assert "missense variant 88 25.4 %" in [re.sub(r"^\w+ impact ?", "", row) for row in rows]
    assert "Records on contigs outside the reference3" in rows


def test_no_variants_is_a_sentence_and_not_an_empty_table(page: Callable[[str], Document]) -> None:
    document = page("job-empty")
    assert "No records, so nothing to annotate." in document.words
    assert document.all("table") == []


@pytest.mark.parametrize("term", IMPACT)
def test_each_term_of_the_engine_has_a_colour_and_the_mark_of_its_impact(
    page_of: Callable[..., Document], gallery: Any, term: str
) -> None:
    job = gallery.job("COMPLETED", "AVAILABLE", summary={**gallery.SUMMARY, "most_severe": {term: 347}})
    document = page_of("jobs/_summary.html", job=job)
    assert [mark["aria-label"] for mark in document.all("svg") if mark["role"] == "img"] == [
        f"{IMPACT[term].lower()} impact"
    ]
    assert document.all("rect")[0]["fill"] == colour_of(term)


def test_the_list_shows_each_job_and_the_way_to_older_ones(page: Callable[[str], Document]) -> None:
    document = page("jobs")
    assert len([row for row in document.all("tr") if row["role"] == "row"]) == 9
    assert [link["href"] for link in document.all("a") if "Older" in link.text] == ["/annotations?after=abc"]


def test_an_empty_list_says_so_and_offers_a_start(page: Callable[[str], Document]) -> None:
    document = page("jobs-none")
    assert "No jobs yet." in document.words
    assert [link.text for link in document.all("a") if "btn-primary" in link.classes] == ["Annotate a VCF"]


def test_questions_before_costly_steps_offer_the_safe_answer_first(page: Callable[[str], Document]) -> None:
    for sample, safe, costly in (
        ("confirm-delete", "Keep it", "Delete job"),
        ("confirm-cancel", "Let it go on", "Cancel job"),
    ):
        buttons = [element.text for element in page(sample).elements if "btn" in element.classes]
        assert buttons == [safe, costly]
