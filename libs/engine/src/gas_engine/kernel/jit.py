"""Compiling to machine code, once; what was made is kept on disk and called without numba.

Bringing numba up takes half a second of every process, and its own way to call a function looks at each of
our hundred arrays for longer than a small file takes. So numba is imported only where code must be made: the
object file of each function that Python calls is kept, and `native` loads it.
"""

from __future__ import annotations

import sys
import threading
from functools import cache
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast

from gas_engine.kernel import native

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")
Numba = Any
"""Of numba, which has no types."""

_lock = threading.RLock()
_marked: list[_Marked] = []


class _Marked:
    """A function for numba, as Python sees it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = cast("FunctionType", function)
        self.__doc__ = function.__doc__
        _marked.append(self)

    def given_to_numba(self, function: FunctionType) -> Numba:
        raise NotImplementedError


class _Compiled(_Marked, Generic[P, R]):
    """A function of the core."""

    def __init__(self, function: Callable[P, R]) -> None:
        super().__init__(function)
        self._codes: dict[native.Kinds, native.Code] = {}

    def given_to_numba(self, function: FunctionType) -> Numba:
        import numba

        # Counting references to arrays, which the caller holds anyway, took three quarters of the time
        # (measured: 1.32 s for 100,000 records against 0.31 s); nothing is allocated in compiled code, so it
        # can go. Python's way in is `native`, so none of numba's is made.
        options: dict[str, Any] = {
            "nogil": True,
            "error_model": "numpy",
            "_nrt": False,
            "no_cpython_wrapper": True,
            "no_cfunc_wrapper": True,
        }
        return numba.njit(**options)(function)

    def __call__(self, *args: P.args, **named: P.kwargs) -> R:
        if named:
            raise TypeError("compiled code takes its arguments by their place")
        values = native.Values("q")
        kinds: list[native.Kind] = []
        native.flatten(args, values, kinds)
        key = tuple(kinds)
        code = self._codes.get(key)
        if code is None:
            with _lock:
                code = self._codes[key] = self._load(key, args)
        return cast("R", code(values))

    def _load(self, kinds: native.Kinds, args: tuple[object, ...]) -> native.Code:
        name = f"{self.function.__module__.rpartition('.')[2]}.{self.function.__name__}"
        return native.load(name, kinds, lambda: native.make(_all_for_numba()[id(self)], args))


class _Intrinsic(_Marked):
    """What numba calls while it compiles."""

    def given_to_numba(self, function: FunctionType) -> Numba:
        from numba.extending import intrinsic as of_numba

        return of_numba(function)


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile at the first call; keep the code on disk; run without Python's lock.

    Python gives whole numbers and arrays, plain and in tuples, and gets whole numbers; compiled functions
    among themselves may use whatever numba knows.
    """
    return _Compiled(function)


def intrinsic(function: Callable[..., Numba]) -> Numba:
    """Mark what numba is to call while it compiles, to write the instructions of a call itself."""
    return _Intrinsic(function)


@cache
def _all_for_numba() -> dict[int, Numba]:
    """Marked functions as numba has them, by their id; in twins of our modules, so that ours stay ours."""
    ours = {name: sys.modules[name] for name in {each.function.__module__ for each in _marked}}
    twins = {name: ModuleType(name) for name in ours}
    made: dict[int, Numba] = {id(module): twins[name] for name, module in ours.items()}
    for each in _marked:
        own = each.function
        twin = FunctionType(own.__code__, vars(twins[own.__module__]), own.__name__)
        twin.__module__, twin.__qualname__, twin.__doc__ = own.__module__, own.__qualname__, own.__doc__
        made[id(each)] = each.given_to_numba(twin)
    for name, module in ours.items():
        vars(twins[name]).update({key: made.get(id(value), value) for key, value in vars(module).items()})
    return made
