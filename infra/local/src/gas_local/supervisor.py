"""Child processes: started in order, watched, and stopped the other way round, with time to save."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal, Self

from gas_local.errors import LocalStackError
from gas_local.guardian import Guardian
from gas_local.logs import LogFile

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

READY_SECONDS = 30
STOP_SECONDS = 40
"""Workers drain for 30 s and hand back within 2 s more; what still lives then is killed."""

_local = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Program:
    """A program to run: its ready_url answers 200 once it can be used."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(repr=False)
    ready_url: str | None = None


@dataclass(slots=True)
class Child:
    """A running program."""

    program: Program
    process: subprocess.Popen[bytes]
    log: LogFile


class ChildDiedError(LocalStackError):
    """A program ended that should go on; the message carries its last words."""


class Supervisor:
    """Runs programs until told to stop, whatever way the block is left.

    Children have process groups of their own: a Ctrl-C reaches us alone, and we stop them in order.
    """

    def __init__(self, logs: Path) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._batches: list[list[Child]] = []
        self._guardian = Guardian()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, *programs: Program) -> None:
        """Start programs side by side and wait until every one of them is ready.

        Raises
        ------
        ChildDiedError
            One ended meanwhile.
        LocalStackError
            One was not ready in time.
        """
        batch: list[Child] = []
        self._batches.append(batch)
        batch.extend(self._spawned(program, log_mode="wb") for program in programs)
        end = time.monotonic() + READY_SECONDS
        for program in programs:
            while program.ready_url and not _is_ready(program.ready_url):
                self.check()
                if time.monotonic() > end:
                    log_path = self._logs / f"{program.name}.log"
                    raise LocalStackError(
                        f"{program.name} was not ready in {READY_SECONDS} s: see {log_path}."
                    )
                time.sleep(0.05)
        self.check()

    def check(self) -> None:
        """Raise ChildDiedError as soon as any program has ended."""
        for child in self._children:
            if (code := child.process.poll()) is not None:
                raise ChildDiedError(
                    f"{child.program.name} ended ({_how(code)}). Its last lines, of {child.log.path}:\n"
                    + "\n".join(f"  {line}" for line in child.log.last_lines(20))
                )

    def warnings(self) -> list[str]:
        """Warnings and errors logged since the last call, fit for a terminal."""
        return [line for child in self._children for line in child.log.new_warnings()]

    def restart(self, name: str) -> None:
        """SIGKILL a program, as a crash would, and start it anew; its log goes on."""
        child = self._child(name)
        os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()
        self._guardian.release(child.process.pid)
        child.process = self._spawned(child.program, log_mode="ab").process

    def pid(self, name: str) -> int:
        """Process ID of a running program."""
        return self._child(name).process.pid

    def stop(self) -> None:
        """Stop what was started last first: services drain before the emulators they write to go."""
        while self._batches:
            self._stop(self._batches.pop())
        self._guardian.dismiss()

    def _spawned(self, program: Program, *, log_mode: Literal["wb", "ab"]) -> Child:
        log = LogFile(program.name, self._logs / f"{program.name}.log")
        with log.path.open(log_mode) as output:
            process = subprocess.Popen(
                program.command,
                env=program.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._guardian.watch(process.pid)
        return Child(program, process, log)

    def _child(self, name: str) -> Child:
        return next(child for child in self._children if child.program.name == name)

    @property
    def _children(self) -> list[Child]:
        return [child for batch in self._batches for child in batch]

    def _stop(self, children: list[Child]) -> None:
        for child in children:
            with suppress(ProcessLookupError):
                # The program itself: gunicorn and the like tell their own children.
                os.kill(child.process.pid, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        for child in children:
            try:
                child.process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                print(f"{child.program.name} did not stop within {STOP_SECONDS} s and is killed.", flush=True)
            with suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()


def _is_ready(url: str) -> bool:
    try:
        with _local.open(url, timeout=2) as answer:
            ready: bool = answer.status == HTTPStatus.OK
            return ready
    except (urllib.error.URLError, OSError):
        return False


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
