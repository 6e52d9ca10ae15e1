"""Files that GAS cannot annotate, each with the sentence that its sender reads."""

from __future__ import annotations

import gzip
from typing import NamedTuple

HEADER = b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
MIB = 1024**2


class BadFile(NamedTuple):
    """What is sent as ``sample.vcf``, and what the job's page then says."""

    data: bytes
    sentence: str


def vcf(*records: str) -> bytes:
    """A VCF of these records, written with spaces for tabs."""
    return HEADER + b"".join(record.replace(" ", "\t").encode() + b"\n" for record in records)


def looks_like(kind: str) -> str:
    return f"sample.vcf looks like a {kind}. Choose the .vcf or .vcf.gz."


# Uncompressed by hand: how many bytes a compressor makes of a text is its own affair.
PACKED = gzip.compress(vcf("MT 73 . A G . . .", "MT 263 . A G . . ."), compresslevel=0)
LONG = f"MT 73 . A G . . X={'A' * 14 * MIB}"

BAD_FILES = {
    "picture": BadFile(b"\x89PNG\r\n\x1a\n" + bytes(64), looks_like("picture (PNG)")),
    "PDF": BadFile(b"%PDF-1.7\n", looks_like("PDF document")),
    "web page": BadFile(b"<!DOCTYPE html><title>Sign in</title>", looks_like("web page (HTML)")),
    "BAM": BadFile(gzip.compress(b"BAM\x01" + bytes(64)), looks_like("BAM alignment file")),
    "Excel": BadFile(b"PK\x03\x04" + bytes(26) + b"xl/workbook.xml", looks_like("spreadsheet (Excel)")),
    "no header": BadFile(
        b"MT\t73\t.\tA\tG\n",
        looks_like("table without a VCF header (the lines that start with ## and #CHROM)"),
    ),
    "empty": BadFile(b"", "The file is empty. Choose the .vcf or .vcf.gz that holds your variants."),
    "cut short": BadFile(
        PACKED[:-10],
        "The compressed file is cut short after 110 bytes. Compress it again, or upload the whole "
        "file again.",
    ),
    "damaged": BadFile(
        PACKED[:-8] + bytes(8),
        "The compressed file is damaged near byte 120. Compress it again, or upload the whole file again.",
    ),
    "bomb": BadFile(
        gzip.compress(vcf(LONG, LONG, LONG)),
        "The file unpacks to more than 500 times its size. Files that do so are taken for a trap; "
        "upload this one uncompressed.",
    ),
    "long line": BadFile(
        gzip.compress(vcf(f"{LONG}{'C' * 3 * MIB}")),
        "Line 3: a line of more than 16 MiB where a VCF line belongs.",
    ),
    "version": BadFile(
        HEADER.replace(b"VCFv4.2", b"VCFv9.9"),
        'Line 1: "VCFv9.9" where VCFv4.0 to VCFv4.5, or VCFv3.3, belongs.',
    ),
    "header not whole": BadFile(
        b"##fileformat=VCFv4.2\n", "Line 2: the end of the file where the #CHROM header line belongs."
    ),
    "spaces": BadFile(
        HEADER.replace(b"\t", b" "),
        'Line 2, column 1: "CHROM POS ID REF ALT QUAL FILTER INFO" (spaces where tabs belong?) where the '
        "column name CHROM belongs.",
    ),
    "sample twice": BadFile(
        HEADER.replace(b"INFO", b"INFO\tFORMAT\tA\tA"),
        'Line 2, column 11: the sample "A" a second time where a new sample name belongs.',
    ),
    "second header": BadFile(
        vcf("MT 73 . A G . . .") + HEADER,
        "Line 4: a second header where a record (join files with bcftools concat) belongs.",
    ),
    "binary garbage": BadFile(
        vcf("MT 73 . A G . . X=\x00\x01"),
        "Line 3, column 8 (INFO): the control byte 0x00 where text belongs.",
    ),
    "POS": BadFile(
        vcf("MT abc . A G . . ."),
        'Line 3, column 2 (POS): "abc" where a position (a whole number) belongs.',
    ),
    "REF": BadFile(
        vcf("MT 73 . A- G . . ."),
        'Line 3, column 4 (REF): "A-" where a base or bases (A, C, G, T, N) belongs.',
    ),
    "ALT": BadFile(
        vcf("MT 73 . A A/G . . ."),
        'Line 3, column 5 (ALT): "A/G" where an allele (bases, *, <ID>, a breakend or .) belongs.',
    ),
    "QUAL": BadFile(
        vcf("MT 73 . A G high . ."), 'Line 3, column 6 (QUAL): "high" where a number or . belongs.'
    ),
    "columns": BadFile(
        vcf("MT 73 . A G . ."), "Line 3, column 8: a line of 7 columns where a record of 8 columns belongs."
    ),
    "other contigs": BadFile(
        vcf("chr1 73 . A G . . .", "chrX 73 . A G . . ."),
        "No record lies on a contig of rCRS: found chr1, chrX.",
    ),
    "other assembly": BadFile(
        vcf("MT 73 . C G . . .", "MT 74 . A G . . .", "MT 75 . C A . . ."),
        "REF contradicts rCRS in 3 of 3 records: the file was likely called on NC_001807, the Yoruba "
        "mitochondrial sequence of UCSC hg19. Choose that reference, or call the variants again.",
    ),
}
