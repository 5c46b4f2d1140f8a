"""How a function of numpy is done on device arrays: now, or by the graph that is being captured."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import loops
from .arrays import ndarray
from .machine import machine
from .names import BOOLEAN, JOINING, LIBRARY, SORTING, SYNCHRONIZING

__all__ = ["as_index", "perform", "placed"]


def perform(
    name: str, function: Callable[..., Any], inputs: Any, options: dict[str, Any] | None = None
) -> Any:
    """`function(*inputs, **options)` of device arrays and plain numbers, on the current GPU.

    A view may be taken of an array of any GPU; all else needs arrays of the current one.
    """
    options = options or {}
    arrays: list[ndarray] = []

    def taken(x: ndarray) -> np.ndarray:
        arrays.append(x)
        return x._array

    raw = unwrapped(inputs, taken), unwrapped(options, taken)
    gpus = {x._memory.device_id for x in arrays} - {machine.current.gpu}
    if gpus:
        found = _tried(name, function, (inputs, options), raw, arrays)[0]
        if found is None:
            raise ValueError(f"an array of GPU {gpus.pop()} on GPU {machine.current.gpu}")
        return found
    if name in JOINING and len(arrays) > 8:
        machine.copied_in(name)
    if name in SYNCHRONIZING or (name == "where" and len(inputs) == 1):
        machine.synchronized(name)
    if name in ("getitem", "setitem") and _has_mask(raw[0][1]):
        machine.synchronized("boolean mask")
    if machine.capturing:
        return _captured(name, function, (inputs, options), raw, arrays)
    return wrapped(_done(name, function, raw), arrays)


def _done(name: str, function: Callable[..., Any], raw: Any) -> Any:
    """A GPU warns of nothing that happens within a number. The dtype is that of cupy's loop."""
    loop = loops.chosen(name, raw[0])
    with np.errstate(all="ignore"):
        result = function(*raw[0], **raw[1])
        if loop is not None and not raw[1] and result is not raw[0][0]:
            result = loop.cast(result)
    return np.asarray(result) if name in BOOLEAN else result


def unwrapped(x: Any, taken: Callable[[ndarray], np.ndarray]) -> Any:
    if isinstance(x, ndarray):
        return taken(x)
    if isinstance(x, np.ndarray):
        raise TypeError("an array of the host among device arrays")
    if isinstance(x, dict):
        return {key: unwrapped(one, taken) for key, one in x.items()}
    if type(x) in (tuple, list):
        return type(x)(unwrapped(one, taken) for one in x)
    if isinstance(x, slice):
        return slice(*(unwrapped(one, taken) for one in (x.start, x.stop, x.step)))
    return x


def wrapped(x: Any, arrays: list[ndarray]) -> Any:
    """Results as device arrays: the input itself, a view of it, or an array of its own."""
    if isinstance(x, np.ndarray):
        for one in arrays:
            if x is one._array:
                return one
        for one in arrays:
            if np.may_share_memory(x, one._array):
                return ndarray._of(x, one._memory)
        return placed(x)
    if isinstance(x, np.generic):
        return placed(np.asarray(x))
    if isinstance(x, tuple | list):
        return type(x)(wrapped(one, arrays) for one in x) if type(x) in (tuple, list) else tuple(
            wrapped(one, arrays) for one in x
        )  # fmt: skip
    return x


def placed(x: np.ndarray) -> ndarray:
    """A result in device memory, in the order of its elements."""
    made = _room(x)
    made._array[...] = x
    return made


def _room(x: np.ndarray) -> ndarray:
    fortran = x.flags.f_contiguous and not x.flags.c_contiguous
    return ndarray(x.shape, x.dtype, order="F" if fortran else "C")


def as_index(index: Any) -> Any:
    """An index may hold arrays and lists of the host: cupy copies those to the device itself."""
    if isinstance(index, tuple):
        return tuple(as_index(one) for one in index)
    if isinstance(index, np.ndarray | list):
        machine.copied_in("an index of the host")
        return placed(np.asarray(index))
    return index


def _has_mask(index: Any) -> bool:
    each = index if isinstance(index, tuple) else (index,)
    return any(isinstance(one, np.ndarray) and one.dtype == bool for one in each)


# ------------------------------------------------------------------ capture


def _captured(
    name: str, function: Callable[..., Any], given: Any, raw: Any, arrays: list[ndarray]
) -> Any:
    """Arrays for the results, and a node that fills them at every launch.

    What the results look like is found on arrays of zeros: nothing is read or computed yet.
    """
    if name in LIBRARY:
        raise NotImplementedError(
            f"{name}: calling cuBLAS API during stream capture is currently unsupported"
        )
    if name in SORTING:
        raise machine.refused(name)
    view, tried, zeros = _tried(name, function, given, raw, arrays)
    if view is not None:
        return view
    return _recorded(name, function, raw, tried, zeros, arrays)


def _tried(
    name: str, function: Callable[..., Any], given: Any, raw: Any, arrays: list[ndarray]
) -> tuple[Any, Any, dict[int, np.ndarray]]:
    """(the result where it is a view, what comes of arrays of zeros, these by array)."""
    zeros: dict[int, np.ndarray] = {}

    def taken(x: ndarray) -> np.ndarray:
        return zeros.setdefault(id(x), _zeros(x._array))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tried = _done(name, function, (unwrapped(given[0], taken), unwrapped(given[1], taken)))
    if _is_view(tried, zeros):
        found = function(*raw[0], **raw[1])
        if _is_view(found, {id(one): one._array for one in arrays}):
            return wrapped(found, arrays), tried, zeros
    return None, tried, zeros


def _zeros(x: np.ndarray) -> np.ndarray:
    """Zeros of the shape and the strides of `x`: what is a view of it depends on both."""
    spans = [(n - 1) * abs(step) for n, step in zip(x.shape, x.strides, strict=True)]
    if x.size == 0 or any(step < 0 for step in x.strides):
        return np.zeros_like(x)
    memory = np.zeros(sum(spans) + x.itemsize, np.uint8)
    return np.ndarray(x.shape, x.dtype, memory, 0, x.strides)


def _is_view(found: Any, inputs: dict[int, np.ndarray]) -> bool:
    """Whether all that was found lies in the inputs, and is none of them."""
    leaves = list(_leaves(found))
    return bool(leaves) and all(
        isinstance(leaf, np.ndarray)
        and not any(leaf is one for one in inputs.values())
        and any(np.may_share_memory(leaf, one) for one in inputs.values())
        for leaf in leaves
    )


def _recorded(
    name: str, function: Callable[..., Any], raw: Any, tried: Any, zeros: Any, arrays: Any
) -> Any:
    targets: list[np.ndarray | None] = []  # None where the function itself writes to its place
    results = _made(tried, {id(zeros[id(one)]): one for one in arrays}, targets)
    if tried is not None and not targets:
        return results  # of shapes and types alone

    def node() -> None:
        found = list(_leaves(_done(name, function, raw)))
        for target, leaf in zip(targets, found, strict=True):
            if target is not None:
                assert np.shape(leaf) == target.shape, f"{name}: a shape that depends on values"
                target[...] = leaf

    machine.capturing.nodes.append(node)
    return results


def _made(x: Any, by_zeros: dict[int, ndarray], targets: list[np.ndarray | None]) -> Any:
    """An array of the device for each that came of zeros; `targets` takes their memory."""
    if isinstance(x, tuple | list):
        each = [_made(one, by_zeros, targets) for one in x]
        return each if isinstance(x, list) else tuple(each)
    if id(x) in by_zeros:
        targets.append(None)
        return by_zeros[id(x)]
    if not isinstance(x, np.ndarray | np.generic):
        return x
    made = _room(np.asarray(x))
    targets.append(made._array)
    return made


def _leaves(x: Any) -> Iterator[Any]:
    if isinstance(x, tuple | list):
        for one in x:
            yield from _leaves(one)
    elif isinstance(x, np.ndarray | np.generic):
        yield x
