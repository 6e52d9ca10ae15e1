"""What a reader asks of a table: an address in, a checked view out, and the polars expression of it.

Pure: nothing here reads a table, and nothing of an address is ever run. A filter reads
``field:operator:value`` in an address (``f=impact:is:HIGH,MODERATE``), those of a group under its number
(``f1=impact:is:HIGH&f1=known:is:no``); what does not parse is a QueryError with a sentence for the reader.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Protocol

import polars as pl

from gas_web.explorer.columns import USUAL, columns_of
from gas_web.explorer.errors import QueryError
from gas_web.explorer.terms import BY_NAME, CODING, IMPACTS

MAX_FILTERS: Final = 20
"""Of a view, those in groups among them."""
MAX_VALUES: Final = 200
"""Alternatives of one filter: a panel of genes."""
MAX_CHARACTERS: Final = 2000
"""Of one filter's value. Addresses hold them, and servers take some 8,000 characters of address."""
_WORDS_VALUES = 5
MAX_POSITION: Final = 2**31 - 1
SORTS: Final = {"position": "Position", "impact": "Impact"}

_REGION = re.compile(r"(?P<contig>.+):(?P<start>[0-9,]{1,14})(?:-(?P<end>[0-9,]{1,14}))?")
_TO = ".."
"""Between the ends of a range of numbers, of which the upper one is outside: bins of a chart share no row."""
_RS_ID = re.compile(r"rs[0-9]{1,15}", re.IGNORECASE)
_TERMS = {name.casefold(): name for name in BY_NAME}


class Kind(Enum):
    """What a field holds, and so how it can be asked."""

    NAME = "name"
    """One of a set of names."""
    TEXT = "text"
    IDS = "ids"
    """Several names."""
    NUMBER = "number"
    FLAG = "flag"
    REGION = "region"


@dataclass(frozen=True, slots=True)
class Field:
    """Something that can be filtered: ``columns`` of the table hold it, one of them has to match."""

    label: str
    kind: Kind
    columns: tuple[str, ...]


FIELDS: Final = {
    "gene": Field("Gene", Kind.NAME, ("symbol",)),
    "consequence": Field("Consequence", Kind.NAME, ("consequence",)),
    "impact": Field("Impact", Kind.NAME, ("impact",)),
    "coding": Field("Coding", Kind.FLAG, ("consequence",)),
    "known": Field("Known", Kind.FLAG, ("known_ids",)),
    "id": Field("ID", Kind.IDS, ("ids",)),
    "region": Field("Region", Kind.REGION, ("contig_name", "contig", "pos", "ref")),
    "contig": Field("Contig", Kind.NAME, ("contig_name", "contig")),
    "class": Field("Class", Kind.NAME, ("variant_class",)),
    "hgvs_c": Field("HGVS of the transcript", Kind.TEXT, ("hgvs_c",)),
    "hgvs_p": Field("HGVS of the protein", Kind.TEXT, ("hgvs_p",)),
    "af": Field("Allele frequency", Kind.NUMBER, ("allele_frequency",)),
    "quality": Field("Quality", Kind.NUMBER, ("qual",)),
    "filter": Field("FILTER", Kind.NAME, ("filter",)),
    "biotype": Field("Biotype", Kind.NAME, ("biotype",)),
    "status": Field("Status", Kind.NAME, ("status",)),
}
OPERATORS: Final[Mapping[Kind, Mapping[str, str]]] = {
    Kind.NAME: {"is": "is", "not": "is not"},
    Kind.TEXT: {"has": "contains", "is": "is"},
    Kind.IDS: {"is": "is"},
    Kind.NUMBER: {"min": "at least", "max": "at most", "below": "below", "in": "from"},
    Kind.FLAG: {"is": "is"},
    Kind.REGION: {"is": "overlaps"},
}
_FLAGS = {"yes": True, "no": False}
_GROUP_NAMES: Final = tuple(f"f{number}" for number in range(1, MAX_FILTERS + 1))
_GROUP_NAME = re.compile(r"f\d+")


@dataclass(frozen=True, slots=True)
class Region:
    """Positions ``start`` to ``end`` of a contig, 1-based, both included."""

    contig: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.contig}:{self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition, checked: ``values`` are alternatives, one but for names."""

    field: str
    operator: str
    values: tuple[str, ...]

    @property
    def text(self) -> str:
        """As it stands in an address."""
        return f"{self.field}:{self.operator}:{','.join(self.values)}"

    @property
    def words(self) -> str:
        """As a chip says it."""
        field = FIELDS[self.field]
        if field.kind is Kind.FLAG:
            says = {("coding", "yes"): "Coding", ("coding", "no"): "Not coding", ("known", "yes"): "Known"}
            return says.get((self.field, self.values[0]), "Novel")
        if self.operator == "in":
            low, high = self.values[0].split(_TO)
            return f"{field.label} from {low} to below {high}"
        values = [value.replace("_", " ") if self.field == "consequence" else value for value in self.values]
        said = OPERATORS[field.kind][self.operator]
        if len(values) > _WORDS_VALUES:
            return f"{field.label} {said} one of {len(values)}: {', '.join(values[:_WORDS_VALUES])}, …"
        return f"{field.label} {said} {' or '.join(values)}"

    def expression(self) -> pl.Expr:
        """True for the rows that match, never null."""
        field = FIELDS[self.field]
        first = self.values[0]
        match field.kind:
            case Kind.NAME:
                found = _any(pl.col(column) == value for column in field.columns for value in self.values)
                if self.operator == "not":
                    # A variant without a gene is not of that gene either.
                    return ~found.fill_null(value=False)
            case Kind.TEXT:
                column = pl.col(field.columns[0])
                found = (
                    column.str.contains(first, literal=True) if self.operator == "has" else column == first
                )
            case Kind.IDS:
                column = pl.col(field.columns[0])
                found = column.list.contains(first)
            case Kind.NUMBER:
                found = _numbers(pl.col(field.columns[0]), self.operator, first)
            case Kind.FLAG:
                found = (
                    _any(pl.col("consequence") == term for term in CODING)
                    if self.field == "coding"
                    else pl.col("known_ids").list.len() > 0
                )
                found = found.fill_null(value=False)
                return found if _FLAGS[first] else ~found
            case _:
                region = region_of(first)
                last = pl.col("pos") + pl.col("ref").str.len_bytes().cast(pl.Int64) - 1
                found = (
                    ((pl.col("contig_name") == region.contig) | (pl.col("contig") == region.contig))
                    & (pl.col("pos") <= region.end)
                    & (last >= region.start)
                )
        return found.fill_null(value=False)


Group = tuple[Filter, ...]
"""Filters that are joined before the groups are; one alone is a group, too."""


@dataclass(frozen=True, slots=True)
class View:
    """A view of a table: which rows, in which order, the first one on the page (1-based), which columns."""

    groups: tuple[Group, ...] = ()
    """Those of one filter first: the order of an address."""
    any: bool = False
    """One of the groups is enough, and of a group all have to match; else all groups, and any of a group."""
    sort: str = "position"
    row: int = 1
    columns: tuple[str, ...] = ()
    """Those that were asked for, in their order; none asks for the usual ones."""

    @property
    def filters(self) -> tuple[Filter, ...]:
        """The filters of all groups."""
        return tuple(each for group in self.groups for each in group)

    @property
    def shown(self) -> tuple[str, ...]:
        """The columns beside the variant itself, which is always the first."""
        return self.columns or USUAL

    @property
    def args(self) -> dict[str, str | list[str]]:
        """The arguments of its address; what is as usual is left out."""
        args: dict[str, str | list[str]] = {}
        alone = [group[0].text for group in self.groups if len(group) == 1]
        if alone:
            args["f"] = alone
        for number, group in enumerate((group for group in self.groups if len(group) > 1), 1):
            args[f"f{number}"] = [each.text for each in group]
        if self.any and len(self.filters) > 1:
            args["match"] = "any"
        if self.sort != "position":
            args["sort"] = self.sort
        if self.row > 1:
            args["row"] = str(self.row)
        if self.columns:
            args["columns"] = ",".join(self.columns)
        return args

    def expression(self) -> pl.Expr | None:
        """True for the rows of the view; None for all."""
        if not self.groups:
            return None
        joined = [self.of_group(group) for group in self.groups]
        return pl.any_horizontal(joined) if self.any else pl.all_horizontal(joined)

    def of_group(self, group: Group) -> pl.Expr:
        """True for the rows that a group lets through."""
        each = [one.expression() for one in group]
        return pl.all_horizontal(each) if self.any else pl.any_horizontal(each)

    def adding(self, new: Filter) -> View:
        """The view with one filter more, from its first row; the same twice is once."""
        return self._of((*self.groups, (new,)))

    def joining(self, new: Filter, place: int) -> View:
        """The view with one filter more in the group at ``place`` (from 0) of ``groups``."""
        if not 0 <= place < len(self.groups):
            raise QueryError("There is no filter to join there.")
        before, group, after = self.groups[:place], self.groups[place], self.groups[place + 1 :]
        return self._of((*before, (*group, new), *after))

    def choosing(self, new: Filter) -> View:
        """The view with this filter in place of those of its field, as a click on a bar of a chart asks.

        Groups stay as they are; where there is no room for one more filter, the first ones leave.
        """
        groups = [group for group in self.groups if len(group) > 1 or group[0].field != new.field]
        while sum(map(len, groups)) >= MAX_FILTERS:
            del groups[0]
        return self._of((*groups, (new,)))

    def without(self, old: Filter, *, of: Group) -> View:
        """The view without one filter of a group."""
        rest = tuple(each for each in of if each != old)
        return self._of(tuple(rest if group == of else group for group in self.groups))

    def dropping(self, old: Group) -> View:
        """The view without a group."""
        return self._of(tuple(group for group in self.groups if group != old))

    @property
    def cleared(self) -> View:
        """The view without filters."""
        return self._of(())

    def _of(self, groups: Iterable[Group]) -> View:
        return replace(self, groups=_in_order(groups), row=1)


def _in_order(groups: Iterable[Group]) -> tuple[Group, ...]:
    """Groups as an address tells them: nothing twice, none empty, those of one filter first."""
    once = dict.fromkeys(tuple(dict.fromkeys(group)) for group in groups)
    ordered = sorted((group for group in once if group), key=lambda group: len(group) > 1)
    if sum(map(len, ordered)) > MAX_FILTERS:
        raise QueryError(f"There may be {MAX_FILTERS} filters at most. Remove one to add another.")
    return tuple(ordered)


class Args(Protocol):
    """The arguments of a request."""

    def get(self, key: str, default: str, /) -> str: ...

    def getlist(self, key: str, /) -> Sequence[str]: ...

    def __iter__(self) -> Iterator[str]: ...


def view_of(args: Args) -> View:
    """The view that an address asks for.

    Raises
    ------
    QueryError
        It asks for a field, operator, value, order, row or column that there is not.
    """
    named = {name for name in args if _GROUP_NAME.fullmatch(name)}
    if not named.issubset(_GROUP_NAMES):
        # Passed over, it would show what was to be left out.
        raise QueryError(f"Groups of filters are numbered from 1 to {MAX_FILTERS}.")
    texts = [[text] for text in args.getlist("f")] + [args.getlist(name) for name in _GROUP_NAMES]
    if sum(map(len, texts)) > MAX_FILTERS:
        raise QueryError(f"There may be {MAX_FILTERS} filters at most.")
    match, sort, row = args.get("match", "all"), args.get("sort", "position"), args.get("row", "1")
    if match not in {"all", "any"}:
        raise QueryError("Filters match all or any.")
    if sort not in SORTS:
        raise QueryError(f"Variants are sorted by {' or '.join(SORTS)}.")
    groups = _in_order(tuple(filter_of(text) for text in group) for group in texts)
    return View(groups, match == "any", sort, _row(row), columns_of(args.get("columns", "")))


def filter_of(text: str) -> Filter:
    """Read ``field:operator:value``.

    Raises
    ------
    QueryError
        There is no such field or operator, or the value is none of that field's.
    """
    name, _, rest = text.partition(":")
    operator, _, value = rest.partition(":")
    field = FIELDS.get(name)
    if field is None:
        raise QueryError("There is no such field to filter by.")
    if operator not in OPERATORS[field.kind]:
        raise QueryError(f"{field.label} cannot be filtered that way.")
    value = value.strip()
    if not value:
        raise QueryError(f"{field.label}: a value is missing.")
    if len(value) > MAX_CHARACTERS or not value.isprintable():
        raise QueryError(
            f"{field.label}: the value is longer than {MAX_CHARACTERS} characters or not plain text."
        )
    return Filter(name, operator, _values(name, operator, field, value))


def search_of(text: str, *, genes: Iterable[str], contigs: Iterable[str]) -> Filter:
    """What the search box means: a region, an rs ID, a contig of the table, else a gene, whatever its case.

    Raises
    ------
    QueryError
        As ``filter_of``.
    """
    text = text.strip()
    if _REGION.fullmatch(text):
        return filter_of(f"region:is:{text}")
    if _RS_ID.fullmatch(text):
        return filter_of(f"id:is:{text.lower()}")
    wanted = text.casefold()
    for gene in genes:
        if gene.casefold() == wanted:
            return Filter("gene", "is", (gene,))
    for contig in contigs:
        if contig.casefold() == wanted:
            return Filter("contig", "is", (contig,))
    return filter_of(f"gene:is:{text}")


def genes_of(text: str) -> tuple[str, ...]:
    """The names in a list of genes, however they are set apart.

    Raises
    ------
    QueryError
        There are none, or too many.
    """
    names = tuple(dict.fromkeys(re.split(r"[\s,;]+", text.strip(" \t\r\n,;"))))
    if not names[0] or len(names) > MAX_VALUES:
        raise QueryError(f"Gene list: give 1 to {MAX_VALUES} names.")
    return names


def region_of(text: str) -> Region:
    """Read ``MT:100-300`` or ``MT:100``; thousands may be set apart by commas.

    Raises
    ------
    QueryError
        It is none, or it ends before it starts.
    """
    found = _REGION.fullmatch(text.strip())
    start, end = (_position(found[part]) for part in ("start", "end")) if found else (None, None)
    if not found or start is None:
        raise QueryError("Region: write it like MT:100-300.")
    region = Region(found["contig"], start, end or start)
    if region.end < region.start:
        raise QueryError("Region: it ends before it starts.")
    return region


def _values(name: str, operator: str, field: Field, value: str) -> tuple[str, ...]:
    if field.kind is Kind.NAME:
        values = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
        if not 0 < len(values) <= MAX_VALUES:
            raise QueryError(f"{field.label}: give 1 to {MAX_VALUES} values, with commas between.")
        return tuple(_name(name, each) for each in values)
    if field.kind is Kind.NUMBER:
        return (_span(field, value) if operator == "in" else _number(field, value),)
    if field.kind is Kind.FLAG:
        if value.casefold() not in _FLAGS:
            raise QueryError(f"{field.label} is yes or no.")
        return (value.casefold(),)
    if field.kind is Kind.REGION:
        return (str(region_of(value)),)
    return (value,)


def _name(field: str, value: str) -> str:
    """The spelling that the table has of the terms that are known here."""
    if field == "impact":
        if value.upper() not in IMPACTS:
            raise QueryError(f"Impact is one of {', '.join(IMPACTS)}.")
        return value.upper()
    if field == "consequence":
        return _TERMS.get(value.replace(" ", "_").casefold(), value)
    return value


def _number(field: Field, value: str) -> str:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise QueryError(f"{field.label} is a number, such as 0.01.")
    return value


def _span(field: Field, value: str) -> str:
    low, _, high = (part.strip() for part in value.partition(_TO))
    if not high or float(_number(field, low)) >= float(_number(field, high)):
        raise QueryError(f"{field.label}: write a range like 0.01..0.05, the lower number first.")
    return f"{low}{_TO}{high}"


def _numbers(column: pl.Expr, operator: str, value: str) -> pl.Expr:
    match operator:
        case "min":
            return column >= float(value)
        case "max":
            return column <= float(value)
        case "below":
            return column < float(value)
        case _:
            low, high = map(float, value.split(_TO))
            return (column >= low) & (column < high)


def _position(text: str | None) -> int | None:
    digits = (text or "").replace(",", "")
    return min(int(digits), MAX_POSITION) if digits else None


def _row(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text) or not int(text):
        raise QueryError("Rows are numbered from 1.")
    return int(text)


def _any(conditions: Iterable[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(list(conditions))
