"""TCP ports of this machine."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass

from gas_local.errors import LocalStackError

HOST = "127.0.0.1"


def free_port() -> int:
    """A port nobody listens on now. Another program may take it before it is used; tests accept that."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def require_free(port: int, *, variable: str, patience_seconds: float = 0) -> None:
    """Refuse a port where another program listens, naming the make variable that moves us elsewhere."""
    end = time.monotonic() + patience_seconds
    while _is_taken(port):
        if time.monotonic() >= end:
            raise LocalStackError(
                f"Port {port} is in use by another program: stop that, or choose another port with "
                f"'make run {variable}=...'."
            )
        time.sleep(0.2)


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a connection that is still closing must not look like a program that listens.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
        return False


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens, with the make variable that moves it."""

    web: int
    aws: int
    globus: int
    mail: int
    stripe: int

    def require_free(self, patience_seconds: float) -> None:
        """Refuse to start where another program listens."""
        for name in ("web", "aws", "globus", "mail", "stripe"):
            require_free(
                getattr(self, name), variable=f"{name.upper()}_PORT", patience_seconds=patience_seconds
            )
