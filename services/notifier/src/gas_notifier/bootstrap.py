"""Builds what the notifier stands on; the only place here that knows an adapter."""
