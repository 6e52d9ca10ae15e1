"""The service that tells researchers by e-mail what became of their jobs."""
