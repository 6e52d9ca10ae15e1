"""The service that takes job requests and runs the engine."""
