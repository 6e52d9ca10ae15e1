"""What operators see: log lines, metrics, and the trace that ties a job's steps together."""
