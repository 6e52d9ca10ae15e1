"""Bytes in, bytes out: copying, numbers, and decimal fractions that are read exactly or not at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from gas_engine.kernel.jit import intrinsic, jit
from gas_engine.kernel.layout import Bytes

Numba = Any
"""Of numba, which has no types."""
_EXACT = 1 << 53  # whole numbers below have an exact double
_POWERS = 10.0 ** np.arange(23)  # and so have these powers of ten (Clinger 1990)


@intrinsic
def _copy(_: Numba, out: Numba, _at: Numba, source: Numba, _start: Numba, _size: Numba) -> Numba:
    """``memcpy``: a loop over bytes, which stood here before, was a fifth of the core's time."""
    # numba is imported by those alone who compile.
    from numba import types
    from numba.core import cgutils
    from numba.np import arrayobj

    array: Numba = arrayobj.make_array
    memcpy: Numba = cgutils.raw_memcpy

    def generate(context: Numba, builder: Numba, signature: Numba, values: Numba) -> Numba:
        kinds = signature.args
        out, at, source, start, size = values
        to = builder.gep(array(kinds[0])(context, builder, out).data, [at])
        begin = builder.gep(array(kinds[2])(context, builder, source).data, [start])
        memcpy(builder, to, begin, size, 1)
        return context.get_dummy_value()

    return types.void(out, types.intp, source, types.intp, types.intp), generate


@intrinsic
def _memchr(_: Numba, source: Numba, _start: Numba, _end: Numba, _byte: Numba) -> Numba:
    """``memchr`` of the C library, which looks at many bytes at once."""
    from llvmlite import ir  # type: ignore[import-untyped]  # it has no types
    from numba import types
    from numba.core import cgutils
    from numba.np import arrayobj

    array: Numba = arrayobj.make_array
    function: Numba = cgutils.get_or_insert_function

    def generate(context: Numba, builder: Numba, signature: Numba, values: Numba) -> Numba:
        text, start, end, byte = values
        data = array(signature.args[0])(context, builder, text).data
        pointer, size = data.type, start.type
        kind = ir.FunctionType(pointer, [pointer, ir.IntType(32), size])
        search = function(builder.module, kind, "memchr")
        begin = builder.gep(data, [start])
        found = builder.call(search, [begin, builder.trunc(byte, ir.IntType(32)), builder.sub(end, start)])
        place = builder.sub(builder.ptrtoint(found, size), builder.ptrtoint(data, size))
        missing = builder.icmp_unsigned("==", found, ir.Constant(pointer, None))
        return builder.select(missing, end, place)

    return types.intp(source, types.intp, types.intp, types.intp), generate


@intrinsic
def _fetch(_: Numba, array: Numba, _index: Numba) -> Numba:
    """Ask for an item's bytes, which are read some records later."""
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.np import arrayobj

    make_array: Numba = arrayobj.make_array
    function: Numba = cgutils.get_or_insert_function

    def generate(context: Numba, builder: Numba, signature: Numba, values: Numba) -> Numba:
        items, index = values
        item = builder.gep(make_array(signature.args[0])(context, builder, items).data, [index])
        word = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [item.type, word, word, word])
        # to be read, and kept in all caches, as data
        builder.call(function(builder.module, kind, "llvm.prefetch.p0"), [item, word(0), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


@jit
def find_byte(source: Bytes, start: int, end: int, byte: int) -> int:
    """Where a byte comes first in ``source[start:end]``; ``end`` where it does not."""
    return int(_memchr(source, start, end, byte))


@jit
def prefetch(source: Bytes, index: int) -> None:
    """Have ``source[index]`` brought near."""
    _fetch(source, index)


@jit
def put(out: Bytes, at: int, source: Bytes, start: int, end: int) -> int:
    """Copy ``source[start:end]`` to ``out`` at ``at``; return the place after it."""
    if end <= start:
        return at
    _copy(out, at, source, start, end - start)
    return at + end - start


@jit
def put_number(out: Bytes, at: int, number: int) -> int:
    """Write a whole number in decimal digits."""
    rest = number
    if rest < 0:
        out[at] = 45
        at += 1
        rest = -rest
    size = 1
    bound = 10
    while rest >= bound:
        size += 1
        bound *= 10
    for place in range(at + size - 1, at - 1, -1):
        out[place] = 48 + rest % 10
        rest //= 10
    return at + size


@jit
def same(one: Bytes, start: int, end: int, other: Bytes, other_start: int, other_end: int) -> bool:
    """True if two stretches hold the same bytes."""
    if end - start != other_end - other_start:
        return False
    for index in range(end - start):
        if one[start + index] != other[other_start + index]:
            return False
    return True


@jit
def upper(byte: int) -> int:
    """An ASCII letter in upper case."""
    return byte - 32 if 97 <= byte <= 122 else byte


@jit
def read_decimal(text: Bytes, start: int, end: int) -> tuple[bool, float]:
    """(True, value) of a plain decimal fraction whose double is known to be the nearest, else (False, 0)."""
    at = start
    negative = False
    if at < end and (text[at] == 45 or text[at] == 43):
        negative = text[at] == 45
        at += 1
    mantissa = 0
    digits = 0
    exponent = 0
    while at < end and 48 <= text[at] <= 57:
        mantissa = mantissa * 10 + (text[at] - 48)
        digits += 1
        at += 1
        if mantissa >= _EXACT:
            return False, 0.0
    if at < end and text[at] == 46:
        at += 1
        while at < end and 48 <= text[at] <= 57:
            mantissa = mantissa * 10 + (text[at] - 48)
            digits += 1
            exponent -= 1
            at += 1
            if mantissa >= _EXACT:
                return False, 0.0
    if digits == 0:
        return False, 0.0
    if at < end and (text[at] == 69 or text[at] == 101):
        at += 1
        minus = False
        if at < end and (text[at] == 45 or text[at] == 43):
            minus = text[at] == 45
            at += 1
        if at == end or end - at > 3:
            return False, 0.0
        power = 0
        while at < end and 48 <= text[at] <= 57:
            power = power * 10 + (text[at] - 48)
            at += 1
        exponent += -power if minus else power
    if at != end or not -22 <= exponent <= 22:
        return False, 0.0
    value = float(mantissa)
    value = value / _POWERS[-exponent] if exponent < 0 else value * _POWERS[exponent]
    return True, -value if negative else value
