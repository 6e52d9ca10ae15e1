"""What a run leaves beside the VCF: the table, the summary for programs and the log for people."""
