"""Time the engine beside the annotators that people use instead, on the same file and in one run.

    python bench/engine/others.py --data DIR [--rounds 5] [--snpeff]

DIR is what ``make_data.py`` made, and ``run.py`` has built its bundle. Every tool writes VCF as text, of the
records of ``wgs-1m.vcf``, or of ``wgs-100k.vcf`` where it is slow; ours is timed on each of the two. Wanted
beside our environment: bcftools, tabix and vcfanno (Debian has them), and with ``--snpeff`` SnpEff, whose
database is built at the first call. Seconds are those of the processor with all children, as in ``run.py``.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

from run import CSQ, tell, timed

MODELS, GENOME, KNOWN, REGIONS = "genes.gff3", "genome.fa", "known.bgz.vcf.gz", "segdups.bed.gz"
IDS = "known.tab.gz"  # bcftools annotate takes a stream only with a table
VCFANNO = f"""\
[[annotation]]
file="{KNOWN}"
fields=["ID"]
ops=["self"]
names=["rs"]

[[annotation]]
file="{REGIONS}"
columns=[4]
ops=["uniq"]
names=["segdups"]
"""
SNPEFF = ("-Xmx8g", "-c", "snpEff.config")


def prepare(data: Path, *, snpeff: bool) -> None:
    """Write what the others want in forms of their own, once."""

    def shell(made: str, command: str) -> None:
        if not (data / made).exists():
            print(f"making {made}", flush=True)
            subprocess.run(
                ["bash", "-euo", "pipefail", "-c", command], check=True, cwd=data, stdout=subprocess.DEVNULL
            )

    shell(f"{KNOWN}.tbi", f"gzip -dc known.vcf.gz | bgzip > {KNOWN} && tabix -p vcf {KNOWN}")
    shell(
        f"{IDS}.tbi",
        f"bcftools query -f '%CHROM\\t%POS\\t%REF\\t%ALT\\t%ID\\n' {KNOWN} | bgzip > {IDS}"
        f" && tabix -s 1 -b 2 -e 2 {IDS}",
    )
    shell(
        f"{REGIONS}.tbi",
        f"sort -k1,1V -k2,2n segdups.bed | bgzip > {REGIONS} && tabix -p bed {REGIONS}",
    )
    shell(
        "segdups.hdr",
        "echo '##INFO=<ID=segdups,Number=.,Type=String,Description=\"made\">' > segdups.hdr",
    )
    (data / "vcfanno.toml").write_text(VCFANNO)
    if snpeff:
        (data / "snpEff.config").write_text("data.dir = ./snpeff\nmade.genome : made\n")
        shell(
            "snpeff/made/snpEffectPredictor.bin",
            "mkdir -p snpeff/made && ln -sf ../../genes.gff3 snpeff/made/genes.gff"
            " && ln -sf ../../genome.fa snpeff/made/sequences.fa"
            f" && snpEff {SNPEFF[0]} build -gff3 -noCheckCds -noCheckProtein"
            " -c snpEff.config made 2>&1",
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--snpeff", action="store_true", help="also time SnpEff")
    options = parser.parse_args()
    prepare(options.data, snpeff=options.snpeff)
    os.chdir(options.data)
    engine = str(Path(sys.executable).with_name("gas-engine"))
    python = sys.executable

    def ours(vcf: str, *more: str) -> list[str]:
        return [engine, "annotate", vcf, "--bundle", "bundle", "-o", "-", *more]

    csq = [python, "-c", CSQ, "-l", "-f", GENOME, "-g", MODELS]
    piped = " | ".join(
        shlex.join(command)
        for command in (
            [*csq, "-Ou", "wgs-1m.vcf"],
            ["bcftools", "annotate", "-Ou", "-a", IDS, "-c", "CHROM,POS,REF,ALT,ID"],
            ["bcftools", "annotate", "-a", REGIONS, "-c", "CHROM,FROM,TO,segdups", "-h", "segdups.hdr"],
        )
    )
    bare = tell(
        "ours, 1M: consequences, IDs, regions", timed(ours("wgs-1m.vcf", "--no-hgvs"), options.rounds)
    )
    tell("ours, 1M: with HGVS", timed(ours("wgs-1m.vcf"), options.rounds))
    compare("csq, 1M", timed([*csq, "-Ov", "wgs-1m.vcf"], options.rounds).busy, bare.busy)
    both = timed(["bash", "-euo", "pipefail", "-c", piped], options.rounds)
    compare("csq + 2 x bcftools annotate, 1M", both.busy, bare.busy)
    bare = tell(
        "ours, 100k: consequences, IDs, regions", timed(ours("wgs-100k.vcf", "--no-hgvs"), options.rounds)
    )
    vcfanno = timed(["vcfanno", "-p", "1", "vcfanno.toml", "wgs-100k.vcf"], options.rounds)
    compare("vcfanno, 100k: IDs and regions", vcfanno.busy, bare.busy)
    if options.snpeff:
        snpeff = ["snpEff", SNPEFF[0], "ann", *SNPEFF[1:], "-noStats", "-noLog", "made", "wgs-100k.vcf"]
        compare("SnpEff, 100k: consequences", timed(snpeff, min(options.rounds, 3)).busy, bare.busy)


def compare(what: str, theirs: float, ours: float) -> None:
    """One line: their processor seconds, and how often ours go into them."""
    print(f"{what:36} {theirs:21.3f} cpu s  {theirs / ours:20.2f} x ours", flush=True)


if __name__ == "__main__":
    main()
