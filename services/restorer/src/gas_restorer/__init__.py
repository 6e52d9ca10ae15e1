"""The service that works changes of plan through and brings archived results back."""
