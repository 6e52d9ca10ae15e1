"""The life of a job: states, moves, plans, messages, errors. Knows nothing of AWS, Flask or our layers."""
