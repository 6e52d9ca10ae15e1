"""The service that moves results to the archive, tidies up and carries out deletions."""
