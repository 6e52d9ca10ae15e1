from gas_local.journey import count

CSQ = "CSQ=G|missense_variant&splice_region_variant|MODERATE,G|upstream_gene_variant|MODIFIER"


def test_term_counts_once_a_record_however_many_transcripts_have_it() -> None:
    vcf = (
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        f"MT\t1\trs1\tA\tG\t.\t.\tDP=3;{CSQ},G|upstream_gene_variant|MODIFIER\n"
        "MT\t2\t.\tA\tG\t.\t.\tDP=3\n"
    )
    assert count(vcf) == {
        "records": 2,
        "annotated": 1,
        "with_id": 1,
        "records_by_term": {
            "missense_variant": 1,
            "splice_region_variant": 1,
            "upstream_gene_variant": 1,
        },
    }


def test_file_without_records_counts_nothing() -> None:
    assert count("##fileformat=VCFv4.2\n#CHROM\tPOS\n")["records"] == 0
