"""What the pages of the explorer say, as templates read it: words and addresses, no HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from flask import url_for

from gas_core.domain.job import Job
from gas_web.explorer.columns import COLUMNS, USUAL, Heading
from gas_web.explorer.export import FORMATS, Format
from gas_web.explorer.genotypes import Genotypes
from gas_web.explorer.links import Link, gene_link, links_of, rs_link, transcript_link
from gas_web.explorer.query import FIELDS, OPERATORS, SORTS, Group, View, filter_of
from gas_web.explorer.summary import SummaryPage, label_of, table_url
from gas_web.explorer.table import PAGE_ROWS, Page, Row
from gas_web.explorer.terms import BY_NAME, TERMS, Term

_LONGEST_ALLELE = 12
_SHOWN_BASES = 5
_LONGEST_VALUE = 10_000
_DAMAGING = "impact:is:HIGH,MODERATE"
_PRESETS = (
    ("High or moderate impact", (_DAMAGING,)),
    ("Coding", ("coding:is:yes",)),
    ("Known", ("known:is:yes",)),
    ("Novel", ("known:is:no",)),
)
_RARE = ("Rare and damaging", (_DAMAGING, "af:max:0.01"))
_UNKNOWN = ("Novel and damaging", (_DAMAGING, "known:is:no"))
"""Where the file tells no frequencies, what nobody has named is the nearest to rare."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in words, and the view without it."""

    words: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A row of the table as it stands there."""

    location: str
    change: str
    url: str
    term: Term | None
    consequence: str
    impact: str
    ids: list[tuple[str, str | None]]
    status: str
    cells: dict[str, str]
    """What the other columns say, by their names."""


class TablePage:
    """The table's page: a view, its rows, and the way to other views."""

    def __init__(
        self,
        job: Job,
        view: View,
        page: Page,
        *,
        total: int,
        counted: SummaryPage | None,
        tells_frequencies: bool,
        instead: tuple[Group, int] | None,
        saved: Mapping[str, str] | None = None,
    ) -> None:
        """``counted`` is None until the table is counted, of which ``total`` is the number of rows.

        ``saved`` are the reader's own views by name, None where the reader has none to save.
        """
        self.job_id = job.job_id
        self.saves = saved is not None
        here = url_for("results.table", job_id=job.job_id)
        self.saved = [(name, f"{here}?{query}") for name, query in sorted((saved or {}).items())]
        self.name = job.input_file_name
        self.view = view
        self.count, self.first, self.last = page.count, page.first, page.last
        self.total = total
        self.counted = counted
        self._tells_frequencies = tells_frequencies
        self.rows = [self._row(row) for row in page.rows]
        self.instead = (
            (self._words(instead[0]), instead[1], self.url(view.dropping(instead[0]))) if instead else None
        )

    def url(self, view: View) -> str:
        return table_url(self.job_id, view)

    @property
    def summary_url(self) -> str:
        """The counts of the whole file, with links to their filters beside those of this view."""
        args: dict[str, Any] = replace(self.view, row=1).args
        return url_for("results.summary", job_id=self.job_id, **args)

    @property
    def chips(self) -> list[list[Chip]]:
        """The filters by groups."""
        return [
            [Chip(each.words, self.url(self.view.without(each, of=group))) for each in group]
            for group in self.view.groups
        ]

    @property
    def between(self) -> tuple[str, str]:
        """The word that joins the groups, and that which joins the filters of a group."""
        return ("or", "and") if self.view.any else ("and", "or")

    @property
    def joins(self) -> list[tuple[str, str]]:
        """What a new filter can be joined with: its value in the form, and words."""
        outer, inner = self.between
        choices = [("", outer)]
        for place, group in enumerate(self.view.groups):
            choices.append((str(place), f"{inner} with “{self._words(group)}”"))
        return choices

    def _words(self, group: Group) -> str:
        return f" {self.between[1]} ".join(each.words for each in group)

    @property
    def words(self) -> str:
        """The filters in a line, for the title of the page."""
        return ", ".join(map(self._words, self.view.groups))

    @property
    def clear_url(self) -> str:
        return self.url(self.view.cleared)

    @property
    def match_url(self) -> str:
        """The view of the same filters with the other way to join them."""
        return self.url(replace(self.view, any=not self.view.any, row=1))

    @property
    def presets(self) -> list[tuple[str, str]]:
        """Filters that many ask for: words, and the view with them."""
        told = []
        for words, texts in (_RARE if self._tells_frequencies else _UNKNOWN, *_PRESETS):
            view = self.view
            for text in texts:
                view = view.choosing(filter_of(text))
            if set(view.groups) != set(self.view.groups):
                told.append((words, self.url(view)))
        return told

    @property
    def sort_urls(self) -> dict[str, str]:
        return {name: self.url(replace(self.view, sort=name, row=1)) for name in SORTS}

    @property
    def headings(self) -> list[tuple[str, Heading]]:
        """The columns of the page, in their order."""
        return [(name, COLUMNS[name]) for name in self.view.shown]

    @property
    def hidden(self) -> list[tuple[str, Heading]]:
        """The columns that could be shown, too."""
        return [(name, each) for name, each in COLUMNS.items() if name not in self.view.shown]

    @property
    def as_usual(self) -> bool:
        """True if the usual columns are shown."""
        return self.view.shown == USUAL

    @property
    def previous_url(self) -> str | None:
        return self._from(self.first - PAGE_ROWS) if self.first > 1 else None

    @property
    def next_url(self) -> str | None:
        return self._from(self.last + 1) if self.last < self.count else None

    @property
    def exports(self) -> list[tuple[Format, str]]:
        args: dict[str, Any] = replace(self.view, row=1, sort="position", columns=()).args
        return [
            (kind, url_for("results.export", job_id=self.job_id, format=name, **args))
            for name, kind in FORMATS.items()
        ]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Hidden fields of a form, so that it keeps the view."""
        pairs = []
        for name, value in replace(self.view, row=1).args.items():
            pairs += [(name, each) for each in (value if isinstance(value, list) else [value])]
        return pairs

    @property
    def tests(self) -> list[tuple[str, str, list[tuple[str, str]]]]:
        """What a filter can ask: field, label, and per operator its value in the form and its words."""
        return [
            (
                name,
                field.label,
                [(f"{name}:{key}", f"{field.label} {words}") for key, words in operators.items()],
            )
            for name, field in FIELDS.items()
            for operators in [OPERATORS[field.kind]]
        ]

    @property
    def terms(self) -> list[Term]:
        """The terms that stand on this page, to be explained."""
        shown = {row.consequence for row in self.rows}
        return [term for term in TERMS if term.name in shown]

    def _from(self, row: int) -> str:
        return self.url(replace(self.view, row=max(row, 1)))

    def _row(self, row: Row) -> Shown:
        args: dict[str, Any] = self.view.args
        place = _place(self.job_id, row)
        ids = dict.fromkeys([*row.get("ids", ()), *row.get("known_ids", ())])
        return Shown(
            location=f"{row['contig_name']}:{row['pos']}",
            change=_change(row),
            url=url_for("results.variant", **place, **args),
            term=BY_NAME.get(row.get("consequence", "")),
            consequence=row.get("consequence") or "",
            impact=row.get("impact") or "",
            ids=[(name, rs_link(name)) for name in ids],
            status=_status("status", row),
            cells={
                name: _CELLS.get(name, _first)(name, row) for name in self.view.shown if name not in _DRAWN
            },
        )


_STATUS = {
    "no_alt": "No alternative allele",
    "skipped": "Not plain sequence",
    "ref_mismatch": "REF contradicts the reference",
    "outside_bundle": "Contig outside the reference",
}


def _status(_: str, row: Row) -> str:
    return _STATUS.get(row["status"], str(row["status"]))


def _first(name: str, row: Row) -> str:
    return row[COLUMNS[name].reads[0]] or ""


_CELLS: Mapping[str, Callable[[str, Row], str]] = {
    **{each: lambda name, row: _after_colon(row[name]) for each in ("hgvs_c", "hgvs_p", "hgvs_g")},
    **{each: lambda name, row: _number(row[COLUMNS[name].reads[0]]) for each in ("af", "quality")},
    "class": lambda _, row: label_of(row["variant_class"] or ""),
    "filter": lambda _, row: "" if row["filter"] == "." else row["filter"],
    "regions": lambda _, row: "; ".join(row["regions"]),
    "status": _status,
}
"""What a row says in a column of one value, where that is more than the value itself."""
_DRAWN: Final = frozenset({"consequence", "id"})
"""Columns of more than words: the page makes them of what `Shown` has."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """One consequence of a variant: what it does to one transcript."""

    terms: list[Term]
    impact: str
    gene: str
    gene_url: str | None
    name: str
    url: str | None
    facts: list[tuple[str, str]]


class DetailPage:
    """Everything about one allele."""

    def __init__(
        self, job: Job, view: View, row: Row, *, summary: Mapping[str, Any], sourced: Sequence[str] = ()
    ) -> None:
        self.job_id = job.job_id
        self.name = job.input_file_name
        self.back_url = table_url(job.job_id, view)
        self._sourced = sourced
        here = _place(job.job_id, row)
        self.genotypes_url = url_for("results.genotypes", **here, **cast("dict[str, Any]", view.args))
        self.browser_url = url_for("results.browser", **here)
        self.location = f"{row['contig_name']}:{row['pos']}"
        ends = {f"{name}_end": (row[name] or "")[-_SHOWN_BASES:] for name in ("ref", "alt")}
        self.change = _change(
            row | ends | {f"{name}_length": len(row[name] or "") for name in ("ref", "alt")}
        )
        self.row = row
        self.status = _STATUS.get(row["status"], "")
        assembly = str(summary.get("engine", {}).get("assembly", ""))
        self.links: list[Link] = links_of(row, assembly=assembly)
        self.transcripts = [_transcript(each) for each in row["consequences"]]
        self.facts = [(label, _cut(value)) for label, value in self._facts() if value]

    def _facts(self) -> list[tuple[str, str]]:
        row = self.row
        return [
            ("Position", f"{row['contig_name']}:{row['pos']}"),
            ("Reference allele", row["ref"]),
            ("Alternative allele", row["alt"] or ""),
            ("Kind", label_of(row["variant_class"] or "")),
            ("HGVS", row["hgvs_g"] or ""),
            ("ID", "; ".join(row["ids"])),
            ("Known as", "; ".join(name for name in row["known_ids"] if name not in row["ids"])),
            ("Quality", _number(row["qual"])),
            ("FILTER", row["filter"]),
            ("Allele frequency in the file", _number(row["allele_frequency"])),
            ("Regions", "; ".join(f"{each['name']} ({each['track']})" for each in row["regions"])),
            *((name, "" if row[name] is None else str(row[name])) for name in self._sourced),
            ("Record", f"{row['record']:,}, allele {row['allele']}"),
        ]


class GenotypesPage:
    """A page of the samples at one variant."""

    def __init__(self, job: Job, view: View, row: Row, told: Genotypes, *, page: str) -> None:
        pages = max(-(-len(told.samples) // PAGE_ROWS), 1)
        number = min(int(page), pages) if re.fullmatch(r"[1-9][0-9]{0,8}", page) else 1
        here = _place(job.job_id, row) | view.args
        self.location = f"{row['contig_name']}:{row['pos']}"
        self.variant_url = url_for("results.variant", **here)
        self.fields = told.fields
        self.total, self.carriers = len(told.samples), told.carriers
        self.first = (number - 1) * PAGE_ROWS + 1
        self.samples = told.samples[self.first - 1 : self.first - 1 + PAGE_ROWS]
        self.previous_url = url_for("results.genotypes", **here, page=number - 1) if number > 1 else None
        self.next_url = url_for("results.genotypes", **here, page=number + 1) if number < pages else None


_TRANSCRIPT_FACTS = {
    "biotype": "Biotype",
    "exon": "Exon",
    "intron": "Intron",
    "hgvs_c": "HGVS of the transcript",
    "hgvs_p": "HGVS of the protein",
    "cdna_position": "Position in the cDNA",
    "cds_position": "Position in the coding sequence",
    "protein_position": "Position in the protein",
    "amino_acids": "Amino acids",
    "codons": "Codons",
    "strand": "Strand",
    "distance": "Distance, bases",
}


def _transcript(said: Row) -> Transcript:
    terms = [BY_NAME.get(name) or Term(name, "", "", "") for name in said["terms"]]
    return Transcript(
        terms=terms,
        impact=said["impact"] or "",
        gene=said["symbol"] or said["gene_id"] or "",
        gene_url=gene_link(said["gene_id"]),
        name=said["transcript_id"] or "",
        url=transcript_link(said["transcript_id"]),
        facts=[(label, _cut(said[name])) for name, label in _TRANSCRIPT_FACTS.items() if said[name]],
    )


def _allele(row: Row, name: str) -> str:
    """An allele of a row; one of more than twelve bases by its ends and length. Empty where there is none."""
    bases = row[name] or ""
    if len(bases) <= _LONGEST_ALLELE:
        return bases
    return f"{bases[:_SHOWN_BASES]}…{row[f'{name}_end']} ({row[f'{name}_length']:,})"


def _change(row: Row) -> str:
    """``A>G``, or the reference alone where there is no other allele."""
    return ">".join(allele for allele in (_allele(row, "ref"), _allele(row, "alt")) if allele)


def _cut(text: str | None) -> str:
    """A value of one variant's page, which shows what a person may read."""
    if not text or len(text) <= _LONGEST_VALUE:
        return text or ""
    return f"{text[:_LONGEST_VALUE]}… ({len(text):,} characters; an export has them all)"


def _place(job_id: str, row: Row) -> dict[str, Any]:
    """What the address of a variant's page is made of."""
    return {"job_id": job_id, "record": row["record"], "allele": row["allele"]}


def _after_colon(hgvs: str | None) -> str:
    return (hgvs or "").rpartition(":")[2]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}" if abs(value) < 1 else f"{value:,.6g}"
