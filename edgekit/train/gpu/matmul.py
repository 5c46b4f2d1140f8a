"""Products of matrices on the GPU by kernels of our own, which a captured step may launch.

(cupy hands `@`, `dot`, `tensordot` and most of `einsum` to cuBLAS, and refuses to while a step is
captured.) Tiles and parts are chosen in `tiles.py`; the kernels are in sources/matmul.cu.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.precision import get_float32_precision

from .kernel import STORAGE, Kernel, blocks_for, empty, kernel, type_name
from .tiles import TILES, Plan, plan

__all__ = [
    "ACTIVATIONS",
    "add_parts",
    "aligned",
    "alike",
    "arithmetic_of",
    "flags",
    "kernels",
    "matmul",
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


def aligned(x: Any, *multiples: int, bytes_: int = 16) -> bool:
    """Whether vectors of 16 bytes fit: `x` begins at one, and so many elements are whole ones."""
    vector = bytes_ // x.dtype.itemsize
    return x.data.ptr % bytes_ == 0 and all(n % vector == 0 for n in multiples)


def alike(*arrays: Any) -> list[Any]:
    """The arrays in their common dtype; None stays None."""
    dtype = np.result_type(*(x.dtype for x in arrays if x is not None))
    return [x if x is None or x.dtype == dtype else x.astype(dtype) for x in arrays]


def flags(a: bool, b: bool, c: bool, bias: Any) -> Any:
    """The argument `flags` of the kernels: which arrays are aligned, whether there is a bias."""
    return np.int32(a | b << 1 | c << 2 | (bias is not None) << 3)


def matmul(
    a: Any,
    b: Any,
    out: Any = None,
    bias: Any = None,
    activation: str | None = None,
    using: Plan | None = None,
) -> Any:
    """activation(a @ b + bias), the product as `numpy.matmul` has it; bias (columns,).

    Device arrays with any strides. Of float32, float16 or bfloat16 (both alike; else they are
    brought to their common dtype) the sums are in float32; other dtypes are cupy's own matter.
    `out` is written where it is given. `using` takes the place of the plan that is chosen.
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
    shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])
    ready = out is not None and out.dtype == dtype and out.flags.c_contiguous
    c = out if ready else empty(shape, dtype)
    if c.shape != shape:
        raise ShapeError(f"matmul: out has the shape {c.shape}, expected {shape}")
    if c.size:
        _multiply(_Operands.of(a, b, shape), c, bias, activation, using)
    if out is None or ready:
        return c
    out[...] = c
    return out


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


class _Operand(NamedTuple):
    """A matrix, or a batch of them, as the kernels take it. Strides count elements."""

    data: Any
    along: bool  # elements of one row of `a`, or column of `b`, are neighbours
    stride: int  # of the other index
    batch: tuple[int, int]  # strides of the outer and the inner batches
    aligned: bool


class _Operands(NamedTuple):
    """Both matrices, and how often they are multiplied: outer times inner batches."""

    a: _Operand
    b: _Operand
    rows: int
    columns: int
    depth: int
    batches: int
    inner: int

    @classmethod
    def of(cls, a: Any, b: Any, shape: tuple[int, ...]) -> _Operands:
        """What multiplies `a` and `b` into `shape`; few of all strides ask for a copy."""
        import cupy

        rows, columns, depth = a.shape[-2], b.shape[-1], a.shape[-1]
        if b.ndim == 2 and a.ndim > 2 and a.flags.c_contiguous:
            a = a.reshape(-1, depth)  # one matrix of all rows
            shape, rows = (a.shape[0], columns), a.shape[0]
        a, b = (x if _fits(x) else cupy.ascontiguousarray(x) for x in (a, b))
        a, b = (cupy.broadcast_to(x, (*shape[:-2], *x.shape[-2:])) for x in (a, b))
        sizes, steps = _merged(shape[:-2], _strides(a)[:-2], _strides(b)[:-2])
        if len(sizes) > 2:
            a, b = cupy.ascontiguousarray(a), cupy.ascontiguousarray(b)
            sizes, steps = _merged(shape[:-2], _strides(a)[:-2], _strides(b)[:-2])
        inner = sizes[-1] if len(sizes) > 1 else 1
        batches = int(np.prod(sizes, dtype=np.int64))
        first = _operand(a, steps[0], (-2, -1))
        second = _operand(b, steps[1], (-1, -2))
        return cls(first, second, rows, columns, depth, batches, inner)


def _strides(x: Any) -> tuple[int, ...]:
    return tuple(s // x.dtype.itemsize for s in x.strides)


def _fits(x: Any) -> bool:
    """Whether one axis of the matrices has neighbours and no stride goes backwards."""
    strides = _strides(x)
    one = any(strides[i] == 1 or x.shape[i] == 1 for i in (-1, -2))
    return one and min(strides) >= 0


def _merged(
    shape: tuple[int, ...], *strides: tuple[int, ...]
) -> tuple[list[int], list[tuple[int, int]]]:
    """The axes of batches joined where all operands step evenly: sizes, and (outer, inner) strides
    for each operand.
    """
    sizes: list[int] = []
    steps: list[list[int]] = [[] for _ in strides]
    for i, size in enumerate(shape):
        if size == 1:
            continue
        now = [s[i] for s in strides]
        if sizes and all(step[-1] == n * size for step, n in zip(steps, now, strict=True)):
            sizes[-1] *= size
            for step, n in zip(steps, now, strict=True):
                step[-1] = n
            continue
        sizes.append(size)
        for step, n in zip(steps, now, strict=True):
            step.append(n)
    pairs = [(step[0], step[-1]) if len(step) > 1 else (*step, 0, 0)[:2] for step in steps]
    return sizes, pairs  # type: ignore[return-value]


def _operand(x: Any, batch: tuple[int, int], axes: tuple[int, int]) -> _Operand:
    """`axes`: that of rows of `a` or columns of `b`, and that of the depth."""
    outer, depth = axes
    strides = _strides(x)
    along = strides[depth] == 1 or x.shape[depth] == 1
    whole = x.shape[depth] if along else x.shape[outer]
    stride = strides[outer] if along else strides[depth]
    if not along and strides[outer] != 1:  # one column: any stride is as good
        along, stride, whole = False, strides[depth], 1
    even = aligned(x, whole, stride, *batch)
    start = x if x.flags.c_contiguous else x[(slice(0, 1),) * x.ndim]  # kernels take an address
    return _Operand(start, along, stride, batch, even)


def _multiply(of: _Operands, c: Any, bias: Any, activation: str | None, using: Plan | None) -> None:
    made = using or plan(of.rows, of.columns, of.depth, of.batches, arithmetic_of(c.dtype))
    sums = c
    if made.parts > 1:
        sums = empty((made.parts, of.batches, of.rows, of.columns), np.float32)
    along = ",".join("true" if one.along else "false" for one in (of.a, of.b))
    batch = of.rows * of.columns
    even = flags(of.a.aligned, of.b.aligned, aligned(c, of.columns, bytes_=4 * c.itemsize), bias)
    blocks = made.parts * of.batches
    blocks *= -(-of.rows // made.tile.rows) * -(-of.columns // made.tile.columns)
    kernel(_SOURCE, f"matmul<{template(made, c.dtype)},{along}>")(
        min(blocks, 1 << 20),
        made.tile.threads,
        of.a.data,
        of.b.data,
        of.b.data if bias is None else bias,
        sums,
        *map(np.int32, (of.rows, of.columns, of.depth, of.a.stride, of.b.stride, of.columns)),
        *map(np.int64, (*of.a.batch, *of.b.batch, batch)),
        *map(np.int32, (of.batches, of.inner, made.parts, made.part_depth)),
        np.int32(ACTIVATIONS[activation]),
        even,
    )
    if made.parts > 1:
        add_parts(sums, c, (of.columns, batch, 0), bias, activation)


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
    run(
        blocks_for(count),
        THREADS,
        sums,
        c if bias is None else bias,
        c,
        *map(np.int32, (parts, batches, rows, columns, row)),
        np.int64(batch),
        *map(np.int32, (bias_batch, ACTIVATIONS[activation])),
        flags(False, False, False, bias),
    )
