"""Machine code of the core: kept on disk as object files, loaded with LLVM alone, called with plain numbers.

A file stands under a digest of all our kernel sources, of what they take constants from, of numba and LLVM,
and of the processor: another of any of these is another file. Files are never changed, so that any number of
processes may read and make them.
"""

from __future__ import annotations

import array
import ctypes
import hashlib
import json
import os
import tempfile
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
Values = array.array  # of "q"
Kind = Any
"""What an argument is: the type and the dimensions of an array, or None for a whole number."""
Kinds = tuple[Kind, ...]
Numba = Any
"""Of numba, which has no types."""

_SETTINGS: Final = ("CPU_NAME", "CPU_FEATURES", "ENABLE_AVX", "OPT", "BOUNDSCHECK")
_ENTRY: Final = "gas_engine_entry"
_RETURNED: Final = (0, -2)  # with a value, with None


def _cache_directory() -> Path:
    """Under ``NUMBA_CACHE_DIR`` where that is set, else in the user's cache."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    # the numbers of the terms are constants of compiled code too
    for path in (here.parent / "terms.py", *sorted(here.glob("*.py")), *map(_version, ("numba", "llvmlite"))):
        digest.update(path.read_bytes())
    settings = {name: os.environ.get(f"NUMBA_{name}") for name in _SETTINGS}
    if not settings["CPU_NAME"]:
        settings["host"] = f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"
    digest.update(json.dumps(settings).encode())
    user = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - home may be unknown
    base = Path(os.environ.get("NUMBA_CACHE_DIR") or Path(user) / "gas-engine")
    return base / f"kernel-{digest.hexdigest()[:16]}"


def _version(package: str) -> Path:
    """The file that tells a package's version; importing it would take longer than all we do."""
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None  # noqa: S101, PT018 - it is installed with us
    return Path(spec.origin).parent / "_version.py"


CACHE_DIRECTORY: Final = _cache_directory()


class Description(NamedTuple):
    """What has to be known of a function to call it."""

    results: int  # words that it returns
    signed: bool


class Code:
    """A function in memory."""

    def __init__(self, engine: llvm.ExecutionEngine, description: Description) -> None:
        self._engine = engine  # owns the memory
        self._several = description.results > 1
        self._result = (ctypes.c_int64 if description.signed else ctypes.c_uint64) * description.results
        prototype = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.POINTER(self._result), ctypes.c_void_p)
        self._call = prototype(engine.get_function_address(_ENTRY))

    def __call__(self, values: Values[int]) -> object:
        """Call it, without Python's lock."""
        result = self._result()
        status = self._call(result, values.buffer_info()[0])
        if status not in _RETURNED:
            raise IndexError(f"compiled code stopped with status {status}")
        return tuple(result) if self._several else result[0]


class _Held:
    """An argument that is there for many calls, flattened once."""

    def __init__(self, argument: object) -> None:
        self.argument = argument
        self.values = Values("q")
        self.kinds: list[Kind] = []
        flatten(argument, self.values, self.kinds)


def held(argument: T) -> T:
    """Return what stands for an argument in many calls: its arrays are looked at once."""
    return cast("T", _Held(argument))


def flatten(argument: object, values: Values[int], kinds: list[Kind]) -> None:
    """Append what a compiled function takes for an argument: numbers as they are, of an array seven or more.

    These are, as numba has them: its owner and Python object (nobody, as nothing is counted), items, bytes
    an item, address, shape and strides. ValueError for an array with gaps.
    """
    if isinstance(argument, _Held):
        values.extend(argument.values)
        kinds += argument.kinds
    elif isinstance(argument, np.ndarray):
        if not argument.flags.c_contiguous:
            raise ValueError("compiled code takes arrays without gaps")
        values.extend((0, 0, argument.size, argument.itemsize, argument.ctypes.data))
        values.extend(argument.shape + argument.strides)
        kinds.append((argument.dtype, argument.ndim))
    elif isinstance(argument, tuple):
        for each in argument:
            if type(each) is int:  # half of all arguments: no call for each
                values.append(each)
                kinds.append(None)
            else:
                flatten(each, values, kinds)
    else:
        values.append(int(argument))  # type: ignore[call-overload]  # whatever is a whole number
        kinds.append(None)


def load(name: str, kinds: Kinds, make: Callable[[], tuple[Description, bytes]]) -> Code:
    """The code of a function for arguments of these kinds; it is made where there is none."""
    told = repr([kind and (kind[0].descr, kind[1]) for kind in kinds])
    path = CACHE_DIRECTORY / f"{name}-{hashlib.sha256(told.encode()).hexdigest()[:16]}.o"
    kept = _read(path)
    if kept is None:
        kept = make()
        _write(path, *kept)
    return _linked(*kept)


def make(dispatcher: Numba, arguments: Sequence[object]) -> tuple[Description, bytes]:
    """Let numba compile a function for arguments like these; return what `_linked` takes."""
    import numba

    types: Numba = numba.types

    def kind_of(argument: object) -> Numba:
        if isinstance(argument, _Held):
            return kind_of(argument.argument)
        if isinstance(argument, np.ndarray):
            return types.Array(numba.from_dtype(argument.dtype), argument.ndim, "C")
        if not isinstance(argument, tuple):
            return types.int64
        each = [kind_of(part) for part in argument]
        return types.NamedTuple(each, type(argument)) if hasattr(argument, "_fields") else types.Tuple(each)

    signature = tuple(map(kind_of, arguments))
    dispatcher.compile(signature)
    overload = dispatcher.overloads[signature]
    returned = overload.signature.return_type
    words = list(returned) if isinstance(returned, types.BaseTuple) else [returned]
    if words[0] not in {types.int64, types.uint64} or len(set(words)) > 1:
        raise TypeError(f"{dispatcher} returns {returned}, and Python takes whole numbers of 64 bits")
    # Of a copy: writing an object file changes what it is written of, and numba goes on with that.
    library = overload.library
    linked = llvm.parse_bitcode(library._final_module.as_bitcode())  # noqa: SLF001 - numba has no way to ask
    linked.link_in(llvm.parse_assembly(_entry(linked.get_function(overload.fndesc.llvm_func_name))))
    code = library.codegen._tm.emit_object(linked)  # noqa: SLF001
    return Description(len(words), words[0].signed), code


def _entry(function: llvm.ValueRef) -> str:
    """A function that takes the arguments of another from an array; Python is slow to give hundreds."""
    _, _, *kinds = [str(argument.type) for argument in function.arguments]
    told = {"ptr": "inttoptr i64 {} to ptr", "i64": "add i64 {}, 0"}
    lines = [
        f"declare i32 @{function.name}(ptr, ptr, {', '.join(kinds)})",
        f"define i32 @{_ENTRY}(ptr %result, ptr %values) {{",
        "  %fault = alloca ptr",
    ]
    for number, kind in enumerate(kinds):
        lines += [
            f"  %place{number} = getelementptr i64, ptr %values, i64 {number}",
            f"  %word{number} = load i64, ptr %place{number}",
            f"  %value{number} = {told[kind].format(f'%word{number}')}",
        ]
    values = ", ".join(f"{kind} %value{number}" for number, kind in enumerate(kinds))
    lines += [
        f"  %status = call i32 @{function.name}(ptr %result, ptr %fault, {values})",
        "  ret i32 %status",
        "}",
    ]
    return "\n".join(lines)


def _linked(description: Description, code: bytes) -> Code:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True, reloc=_relocation())
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return Code(engine, description)


def _relocation() -> str:
    """As numba compiles for running in place."""
    return "static" if llvm.Target.from_default_triple().name.startswith("x86") else "default"


def _read(path: Path) -> tuple[Description, bytes] | None:
    """What is kept, if it is whole."""
    try:
        head, _, code = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    checksum, *description = json.loads(head)
    return (Description(*description), code) if checksum == zlib.crc32(code) else None


def _write(path: Path, description: Description, code: bytes) -> None:
    """Keep code for other processes; where that cannot be (a disk that is read only), this one has it."""
    head = json.dumps([zlib.crc32(code), *description]).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            whole = Path(scratch) / path.name
            whole.write_bytes(head + b"\n" + code)
            whole.replace(path)
    except OSError:
        return
