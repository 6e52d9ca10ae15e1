"""The engine's command line: ``gas-engine annotate``, ``warm`` and ``bundle build|inspect|verify|diff``."""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from gas_engine.annotate import Progress, annotate, annotate_text
from gas_engine.bundle import (
    SHIPPED,
    AlleleSource,
    Bundle,
    TrackSource,
    build_bundle,
    diff_bundles,
    inspect_bundle,
    shipped_directory,
    verify_bundle,
)
from gas_engine.checkpoint import CHECKPOINT_SECONDS, Checkpoints, StoppedError
from gas_engine.csq.run import annotate_with_csq
from gas_engine.errors import EngineError, PickError
from gas_engine.kernel.native import CACHE_DIRECTORY
from gas_engine.outputs.paths import OutputPaths
from gas_engine.pick import ORDER, Keep, Pick
from gas_engine.terminate import TerminatedError, Termination
from gas_engine.version import __version__
from gas_engine.warm import warm

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_EXISTING_DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)
_DIRECTORY = click.Path(file_okay=False, path_type=Path)
_STANDARD_OUTPUT = Path("-")
_INTERRUPTED = 130
_TERMINATED = 143
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class _Bundle(click.ParamType[Path]):
    """The directory of a bundle, or the name of one that comes with the engine."""

    name = "DIRECTORY|NAME"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        directory = Path(value)
        if directory.is_dir():
            return directory
        if value in SHIPPED:
            return shipped_directory(str(value))
        return self.fail(
            f"{value} is neither a directory nor one of those that come with the engine "
            f"({', '.join(SHIPPED)}).",
            param,
            ctx,
        )


_BUNDLE = _Bundle()


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="gas-engine")
def main() -> None:
    """Annotate variants: what each one does to genes and proteins, known IDs, overlapping regions.

    \b
    Exit codes: 0 done; 1 the input, the bundle or the disk is at fault and one sentence
    on standard error says how; 2 the command was called wrongly; 130 interrupted; 143 terminated.
    """  # noqa: D301 - click reads the backspace character


@main.command("annotate")
@click.argument("vcf", type=click.File("rb"))
@click.option(
    "-o",
    "--output",
    required=True,
    type=_DIRECTORY,
    help="Directory for the five files; made if missing. Or -, for the VCF alone on standard output.",
)
@click.option(
    "--bundle",
    "bundle_path",
    type=_BUNDLE,
    default=SHIPPED[0],
    show_default=True,
    help="Reference bundle to hold the variants against: a directory, or one that comes with the engine: "
    "rCRS, the human mitochondrial genome, or SARS-CoV-2.",
)
@click.option(
    "--pick",
    "keep",
    type=click.Choice([keep.value for keep in Keep]),
    default=Keep.ALL.value,
    show_default=True,
    help="Consequences to keep of an allele: all, the first of each gene, the first, or the most severe.",
)
@click.option(
    "--pick-order",
    "order",
    default=",".join(ORDER),
    show_default=True,
    metavar="A,B,...",
    help="What --pick goes by, the first the most important.",
)
@click.option(
    "--haplotypes",
    is_flag=True,
    help="Tell too, in INFO/CSQ_HAPLOTYPE, what coding variants on one haplotype do together. "
    "Needs phased genotypes.",
)
@click.option(
    "--engine",
    type=click.Choice(["own", "csq"]),
    default="own",
    show_default=True,
    help="Whose consequences: our own, or those of bcftools csq, in INFO/BCSQ and without a table.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Leave checkpoints, and go on from the last one if this command was stopped before.",
)
@click.option(
    "--checkpoint-seconds",
    type=click.FloatRange(min=0),
    default=CHECKPOINT_SECONDS,
    show_default=True,
    help="Seconds from one checkpoint of --resume to the next.",
)
@click.option("--no-hgvs", is_flag=True, help="Leave HGVSc, HGVSp and HGVSg empty, which takes less time.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def annotate_command(
    *,
    vcf: BinaryIO,
    output: Path,
    bundle_path: Path,
    keep: str,
    order: str,
    haplotypes: bool,
    engine: str,
    resume: bool,
    checkpoint_seconds: float,
    no_hgvs: bool,
    quiet: bool,
) -> None:
    """Annotate a VCF; - reads standard input.

    VCF 3.3 and 4.0 to 4.5 are read, plain, gzip or BGZF.

    \b
    Leaves in the output directory, all five or none:
      annot.vcf.gz      the records, with known IDs in ID and consequences in INFO/CSQ (VEP's layout)
      annot.vcf.gz.tbi  its index
      table.parquet     a row per allele, for data frames
      summary.json      all counts, for programs
      count.log         the same counts, for people
    With --engine csq there is no table.

    \b
    With -o - the records go to standard output as text, as they come, and no file is left. What is
    told of the run goes to standard error. Names that the header does not declare are declared if
    the first records use them (4 MiB); later ones stay undeclared, and are counted.

    \b
    Records on contigs that the bundle lacks pass through unchanged. Records whose REF contradicts
    the bundle pass through with the flag GAS_REF_MISMATCH. Both are counted; if there is nothing else,
    the command fails and says so. Unsorted files are sorted, unless they are large (then: bcftools sort).

    With --resume, a run that was terminated, killed or out of disk leaves a hidden directory in the output
    directory. The same command on the same input then goes on, and leaves the very files that it would have
    left without the break. Another input, bundle, option or version of the engine is refused.

    \b
    Examples:
      gas-engine annotate in.vcf -o results
      zcat in.vcf.gz | gas-engine annotate - -o results --bundle my-bundle
      gas-engine annotate in.vcf.gz -o - | bcftools view -i 'CSQ~"HIGH"' -Ob -o high.bcf
      bcftools +split-vep -f '%POS %SYMBOL %Consequence\\n' -d results/annot.vcf.gz
    """  # noqa: D301 - click reads the backspace character
    try:
        pick = Pick(Keep(keep), tuple(order.split(",")))
    except PickError as error:
        raise click.UsageError(f"--pick-order: {error}") from error
    if engine == "csq" and (resume or haplotypes or no_hgvs or pick.keep is not Keep.ALL):
        raise click.UsageError("--engine csq has none of --haplotypes, --no-hgvs, --pick and --resume.")
    piped = output == _STANDARD_OUTPUT
    if piped and (resume or haplotypes or engine == "csq"):
        raise click.UsageError("-o - has none of --engine csq, --haplotypes and --resume.")
    if haplotypes and resume:
        raise click.UsageError("--haplotypes cannot be resumed: leave out one of --haplotypes and --resume.")
    checkpoints = Checkpoints(checkpoint_seconds) if resume else None
    with _one_sentence_errors(checkpoints), Termination(checkpoints) as termination:
        bundle = Bundle.load(bundle_path)
        show = _show_progress if sys.stderr.isatty() and not quiet else _ignore_progress
        source, progress = termination.input(vcf), termination.progress(show)
        if piped:
            summary = annotate_text(source, bundle, sys.stdout.buffer, progress, pick=pick, hgvs=not no_hgvs)
        elif engine == "csq":
            summary = annotate_with_csq(source, bundle, OutputPaths(output), progress)
        else:
            summary = annotate(
                source,
                bundle,
                OutputPaths(output),
                progress,
                pick=pick,
                checkpoints=checkpoints,
                haplotypes=haplotypes,
                hgvs=not no_hgvs,
            )
    if not quiet:
        records, alleles = summary.records, summary.alleles
        click.echo(
            f"{records.annotated:,} of {records.read:,} records annotated on {bundle.name} "
            f"(alleles: {alleles.annotated:,}, with a known ID: {alleles.known:,}) "
            f"in {summary.timing.seconds} s.",
            err=piped,
        )
        for note in summary.notes:
            click.echo(f"Note: {note}", err=piped)
        if not piped:
            click.echo(f"Results are in {output}; {output / 'count.log'} tells all counts.")


@main.command("warm")
@click.option(
    "--bundle",
    "bundle_path",
    type=_BUNDLE,
    default=SHIPPED[0],
    show_default=True,
    help="Bundle to read into memory.",
)
def warm_command(bundle_path: Path) -> None:
    """Compile the engine's core, so that no later run has to.

    The code is kept under NUMBA_CACHE_DIR, or in the user's cache. It fits the processor it was made on, or
    the one that NUMBA_CPU_NAME names: set that to "generic" for an image that runs on many.
    """
    with _one_sentence_errors():
        bundle = Bundle.load(bundle_path)
        begin = time.monotonic()
        warm(bundle)
    click.echo(
        f"Ready for {bundle.name} in {time.monotonic() - begin:.1f} s; the code is in {CACHE_DIRECTORY}."
    )


@main.group("bundle")
def bundle_group() -> None:
    """Make reference bundles, or look into one."""


@bundle_group.command("inspect")
@click.argument("path", default=SHIPPED[0], type=_BUNDLE)
def inspect_command(path: Path) -> None:
    """Tell as JSON what a bundle holds. Without PATH, the rCRS that comes with the engine."""
    with _one_sentence_errors():
        click.echo(json.dumps(inspect_bundle(path), indent=2, ensure_ascii=False))


@bundle_group.command("verify")
@click.argument("path", type=_EXISTING_DIRECTORY)
def verify_command(path: Path) -> None:
    """Read every byte of a bundle and hold it against its checksum."""
    with _one_sentence_errors():
        verify_bundle(path)
    click.echo(f"{path} is what its manifest says.")


@bundle_group.command("diff")
@click.argument("one", type=_EXISTING_DIRECTORY)
@click.argument("other", type=_EXISTING_DIRECTORY)
def diff_command(one: Path, other: Path) -> None:
    """Tell as JSON what OTHER has more, less or otherwise than ONE.

    Contigs and their bases, transcripts, known alleles and tracks: how many, and the first few by name.
    """
    with _one_sentence_errors():
        click.echo(json.dumps(diff_bundles(one, other), indent=2, ensure_ascii=False))


@bundle_group.command("build")
@click.argument("fasta", type=_EXISTING_FILE)
@click.argument("genes", type=_EXISTING_FILE)
@click.option(
    "-o", "--output", required=True, type=_DIRECTORY, help="Directory of the new bundle; must not exist."
)
@click.option("--name", required=True, help="Short name of the bundle, as in rCRS.")
@click.option("--assembly", required=True, help="Assembly that positions refer to, as in GRCh38.")
@click.option("--version", "version", default="1", show_default=True, help="Version of the bundle's content.")
@click.option(
    "--known",
    "known_vcfs",
    type=_EXISTING_FILE,
    multiple=True,
    help="VCF whose IDs are given to the same alleles. May be given again.",
)
@click.option(
    "--source",
    "allele_sources",
    multiple=True,
    metavar="NAME=VCF:FIELD,...",
    help="VCF whose INFO fields are given to the same alleles, as NAME_FIELD; ID and FILTER may be among "
    "them. May be given again.",
)
@click.option(
    "--track",
    "tracks",
    multiple=True,
    metavar="NAME=BED",
    help="Regions to report overlaps with; NAME becomes an INFO field. May be given again.",
)
@click.option(
    "--genetic-code",
    "genetic_codes",
    multiple=True,
    metavar="CONTIG=N",
    help="NCBI translation table of a contig (2 for vertebrate mitochondria); 1 if not said.",
)
@click.option(
    "--assembly-report",
    type=_EXISTING_FILE,
    help="NCBI's *_assembly_report.txt: what inputs and VCFs may call the contigs, as in NC_000001.11.",
)
@click.option(
    "--alias",
    "aliases",
    multiple=True,
    metavar="CONTIG=NAME,...",
    help="Other names of a contig. May be given again.",
)
@click.option(
    "--version-of",
    "versions",
    multiple=True,
    metavar="PART=TEXT",
    help="Version of an input, where it does not tell: of sequence, genes, known, a source or a track.",
)
@click.option(
    "--circular", multiple=True, metavar="CONTIG", help="A contig without ends. May be given again."
)
def build_command(
    *,
    fasta: Path,
    genes: Path,
    output: Path,
    name: str,
    assembly: str,
    version: str,
    known_vcfs: tuple[Path, ...],
    allele_sources: tuple[str, ...],
    tracks: tuple[str, ...],
    genetic_codes: tuple[str, ...],
    assembly_report: Path | None,
    aliases: tuple[str, ...],
    versions: tuple[str, ...],
    circular: tuple[str, ...],
) -> None:
    """Make a bundle of FASTA (the genome) and GENES (its models: GFF3 or GTF); both may be gzipped.

    Rows of VCFs and tracks on contigs that the FASTA lacks (patches, alternate loci) are left out, and so
    are the few records of a VCF that contradict it; both are counted.

    \b
    Example:
      gas-engine bundle build genome.fa genes.gff3 -o my-bundle --name demo --assembly GRCh38 \\
          --known dbsnp.vcf.gz --source ClinVar=clinvar.vcf.gz:CLNSIG,CLNREVSTAT \\
          --track repeats=repeats.bed \\
          --assembly-report GCF_000001405.40_GRCh38.p14_assembly_report.txt \\
          --genetic-code chrM=2 --circular chrM
    """  # noqa: D301 - click reads the backspace character
    sourced = [_allele_source(text) for text in allele_sources]
    names = [_pair(text, "--alias", "CONTIG=NAME,...") for text in aliases]
    regions = [_pair(text, "--track", "NAME=BED") for text in tracks]
    codes = dict(_pair(text, "--genetic-code", "CONTIG=N") for text in genetic_codes)
    if wrong := next((number for number in codes.values() if not number.isdigit()), None):
        raise click.UsageError(f"--genetic-code: {wrong} is not the number of a translation table.")
    with _one_sentence_errors(), Termination(None):
        bundle = build_bundle(
            fasta,
            genes,
            output,
            name=name,
            assembly=assembly,
            version=version,
            known_vcfs=known_vcfs,
            allele_sources=sourced,
            tracks=[TrackSource(track, track, Path(bed)) for track, bed in regions],
            genetic_codes={contig: int(number) for contig, number in codes.items()},
            aliases={contig: others.split(",") for contig, others in names},
            assembly_report=assembly_report,
            circular=circular,
            versions=dict(_pair(text, "--version-of", "PART=TEXT") for text in versions),
        )
    models = len(bundle.tables.model.transcripts)
    click.echo(
        f"{bundle.name}: {len(bundle.contigs)} contigs, {models:,} transcripts, "
        f"{bundle.known_count:,} known alleles, in {output}"
    )
    for each in bundle.manifest.sources:
        if each.note:
            click.echo(f"Note on {each.part} ({each.name}): {each.note}")


def _allele_source(text: str) -> AlleleSource:
    form = "NAME=VCF:FIELD,..."
    name, rest = _pair(text, "--source", form)
    path, _, fields = rest.rpartition(":")
    if not (path and fields):
        raise click.UsageError(f"--source takes {form}, not {text}.")
    return AlleleSource(name, Path(path), tuple(fields.split(",")))


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not (left and equals and right):
        raise click.UsageError(f"{option} takes {form}, not {text}.")
    return left, right


@contextmanager
def _one_sentence_errors(checkpoints: Checkpoints | None = None) -> Iterator[None]:
    """Turn what is the user's to mend into one sentence on standard error and exit code 1."""
    try:
        yield
    except EngineError as error:
        raise click.ClickException(str(error)) from error
    except BrokenPipeError:
        raise  # whoever read our output has enough; click ends quietly
    except OSError as error:
        if error.errno in _NO_ROOM:
            sentence = f"There is no room for the results: {os.strerror(error.errno or 0)}."
        else:
            sentence = f"{error.filename or 'The file'}: {error.strerror or error}."
        if checkpoints and checkpoints.records:
            sentence += f" When this is mended, {_goes_on(checkpoints)}."
        raise click.ClickException(sentence) from error
    except KeyboardInterrupt:
        click.echo(f"Interrupted; {_goes_on(checkpoints)}.", err=True)
        sys.exit(_INTERRUPTED)
    except (StoppedError, TerminatedError):
        click.echo(f"Terminated; {_goes_on(checkpoints)}.", err=True)
        sys.exit(_TERMINATED)


def _goes_on(checkpoints: Checkpoints | None) -> str:
    """Say what a stopped run left."""
    if checkpoints and checkpoints.records:
        return f"the same command goes on after record {checkpoints.records:,}"
    return "no results were left"


def _show_progress(progress: Progress) -> None:
    share = f" ({progress.bytes_read / progress.bytes_total:.0%})" if progress.bytes_total else ""
    end = "\n" if progress.stage == "done" else ""
    click.echo(f"\r{progress.stage}: {progress.records:,} records{share}   {end}", nl=False, err=True)


def _ignore_progress(_: Progress) -> None:
    """Say nothing: standard error is no terminal, or the user wants quiet."""
