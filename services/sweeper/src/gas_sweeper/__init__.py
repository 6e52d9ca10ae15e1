"""The service that announces again whatever is overdue."""
