"""Why a job FAILED, in the researcher's words: what is wrong, and what to do."""

from __future__ import annotations

from dataclasses import replace

from gas_annotator.engine import MisfitError, UnknownBundleError
from gas_core.domain.job import TRIES_SPENT, Failure
from gas_engine.errors import (
    AssemblyError,
    BundleError,
    CompressionError,
    EmptyInputError,
    EngineError,
    LimitError,
    NoContigError,
    NotVcfError,
    VcfError,
)

_CODES: dict[type[EngineError], str] = {
    VcfError: "vcf",
    NotVcfError: "not_vcf",
    EmptyInputError: "empty",
    CompressionError: "compression",
    LimitError: "limit",
    NoContigError: "contigs",
    AssemblyError: "assembly",
    UnknownBundleError: "bundle",
}
_WORDS = {2: "Two", 3: "Three", 4: "Four", 5: "Five", 6: "Six", 7: "Seven", 8: "Eight", 9: "Nine", 10: "Ten"}

INPUT_MISSING = Failure(
    code="input_missing", sentence="The file is no longer in the store.", hint="Submit it again."
)


def fitting_bundle(error: EngineError) -> str:
    """The bundle that a file fits which failed by its reference; empty if there is none."""
    return error.fits if isinstance(error, MisfitError | UnknownBundleError) else ""


def failure_of(error: EngineError, *, file_name: str) -> Failure | None:
    """The reason to tell, or None if it is not the file's fault."""
    if isinstance(error, BundleError):
        return None
    failure = _told(error.misfit if isinstance(error, MisfitError) else error, file_name)
    fits = fitting_bundle(error)
    return replace(failure, hint=f"It fits {fits}: submit it again with that reference.") if fits else failure


def _told(error: EngineError, file_name: str) -> Failure:
    code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), "input")
    match error:
        case VcfError():
            # The page shows the place once more, as a link into the file.
            return Failure(
                code, str(error), "Correct the line and submit it again.", error.line, error.column or 0
            )
        case NotVcfError():
            return Failure(code, f"{file_name} looks like a {error.kind}.", "Choose the .vcf or .vcf.gz.")
        case UnknownBundleError():
            others = ", ".join(error.offered)
            return Failure(code, _sentence(str(error)), f"Submit it again with another: {others}.")
        case NoContigError():
            called_on = f"The file says that it was called on {error.hint}. " if error.hint else ""
            return Failure(code, _sentence(str(error)), f"{called_on}Choose another reference.")
        case _:
            return Failure(code, _sentence(str(error)))


def out_of_tries(tries: int) -> Failure:
    """Every try ended badly, and none for a reason that the file gave."""
    counted = "One try" if tries == 1 else f"{_WORDS.get(tries, str(tries))} tries"
    return Failure(
        code=TRIES_SPENT,
        sentence=f"{counted} failed; the fault is ours. Your file is kept.",
        hint="Submit it again, or ask the operator of this service.",
    )


def _sentence(text: str) -> str:
    """With a capital and a full stop, which the engine's own words may lack."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
