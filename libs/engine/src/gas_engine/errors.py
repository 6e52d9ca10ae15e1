"""The engine's own errors. Each carries fields; its text is one sentence that tells the user what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class EngineError(Exception):
    """The annotation cannot go on. ``str(error)`` is a sentence for the person who asked for it."""


class ResumeError(EngineError):
    """The unfinished run in ``directory`` cannot be gone on with; ``why`` comes behind these words."""

    def __init__(
        self, directory: Path, why: str, remedy: str = "Remove that directory to begin anew."
    ) -> None:
        self.directory = directory
        self.why = why
        self.remedy = remedy
        super().__init__(directory, why, remedy)

    def __str__(self) -> str:
        return f"The unfinished run in {self.directory} {self.why}. {self.remedy}"


class BundleError(EngineError):
    """A reference bundle is damaged, of another format version, or cannot be built from what was given."""


class PickError(EngineError):
    """``name`` is no criterion to pick by, or is named twice; ``known`` are all there are."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        self.name = name
        self.known = known
        super().__init__(name, known)

    def __str__(self) -> str:
        return (
            f"{self.name!r} is no criterion to pick by, or is named twice: choose of {', '.join(self.known)}."
        )


class CsqError(EngineError):
    """bcftools csq cannot go on: pysam is not there, or the process ended with ``code`` and ``said`` why."""

    def __init__(self, code: int | None = None, said: str = "") -> None:
        self.code = code
        self.said = said
        super().__init__(code, said)

    def __str__(self) -> str:
        if self.code is None:
            return "bcftools csq comes with pysam, which is not installed: pip install 'gas-engine[csq]'."
        why = f": {self.said}" if self.said else ""
        end = f"was ended by signal {-self.code}" if self.code < 0 else f"ended with exit code {self.code}"
        return f"bcftools csq {end}{why}. Without --engine csq, the engine's own consequences are to be had."


class VcfError(EngineError):
    """A place in the input that is not VCF.

    Parameters
    ----------
    line
        Line of the uncompressed text, counted from 1; the header counts.
    column
        Column (tab-separated field) of that line, counted from 1, or None when the whole line is meant.
    field
        The column's name (``POS``, ``REF``), or an empty string.
    found, expected
        What stands there and what belongs there, as short phrases without a full stop.
    """

    def __init__(self, line: int, column: int | None, field: str, found: str, expected: str) -> None:
        self.line = line
        self.column = column
        self.field = field
        self.found = found
        self.expected = expected
        super().__init__(line, column, field, found, expected)

    def __str__(self) -> str:
        where = f"Line {self.line}" if self.column is None else f"Line {self.line}, column {self.column}"
        name = f" ({self.field})" if self.field else ""
        return f"{where}{name}: {self.found} where {self.expected} belongs."


class NotVcfError(EngineError):
    """The input is some other kind of file. ``kind`` is a noun phrase that reads well after "a"."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(kind)

    def __str__(self) -> str:
        return f"The file looks like a {self.kind}. Choose the .vcf or .vcf.gz."


class NoSamplesError(EngineError):
    """Haplotypes are asked of a file without samples."""

    def __str__(self) -> str:
        return (
            "--haplotypes needs phased genotypes: the file has no samples. "
            "Leave the option out, or choose the file of genotypes that these variants were taken from."
        )


class EmptyInputError(EngineError):
    """The input holds no byte, or unpacks to none."""

    def __str__(self) -> str:
        return "The file is empty. Choose the .vcf or .vcf.gz that holds your variants."


class CompressionError(EngineError):
    """The gzip or BGZF data is cut short or damaged near ``offset_bytes`` of the compressed file."""

    def __init__(self, offset_bytes: int, *, cut_short: bool) -> None:
        self.offset_bytes = offset_bytes
        self.cut_short = cut_short
        super().__init__(offset_bytes, cut_short)

    def __str__(self) -> str:
        if self.cut_short:
            return (
                f"The compressed file is cut short after {self.offset_bytes:,} bytes. "
                "Compress it again, or upload the whole file again."
            )
        return (
            f"The compressed file is damaged near byte {self.offset_bytes:,}. "
            "Compress it again, or upload the whole file again."
        )


class LimitError(EngineError):
    """The input is larger than the engine was allowed to unpack; ``limit`` says which cap it passed."""

    def __init__(self, limit: str, remedy: str) -> None:
        self.limit = limit
        self.remedy = remedy
        super().__init__(limit, remedy)

    def __str__(self) -> str:
        return f"The file unpacks to more than {self.limit}. {self.remedy}"


class NoContigError(EngineError):
    """Not one record lies on a contig of the bundle. ``found`` names the first few contigs met instead."""

    def __init__(self, bundle: str, found: tuple[str, ...], *, more: bool = False, hint: str = "") -> None:
        self.bundle = bundle
        self.found = found
        self.more = more
        self.hint = hint
        super().__init__(bundle, found, more, hint)

    def __str__(self) -> str:
        names = ", ".join(self.found) + ("..." if self.more else "")
        return f"no record lies on a contig of {self.bundle}: found {names}"


class AssemblyError(EngineError):
    """REF contradicts the bundle in most records; ``hint`` names the assembly they were likely called on."""

    def __init__(self, bundle: str, contradicting: int, checked: int, hint: str) -> None:
        self.bundle = bundle
        self.contradicting = contradicting
        self.checked = checked
        self.hint = hint
        super().__init__(bundle, contradicting, checked, hint)

    def __str__(self) -> str:
        return (
            f"REF contradicts {self.bundle} in {self.contradicting:,} of {self.checked:,} records: "
            f"the file was likely called on {self.hint}. Choose that reference, or call the variants again."
        )
