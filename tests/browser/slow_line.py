"""A line to the store that carries so many bytes a second: on a fast machine nothing else takes time."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

from tests.tcp_proxy import TcpProxy, shut

PIECE_BYTES = 64 * 1024


class SlowLine(TcpProxy):
    """A TCP proxy at ``url`` before ``target``; what is sent shares ``bytes_a_second``, answers are free."""

    def __init__(self, target: str, *, bytes_a_second: int) -> None:
        self._bytes_a_second = bytes_a_second
        self._free = time.monotonic()
        self._lock = threading.Lock()
        super().__init__(target)

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as server:
            threading.Thread(target=self._answers, args=(client, server), daemon=True).start()
            with suppress(OSError):
                while data := client.recv(PIECE_BYTES):
                    time.sleep(self._turn(len(data)))
                    server.sendall(data)
            shut(client, server)

    def _turn(self, size: int) -> float:
        """Seconds until the line has room for so many bytes."""
        with self._lock:
            now = time.monotonic()
            start = max(now, self._free)
            self._free = start + size / self._bytes_a_second
            return self._free - now

    def _answers(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(PIECE_BYTES):
                client.sendall(data)
        shut(client, server)
