"""The ports on AWS. boto3 appears here and nowhere else; only a service's bootstrap imports from here."""
