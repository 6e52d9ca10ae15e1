"""The explorer's pages as their reader gets them."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from gas_core.domain.job import ObjectRef
from gas_core.domain.keys import standing_keys
from gas_web.explorer.table import PAGE_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import World
    from gas_core.domain.job import Job

    Explored = Callable[..., Job]


def address(job: Job, query: str = "") -> str:
    return f"/annotations/{job.job_id}/results" + (f"?{query}" if query else "")


def links(page: Any) -> dict[str, str]:
    """Text of each link of a page → where it leads; of several alike the first."""
    found: dict[str, str] = {}
    for url, inner in re.findall(r'<a [^>]*?href="([^"]+)"[^>]*>(.*?)</a>', page.text, flags=re.DOTALL):
        text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", inner)).split())
        found.setdefault(text, html.unescape(url))
    return found


def follow(visitor: Any, page: Any, text: str) -> Any:
    return visitor.get(links(page)[text])


def submit(visitor: Any, path: str, **fields: str) -> Any:
    """Send a GET form and go where it leads."""
    answer = visitor.get(f"{path}{'&' if '?' in path else '?'}{urlencode(fields)}")
    assert answer.status_code == 303
    return visitor.get(answer.location)


def test_the_job_page_leads_to_its_variants(ada: Any, words: Any, explored: Explored) -> None:
    job = explored()
    page = follow(ada, ada.get(f"/annotations/{job.job_id}"), "Explore")
    assert page.status_code == 200
    assert "6 of 6 variant alleles" in words(page)
    assert "MT:3310 C>T" in words(page)


@pytest.mark.parametrize(
    "state", ["PENDING", "RUNNING", "FAILED", "ARCHIVING", "ARCHIVED", "RESTORING", "LOST"]
)
@pytest.mark.parametrize("suffix", ["", "/1/1", "/summary", "/export"])
def test_without_results_the_reader_is_led_to_how_the_job_stands(
    world: World, ada: Any, state: str, suffix: str
) -> None:
    job = world.job(state)
    answer = ada.get(f"/annotations/{job.job_id}/results{suffix}")
    assert answer.status_code == 303
    assert answer.location == f"/annotations/{job.job_id}"


def test_a_table_kept_here_is_shown_to_nobody_else(
    world: World, ada: Any, explored: Explored, Visitor: type
) -> None:
    job = explored()
    assert ada.get(address(job)).status_code == 200
    stranger = Visitor(world, ada.client.application)
    assert stranger.get(address(job)).location.startswith("/login")
    from gas_web.globus import Identity

    stranger.sign_in(Identity("gregor-id", "Gregor", "gregor@abbey.example"))
    for suffix in ("", "/2/1", "/summary", "/export?format=csv"):
        assert stranger.get(f"/annotations/{job.job_id}/results{suffix}").status_code == 404


def test_results_that_left_since_are_not_shown_from_memory(
    world: World, ada: Any, explored: Explored
) -> None:
    from dataclasses import replace

    from gas_core.domain.states import Results

    job = explored()
    assert ada.get(address(job)).status_code == 200
    now = world.jobs.get(job.job_id)
    world.jobs.commit(now, replace(now, results=Results.ARCHIVING))
    assert ada.get(address(job)).status_code == 303


def test_a_table_that_the_store_lost_is_a_fault_of_ours(
    world: World, ada: Any, words: Any, explored: Explored
) -> None:
    job = explored()
    world.store.delete([ObjectRef(job.s3_results_bucket, standing_keys(job).table)])
    answer = ada.get(address(job))
    assert answer.status_code == 500
    assert "Something broke here" in words(answer)


def test_a_bar_of_the_summary_leads_to_its_variants(ada: Any, words: Any, explored: Explored) -> None:
    page = follow(ada, ada.get(address(explored())), "Open the summary")
    assert "missense variant: 1 of 6" in words(page) or "1 of 6, the most." in words(page)
    chosen = follow(ada, page, "missense variant")
    assert "1 of 6 variant alleles" in words(chosen)
    assert "Consequence is missense variant , remove this filter" in words(chosen)


def test_the_page_of_a_large_table_does_not_wait_for_its_counts(
    ada: Any, words: Any, explored: Explored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gas_web.explorer.table.COUNTED_AT_ONCE", 5)
    job = explored()
    page = ada.get(address(job, "f=gene:is:MT-ND1"))
    assert "3 of 6 variant alleles" in words(page)
    assert "known 1 novel 5" not in words(page)
    # Without script a link leads to them; with it they are fetched from where that link leads.
    counted = follow(ada, page, "Count them")
    assert f'hx-get="{html.escape(links(page)["Count them"])}"' in page.text
    assert "known 1 novel 5" in words(counted)
    back = follow(ada, counted, "Back to the variants of sample.vcf")
    # Now they are known.
    assert "known 1 novel 5" in words(back)
    assert "3 of 6 variant alleles" in words(back)


def test_a_column_of_the_density_and_a_range_of_numbers_lead_to_their_variants(
    ada: Any, words: Any, explored: Explored
) -> None:
    page = follow(ada, ada.get(address(explored())), "Open the summary")
    chosen = follow(ada, page, "MT:3,301–3,350")
    assert "3 of 6 variant alleles" in words(chosen)
    assert "Region overlaps MT:3301-3350 , remove this filter" in words(chosen)
    chosen = follow(ada, page, "0.2 to below 0.3")
    assert "1 of 6 variant alleles" in words(chosen)
    assert "Allele frequency from 0.2 to below 0.3 , remove this filter" in words(chosen)
    assert "1 of 6 alleles have one." in words(page)


def test_a_filter_is_added_by_a_form_and_removed_by_its_chip(
    ada: Any, words: Any, explored: Explored
) -> None:
    job = explored()
    page = submit(ada, address(job, "f=gene:is:MT-ND1"), test="impact:is", value="high")
    assert "1 of 6 variant alleles" in words(page)
    assert "MT:3312 CTA>C" in words(page)
    back = follow(ada, page, "Impact is HIGH , remove this filter ×")
    assert "3 of 6 variant alleles" in words(back)
    assert "Impact is HIGH , remove this filter ×" not in links(back)


def test_a_filter_joins_another_by_the_form_and_the_group_is_one_of_the_chips(
    ada: Any, words: Any, explored: Explored
) -> None:
    job = explored()
    alone = ada.get(address(job, "f=known:is:no&f=impact:is:HIGH"))
    assert '<option value="1">or with “Impact is HIGH”</option>' in html.unescape(alone.text)
    page = submit(
        ada, address(job, "f=known:is:no&f=impact:is:HIGH"), test="gene:is", value="MT-ND1", join="1"
    )
    assert "3 of 6 variant alleles" in words(page)
    assert (
        "Novel , remove this filter × and Impact is HIGH , remove this filter × or Gene is MT-ND1"
        in words(page)
    )
    page = follow(ada, page, "Match any")
    assert "5 of 6 variant alleles" in words(page)
    assert (
        "Novel , remove this filter × or Impact is HIGH , remove this filter × and Gene is MT-ND1"
        in words(page)
    )
    back = follow(ada, page, "Gene is MT-ND1 , remove this filter ×")
    assert "Novel , remove this filter × or Impact is HIGH , remove this filter ×" in words(back)


def test_a_group_is_saved_exported_and_kept_from_page_to_variant(
    ada: Any, words: Any, explored: Explored
) -> None:
    job = explored()
    query = "f=gene:is:MT-ND1&f1=impact:is:HIGH&f1=af:min:0.5"
    page = ada.get(address(job, query))
    assert "2 of 6 variant alleles" in words(page)
    assert len(ada.get(links(page)["CSV the same, for spreadsheets"]).text.splitlines()) == 3
    variant = follow(ada, page, "MT:3312 CTA>C")
    assert links(variant)["Back to the variants of sample.vcf"] == address(job, query)
    path = f"/annotations/{job.job_id}/results/views"
    saved = ada.post(path, name="two ways", f="gene:is:MT-ND1", f1=["impact:is:HIGH", "af:min:0.5"])
    assert saved.location == address(job, query)
    assert "2 of 6 variant alleles" in words(follow(ada, ada.get(address(job)), "two ways"))


@pytest.mark.parametrize(
    ("typed", "count"), [("mt-nd1", 3), ("MT:3310-3311", 1), ("rs1", 1), ("chrX", 1), ("BRCA2", 0)]
)
def test_the_search_box_finds(ada: Any, words: Any, explored: Explored, typed: str, count: int) -> None:
    page = submit(ada, address(explored()), q=typed)
    assert f"{count} of 6 variant alleles" in words(page)


def test_where_nothing_matches_the_page_names_the_filter_to_remove(
    ada: Any, words: Any, explored: Explored
) -> None:
    page = ada.get(address(explored(), "f=gene:is:MT-ND1&f=known:is:yes"))
    assert "None of 6 match. Without “Known”, 3 would." in words(page)
    assert "3 of 6 variant alleles" in words(follow(ada, page, "Remove it"))


@pytest.mark.parametrize(
    "query",
    [
        "f=impact:is:SEVERE",
        "f=x:y:z",
        "sort=by",
        "row=0",
        "test=af:max&value=many",
        "test=&value=",
        "match=most",
        "f0=impact:is:HIGH",
        "f1=x:y:z",
        "test=impact:is&value=HIGH&join=0",
        "test=impact:is&value=HIGH&join=-1",
        "test=impact:is&value=HIGH&join=first",
    ],
)
@pytest.mark.parametrize("suffix", ["", "/1/1", "/summary", "/export"])
def test_a_mistaken_address_is_answered_in_words(
    ada: Any, words: Any, explored: Explored, query: str, suffix: str
) -> None:
    job = explored()
    if suffix and "test=" in query:
        return
    answer = ada.get(f"/annotations/{job.job_id}/results{suffix}?{query}")
    assert answer.status_code == 400
    assert "This view cannot be shown" in words(answer)
    assert "Show all variants" in links(answer)


def test_an_unknown_format_is_answered_in_words(ada: Any, words: Any, explored: Explored) -> None:
    answer = ada.get(f"/annotations/{explored().job_id}/results/export?format=exe")
    assert answer.status_code == 400
    assert "exported as vcf, tsv, csv, xlsx, jsonl, parquet" in words(answer)


def test_pages_lead_to_every_row(ada: Any, row: Callable[..., Any], explored: Explored) -> None:
    total = PAGE_ROWS + 3
    job = explored([row(number, number, "A>G", "intron_variant") for number in range(1, total + 1)])
    page = ada.get(address(job, "f=class:is:SNV"))
    shown = re.findall(r">MT:(\d+) A&gt;G<", page.text)
    page = follow(ada, page, "Next")
    shown += re.findall(r">MT:(\d+) A&gt;G<", page.text)
    assert shown == [str(number) for number in range(1, total + 1)]
    assert "Next" not in links(page)
    assert follow(ada, page, "Previous").status_code == 200


def test_a_list_of_genes_finds_them_in_any_spelling(ada: Any, words: Any, explored: Explored) -> None:
    page = submit(ada, address(explored(), "f=gene:is:other"), genes=" mt-tf,\n MT-nd1;  BRCA2 mt-tf ")
    assert "4 of 6 variant alleles" in words(page)
    assert "Gene is MT-TF or MT-ND1 or BRCA2 , remove this filter" in words(page)
    many = "\n".join(f"GENE{number}" for number in range(200))
    assert "Gene is one of 200: GENE0," in words(submit(ada, address(explored()), genes=many))
    assert ada.get(address(explored(), urlencode({"genes": f"{many} more"}))).status_code == 400


def test_rare_is_what_the_file_tells_or_what_nobody_named(
    ada: Any, words: Any, explored: Explored, row: Callable[..., Any]
) -> None:
    page = follow(ada, ada.get(address(explored())), "+ Rare and damaging")
    assert "Allele frequency at most 0.01 , remove this filter" in words(page)
    told = [row(1, 3310, "C>T", "missense_variant", impact="MODERATE")]
    page = follow(ada, ada.get(address(explored(told))), "+ Novel and damaging")
    assert "1 of 1 variant allele" in words(page)


HOSTILE = '"><script>alert(1)</script>'


def test_a_view_is_saved_by_name_and_serves_the_next_file(
    world: World, ada: Any, words: Any, explored: Explored
) -> None:
    job, other = explored(), explored(name="next.vcf")
    path = f"/annotations/{job.job_id}/results/views"
    saved = ada.post(path, name=HOSTILE, f="gene:is:MT-ND1")
    assert saved.location == address(job, "f=gene:is:MT-ND1")
    page = ada.get(address(other))
    assert HOSTILE not in page.text
    assert "3 of 6 variant alleles" in words(follow(ada, page, HOSTILE))
    assert "saved_views" in ada.get("/profile/data").text
    ada.post(path, name=HOSTILE, f="gene:is:MT-ND1", remove="1")
    assert HOSTILE not in links(ada.get(address(other)))
    assert world.users.get("ada-id").saved_views == {}


@pytest.mark.parametrize("fields", [{"name": " "}, {"name": "x" * 61}, {"name": "a", "f": "x:y:z"}])
def test_a_view_that_cannot_be_saved_is_told_in_words(
    world: World, ada: Any, words: Any, explored: Explored, fields: dict[str, str]
) -> None:
    answer = ada.post(f"/annotations/{explored().job_id}/results/views", **fields)
    assert answer.status_code == 400
    assert "This view cannot be shown" in words(answer)
    assert world.users.get("ada-id").saved_views == {}


def test_by_a_link_nobody_sees_the_views_that_somebody_saved(
    ada: Any, explored: Explored, Visitor: type, world: World
) -> None:
    job = explored()
    ada.post(f"/annotations/{job.job_id}/results/views", name="of Ada", f="gene:is:MT-ND1")
    ada.post(f"/annotations/{job.job_id}/share", days="7")
    found = re.search(r"\?share=[0-9a-f]+", ada.get(f"/annotations/{job.job_id}").text)
    assert found
    stranger = Visitor(world, ada.client.application)
    page = stranger.get(f"{address(job)}{found[0]}&f=gene:is:MT-ND1")
    assert page.status_code == 200
    assert "of Ada" not in page.text
    assert "Saved views" not in page.text


def test_a_variant_tells_all_and_leads_back_to_the_view(ada: Any, words: Any, explored: Explored) -> None:
    page = ada.get(address(explored(), "f=impact:is:MODERATE"))
    detail = follow(ada, page, "MT:3310 C>T")
    for told in ("missense variant", "Changes one amino acid or more", "P1:p.Pro2Ser", "Record 2, allele 1"):
        assert told in words(detail)
    back = follow(ada, detail, "Back to the variants of sample.vcf")
    assert "1 of 6 variant alleles" in words(back)


def test_a_variant_that_there_is_not_is_not_found(ada: Any, explored: Explored) -> None:
    job = explored()
    for place in ("99/1", "1/7", "0/0", f"{10**30}/1"):
        assert ada.get(f"/annotations/{job.job_id}/results/{place}").status_code == 404


def test_links_to_other_services_are_made_of_what_they_expect(
    ada: Any, row: Callable[..., Any], explored: Explored
) -> None:
    known = row(
        1,
        3243,
        "A>G",
        "missense_variant",
        ids=["rs199474657", "rs1?x=", "javascript:alert(1)"],
        known_ids=["rs199474657"],
        hgvs_g="NC_012920.1:m.3243A>G",
        gene_id="ENSG00000209082",
    )
    odd = row(2, 3244, "A><DEL>", gene_id="ENSG1&x=y", hgvs_g="x:g.1A>G")
    job = explored([known, odd])
    outside = [url for url in links(ada.get(address(job, "") + "/1/1")).values() if url.startswith("https:")]
    assert outside == [
        "https://www.ncbi.nlm.nih.gov/snp/rs199474657",
        "https://gnomad.broadinstitute.org/variant/M-3243-A-G?dataset=gnomad_r3",
        "https://www.ncbi.nlm.nih.gov/clinvar/?term=%22NC_012920.1%3Am.3243A%3EG%22",
        "https://www.ensembl.org/Homo_sapiens/Gene/Summary?g=ENSG00000209082",
        # Of its consequence, which names the gene by its ID.
        "https://www.ensembl.org/Homo_sapiens/Gene/Summary?g=ENSG00000209082",
    ]
    page = ada.get(address(job)).text
    assert page.count('rel="noopener noreferrer"') == page.count('target="_blank"') == 1
    assert not [url for url in links(ada.get(f"{address(job)}/2/1")).values() if url.startswith("https:")]


def test_a_long_allele_is_shown_by_its_ends_and_whole_where_a_person_can_read_it(
    ada: Any, words: Any, row: Callable[..., Any], explored: Explored
) -> None:
    some, many = "ACGT" * 75, "ACGT" * 500_000
    job = explored(
        [
            row(1, 10, f"A>{some}"),
            row(2, 20, f"{many}>A", ids=["rs1"] * 9 + [many], filter=many, hgvs_c=f"T:{many}", hgvs_g=many),
        ]
    )
    page = ada.get(address(job))
    assert "MT:10 A>ACGTA…TACGT (300)" in words(page)
    assert "MT:20 ACGTA…TACGT (2,000,000)>A" in words(page)
    assert len(page.data) < 100_000
    assert some in words(ada.get(f"{address(job)}/1/1"))
    detail = ada.get(f"{address(job)}/2/1")
    assert "(2,000,000 characters; an export has them all)" in words(detail)
    assert len(detail.data) < 100_000


def test_a_table_without_records_says_so(ada: Any, words: Any, explored: Explored) -> None:
    job = explored([])
    page = ada.get(address(job))
    assert page.status_code == 200
    assert "No records, so nothing to explore." in words(page)
    assert "No records, so nothing to count." in words(ada.get(f"{address(job)}/summary"))


def test_the_policy_allows_a_frame_of_ours_and_nothing_else_more(ada: Any, explored: Explored) -> None:
    job = explored()
    for path in (address(job), f"{address(job)}/1/1"):
        answer = ada.get(path)
        usual = ada.get("/").headers["Content-Security-Policy"]
        assert answer.headers["Content-Security-Policy"] == f"{usual}; frame-src 'self'"
        assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", answer.text)
        assert "<style" not in answer.text
