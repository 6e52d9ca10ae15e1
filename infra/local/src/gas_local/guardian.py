"""A small process that outlives a killed supervisor, and stops the children that it leaves.

Without it a SIGKILL would leave programs on their ports and the next start could not have them; and the AWS
emulator, which saves its tables when it is asked to stop, would never be asked.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

STOP_SECONDS = 10


class Guardian:
    """Our end of the pipe. Its closing, by our death or by ``dismiss``, is what the process waits for."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gas_local.guardian"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )

    def watch(self, pid: int) -> None:
        """Stop this process if we die."""
        self._tell(f"+{pid}")

    def release(self, pid: int) -> None:
        """It has ended; its number may be another's soon."""
        self._tell(f"-{pid}")

    def dismiss(self) -> None:
        """All children have been stopped."""
        self._tell("done")
        if self._process.stdin:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait(STOP_SECONDS)

    def _tell(self, line: str) -> None:
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()


def main() -> None:
    """Read what to guard until the pipe closes; then stop what is left, the youngest first."""
    pids: list[int] = []
    for line in sys.stdin:
        word = line.strip()
        if word == "done":
            return
        if word.startswith("+"):
            pids.append(int(word[1:]))
        else:
            pids.remove(int(word[1:]))
    for pid in reversed(pids):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    while any(_lives(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.1)
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _lives(pid: int) -> bool:
    """Whether the process runs. It is no child of ours, so a zombie is somebody else's to collect."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    for unwelcome in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(unwelcome, signal.SIG_IGN)
    main()
