"""Archive stores: ``s3`` (Glacier storage classes) and ``vault`` (the Glacier API of the original)."""
