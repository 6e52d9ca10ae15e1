"""NCBI's assembly report: what the contigs of an assembly are called by those who publish it.

``*_assembly_report.txt`` of ncbi.nlm.nih.gov/datasets, tab-separated: Sequence-Name, Sequence-Role,
Assigned-Molecule, its type, GenBank-Accn, Relationship, RefSeq-Accn, Assembly-Unit, Sequence-Length,
UCSC-style-name; ``na`` where there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gas_engine.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_COLUMNS: Final = 10
_NAME, _ROLE, _MOLECULE, _GENBANK, _REFSEQ, _LENGTH, _UCSC = 0, 1, 2, 4, 6, 8, 9
_MISSING: Final = "na"


def read_report(lines: Iterable[str], lengths: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Other names of the contigs that ``lengths`` has, by theirs; those of another length are not the same.

    Raises
    ------
    BundleError
        If it is no assembly report, or none of its sequences is a contig.
    """
    found: dict[str, tuple[str, ...]] = {}
    for number, text in enumerate(lines, 1):
        line = text.rstrip("\r\n")
        if line.startswith("#") or not line:
            continue
        columns = line.split("\t")
        if len(columns) != _COLUMNS or not columns[_LENGTH].isdigit():
            raise BundleError(
                f"Assembly report, line {number}: this is no row of one (ten columns, the ninth a length)."
            )
        names = [columns[column] for column in (_NAME, _GENBANK, _REFSEQ, _UCSC)]
        if columns[_ROLE] == "assembled-molecule":
            names.append(columns[_MOLECULE])
        names = [name for name in dict.fromkeys(names) if name != _MISSING]
        for name in names:
            if lengths.get(name) == int(columns[_LENGTH]):
                found[name] = tuple(other for other in names if other != name)
    if not found:
        raise BundleError(
            "Assembly report: none of its sequences is a contig of the FASTA, by name and length; the FASTA "
            f"has {', '.join(f'{name} ({length:,})' for name, length in list(lengths.items())[:5])}."
        )
    return found
