"""The one kind of error that a person at the terminal is told of, in a sentence that says what to do."""


class LocalStackError(Exception):
    """The embedded stack cannot go on; the message is meant for the person who started it."""
