"""What the summary of a table says, as templates read it: counts, pictures of them, and their addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for

from gas_core.domain.job import Job
from gas_web.explorer.bins import Bin, Track
from gas_web.explorer.query import FIELDS, Kind, View, filter_of
from gas_web.explorer.table import Overview
from gas_web.explorer.terms import CODING, IMPACTS

_MOST_BARS = 15
_SUGGESTED = 200
_ANY_PLACE = "2000000001-2000000002"


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


class SummaryPage:
    """The counts of a whole table; each leads to its rows, beside the filters of a view."""

    def __init__(self, job: Job, view: View, overview: Overview, summary: Mapping[str, Any]) -> None:
        self.job_id = job.job_id
        self.name = job.input_file_name
        self.view = view
        self.total, self.known, self.novel = overview.total, overview.known, overview.novel
        self.impacts = overview.impacts
        self.ts_tv = _ts_tv(summary)
        self._overview = overview

    def url(self, view: View) -> str:
        return table_url(self.job_id, view)

    def choose_url(self, text: str) -> str:
        """The view with this filter in place of those of its field."""
        return self.url(self.view.choosing(filter_of(text)))

    @property
    def clear_url(self) -> str:
        return self.url(self.view.cleared)

    @property
    def suggestions(self) -> dict[str, list[str]]:
        """Values that a field can be compared with, as far as they are few."""
        counted = self._overview
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
        counted = self._overview
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
        density = self._overview.density
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

    def _chart(self, name: str, title: str, field: str, counts: Mapping[str, int]) -> Chart | None:
        if not any(counts.values()):
            return None
        most = max(counts.values())
        bars = [
            self._bar(
                each,
                {"yes": "Known", "no": "Novel"}[each] if field == "known" else label_of(each),
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


def table_url(job_id: str, view: View) -> str:
    args: dict[str, Any] = view.args
    return url_for("results.table", job_id=job_id, **args)


def label_of(name: str) -> str:
    return name.replace("_", " ")


def _range(each: Bin) -> tuple[str, str]:
    """A bin in words, and as a filter asks for it."""
    if each.low is None:
        return f"below {each.high:,g}", f"below:{each.high:g}"
    if each.high is None:
        return f"{each.low:,g} or more", f"min:{each.low:g}"
    return f"{each.low:,g} to below {each.high:,g}", f"in:{each.low:g}..{each.high:g}"


def _ts_tv(summary: Mapping[str, Any]) -> str:
    ratio = summary.get("alleles", {}).get("ts_tv")
    return "" if ratio is None else f"{ratio:.2f}"
