"""Every construct of the VCF specification, 4.1 to 4.5, goes through: ours comes off and the bytes are there.

A case is a construct in each version that has it. The records come back as they came but for the fields and
the IDs that we add, the header's lines are all there, and three readers (bcftools, pysam, cyvcf2) find in
the output what they find in the input. Where a reader does not take the input, the case says so.
"""

from __future__ import annotations

import io
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pysam
import pytest

from gas_engine import OutputPaths, annotate, default_bundle

VERSIONS = ("4.1", "4.2", "4.3", "4.4", "4.5")
OURS = ("CSQ", "GAS_REF_MISMATCH", *(track.name for track in default_bundle().tracks))
OUR_ENTRY = re.compile(rb"(?:%s)(?:=|$)" % "|".join(OURS).encode())
OUR_LINE = re.compile(rb"##INFO=<ID=(?:%s),|##gas_engine=" % "|".join(OURS).encode())
ADDED_LINE = re.compile(
    rb'##contig=<ID=[^,]+>|##(?:INFO|FILTER|FORMAT)=<.*Description="Not declared in the input">'
)


@dataclass(frozen=True)
class Case:
    """A construct of ``since`` to ``until``: the records have spaces for tabs and ``␠`` for a space.

    ``meta`` stands behind the version and the contig MT. ``silent`` counts the records that get no
    consequence, ``undeclared`` the names that we declare; ``refused_by`` tells which readers may refuse the
    input, and what they say of it.
    """

    construct: str
    records: tuple[str, ...]
    since: str = "4.1"
    until: str = "4.5"
    meta: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    silent: int = 0
    undeclared: int = 0
    format_without_samples: bool = False
    refused_by: Mapping[str, str] = field(default_factory=dict)

    def text(self, version: str) -> bytes:
        columns = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]
        if self.samples or self.format_without_samples:
            columns += ["FORMAT", *self.samples]
        lines = [
            f"##fileformat=VCFv{version}",
            "##contig=<ID=MT,length=16569>",
            *self.meta,
            "\t".join(columns),
            *(record.replace(" ", "\t").replace("␠", " ") for record in self.records),
        ]
        return "".join(line + "\n" for line in lines).encode()


def info(name: str, number: str, type_: str, text: str = "Made up") -> str:
    return f'##INFO=<ID={name},Number={number},Type={type_},Description="{text}">'


def sample(name: str, number: str, type_: str) -> str:
    return f'##FORMAT=<ID={name},Number={number},Type={type_},Description="Made up">'


def filters(*names: str) -> tuple[str, ...]:
    return tuple(f'##FILTER=<ID={name},Description="Made up">' for name in names)


# bcftools 1.16 and cyvcf2 0.35 do not know it; pysam 0.24 does.
NO_PREFIX = dict.fromkeys(("bcftools", "cyvcf2"), "Couldn't read GT data: value not a number or '.'")
GT = sample("GT", "1", "String")
DP = sample("DP", "1", "Integer")
SNV = "MT 3243 . A G . . ."
SNVS = ("MT 3243 . A G . . .", "MT 8993 . T G . . .", "MT 11778 . G A . . .")
SVTYPE = info("SVTYPE", "1", "String")
END = info("END", "1", "Integer")
SVLEN_4_1 = info("SVLEN", ".", "Integer")
SVLEN = info("SVLEN", "A", "Integer")


HEADER_CASES = (
    Case("no meta lines but the version and a contig", (SNV,)),
    Case(
        "unstructured meta lines",
        (SNV,),
        meta=("##fileDate=20090805", "##source=myImputationProgramV3.1", "##phasing=partial", "##a=b=c,d;e"),
    ),
    Case("reference", (SNV,), meta=("##reference=file:///seq/references/1000GenomesPilot-NCBI36.fasta",)),
    Case("assembly", (SNV,), meta=("##assembly=ftp://ftp.example.org/assembly.fa",)),
    Case(
        "contig with all keys",
        (SNV,),
        meta=(
            '##contig=<ID=20,length=62435964,assembly=B36,md5=f126cdf8,species="Homo sapiens",taxonomy=x>',
        ),
    ),
    Case(
        "contig with URL",
        (SNV,),
        meta=("##contig=<ID=ctg1,URL=ftp://example.org/files/assembly.fa,length=9>",),
    ),
    Case(
        "INFO with Source and Version",
        ("MT 3243 . A G . . DB",),
        since="4.2",
        meta=('##INFO=<ID=DB,Number=0,Type=Flag,Description="dbSNP",Source="dbsnp",Version="138">',),
    ),
    Case(
        "quotes, backslashes, commas and brackets in a Description",
        ("MT 3243 . A G . . X=1",),
        since="4.2",
        meta=(info("X", "1", "Integer", r"a \"quoted\" word, a \\ and <ID=Y,Number=0> in it"),),
    ),
    Case(
        "UTF-8 in a Description",
        ("MT 3243 . A G . . X=1",),
        since="4.3",
        meta=(info("X", "1", "Integer", "größe µ"),),
    ),
    Case("FILTER", ("MT 3243 . A G . q10 .",), meta=filters("q10")),
    Case(
        "the same ID in INFO and FORMAT",
        ("MT 3243 . A G . . DP=9 GT:DP 0/1:9",),
        meta=(info("DP", "1", "Integer"), GT, DP),
        samples=("S1",),
    ),
    Case(
        "ALT",
        ("MT 3001 . G <DEL:ME:ALU> . . SVTYPE=DEL;END=3100",),
        meta=('##ALT=<ID=DEL:ME:ALU,Description="Deletion of ALU element">', SVTYPE, END),
    ),
    Case(
        "ALT of an IUPAC code",
        ("MT 3243 . A <R> . . .",),
        since="4.3",
        meta=('##ALT=<ID=R,Description="IUPAC code R = A/G">',),
        silent=1,
    ),
    Case(
        "SAMPLE with genomes and mixtures",
        ("MT 3243 . A G . . . GT 0/1",),
        meta=(GT, "##SAMPLE=<ID=S1,Genomes=Germline;Tumor,Mixture=.3;.7,Description=Patient;Tumor>"),
        samples=("S1",),
    ),
    Case(
        "META and SAMPLE of it",
        ("MT 3243 . A G . . . GT 0/1",),
        since="4.3",
        meta=(
            GT,
            "##META=<ID=Assay,Type=String,Number=.,Values=[WholeGenome, Exome]>",
            "##META=<ID=Disease,Type=String,Number=.,Values=[None, Cancer]>",
            '##SAMPLE=<ID=S1,Assay=Exome,Ethnicity=AFR,Disease=None,Description="Patient germline",DOI=url>',
        ),
        samples=("S1",),
    ),
    Case("PEDIGREE by names", (SNV,), until="4.2", meta=("##PEDIGREE=<Name_0=G0-ID,Name_1=G1-ID>",)),
    Case(
        "PEDIGREE by ID",
        (SNV,),
        since="4.3",
        meta=(
            "##PEDIGREE=<ID=TumourSample,Original=GermlineID>",
            "##PEDIGREE=<ID=ChildID,Father=FatherID,Mother=MotherID>",
            "##PEDIGREE=<ID=SampleID,Name_1=Ancestor_1,Name_2=Ancestor_2>",
        ),
    ),
    Case(
        "pedigreeDB in brackets", (SNV,), until="4.2", meta=("##pedigreeDB=<http://example.org/pedigrees>",)
    ),
    Case("pedigreeDB", (SNV,), since="4.3", meta=("##pedigreeDB=http://example.org/pedigrees",)),
    Case(
        "structured lines of other names",
        (SNV,),
        meta=('##GATKCommandLine=<ID=HaplotypeCaller,CommandLine="--emit a,b",Version="4">',),
    ),
)

COLUMN_CASES = (
    Case(
        "FORMAT without samples",
        ("MT 3243 . A G . . . GT",),
        meta=(GT,),
        format_without_samples=True,
        refused_by=dict.fromkeys(
            ("bcftools", "pysam", "cyvcf2"), "either FORMAT is missing or spaces are present"
        ),
    ),
    Case("one sample", ("MT 3243 . A G . . . GT 0/1",), meta=(GT,), samples=("S1",)),
    Case(
        "sample names with spaces and signs",
        ("MT 3243 . A G . . . GT 0/1 0/0 1/1",),
        meta=(GT,),
        samples=("one two", "a,b;c=d", "größe"),
    ),
    Case(
        "samples without a value",
        (
            "MT 3243 . A G . . . GT:DP . ./. ./.:.",
            "MT 8993 . T G . . . DP . 3 .",
            "MT 11778 . G A . . . . . . .",
        ),
        meta=(GT, DP),
        samples=("S1", "S2", "S3"),
    ),
    Case(
        "a contig that is not declared", ("MT 3243 . A G . . .", "Un 5 . A G . . ."), silent=1, undeclared=1
    ),
    Case(
        "HLA contig",
        (SNV, "HLA-A*01:01:01:01 5 . A G . . ."),
        meta=("##contig=<ID=HLA-A*01:01:01:01,length=9>",),
        silent=1,
    ),
    Case(
        "contig of all characters that are allowed",
        (SNV, "a!#$%&+./:;?@^_|~-*=9 5 . A G . . ."),
        since="4.3",
        meta=("##contig=<ID=a!#$%&+./:;?@^_|~-*=9,length=9>",),
        silent=1,
    ),
    Case(
        "contig of the assembly file",
        (SNV, "<ctg1> 5 . A G . . ."),
        meta=("##assembly=ftp://example.org/a.fa", "##contig=<ID=ctg1,length=9>"),
        silent=1,
        undeclared=1,
    ),
    Case("positions 0 and behind the end", ("MT 0 . N A . . .", *SNVS, "MT 16570 . N A . . ."), silent=2),
    Case("records at one position", ("MT 3243 . A G . . .", "MT 3243 . A T . . .", "MT 3243 . A AC . . .")),
    Case("one ID", ("MT 3243 rs1 A G . . .",)),
    Case("IDs with semicolons", ("MT 3243 rs1;COSM-2;a|b:c A G . . .",)),
    Case("an ID that we add, given", ("MT 3243 rs199474657 A G . . .",)),
    Case("lower case bases", ("MT 3243 . a g . . .", "MT 8993 . tgg t . . .")),
    Case("N in alleles", ("MT 3106 . CN C . . .", "MT 3243 . A N . . .")),
    Case(
        "several bases",
        (
            "MT 3243 . A G . . .",
            "MT 3243 . AG TT . . .",
            "MT 3243 . AGC A . . .",
            "MT 3243 . A AGG . . .",
            "MT 3243 . AGCC TA . . .",
        ),
    ),
    Case("several ALTs", ("MT 3243 . A G,T . . .", "MT 3243 . AG A,AGG,TT . . .")),
    Case("no ALT", ("MT 3243 . A . . . .", SNV), silent=1),
    Case(
        "ALT * of a deletion upstream",
        ("MT 3242 . GA G . . .", "MT 3243 . A G,* . . .", "MT 3243 . A * . . ."),
        since="4.2",
        silent=1,
    ),
    Case(
        "ALT <*> of any base",
        ("MT 3243 . A <*> . . END=3300", "MT 3301 . A C,<*> . . ."),
        since="4.2",
        meta=(END,),
        silent=1,
    ),
    Case(
        "ALT of all characters",
        (r"MT 3243 . A <!\"#$%&'()*+-./;=?@[\]^_`{|}~> . . .", SNV),
        since="4.3",
        silent=1,
    ),
    Case(
        "ALT <*> beside another",
        ("MT 3001 . G <*>,<DEL> . . END=3100", "MT 3243 . A *,<*> . . ."),
        since="4.3",
        meta=(END,),
        silent=1,
    ),
    Case("ALT <NON_REF>", ("MT 3243 . A <NON_REF> . . END=3300", SNV), meta=(END,), silent=1),
    Case(
        "QUAL",
        tuple(
            f"MT 3243 . A G {qual} . ."
            for qual in (".", "0", "29", "12.5", ".5", "5.", "1e3", "1.5E-05", "+3", "-10", "1e300", "007")
        ),
    ),
    Case(
        "QUAL that is not finite",
        tuple(f"MT 3243 . A G {qual} . ." for qual in ("inf", "Infinity", "-INF", "+inf", "NaN", "nan")),
        since="4.3",
    ),
    Case(
        "FILTER missing, passed, one and several",
        (
            "MT 3243 . A G . . .",
            "MT 3243 . A T . PASS .",
            "MT 8993 . T G . q10 .",
            "MT 11778 . G A . q10;s50 .",
        ),
        meta=filters("q10", "s50"),
    ),
    Case("a FILTER that is not declared", ("MT 3243 . A G . lowq .",), undeclared=1),
)

INFO_CASES = (
    *(
        Case(
            f"INFO of type {type_}",
            tuple(f"MT 3243 . A G . . X={value}" for value in values),
            meta=(info("X", "1", type_),),
        )
        for type_, values in {
            "Integer": ("0", "-7", "2147483647", "-2147483640", "."),
            "Float": ("0", "0.5", "-1e-05", "1E+10", "."),
            "Character": ("a", "/", "."),
            "String": ("word", "a|b:c/d", "."),
        }.items()
    ),
    Case(
        "INFO of type Float, not finite",
        ("MT 3243 . A G . . X=inf", "MT 3243 . A G . . X=-Inf", "MT 3243 . A G . . X=NaN"),
        since="4.3",
        meta=(info("X", "1", "Float"),),
    ),
    Case(
        "INFO of type Flag",
        ("MT 3243 . A G . . DB;H2", "MT 3243 . A T . . H2"),
        meta=(info("DB", "0", "Flag"), info("H2", "0", "Flag")),
    ),
    Case(
        "INFO Number fixed",
        ("MT 3243 . A G . . X=1,2,3", "MT 3243 . A T . . X=1,.,3", "MT 3243 . A C . . X=."),
        meta=(info("X", "3", "Integer"),),
    ),
    Case(
        "INFO Number .",
        ("MT 3243 . A G . . X=a", "MT 3243 . A T . . X=a,b,c,."),
        meta=(info("X", ".", "String"),),
    ),
    Case(
        "INFO Number A",
        ("MT 3243 . A G,T . . X=1,2", "MT 3243 . A T . . X=."),
        meta=(info("X", "A", "Integer"),),
    ),
    Case("INFO Number G", ("MT 3243 . A G,T . . X=1,2,3,4,5,6",), meta=(info("X", "G", "Integer"),)),
    Case("INFO Number R", ("MT 3243 . A G,T . . X=1,2,3",), since="4.2", meta=(info("X", "R", "Integer"),)),
    Case(
        "INFO key 1000G",
        ("MT 3243 . A G . . 1000G;X=1",),
        meta=(info("1000G", "0", "Flag"), info("X", "1", "Integer")),
    ),
    Case(
        "INFO keys of all characters",
        ("MT 3243 . A G . . _a.B9=1;Z_=2",),
        meta=(info("_a.B9", "1", "Integer"), info("Z_", "1", "Integer")),
    ),
    Case("INFO keys that are not declared", ("MT 3243 . A G . . AC=1;AN=2;ODD=x,y;SEEN",), undeclared=4),
    Case(
        "percent-encoded INFO",
        ("MT 3243 . A G . . X=a%3Ab%3Bc%3Dd%25e%2Cf%0Dg%0Ah%09i",),
        since="4.3",
        meta=(info("X", "1", "String"),),
    ),
    Case("UTF-8 in INFO", ("MT 3243 . A G . . X=größe",), since="4.3", meta=(info("X", "1", "String"),)),
    Case("spaces in INFO", ("MT 3243 . A G . . X=two␠words",), since="4.3", meta=(info("X", "1", "String"),)),
    Case(
        "reserved INFO keys",
        (
            (
                "MT 3243 . A G,T . . AA=A;AC=1,2;AF=0.1,0.2;AN=9;BQ=30.5;CIGAR=1X,1X;DB;DP=9;H2;"
                "H3;MQ=60;MQ0=1;NS=3;SB=1,2,3,4;SOMATIC;VALIDATED;1000G"
            ),
        ),
        meta=(
            info("AA", "1", "String"),
            info("AC", "A", "Integer"),
            info("AF", "A", "Float"),
            info("AN", "1", "Integer"),
            info("BQ", "1", "Float"),
            info("CIGAR", "A", "String"),
            info("DB", "0", "Flag"),
            info("DP", "1", "Integer"),
            info("H2", "0", "Flag"),
            info("H3", "0", "Flag"),
            info("MQ", "1", "Float"),
            info("MQ0", "1", "Integer"),
            info("NS", "1", "Integer"),
            info("SB", "4", "Integer"),
            info("SOMATIC", "0", "Flag"),
            info("VALIDATED", "0", "Flag"),
            info("1000G", "0", "Flag"),
        ),
    ),
    Case(
        "AD, ADF and ADR in INFO",
        ("MT 3243 . A G,T . . AD=1,2,3;ADF=1,1,1;ADR=0,1,2",),
        since="4.3",
        meta=tuple(info(name, "R", "Integer") for name in ("AD", "ADF", "ADR")),
    ),
    Case(
        "flags with a value",
        ("MT 3243 . A G . . DB=1;H2=0",),
        meta=(info("DB", "0", "Flag"), info("H2", "0", "Flag")),
    ),
)

STRUCTURAL_CASES = (
    *(
        Case(f"<{kind}> by END", (f"MT 3001 . G <{kind}> . . SVTYPE={kind};END=3100",), meta=(SVTYPE, END))
        for kind in ("DEL", "DUP", "INV", "CNV", "INS")
    ),
    *(
        Case(f"<{kind}>", (f"MT 3001 . G <{kind}> . . END=3100",), meta=(END,))
        for kind in ("DUP:TANDEM", "DEL:ME", "INS:ME", "INS:ME:L1", "DEL:ME:ALU")
    ),
    Case(
        "SVLEN below zero",
        ("MT 3001 . G <DEL> . . SVTYPE=DEL;END=3100;SVLEN=-100",),
        until="4.3",
        meta=(SVTYPE, END, SVLEN_4_1),
    ),
    Case(
        "SVLEN of each ALT",
        ("MT 3001 . G <DEL>,<DUP> . . SVLEN=100,50;SVCLAIM=DJ,D",),
        since="4.4",
        meta=(SVLEN, info("SVCLAIM", "A", "String")),
    ),
    Case("SVLEN beside a sequence", ("MT 3001 . G <DEL>,A . . SVLEN=100,.",), since="4.4", meta=(SVLEN,)),
    Case(
        "SVLEN without END",
        ("MT 3001 . G <DEL> . . SVLEN=100;SVCLAIM=D",),
        since="4.5",
        meta=(SVLEN, info("SVCLAIM", "A", "String")),
    ),
    Case(
        "tandem repeats",
        (
            (
                "MT 3001 . G <CNV:TR>,<CNV:TR> . . SVLEN=30,30;CN=2,0.5;RN=2,1;RUS=CAG,TTG,CA;"
                "RUL=3,3,2;RUC=12.5,9.5,4;RB=38,29,8;CIRUC=-1,1,-1,1,0,0;CIRB=-3,3,-3,3,0,0;"
                "RUB=3,3,3,2,2,2,2"
            ),
        ),
        since="4.4",
        meta=(
            '##ALT=<ID=CNV:TR,Description="Tandem repeat">',
            SVLEN,
            info("CN", "A", "Float"),
            info("RN", "A", "Integer"),
            info("RUS", ".", "String"),
            info("RUL", ".", "Integer"),
            info("RUC", ".", "Float"),
            info("RB", ".", "Integer"),
            info("CIRUC", ".", "Float"),
            info("CIRB", ".", "Integer"),
            info("RUB", ".", "Integer"),
        ),
    ),
    Case(
        "events",
        (
            "MT 3001 a G G]MT:3200] . . EVENT=e1;EVENTTYPE=INV;MATEID=b",
            "MT 3200 b T T]MT:3001] . . EVENT=e1;EVENTTYPE=INV;MATEID=a",
        ),
        since="4.4",
        meta=(info("EVENT", "A", "String"), info("EVENTTYPE", "A", "String"), info("MATEID", "A", "String")),
    ),
    Case(
        "imprecise variants",
        (
            (
                "MT 3001 . G <DEL> 6 PASS SVTYPE=DEL;END=3100;SVLEN=-100;IMPRECISE;CIPOS=-56,20;"
                "CIEND=-10,62;NOVEL;BKPTID=a,b;HOMLEN=3;HOMSEQ=ACA"
            ),
        ),
        until="4.3",
        meta=(
            SVTYPE,
            END,
            SVLEN_4_1,
            info("IMPRECISE", "0", "Flag"),
            info("CIPOS", "2", "Integer"),
            info("CIEND", "2", "Integer"),
            info("NOVEL", "0", "Flag"),
            info("BKPTID", ".", "String"),
            info("HOMLEN", ".", "Integer"),
            info("HOMSEQ", ".", "String"),
        ),
    ),
    Case(
        "mobile elements and databases",
        (
            (
                "MT 3001 . G <INS:ME> 6 PASS SVTYPE=INS;MEINFO=AluYa5,5,307,+;METRANS=MT,3,9,+;"
                "DGVID=nsv1;DBVARID=esv2;DBRIPID=r3"
            ),
        ),
        meta=(
            SVTYPE,
            info("MEINFO", "4", "String"),
            info("METRANS", "4", "String"),
            *(info(name, "1", "String") for name in ("DGVID", "DBVARID", "DBRIPID")),
        ),
    ),
    Case(
        "copy numbers in INFO",
        ("MT 3001 . G <CNV> . . SVTYPE=CNV;END=3100;DPADJ=9;CN=2;CNADJ=1;CICN=1,3;CICNADJ=0,2",),
        until="4.3",
        meta=(
            SVTYPE,
            END,
            *(info(name, "1", "Integer") for name in ("DPADJ", "CN", "CNADJ")),
            info("CICN", "2", "Integer"),
            info("CICNADJ", "2", "Integer"),
        ),
    ),
    *(
        Case(
            name,
            tuple(f"MT 3001 bnd_W G {alt} 6 PASS SVTYPE=BND;MATEID=bnd_Y" for alt in alts),
            meta=(SVTYPE, info("MATEID", ".", "String")),
        )
        for name, alts in {
            "breakends of each orientation": ("G[MT:3200[", "G]MT:3200]", "]MT:3200]G", "[MT:3200[G"),
            "breakends with inserted bases": ("GCAT[chr13:3200[", "]MT:3200]AGTG"),
            "breakends in the assembly file": ("G[<ctg1>:1[", "]<ctg1>:329]AGTG"),
            "breakends on an HLA contig": ("G[HLA-A*01:01:7[",),
            "breakends without a base": (".[MT:3200[", "]MT:3200]."),
            "breakends at telomeres": ("]MT:0]G", "G[MT:16570["),
            "breakends with several mates": ("G[MT:3200[,G]MT:3300]",),
            "single breakends": ("G.", ".G", "GCAT.", ".CATG"),
            "insertion of a contig of the assembly file": ("G<ctg1>", "GCA<ctg1>"),
        }.items()
    ),
    Case(
        "breakends beside telomeres",
        ("MT 0 bnd_X N .[13:123457[ 6 PASS SVTYPE=BND", "MT 16570 bnd_Y N ]13:123456]. 6 PASS SVTYPE=BND"),
        meta=(SVTYPE,),
    ),
    Case(
        "bases, symbols and breakends in one record",
        ("MT 3001 . G <DEL>,A,G[MT:3200[ . . END=3100",),
        meta=(END,),
    ),
    Case(
        "a block of reference",
        ("MT 3001 . G <*> . . END=3100 GT:DP 0/0:9",),
        since="4.2",
        meta=(END, GT, DP),
        samples=("S1",),
        silent=1,
    ),
    Case(
        "a block of reference by LEN",
        ("MT 3001 . G <*> . . . GT:DP:LEN 0/0:9:101",),
        since="4.5",
        meta=(GT, DP, sample("LEN", "1", "Integer")),
        samples=("S1",),
        silent=1,
    ),
)

GENOTYPE_CASES = (
    *(
        Case(name, tuple(f"MT 3243 . A G,T . . . GT {gt}" for gt in gts), meta=(GT,), samples=("S1",))
        for name, gts in {
            "GT of one": ("0", "2", "."),
            "GT of two": ("0/1", "0|1", "1/2", "./.", ".|.", "./1"),
            "GT of many": ("0/1/2", "0|1|2", "0/0/0/0/1/2", "1|.|2|."),
            "GT phased in part": ("0/1|2", "0|1/2"),
        }.items()
    ),
    *(
        Case(
            name,
            tuple(f"MT 3243 . A G,T . . . GT {gt}" for gt in gts),
            since="4.4",
            meta=(GT,),
            samples=("S1",),
            refused_by=NO_PREFIX,
        )
        for name, gts in {
            "GT of one with a prefix": ("|0", "/0", "|.", "/."),
            "GT of several with a prefix": ("|0/1", "/0|1", "|0|1", "/0/1", "/1|2/0"),
        }.items()
    ),
    Case("no GT", ("MT 3243 . A G . . . DP 9",), meta=(DP,), samples=("S1",)),
    Case(
        "fields dropped at the end",
        ("MT 3243 . A G . . . GT:DP:GQ 0/1:9 0/1 0/0:9:3",),
        meta=(GT, DP, sample("GQ", "1", "Integer")),
        samples=("S1", "S2", "S3"),
    ),
    Case(
        "FORMAT keys that are not declared",
        undeclared=3,
        records=("MT 3243 . A G . . . GT:AD:ODD 0/1:3,4:x",),
        samples=("S1",),
    ),
    *(
        Case(
            f"FORMAT Number {number}",
            (f"MT 3243 . A G,T . . . GT:X 0/1:{values} 0/1:.",),
            since=since,
            meta=(GT, sample("X", number, "Integer")),
            samples=("S1", "S2"),
        )
        for number, values, since in (
            ("1", "1", "4.1"),
            ("2", "1,2", "4.1"),
            (".", "1,2,3", "4.1"),
            ("A", "1,2", "4.1"),
            ("G", "1,2,3,4,5,6", "4.1"),
            ("R", "1,2,3", "4.2"),
            ("P", "1,2", "4.5"),
        )
    ),
    *(
        Case(
            f"FORMAT Number {number}",
            (f"MT 3243 . A G,T . . . GT:LAA:X 0/2:2:{values} 0/1:1:.",),
            since="4.5",
            meta=(GT, sample("LAA", ".", "Integer"), sample("X", number, "Integer")),
            samples=("S1", "S2"),
        )
        for number, values in (("LA", "1"), ("LR", "1,2"), ("LG", "1,2,3"))
    ),
    Case(
        "FORMAT Number M",
        ("MT 3243 . A G . . . GT:M5mC 0/1:0.5",),
        since="4.5",
        meta=(GT, '##FORMAT=<ID=M5mC,Number=M,Type=Float,Description="5mC">'),
        samples=("S1",),
    ),
    *(
        Case(
            f"FORMAT of type {type_}",
            tuple(f"MT 3243 . A G . . . GT:X 0/1:{value}" for value in values),
            meta=(GT, sample("X", "1", type_)),
            samples=("S1",),
        )
        for type_, values in {
            "Integer": ("0", "-7", "."),
            "Float": ("0.5", "1e-05", "."),
            "Character": ("a", "."),
            "String": ("word", "a|b;c", "."),
        }.items()
    ),
    Case(
        "percent-encoded samples",
        ("MT 3243 . A G . . . GT:X 0/1:a%3Ab%25c%2Cd%09e",),
        since="4.3",
        meta=(GT, sample("X", "1", "String")),
        samples=("S1",),
    ),
    Case(
        "spaces and UTF-8 in samples",
        ("MT 3243 . A G . . . GT:X 0/1:two␠größe",),
        since="4.3",
        meta=(GT, sample("X", "1", "String")),
        samples=("S1",),
    ),
    Case(
        "sample filters",
        ("MT 3243 . A G . . . GT:FT 0/1:PASS 0/1:q10;s50 0/1:.",),
        meta=(GT, sample("FT", "1", "String"), *filters("q10", "s50")),
        samples=("S1", "S2", "S3"),
    ),
    Case(
        "reserved FORMAT keys",
        (
            (
                "MT 3243 . A G . . . GT:DP:FT:GL:GLE:PL:GP:GQ:HQ:PS:PQ:EC:MQ 0|1:9:PASS:"
                "-1,-2.5,-3:0:1,2,3:0.1,0.2,0.7:9:10,20:3243:9:1:60"
            ),
        ),
        meta=(
            GT,
            DP,
            sample("FT", "1", "String"),
            sample("GL", "G", "Float"),
            sample("GLE", "1", "String"),
            sample("PL", "G", "Integer"),
            sample("GP", "G", "Float"),
            sample("GQ", "1", "Integer"),
            sample("HQ", "2", "Integer"),
            sample("PS", "1", "Integer"),
            sample("PQ", "1", "Integer"),
            sample("EC", "A", "Integer"),
            sample("MQ", "1", "Integer"),
        ),
        samples=("S1",),
    ),
    Case(
        "read depths of alleles and PP",
        ("MT 3243 . A G . . . GT:AD:ADF:ADR:PP 0/1:3,4:1,2:2,2:1,2,3",),
        since="4.3",
        meta=(
            GT,
            *(sample(name, "R", "Integer") for name in ("AD", "ADF", "ADR")),
            sample("PP", "G", "Integer"),
        ),
        samples=("S1",),
    ),
    Case(
        "phase set lists",
        ("MT 3243 . A G . . . GT:PSL:PSO:PSQ |0/1:1*a,.:1,.:30,.",),
        since="4.4",
        meta=(GT, sample("PSL", "P", "String"), sample("PSO", "P", "Integer"), sample("PSQ", "P", "Integer")),
        samples=("S1",),
        refused_by=NO_PREFIX,
    ),
    Case(
        "copy numbers and haplotypes of samples",
        (
            (
                "MT 3001 . G <CNV> . . END=3100 GT:CN:CNQ:CNL:CNP:NQ:HAP:AHAP ./1:2:9.5:-1,-2,-3:"
                "0.1,0.2,0.7:9:1:2"
            ),
        ),
        meta=(
            END,
            GT,
            sample("CN", "1", "Float"),
            sample("CNQ", "1", "Float"),
            sample("CNL", "G", "Float"),
            sample("CNP", "G", "Float"),
            sample("NQ", "1", "Integer"),
            sample("HAP", "1", "Integer"),
            sample("AHAP", "1", "Integer"),
        ),
        samples=("S1",),
    ),
    Case(
        "local alleles",
        (
            (
                "MT 3243 . A C,G,T . . . GT:LAA:LAD:LADF:LADR:LEC:LGL:LGP:LPL:LPP 0/3:3:4,5:2,3:"
                "2,2:1:-1,-2,-3:0.1,0.2,0.7:1,2,3:1,2,3 0/0:.:9:5:4:.:0:1:0:0"
            ),
        ),
        since="4.5",
        meta=(
            GT,
            sample("LAA", ".", "Integer"),
            sample("LAD", "LR", "Integer"),
            sample("LADF", "LR", "Integer"),
            sample("LADR", "LR", "Integer"),
            sample("LEC", "LA", "Integer"),
            sample("LGL", "LG", "Float"),
            sample("LGP", "LG", "Float"),
            sample("LPL", "LG", "Integer"),
            sample("LPP", "LG", "Integer"),
        ),
        samples=("S1", "S2"),
    ),
)

CASES = [
    pytest.param((case, version), id=f"{version} {case.construct}")
    for case in (*HEADER_CASES, *COLUMN_CASES, *INFO_CASES, *STRUCTURAL_CASES, *GENOTYPE_CASES)
    for version in VERSIONS
    if case.since <= version <= case.until
]


@dataclass(frozen=True)
class Conversion:
    """A case's file and what became of it."""

    case: Case
    given: Path
    made: Path


@pytest.fixture(scope="module", params=CASES)
def conversion(request: pytest.FixtureRequest) -> Iterator[Conversion]:
    case, version = request.param
    with tempfile.TemporaryDirectory() as directory:
        given, outputs = Path(directory) / "given.vcf", OutputPaths(Path(directory))
        given.write_bytes(case.text(version))
        annotate(io.BytesIO(given.read_bytes()), default_bundle(), outputs, lambda _: None)
        yield Conversion(case, given, outputs.vcf)


def split(lines: list[bytes]) -> tuple[list[bytes], list[list[bytes]]]:
    """Lines of the header, and columns of the records."""
    return [line for line in lines if line.startswith(b"#")], [
        line.split(b"\t") for line in lines if not line.startswith(b"#")
    ]


def output_of(path: Path) -> tuple[list[bytes], list[list[bytes]]]:
    with pysam.BGZFile(str(path), "r", None) as vcf:
        return split(vcf.read().splitlines())


def stripped(columns: list[bytes]) -> list[bytes]:
    """Without ID and without our INFO."""
    kept = [entry for entry in columns[7].split(b";") if not OUR_ENTRY.match(entry)]
    return [*columns[:2], *columns[3:7], b";".join(kept) or b".", *columns[8:]]


def test_the_records_come_back_as_they_came(conversion: Conversion) -> None:
    case = conversion.case
    _, given = split(conversion.given.read_bytes().splitlines())
    _, made = output_of(conversion.made)
    # htslib reads no file with FORMAT and no samples, so that FORMAT goes.
    width = 8 if case.format_without_samples else None
    assert [stripped(record) for record in made] == [stripped(record[:width]) for record in given]
    for before, after in zip(given, made, strict=True):
        ids = before[2].split(b";")
        assert before[2] == b"." or after[2].split(b";")[: len(ids)] == ids
    assert sum(b"CSQ=" not in record[7] for record in made) == case.silent


def test_the_header_comes_back_as_it_came(conversion: Conversion) -> None:
    case = conversion.case
    given, _ = split(conversion.given.read_bytes().splitlines())
    made, _ = output_of(conversion.made)
    if case.format_without_samples:
        given[-1] = given[-1].removesuffix(b"\tFORMAT")
    rest = [line for line in made if not OUR_LINE.match(line)]
    added = [line for line in rest if line not in given]
    assert [line for line in rest if line in given] == given
    assert len(added) == case.undeclared
    assert all(ADDED_LINE.fullmatch(line) for line in added)


def test_the_index_finds_each_record(conversion: Conversion) -> None:
    _, made = output_of(conversion.made)
    with pysam.TabixFile(str(conversion.made), encoding="utf-8") as tabix:
        for columns in made:
            pos = max(int(columns[1]), 1)
            found = tabix.fetch(columns[0].decode(), pos - 1, pos)
            assert b"\t".join(columns).decode() in list(found)


class RefusedError(Exception):
    """What a reader says of a file that it does not take."""


Read = tuple[list[list[bytes]], set[str]]


def read_with_bcftools(path: Path) -> Read:
    done = subprocess.run(
        ["bcftools", "view", "--no-version", "-H", str(path)], capture_output=True, check=False, timeout=60
    )
    complaints = done.stderr.decode().replace(str(path), "")
    if done.returncode:
        raise RefusedError(complaints)
    return [stripped(line.split(b"\t")) for line in done.stdout.splitlines()], set(complaints.splitlines())


def read_with_pysam(path: Path) -> Read:
    try:
        with pysam.VariantFile(str(path)) as records:
            return [stripped(str(record).rstrip("\n").encode().split(b"\t")) for record in records], set()
    except (OSError, ValueError) as error:
        raise RefusedError(str(error)) from error


def read_with_cyvcf2(path: Path) -> Read:
    from cyvcf2 import VCF

    try:
        records = VCF(str(path))
        return [stripped(str(record).rstrip("\n").encode().split(b"\t")) for record in records], set()
    except Exception as error:  # it raises bare Exception
        raise RefusedError(str(error)) from error


READERS: dict[str, Callable[[Path], Read]] = {
    "bcftools": read_with_bcftools,
    "pysam": read_with_pysam,
    "cyvcf2": read_with_cyvcf2,
}


@pytest.mark.parametrize("reader", READERS)
def test_readers_find_what_they_find_in_the_input(
    conversion: Conversion, reader: str, request: pytest.FixtureRequest
) -> None:
    if reader == "bcftools":
        request.getfixturevalue("bcftools")
    if reader == "cyvcf2" and find_spec("cyvcf2") is None:
        pytest.skip("cyvcf2 is not installed: make oracles")
    read = READERS[reader]
    try:
        given, complaints = read(conversion.given)
    except RefusedError:
        if reader not in conversion.case.refused_by:
            raise
        return
    made, complaints_now = read(conversion.made)
    assert made == given
    assert complaints_now <= complaints


def test_split_vep_reads_the_consequences(conversion: Conversion, bcftools: str) -> None:
    done = subprocess.run(
        [bcftools, "+split-vep", "-d", "-f", "%Allele|%Consequence\\n", str(conversion.made)],
        capture_output=True,
        check=False,
        timeout=60,
    )
    # Of a record that it does not take it says so and ends well.
    if "bcftools" in conversion.case.refused_by and b"[E::" in done.stderr:
        return
    assert done.returncode == 0, done.stderr.decode()
    _, made = output_of(conversion.made)
    values = [re.search(rb"(?:^|;)CSQ=([^;]+)", record[7]) for record in made]
    entries = [entry for value in values if value for entry in value[1].split(b",")]
    assert done.stdout.splitlines() == [b"|".join(entry.split(b"|")[:2]) for entry in entries]


# Those by SVLEN reach to 16501; tabix of htslib 1.24 filters as if they ended a base before.
@pytest.mark.parametrize("note", ["DP=9", "NOTE=größe"], ids=["compiled", "plain"])
@pytest.mark.parametrize(
    ("alt", "info", "keys", "samples", "end"),
    [
        ("<DEL>", "END=16501", "GT", ("0/1", "0/1"), 16501),
        ("<DEL>", "SVLEN=-13500", "GT", ("0/1", "0/1"), 16500),
        ("<DUP:TANDEM>", "SVLEN=13500", "GT", ("0/1", "0/1"), 16500),
        ("<INV>", "SVLEN=13500", "GT", ("0/1", "0/1"), 16500),
        ("<DEL>,<CNV:TR>", "SVLEN=50,13500", "GT", ("0/1", "0/1"), 16500),
        ("<INS>", "SVLEN=13500", "GT", ("0/1", "0/1"), 3001),
        ("<*>", "END=16501", "GT", ("0/0", "0/0"), 16501),
        ("<*>", "X", "GT:LEN", ("0/0:13501", "0/0:9"), 16501),
        ("<*>", "X", "GT:LEN:XX", ("0/0", "0/0:13501:7"), 16501),
        ("A,<*>", "X", "LEN", (".", "13501"), 16501),
        ("A,<*>", "X", "GT:LEN", ("./.:.", "0/0:9"), 3009),
        ("A", "X", "GT:LEN", ("0/1:13501", "0/1:9"), 3001),
    ],
)
def test_the_index_has_a_record_as_far_as_it_reaches(
    run_engine: Callable[..., Any],
    *,
    note: str,
    alt: str,
    info: str,
    keys: str,
    samples: tuple[str, ...],
    end: int,
) -> None:
    record = " ".join(("MT 3001 . G", alt, ". .", f"{info};{note}", keys, *samples))
    meta = (sample("LEN", "1", "Integer"), SVLEN)
    case = Case("", (record, "MT 3243 . A G . . . GT 0/1 0/1"), meta=meta, samples=("S1", "S2"))
    vcf = run_engine(case.text("4.5")).outputs.vcf
    with pysam.TabixFile(str(vcf), encoding="utf-8") as tabix:
        assert [row.split("\t")[1] for row in tabix.fetch("MT", end - 1, end)] == ["3001"]
        assert list(tabix.fetch("MT", end, end + 1)) == []
