"""Products of matrices by cuBLASLt, called through ctypes.

cupy's own calls of cuBLAS are refused while a step is captured, since they may allocate; these
allocate nothing: algorithm and workspace are chosen when a shape is first met, and kept. What
cuBLASLt does not do (and everything, where it is missing) is left to the kernels of our own.

cuBLAS knows matrices whose columns lie together. A matrix of ours, whose rows do, is to it the
transposed one, so that it is asked for C' = B' A'.
"""

from __future__ import annotations

import ctypes
import threading
from typing import Any, NamedTuple

from edgekit.train.precision import get_float32_precision

from .kernel import contiguous, empty
from .libraries import Library, shared_library, workspace

__all__ = ["CUBLAS", "matmul", "matmul_and_sums"]

_TYPES = {"float32": 0, "float16": 2, "bfloat16": 14}  # cudaDataType
_FLOAT32, _COMPUTE_32F, _COMPUTE_TF32 = 0, 68, 77
_TRANSPOSE_A, _TRANSPOSE_B, _EPILOGUE, _BIAS_POINTER = 3, 4, 7, 8  # of an operation
_BATCH_COUNT, _BATCH_STRIDE = 5, 6  # of a layout
_MOST_WORKSPACE, _REDUCTIONS, _ALIGNMENT_A = 1, 3, 5  # of a preference; B, C and D follow A
_REDUCED_IN_FLOAT32 = 2
_NO_EPILOGUE, _RELU, _BIAS, _SUMS_OF_A = 1, 2, 4, 256
WORKSPACE = 32 << 20
"""Bytes; what NVIDIA advises for Hopper."""

CUBLAS = Library("cublas", lambda: shared_library("cublasLt", "13", "12"))


class _Found(ctypes.Structure):
    """cublasLtMatmulHeuristicResult_t"""

    _fields_ = (
        ("algorithm", ctypes.c_uint64 * 8),
        ("workspace", ctypes.c_size_t),
        ("state", ctypes.c_int),
        ("waves", ctypes.c_float),
        ("reserved", ctypes.c_int * 4),
    )


class _Operand(NamedTuple):
    """A matrix of ours, or a batch, as cuBLAS has it: `turned` where our columns lie together."""

    turned: bool
    rows: int  # how long its columns are
    columns: int
    stride: int
    batches: int
    batch_stride: int
    alignment: int


class _Problem(NamedTuple):
    first: _Operand  # our second matrix
    second: _Operand
    result: _Operand
    dtype: str
    compute: int
    epilogue: int
    alignment: int = 256  # of the bias, or of the sums


class _Plan(NamedTuple):
    operation: ctypes.c_void_p
    layouts: tuple[ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    found: _Found


class _State(threading.local):
    """Plans hold the address of a bias, so that each thread has its own."""

    def __init__(self) -> None:
        self.handles: dict[int, ctypes.c_void_p | None] = {}
        self.plans: dict[tuple[int, _Problem], _Plan | None] = {}


_state = _State()


def matmul(a: Any, b: Any, bias: Any = None, activation: str | None = None) -> Any:
    """activation(a @ b + bias), or None where cuBLASLt does not do it.

    Device arrays of one dtype: (..., rows, depth) and (depth, columns), or two batches of the same
    sizes; bias (columns,); activation "relu" or None.
    """
    if activation not in (None, "relu") or a.ndim < 2 or b.ndim < 2:
        return None
    shape = (*a.shape[:-1], b.shape[-1])
    if b.ndim == 2 and a.ndim > 2:
        a = contiguous(a).reshape(-1, a.shape[-1])
    if a.shape[:-2] != b.shape[:-2] or a.shape[-1] != b.shape[-2]:
        return None
    epilogue = _NO_EPILOGUE
    if bias is not None or activation is not None:
        epilogue = (_BIAS if bias is not None else 0) | (_RELU if activation else 0)
    found = _multiplied(a, b, bias, epilogue)
    return None if found is None else found.reshape(shape)


def matmul_and_sums(a: Any, b: Any) -> tuple[Any, Any] | None:
    """(a @ b, the sums of the columns of b) in one product of two matrices, or None."""
    if CUBLAS.get() is None:
        return None
    sums = empty(b.shape[1:], b.dtype)
    product = _multiplied(a, b, sums, _SUMS_OF_A)
    return None if product is None else (product, sums)


def _multiplied(a: Any, b: Any, vector: Any, epilogue: int) -> Any:
    """The product; `vector` is the bias, or takes the sums. Both matrices have the same ndim."""
    library, dtype = CUBLAS.get(), a.dtype.name
    alike = all(x is None or x.dtype.name == dtype for x in (b, vector))
    if library is None or dtype not in _TYPES or not alike or 0 in (*a.shape, *b.shape):
        return None
    if vector is not None and not vector.flags.c_contiguous:
        vector = contiguous(vector)
    if a.ndim > 3:
        a, b = (contiguous(x).reshape(-1, *x.shape[-2:]) for x in (a, b))
    (a, first), (b, second) = _operand(a), _operand(b)
    c = empty((*a.shape[:-1], b.shape[-1]), a.dtype)
    tf32 = dtype == "float32" and get_float32_precision() == "tf32"
    compute = _COMPUTE_TF32 if tf32 else _COMPUTE_32F
    near = 256 if vector is None else _alignment(vector)
    problem = _Problem(second, first, _operand(c)[1], dtype, compute, epilogue, near)
    return c if _run(library, problem, (b, a, c), vector) else None


def _run(library: Any, problem: _Problem, arrays: tuple[Any, Any, Any], vector: Any) -> bool:
    import cupy

    gpu = cupy.cuda.Device().id
    if gpu not in _state.handles:
        _state.handles[gpu] = _handle(library)
    handle = _state.handles[gpu]
    if handle is None:
        return False
    address = None if vector is None else int(vector.data.ptr)
    key = gpu, problem
    if key not in _state.plans:
        _state.plans[key] = _planned(library, handle, problem, address)
    plan = _state.plans[key]
    if plan is None:
        return False
    if address is not None:
        _set(library.cublasLtMatmulDescSetAttribute, plan.operation, _BIAS_POINTER, address, 8)
    first, second, result = (ctypes.c_void_p(int(x.data.ptr)) for x in arrays)
    one, zero = ctypes.c_float(1), ctypes.c_float(0)
    status = library.cublasLtMatmul(
        handle, plan.operation, ctypes.byref(one), first, plan.layouts[0], second, plan.layouts[1],
        ctypes.byref(zero), result, plan.layouts[2], result, plan.layouts[2],
        ctypes.byref(plan.found.algorithm), ctypes.c_void_p(workspace(WORKSPACE)),
        ctypes.c_size_t(plan.found.workspace),
        ctypes.c_void_p(int(cupy.cuda.get_current_stream().ptr)),
    )  # fmt: skip
    if status:
        _state.plans[key] = None
    return not status


def _handle(library: Any) -> ctypes.c_void_p | None:
    handle = ctypes.c_void_p()
    status = library.cublasLtCreate(ctypes.byref(handle))
    if status:
        CUBLAS.failed(f"cublasLtCreate gave status {status}")
        return None
    return handle


def _operand(x: Any) -> tuple[Any, _Operand]:
    """A matrix or a batch of them, copied only where neither its rows nor its columns are whole."""
    steps = [stride // x.dtype.itemsize for stride in x.strides]
    rows, columns = x.shape[-2:]
    straight = (columns == 1 or steps[-1] == 1) and (rows == 1 or steps[-2] >= columns)
    turned = (rows == 1 or steps[-2] == 1) and (columns == 1 or steps[-1] >= rows)
    if (not straight and not turned) or min(steps) < 0:
        return _operand(contiguous(x))
    if straight:
        length, count, stride = columns, rows, steps[-2] if rows > 1 else columns
    else:
        length, count, stride = rows, columns, steps[-1] if columns > 1 else rows
    batches, batch_stride = (1, 0) if x.ndim == 2 else (x.shape[0], steps[0])
    return x, _Operand(not straight, length, count, stride, batches, batch_stride, _alignment(x))


def _alignment(x: Any) -> int:
    address = int(x.data.ptr)
    return min(256, address & -address)


def _planned(library: Any, handle: Any, problem: _Problem, address: int | None) -> _Plan | None:
    """Descriptors and the algorithm that the heuristics put first; None where there is none."""
    operation, preference = ctypes.c_void_p(), ctypes.c_void_p()
    library.cublasLtMatmulDescCreate(ctypes.byref(operation), problem.compute, _FLOAT32)
    described = library.cublasLtMatmulDescSetAttribute
    _set(described, operation, _TRANSPOSE_A, int(problem.first.turned))
    _set(described, operation, _TRANSPOSE_B, int(problem.second.turned))
    _set(described, operation, _EPILOGUE, problem.epilogue)
    if address is not None:
        _set(described, operation, _BIAS_POINTER, address, 8)
    operands = problem.first, problem.second, problem.result
    first, second, result = (_layout(library, one, problem.dtype) for one in operands)
    library.cublasLtMatmulPreferenceCreate(ctypes.byref(preference))
    preferred = library.cublasLtMatmulPreferenceSetAttribute
    _set(preferred, preference, _MOST_WORKSPACE, WORKSPACE, 8)
    _set(preferred, preference, _REDUCTIONS, _REDUCED_IN_FLOAT32)
    alignments = [one.alignment for one in operands]
    alignments.append(min(problem.result.alignment, problem.alignment))  # of all that is written
    for i, alignment in enumerate(alignments):
        _set(preferred, preference, _ALIGNMENT_A + i, alignment)
    found, count = _Found(), ctypes.c_int()
    status = library.cublasLtMatmulAlgoGetHeuristic(
        handle, operation, first, second, result, result, preference, 1, ctypes.byref(found),
        ctypes.byref(count),
    )  # fmt: skip
    library.cublasLtMatmulPreferenceDestroy(preference)
    if status or not count.value or found.state:
        return None
    return _Plan(operation, (first, second, result), found)


def _layout(library: Any, one: _Operand, dtype: str) -> ctypes.c_void_p:
    layout = ctypes.c_void_p()
    library.cublasLtMatrixLayoutCreate(
        ctypes.byref(layout), _TYPES[dtype], ctypes.c_uint64(one.rows),
        ctypes.c_uint64(one.columns), ctypes.c_int64(one.stride),
    )  # fmt: skip
    if one.batches > 1:
        described = library.cublasLtMatrixLayoutSetAttribute
        _set(described, layout, _BATCH_COUNT, one.batches)
        _set(described, layout, _BATCH_STRIDE, one.batch_stride, 8)
    return layout


def _set(function: Any, described: ctypes.c_void_p, key: int, value: int, size: int = 4) -> None:
    """Set an attribute of `size` bytes."""
    held = ctypes.c_uint64(value) if size == 8 else ctypes.c_uint32(value)
    status = function(described, key, ctypes.byref(held), ctypes.c_size_t(size))
    if status:
        raise RuntimeError(f"cuBLASLt refused attribute {key} = {value} with status {status}")
