"""Products of matrices on the GPU: by cuBLASLt where it is installed, else by kernels of our own.

(cupy hands `@`, `dot`, `tensordot` and most of `einsum` to cuBLAS, and refuses to while a step is
captured.) Tiles and parts are chosen in `tiles.py`; the kernels are in sources/matmul.cu.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.precision import get_float32_precision

from . import cublas
from .channels import channel_sums
from .gates import OPEN, Gate, Gates, even
from .kernel import STORAGE, Kernel, blocks_for, empty, kernel, type_name
from .strides import Operands, aligned
from .tiles import TILES, Plan, has_room, plan

__all__ = [
    "ACTIVATIONS",
    "add_parts",
    "alike",
    "arithmetic_of",
    "flags",
    "kernels",
    "matmul",
    "matmul_and_sums",
    "template",
]

_SOURCE = "matmul.cu"
THREADS = 256
ACTIVATIONS = {None: 0, "relu": 1, "relu6": 2}
"""What kernels of products can apply to their sums, by the number they know it by."""
KINDS = (("float", "false"), ("float", "true"), ("half_t", "true"), ("bfloat_t", "true"))
"""Types of C++, and whether tensor cores multiply."""


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    names = [f"add_parts<{t}>" for t in STORAGE.values()]
    for storage, tensor in KINDS:
        for tile in TILES:
            for along in ("true,true", "true,false", "false,true", "false,false"):
                names.append(f"matmul<{storage},{tensor},{tile.rows},{tile.columns},{along}>")
    return [kernel(_SOURCE, name) for name in names]


def arithmetic_of(dtype: Any) -> str:
    """A key of `tiles.MULTIPLY_ADDS`: how products of arrays of this dtype are computed."""
    name = np.dtype(dtype).name
    return get_float32_precision() if name == "float32" else name


def template(made: Plan, dtype: Any) -> str:
    """The first template arguments of a kernel: storage, whether on tensor cores, tile."""
    tensor = "false" if arithmetic_of(dtype) == "ieee" else "true"
    return f"{type_name(dtype)},{tensor},{made.tile.rows},{made.tile.columns}"


def alike(*arrays: Any) -> list[Any]:
    """The arrays in their common dtype; None stays None."""
    dtype = np.result_type(*(x.dtype for x in arrays if x is not None))
    return [x if x is None or x.dtype == dtype else x.astype(dtype) for x in arrays]


def flags(
    a: bool, b: bool, c: bool, bias: Any = None, sums: bool = False, gates: Gates = OPEN
) -> Any:
    """The argument `flags` of the kernels: which arrays are aligned, whether there is a bias,
    whether `a` has a row of ones more, and the gates of `a` and `b`.
    """
    bits = a | b << 1 | c << 2 | (bias is not None) << 3 | sums << 4
    for i, gate in enumerate(gates):
        if gate is not None:
            bits |= 1 << 5 + i | (gate.activation == "relu6") << 7
    return np.int32(bits)


def matmul(
    a: Any,
    b: Any,
    out: Any = None,
    bias: Any = None,
    activation: str | None = None,
    using: Plan | None = None,
    gates: Gates = OPEN,
) -> Any:
    """activation(a @ b + bias), the product as `numpy.matmul` has it; bias (columns,).

    Device arrays with any strides. Of float32, float16 or bfloat16 (both alike; else they are
    brought to their common dtype) the sums are in float32; other dtypes are cupy's own matter.
    `out` is written where it is given. `using` takes the place of the plan that is chosen. `gates`
    say which elements of a and b count, which are contiguous then; cuBLASLt is not asked.
    """
    import cupy

    dtype = np.result_type(a.dtype, b.dtype)
    if dtype.name not in STORAGE:
        assert bias is None and activation is None, f"no epilogue for {dtype}"
        return cupy.matmul(a, b, out=out)
    a, b = alike(a, b)
    if a.ndim < 2 or b.ndim < 2:
        return _of_vectors(a, b, out, bias, activation)
    if a.shape[-1] != b.shape[-2]:
        raise ShapeError(f"matmul: {a.shape} and {b.shape} do not fit")
    if out is None and using is None and gates == OPEN:
        found = cublas.matmul(a, b, bias, activation)
        if found is not None:
            return found
    shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])
    ready = out is not None and out.dtype == dtype and out.flags.c_contiguous
    c = out if ready else empty(shape, dtype)
    if c.shape != shape:
        raise ShapeError(f"matmul: out has the shape {c.shape}, expected {shape}")
    if c.size:
        _multiply(Operands.of(a, b, shape), c, bias, activation, using, gates=gates)
    if out is None or ready:
        return c
    out[...] = c
    return out


def matmul_and_sums(a: Any, b: Any, gate: Gate | None = None) -> tuple[Any, Any]:
    """a @ b of two matrices, and the sums of b's columns: the gradients of kernel and bias.

    Where it costs next to nothing both come from one kernel, as if `a` had a row of ones more (and
    in tf32 the sums are those of rounded numbers, too). `gate` says which elements of b count.
    """
    a, b = alike(a, b)
    found = cublas.matmul_and_sums(a, b) if gate is None else None
    if found is not None:
        return found
    rows, (depth, columns) = a.shape[0], b.shape
    made = plan(rows, columns, depth, 1, arithmetic_of(b.dtype))
    of = Operands.of(a, b, (rows, columns))
    if of.a.along or not has_room(made, rows, columns) or not b.size:
        b = b if gate is None else gate.passed(b)
        return matmul(a, b), channel_sums(b)
    c = empty((rows + 1, columns), b.dtype)
    _multiply(of._replace(rows=rows + 1), c, None, None, made, True, (None, gate))
    return c[:rows], c[rows]


def _of_vectors(a: Any, b: Any, out: Any, bias: Any, activation: str | None) -> Any:
    """A vector stands for a matrix of one row, or of one column, which the result is without."""
    rows = a[None] if a.ndim == 1 else a
    columns = b[:, None] if b.ndim == 1 else b
    c = matmul(rows, columns, None, bias, activation)
    shape = list(c.shape)
    if b.ndim == 1:
        del shape[-1]
    if a.ndim == 1:
        del shape[len(c.shape) - 2]
    c = c.reshape(tuple(shape))
    if out is None:
        return c
    out[...] = c
    return out


def _multiply(
    of: Operands,
    c: Any,
    bias: Any,
    activation: str | None,
    using: Plan | None,
    sums: bool = False,
    gates: Gates = OPEN,
) -> None:
    made = using or plan(of.rows, of.columns, of.depth, of.batches, arithmetic_of(c.dtype))
    out = c
    if made.parts > 1:
        out = empty((made.parts, of.batches, of.rows, of.columns), np.float32)
    along = ",".join("true" if one.along else "false" for one in (of.a, of.b))
    batch = of.rows * of.columns
    whole = aligned(c, of.columns, bytes_=4 * c.itemsize)
    a_even, b_even = even(of.a.aligned, gates[0]), even(of.b.aligned, gates[1])
    gate = gates[0] or gates[1]  # never both
    blocks = made.parts * of.batches
    blocks *= -(-of.rows // made.tile.rows) * -(-of.columns // made.tile.columns)
    kernel(_SOURCE, f"matmul<{template(made, c.dtype)},{along}>")(
        min(blocks, 1 << 20),
        made.tile.threads,
        of.a.data,
        of.b.data,
        of.b.data if bias is None else bias,
        of.b.data if gate is None else gate.output,
        out,
        *map(np.int32, (of.rows, of.columns, of.depth, of.a.stride, of.b.stride, of.columns)),
        *map(np.int64, (*of.a.batch, *of.b.batch, batch)),
        *map(np.int32, (of.batches, of.inner, made.parts, made.part_depth)),
        np.int32(ACTIVATIONS[activation]),
        flags(a_even, b_even, whole, bias, sums, gates),
    )
    if made.parts > 1:
        add_parts(out, c, (of.columns, batch, 0), bias, activation)


def add_parts(
    sums: Any, c: Any, strides: tuple[int, int, int], bias: Any, activation: str | None
) -> None:
    """c = activation(the sum of `sums` (parts, batches, rows, columns) over its parts + bias).

    `strides`: from row to row and from batch to batch of `c`, and from batch to batch of `bias`.
    """
    parts, batches, rows, columns = sums.shape
    count = batches * rows * columns
    row, batch, bias_batch = strides
    run = kernel(_SOURCE, f"add_parts<{type_name(c.dtype)}>")
    lanes = 8 if parts >= 16 else 4 if parts >= 8 else 1  # by the shape alone, as the parts
    run(
        blocks_for(count * lanes),
        THREADS,
        sums,
        c if bias is None else bias,
        c,
        *map(np.int32, (parts, lanes, batches, rows, columns, row)),
        np.int64(batch),
        *map(np.int32, (bias_batch, ACTIVATIONS[activation])),
        flags(False, False, False, bias),
    )
