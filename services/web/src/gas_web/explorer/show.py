"""What the pages of the explorer say, as templates read it: words and addresses, no HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from flask import url_for

from gas_core.domain.job import Job
from gas_web.explorer.bins import Bin, Track
from gas_web.explorer.columns import COLUMNS, USUAL, Heading
from gas_web.explorer.export import FORMATS, Format
from gas_web.explorer.genotypes import Genotypes
from gas_web.explorer.links import Link, gene_link, links_of, rs_link, transcript_link
from gas_web.explorer.query import FIELDS, OPERATORS, SORTS, Group, Kind, View, filter_of
from gas_web.explorer.table import PAGE_ROWS, Overview, Page, Row
from gas_web.explorer.terms import BY_NAME, CODING, IMPACTS, TERMS, Term

_MOST_BARS = 15
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
_SUGGESTED = 200
_ANY_PLACE = "2000000001-2000000002"


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in words, and the view without it."""

    words: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a chart: ``share`` is of all alleles, ``width`` of the longest bar, both 0 to 1."""

    name: str
    label: str
    count: int
    share: float
    width: float
    url: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Counts by name, the most frequent first; ``rest`` are not drawn but stand in its table."""

    id: str
    title: str
    finding: str
    bars: list[Bar]
    rest: list[Bar]
    of_terms: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A bin of a contig: its place, width and height as shares of the picture's (0 to 1), its address."""

    label: str
    count: int
    left: float
    width: float
    height: float
    url: str


@dataclass(frozen=True, slots=True)
class Strip:
    """A contig of the density, ``length`` of 0 to 1 as long as the longest one."""

    contig: str
    last: int
    length: float
    columns: list[Column]


@dataclass(frozen=True, slots=True)
class Places:
    """Where the alleles lie: a strip for each contig, their columns to one scale."""

    finding: str
    strips: list[Strip]


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
        overview: Overview,
        instead: tuple[Group, int] | None,
        *,
        summary: Mapping[str, Any],
        saved: Mapping[str, str] | None = None,
    ) -> None:
        """``saved`` are the reader's own views by name, None where the reader has none to save."""
        self.job_id = job.job_id
        self.saves = saved is not None
        here = url_for("results.table", job_id=job.job_id)
        self.saved = [(name, f"{here}?{query}") for name, query in sorted((saved or {}).items())]
        self.name = job.input_file_name
        self.view = view
        self.count, self.first, self.last = page.count, page.first, page.last
        self.overview = overview
        self.total = overview.total
        self.ts_tv = _ts_tv(summary)
        self.rows = [self._row(row) for row in page.rows]
        self.instead = (
            (self._words(instead[0]), instead[1], self.url(view.dropping(instead[0]))) if instead else None
        )

    def url(self, view: View) -> str:
        return _url(self.job_id, view)

    def choose_url(self, text: str) -> str:
        """The view with this filter in place of those of its field."""
        return self.url(self.view.choosing(filter_of(text)))

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
        choices = [("", f"{outer} (a filter of its own)")]
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
        return self.url(View(sort=self.view.sort, columns=self.view.columns))

    @property
    def match_url(self) -> str:
        """The view of the same filters with the other way to join them."""
        return self.url(replace(self.view, any=not self.view.any, row=1))

    @property
    def presets(self) -> list[tuple[str, str]]:
        """Filters that many ask for: words, and the view with them."""
        told = []
        for words, texts in (_RARE if self.overview.frequencies else _UNKNOWN, *_PRESETS):
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
    def suggestions(self) -> dict[str, list[str]]:
        """Values that a field can be compared with, as far as they are few."""
        counted = self.overview
        known: dict[str, list[str]] = {
            "gene": list(counted.genes),
            "consequence": list(counted.consequences),
            "impact": [name for name in IMPACTS if name in counted.impacts],
            "class": list(counted.classes),
            "contig": list(counted.contigs),
            "filter": list(counted.filters),
            "biotype": list(counted.biotypes),
            "status": ["annotated", "no_alt", "skipped", "ref_mismatch", "outside_bundle"],
        }
        flags = {name: ["yes", "no"] for name, field in FIELDS.items() if field.kind is Kind.FLAG}
        return {name: values[:_SUGGESTED] for name, values in (known | flags).items()}

    @property
    def charts(self) -> list[Chart]:
        counted = self.overview
        coding = {name: count for name, count in counted.consequences.items() if name in CODING}
        impacts: dict[str, int] = {name: counted.impacts[name] for name in IMPACTS if name in counted.impacts}
        known = {"yes": counted.known, "no": counted.novel}
        charts = [
            self._chart("consequences", "Most severe consequence", "consequence", counted.consequences),
            self._chart("coding", "Coding consequences", "consequence", coding),
            self._chart("impacts", "Impact", "impact", impacts),
            self._chart("classes", "Kind of variant", "class", counted.classes),
            self._chart("known-novel", "Known or novel", "known", known),
            self._ranges("frequencies", "Allele frequency in this file", "af", counted.frequencies),
            self._ranges("qualities", "Quality (QUAL)", "quality", counted.qualities),
        ]
        return [chart for chart in charts if chart]

    @property
    def places(self) -> Places | None:
        """Where the alleles lie along their contigs."""
        density = self.overview.density
        counts = [count for track in density.tracks for count in track.counts]
        if not any(counts):
            return None
        longest, most = max(track.last for track in density.tracks), max(counts)
        strips = [self._strip(track, density.width, longest, most) for track in density.tracks]
        top = max((column for strip in strips for column in strip.columns), key=lambda column: column.count)
        finding = f"{density.width:,} bases a column; most in {top.label}: {top.count:,}."
        if density.contigs > len(strips):
            finding += f" The {len(strips)} of {density.contigs:,} contigs with most alleles."
        return Places(finding, strips)

    @property
    def terms(self) -> list[Term]:
        """The terms that stand on this page, to be explained."""
        shown = {row.consequence for row in self.rows} | set(self.overview.consequences)
        return [term for term in TERMS if term.name in shown]

    def _chart(self, name: str, title: str, field: str, counts: Mapping[str, int]) -> Chart | None:
        if not any(counts.values()):
            return None
        most = max(counts.values())
        bars = [
            self._bar(
                each,
                {"yes": "Known", "no": "Novel"}[each] if field == "known" else _label(each),
                f"{field}:is:{each}",
                count,
                most,
            )
            for each, count in counts.items()
        ]
        top = max(bars, key=lambda bar: bar.count)
        finding = f"{top.label}: {top.count:,} of {self.total:,}, the most."
        return Chart(name, title, finding, bars[:_MOST_BARS], bars[_MOST_BARS:], field == "consequence")

    def _ranges(self, name: str, title: str, field: str, counted: tuple[Bin, ...]) -> Chart | None:
        """Counts by ranges of a number, the lowest first; the ranges are not equally wide."""
        if not counted:
            return None
        most = max(each.count for each in counted)
        bars = []
        for each in counted:
            label, asked = _range(each)
            bars.append(self._bar(label, label, f"{field}:{asked}", each.count, most))
        told = sum(each.count for each in counted)
        finding = f"{told:,} of {self.total:,} alleles have one."
        return Chart(name, title, finding, bars, [], of_terms=False)

    def _bar(self, name: str, label: str, asked: str, count: int, most: int) -> Bar:
        return Bar(name, label, count, count / self.total, count / most, self.choose_url(asked))

    def _strip(self, track: Track, width: int, longest: int, most: int) -> Strip:
        # Addresses of hundreds of columns that differ in two numbers: one is made for all.
        pattern = self.choose_url(f"region:is:{track.contig}:{_ANY_PLACE}")
        columns = []
        for place, count in enumerate(track.counts):
            start, end = place * width + 1, min((place + 1) * width, track.last)
            if count:
                columns.append(
                    Column(
                        label=f"{track.contig}:{start:,}–{end:,}",
                        count=count,
                        left=place * width / longest,
                        width=(end - start + 1) / longest,
                        height=count / most,
                        url=pattern.replace(_ANY_PLACE, f"{start}-{end}"),
                    )
                )
        return Strip(track.contig, track.last, track.last / longest, columns)

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
    "class": lambda _, row: _label(row["variant_class"] or ""),
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

    def __init__(self, job: Job, view: View, row: Row, *, summary: Mapping[str, Any]) -> None:
        self.job_id = job.job_id
        self.name = job.input_file_name
        self.back_url = _url(job.job_id, view)
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
            ("Kind", _label(row["variant_class"] or "")),
            ("HGVS", row["hgvs_g"] or ""),
            ("ID", "; ".join(row["ids"])),
            ("Known as", "; ".join(name for name in row["known_ids"] if name not in row["ids"])),
            ("Quality", _number(row["qual"])),
            ("FILTER", row["filter"]),
            ("Allele frequency in the file", _number(row["allele_frequency"])),
            ("Regions", "; ".join(f"{each['name']} ({each['track']})" for each in row["regions"])),
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


def _url(job_id: str, view: View) -> str:
    args: dict[str, Any] = view.args
    return url_for("results.table", job_id=job_id, **args)


def _label(name: str) -> str:
    return name.replace("_", " ")


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


def _range(each: Bin) -> tuple[str, str]:
    """A bin in words, and as a filter asks for it."""
    if each.low is None:
        return f"below {each.high:,g}", f"below:{each.high:g}"
    if each.high is None:
        return f"{each.low:,g} or more", f"min:{each.low:g}"
    return f"{each.low:,g} to below {each.high:,g}", f"in:{each.low:g}..{each.high:g}"


def _after_colon(hgvs: str | None) -> str:
    return (hgvs or "").rpartition(":")[2]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}" if abs(value) < 1 else f"{value:,.6g}"


def _ts_tv(summary: Mapping[str, Any]) -> str:
    ratio = summary.get("alleles", {}).get("ts_tv")
    return "" if ratio is None else f"{ratio:.2f}"
