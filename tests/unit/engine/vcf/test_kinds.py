"""What people drop on an upload page is told apart by its first bytes."""

import io
import zipfile

import pytest

from gas_engine.vcf.kinds import other_kind


def zip_with(member: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(member, "<x/>")
    return data.getvalue()


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "JPEG"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "PDF"),
        (b"<!DOCTYPE html>\n<html><body>404</body></html>", "web page (HTML)"),
        (b"\n  <HTML><head>", "web page (HTML)"),
        (b"<!-- saved --> <html>", "web page (HTML)"),
        (b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>', "XML"),
        (b"BAM\x01\0\0\0\0", "BAM"),
        (b"CRAM\x03\0", "CRAM"),
        (b"BCF\x02\x02\0\0\0\0", "BCF"),
        (b"TBI\x01\0\0\0\0", "tabix index"),
        (zip_with("xl/workbook.xml"), "spreadsheet (Excel)"),
        (zip_with("word/document.xml"), "Word document"),
        (zip_with("in.vcf"), "ZIP archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "old Microsoft Office"),
        (b"BZh91AY&SY", "bzip2"),
        (b"\x1f\x8b\x08\0", "gzip file inside a gzip file"),
        (b"in.vcf".ljust(257, b"\0") + b"ustar\x0000", "tar archive"),
        (b'{"variants": []}', "JSON"),
        (b">NC_012920.1\nGATCACAGG\n", "FASTA"),
        (b"@read1\nGATTACA\n+\nIIIIIII\n", "FASTQ"),
        (b"@HD\tVN:1.6\n", "SAM"),
        (b"##gff-version 3\n", "GFF"),
        (b"# rsid\tchromosome\tposition\tgenotype\n", "23andMe"),
        (b"MT\t73\trs1\tA\tG\t.\t.\t.\n", "table without a VCF header"),
        (b"chrom,pos,ref,alt\nMT,73,A,G\n", "CSV"),
        (b"Dear colleague,\nplease find attached\n", "plain text"),
        ("##fileformat=VCFv4.2\n".encode("utf-16"), "UTF-16"),
        (bytes(range(256)), "binary"),
        (bytes(100), "binary"),
    ],
)
def test_a_file_that_is_no_vcf_is_named_by_its_kind(head: bytes, word: str) -> None:
    kind = other_kind(head)
    assert kind is not None
    assert word in kind
    assert kind[0].lower() not in "aeiox", "the sentence says: looks like a <kind>"


@pytest.mark.parametrize(
    "head",
    [
        b"##fileformat=VCFv4.2\n",
        b"##format=VCFv3.3\n",
        b"##source=lost its first line\n#CHROM\tPOS",
        b"#CHROM\tPOS\tID",
        "##fileformat=VCFv4.3\n##note=Größe\n".encode("latin-1"),
    ],
)
def test_what_starts_like_a_vcf_is_taken_for_one(head: bytes) -> None:
    assert other_kind(head) is None
