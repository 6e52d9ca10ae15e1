"""TCP ports of this machine."""

from __future__ import annotations

import random
import socket
import time
from dataclasses import dataclass

from gas_local.errors import LocalStackError

HOST = "127.0.0.1"

# Below what Linux and macOS hand to outgoing connections (from 32768 and 49152), and below the NodePorts of
# Kubernetes (from 30000): between choosing a port and listening there nobody is given it by chance.
_CHOICE = range(15_000, 30_000)
_given: set[int] = set()


def free_port() -> int:
    """A port nobody listens on, never given twice by this process nor to a connection by the system.

    Another program may still choose it before it is used; tests accept that.
    """
    for port in random.sample(_CHOICE, k=1_000):
        if port not in _given and not _is_taken(port):
            _given.add(port)
            return port
    raise LocalStackError(f"No port is free from {_CHOICE.start} to {_CHOICE.stop}: stop what listens there.")


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
