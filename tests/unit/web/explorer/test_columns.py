"""Columns are shown, moved, remembered for their reader, and kept in the address."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import pytest

from gas_web.explorer.columns import COLUMNS, READ, USUAL, arranged, columns_of, remembered
from gas_web.explorer.errors import QueryError
from gas_web.explorer.query import FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import World
    from gas_core.domain.job import Job

    Explored = Callable[..., Job]

FEW = ("gene", "exon", "consequence")


def address(job: Job, query: str = "") -> str:
    return f"/annotations/{job.job_id}/results" + (f"?{query}" if query else "")


def choose(visitor: Any, job: Job, *columns: str, arrange: str = "show", **fields: str) -> Any:
    return visitor.post(f"{address(job)}/columns", column=list(columns), arrange=arrange, **fields)


def headings(page: Any) -> list[str]:
    head = re.search(r"<thead>(.*?)</thead>", page.text, flags=re.DOTALL)
    assert head
    cells = re.findall(r"<th scope=\"col\".*?</th>", head[1], flags=re.DOTALL)
    return [re.sub(r"<[^>]+>| [↑↓]", "", cell).strip() for cell in cells]


def cells(page: Any, variant: str) -> list[str]:
    """What stands beside a variant."""
    found = re.search(
        rf"<tr>\s*<th[^>]*>[^\n]*{re.escape(html.escape(variant))}.*?</tr>", page.text, re.DOTALL
    )
    assert found
    texts = re.findall(r"<td[^>]*>(.*?)</td>", found[0], flags=re.DOTALL)
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split()) for text in texts]


def test_columns_have_the_names_that_filters_have() -> None:
    assert set(COLUMNS) & set(FIELDS) == set(FIELDS) - {"coding", "known", "region", "contig"}
    assert set(USUAL) <= set(COLUMNS)
    assert {name for each in COLUMNS.values() for name in each.reads} == set(READ)


def test_an_address_names_columns_of_the_table_alone() -> None:
    assert columns_of("") == ()
    assert columns_of("exon, gene,exon") == ("exon", "gene")
    for wrong in ("gene,password", "consequences", "__class__"):
        with pytest.raises(QueryError, match="no such column"):
            columns_of(wrong)


@pytest.mark.parametrize(
    ("order", "there", "place"),
    [
        ("show", "gene exon consequence", ""),
        ("usual", "", ""),
        ("up:exon", "exon gene consequence", "up-exon"),
        ("down:exon", "gene consequence exon", "down-exon"),
        ("up:gene", "gene exon consequence", "up-gene"),
        ("down:consequence", "gene exon consequence", "down-consequence"),
    ],
)
def test_a_column_moves_by_one_place_and_stays_at_the_ends(order: str, there: str, place: str) -> None:
    assert arranged(FEW, order) == (tuple(there.split()), place)


@pytest.mark.parametrize("order", ["", "up", "up:af", "left:gene", "up:gene,exon"])
def test_an_unknown_button_is_refused(order: str) -> None:
    with pytest.raises(QueryError):
        arranged(FEW, order)


def test_a_choice_outlives_a_column_that_there_is_no_more() -> None:
    assert remembered("gene,gone,exon") == ("gene", "exon")
    assert remembered("") == ()


def test_what_is_chosen_is_shown_remembered_and_in_the_address(
    world: World, ada: Any, explored: Explored
) -> None:
    job, other = explored(), explored(name="next.vcf")
    assert headings(ada.get(address(job))) == ["Variant", *(COLUMNS[name].label for name in USUAL)]
    answer = choose(ada, job, *FEW, f="gene:is:MT-ND1", sort="impact")
    assert answer.status_code == 303
    assert answer.location == address(job, "f=gene:is:MT-ND1&sort=impact&columns=gene,exon,consequence")
    assert headings(ada.get(answer.location)) == ["Variant", "Gene", "Exon", "Consequence"]
    assert world.users.get("ada-id").table_columns == "gene,exon,consequence"
    # The next table has them, and its address tells them to whoever gets it.
    next_table = ada.get(address(other, "f=impact:is:HIGH"))
    assert next_table.status_code == 303
    assert next_table.location == address(other, "f=impact:is:HIGH&columns=gene,exon,consequence")
    assert "gene,exon,consequence" in ada.get("/profile/data").text

    # An address that names others shows those, and leaves the choice alone.
    assert headings(ada.get(address(job, "columns=biotype"))) == ["Variant", "Biotype"]
    assert world.users.get("ada-id").table_columns == "gene,exon,consequence"

    answer = choose(ada, job, *FEW, arrange="usual")
    assert answer.location == address(job)
    assert ada.get(address(other)).status_code == 200
    assert world.users.get("ada-id").table_columns == ""


def test_a_moved_column_brings_its_reader_back_to_the_button(ada: Any, explored: Explored) -> None:
    job = explored()
    answer = choose(ada, job, *FEW, arrange="up:consequence")
    assert answer.location == address(job, "columns=gene,consequence,exon#up-consequence")
    assert 'id="up-consequence"' in ada.get(address(job, "columns=gene,consequence,exon")).text


def test_without_any_column_the_usual_ones_come_back(ada: Any, explored: Explored) -> None:
    job = explored()
    assert choose(ada, job).location == address(job)
    assert len(headings(ada.get(address(job)))) == 1 + len(USUAL)


@pytest.mark.parametrize(
    "fields", [{"column": "nonsense"}, {"column": "gene", "arrange": "up:af"}, {"f": "x:y:z"}]
)
def test_a_choice_that_there_is_not_is_answered_in_words_and_not_kept(
    world: World, ada: Any, words: Any, explored: Explored, fields: dict[str, str]
) -> None:
    answer = ada.post(f"{address(explored())}/columns", **fields)
    assert answer.status_code == 400
    assert "This view cannot be shown" in words(answer)
    assert world.users.get("ada-id").table_columns == ""


@pytest.mark.parametrize("suffix", ["", "/2/1", "/export"])
def test_an_address_with_an_unknown_column_is_answered_in_words(
    ada: Any, words: Any, explored: Explored, suffix: str
) -> None:
    answer = ada.get(f"{address(explored())}{suffix}?columns=gene,<b>")
    assert answer.status_code == 400
    assert "There is no such column." in words(answer)
    assert "<b>" not in answer.text


def test_every_link_and_form_of_the_page_keeps_the_columns(ada: Any, explored: Explored) -> None:
    job = explored()
    page = ada.get(address(job, "f=gene:is:MT-ND1&columns=exon,gene"))
    urls = [html.unescape(url) for url in re.findall(r'<a [^>]*?href="([^"]+)"', page.text)]
    views = [url for url in urls if url.startswith(f"{address(job)}?")]
    assert views
    assert all("columns=exon,gene" in url for url in views)
    forms = re.findall(r"<form method=\"get\".*?</form>", page.text, flags=re.DOTALL)
    assert forms
    assert all('name="columns" value="exon,gene"' in form for form in forms)
    detail = ada.get(next(url for url in urls if url.startswith(f"{address(job)}/2/1")))
    assert f'{html.escape(address(job, "f=gene:is:MT-ND1&columns=exon,gene"))}"' in detail.text


def test_exports_have_every_field_whatever_is_shown(ada: Any, explored: Explored) -> None:
    job = explored()
    page = ada.get(address(job, "columns=gene"))
    exports = [html.unescape(url) for url in re.findall(r'href="([^"]+/export[^"]*)"', page.text)]
    assert exports
    assert not any("columns" in url for url in exports)
    assert ada.get(f"{address(job)}/export?format=csv&columns=gene").text == (
        ada.get(f"{address(job)}/export?format=csv").text
    )


def test_a_saved_view_keeps_its_columns(ada: Any, explored: Explored) -> None:
    job = explored()
    path = f"{address(job)}/views"
    ada.post(path, name="mine", f="gene:is:MT-ND1", columns="exon,gene")
    page = ada.get(address(job, "columns=af"))
    assert html.escape(f"{address(job)}?f=gene%3Ais%3AMT-ND1&columns=exon%2Cgene") in page.text


def test_by_a_link_columns_are_chosen_in_the_address_and_remembered_for_nobody(
    ada: Any, explored: Explored, Visitor: type, world: World
) -> None:
    job = explored()
    choose(ada, job, "exon")
    ada.post(f"/annotations/{job.job_id}/share", days="7")
    found = re.search(r"\?(share=[0-9a-f]+)", ada.get(f"/annotations/{job.job_id}").text)
    assert found
    stranger = Visitor(world, ada.client.application)
    page = stranger.get(address(job, found[1]))
    assert len(headings(page)) == 1 + len(USUAL)
    assert f'<form class="columns" method="get" action="{address(job, found[1])}"' in page.text
    answer = stranger.get(address(job, f"{found[1]}&column=af&column=gene&arrange=up:gene"))
    assert answer.status_code == 303
    assert headings(stranger.get(answer.location.partition("#")[0])) == ["Variant", "Gene", "AF"]
    assert world.users.get("ada-id").table_columns == "exon"


@pytest.mark.parametrize("version", ["1", "2"])
def test_every_column_says_what_the_table_has(ada: Any, explored: Explored, row: Callable[..., Any]) -> None:
    told = {
        "exon": "2/7",
        "intron": "1/6",
        "cdna_position": "12",
        "cds_position": "4",
        "strand": "-1",
        "distance": "77",
    }
    flat = {
        "impact": "MODERATE",
        "symbol": "G1",
        "gene_id": "ENSG1",
        "transcript_id": "ENST1",
        "biotype": "protein_coding",
        "hgvs_g": "MT:m.73A>G",
        "hgvs_c": "ENST1:c.4A>G",
        "hgvs_p": "ENSP1:p.Met2Val",
        "protein_position": "2",
        "amino_acids": "M/V",
        "codons": "Atg/Gtg",
    }
    consequences = [
        told | {"terms": ["missense_variant"]},
        {"terms": ["intron_variant"], "exon": "9/9"},
    ]
    full = row(
        *(1, 73, "A>G", "missense_variant"),
        ids=["rs1"],
        known_ids=["rs2"],
        qual=1234.5,
        allele_frequency=0.25,
        variant_class="sequence_alteration",
        regions=[{"track": "loops", "name": "D<loop"}, {"track": "more", "name": "x"}],
        consequences=consequences,
        **flat,
    )
    bare = row(2, 90, "C>", status="no_alt", alt=None, allele=0, variant_class=None, filter=".")
    page = ada.get(address(explored([full, bare]), f"columns={','.join(COLUMNS)}"))
    assert headings(page) == ["Variant", *(each.label for each in COLUMNS.values())]
    assert dict(zip(COLUMNS, cells(page, "MT:73 A>G"), strict=True)) == {
        "gene": "G1",
        "consequence": "moderate impact missense variant",
        "hgvs_p": "p.Met2Val",
        "hgvs_c": "c.4A>G",
        "id": "rs1 , rs2",
        "class": "sequence alteration",
        "af": "0.25",
        "quality": "1,234.5",
        "filter": "PASS",
        "status": "annotated",
        "regions": "D<loop (loops); x (more)",
        "hgvs_g": "m.73A>G",
        **{name: flat[name] for name in flat if name in COLUMNS and not name.startswith("hgvs")},
        **told,
    }
    empty = dict(zip(COLUMNS, cells(page, "MT:90 C"), strict=True))
    assert empty.pop("consequence") == empty.pop("status") == "No alternative allele"
    assert set(empty.values()) == {"–"}


def test_a_value_without_end_does_not_fill_the_page(
    ada: Any, explored: Explored, row: Callable[..., Any]
) -> None:
    long = "A" * 1_000_000
    made = row(
        *(1, 73, "A>G", "missense_variant"),
        **dict.fromkeys(("hgvs_g", "hgvs_c", "hgvs_p", "codons", "amino_acids", "gene_id", "biotype"), long),
        regions=[{"track": long, "name": long}] * 9,
        consequences=[{"exon": long, "intron": long, "codons": long, "terms": ["missense_variant"]}],
    )
    page = ada.get(address(explored([made]), f"columns={','.join(COLUMNS)}"))
    assert page.status_code == 200
    assert len(page.text) < 100_000
