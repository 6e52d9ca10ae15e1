"""Faults at exactly one call of exactly one run: what a crash-point sweep is made of."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar, cast

Port = TypeVar("Port")


class Crash(BaseException):
    """The process died here. Not an ``Exception``, so that no handler of errors sees it."""


class Moment(StrEnum):
    """When a fault strikes, seen from the effect of the call."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Fault:
    """``error`` is raised at the call number ``at``, counted from 0 over all ports wrapped together."""

    at: int
    moment: Moment
    error: BaseException


class Faults:
    """Wraps ports, counts their calls and raises where it was told to.

    After a ``Crash`` every further call raises it, too: a dead process writes nothing more, whatever its
    ``finally`` says.
    """

    def __init__(self, fault: Fault | None = None) -> None:
        self._fault = fault
        self._dead: BaseException | None = None
        self._lock = threading.Lock()
        self.calls: list[str] = []
        """Names of the calls made so far, such as ``jobs.commit``."""

    @property
    def struck(self) -> bool:
        """True once the call was reached that the fault waits at."""
        return self._fault is not None and len(self.calls) > self._fault.at

    def wrap(self, port: Port, name: str) -> Port:
        """The same port, each call of it counted and perhaps faulty."""
        return cast("Port", _Wrapped(port, name, self._call))

    def _call(self, name: str, act: Callable[[], Any]) -> Any:  # noqa: ANN401  what any port returns
        with self._lock:
            if self._dead:
                raise self._dead
            number = len(self.calls)
            self.calls.append(name)
        fault = self._fault if self._fault and self._fault.at == number else None
        if fault and fault.moment is Moment.BEFORE:
            self._strike(fault)
        result = act()
        if fault and fault.moment is Moment.AFTER:
            self._strike(fault)
        return result

    def _strike(self, fault: Fault) -> None:
        if isinstance(fault.error, Crash):
            self._dead = fault.error
        raise fault.error


class _Wrapped:
    """Stands in for a port. Attributes that are not methods pass through."""

    def __init__(self, port: object, name: str, call: Callable[[str, Callable[[], Any]], Any]) -> None:
        self._port = port
        self._name = name
        self._call = call

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401  whatever the port has
        value = getattr(self._port, attribute)
        if not callable(value):
            return value

        @functools.wraps(value)
        def counted(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  the port's own signature
            return self._call(f"{self._name}.{attribute}", lambda: value(*args, **kwargs))

        return counted
