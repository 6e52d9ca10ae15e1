"""VCF in and out: bytes to lines, lines to records, records with our fields back to BGZF."""
