"""Tensors without values: what the functional API is written with.

`Input(...)` makes a SymbolicTensor; calling a layer on one computes shapes only and notes the call.
A primitive that meets one (`x + y`, `ops.relu(x)`) becomes an Operation, a node like any layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.backend import asarray
from edgekit.train.names import snake_case, unique_name
from edgekit.train.primitive import name_scope
from edgekit.train.structure import flatten, is_nested, map_structure, pack
from edgekit.train.tensor import Operators, wrap

__all__ = ["Call", "Operation", "SymbolicTensor", "has_symbolic", "infer_shapes", "note_call"]

Shape = tuple[int | None, ...]


class SymbolicTensor(Operators):
    """A shape (None where unknown), a dtype, and the call that makes it."""

    __slots__ = ("call", "dtype", "index", "name", "shape")

    def __init__(self, shape: Shape, dtype: str = "float32", name: str | None = None) -> None:
        self.shape = tuple(shape)
        self.dtype = dtype
        self.name = name or unique_name("keras_tensor")
        self.call: Call | None = None
        self.index = 0

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __symbolic_call__(self, primitive: Any, args: Any, kwargs: Any) -> Any:
        return Operation(primitive)(*args, **kwargs)

    def __bool__(self) -> bool:
        raise ShapeError(
            f"{self!r} has no values: it cannot steer Python's `if`, `while` or `and`; "
            "write a Layer whose call() does that"
        )

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise ShapeError(
            f"{self!r} has no values: numpy's functions cannot be used on it; use a layer, "
            "an operator or a function of edgekit.train.ops"
        )

    def __iter__(self) -> Iterator[Any]:
        raise ShapeError(f"{self!r} has no values: it cannot be iterated over")

    def __repr__(self) -> str:
        return f"<SymbolicTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


class Call:
    """One use of a layer or operation on symbolic tensors."""

    __slots__ = ("args", "inputs", "kwargs", "layer", "outputs")

    def __init__(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.layer = layer
        self.args = args
        self.kwargs = kwargs
        self.inputs = [x for x in flatten([args, kwargs]) if isinstance(x, SymbolicTensor)]
        self.outputs: Any = None


class Operation:
    """A primitive used on symbolic tensors: a node of the graph without weights."""

    def __init__(self, primitive: Any, name: str | None = None) -> None:
        self.primitive = primitive
        self.name = name or unique_name(snake_case(primitive.name))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not has_symbolic(args, kwargs):
            with name_scope(self.name):
                return self.primitive(*args, **kwargs)
        shapes = infer_shapes(self.primitive, args, kwargs)
        return note_call(self, args, kwargs, shapes)

    def __repr__(self) -> str:
        return f"<Operation {self.primitive.name} name={self.name}>"


def has_symbolic(args: Any, kwargs: Any = None) -> bool:
    """True if a symbolic tensor is among the arguments."""
    for x in args:
        if isinstance(x, SymbolicTensor):
            return True
        if is_nested(x) and any(isinstance(leaf, SymbolicTensor) for leaf in flatten(x)):
            return True
    return bool(kwargs) and has_symbolic(list(kwargs.values()))


def note_call(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], shapes: Any) -> Any:
    """Make the outputs of a call: symbolic tensors of `shapes`, which may be nested."""
    call = Call(layer, args, kwargs)
    call.outputs = map_structure(lambda leaf: SymbolicTensor(leaf.shape, leaf.dtype), shapes)
    for index, output in enumerate(flatten(call.outputs)):
        output.call, output.index = call, index
    if hasattr(layer, "calls"):
        layer.calls.append(call)
    return call.outputs


def infer_shapes(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """The output shapes of `function`, found by running it on zeros of two sizes.

    Each unknown dimension is filled in twice; what differs in the output is unknown there.
    """
    with np.errstate(all="ignore"):  # of zeros: the values mean nothing
        runs = [
            function(*map_structure(fill, tuple(args)), **map_structure(fill, dict(kwargs)))
            for fill in (_zeros_of(2), _zeros_of(3))
        ]
    leaves = [
        SymbolicTensor(
            tuple(a if a == b else None for a, b in zip(one.shape, two.shape, strict=True)),
            str(one.dtype),
        )
        for one, two in zip(flatten(runs[0]), flatten(runs[1]), strict=True)
    ]
    return pack(runs[0], leaves)


def _zeros_of(unknown: int) -> Callable[[Any], Any]:
    """Replace a symbolic tensor by zeros; unknown dimensions become `unknown` (batch) or + 30."""

    def fill(x: Any) -> Any:
        if not isinstance(x, SymbolicTensor):
            return x
        shape = tuple(
            size if size is not None else unknown + (30 if axis else 0)
            for axis, size in enumerate(x.shape)
        )
        zeros = np.zeros(shape, x.dtype)
        # beside the weights of the layers that it goes through, unless it stands for texts
        return wrap(asarray(zeros) if zeros.dtype.kind in "fiub" else zeros)

    return fill
