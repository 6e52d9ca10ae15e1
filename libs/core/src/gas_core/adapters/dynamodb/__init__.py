"""The tables. Every expression that DynamoDB sees is in ``expressions``; rows are spelled in ``rows``."""
