"""The service that researchers see: sign-in, submit, jobs, downloads."""
