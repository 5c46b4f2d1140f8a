"""`Tensor`, an array that primitives and tapes know by identity, and `Variable`, one that trains.

Arithmetic on tensors goes through primitives, so a tape sees it. `a == b` compares element by
element; as the key of a dict or in a set a tensor is itself alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError

from .backend import Array, asarray, to_numpy
from .names import unique_name
from .operators import PRIMITIVES as PRIMITIVES
from .operators import Operators as Operators

__all__ = ["PRIMITIVES", "Operators", "Tensor", "Variable", "array_of", "wrap"]


class Tensor(Operators):
    """An array (`data`: numpy or cupy) with operators that a tape can see.

    `Tensor(x)` takes an array, a tensor or nested lists; numbers in lists become float32 or int32.
    """

    # a mask is there only where one was set: ask with masks.mask_of
    __slots__ = ("__weakref__", "_keras_mask", "data")
    __edgekit_tensor__ = True

    data: Array
    _keras_mask: Any

    def __init__(self, data: Any, dtype: Any = None) -> None:
        if dtype is None and not hasattr(data, "dtype"):
            dtype = _default_dtype(np.asarray(data).dtype)
        self.data = asarray(data, dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.data.dtype

    @property
    def ndim(self) -> int:
        return self.data.ndim

    @property
    def size(self) -> int:
        return self.data.size

    def numpy(self) -> np.ndarray:
        """The values as a numpy array; on the CPU it shares memory with the tensor."""
        return to_numpy(self.data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        host = to_numpy(self.data)
        if dtype is not None and host.dtype != dtype:
            return host.astype(dtype)
        return host.copy() if copy else host

    def item(self) -> Any:
        """The one element as a Python number."""
        return self.data.item()

    def __float__(self) -> float:
        return float(self.data)

    def __int__(self) -> int:
        return int(self.data)

    def __index__(self) -> int:
        return self.numpy().__index__()

    def __bool__(self) -> bool:
        return bool(self.data)

    def __eq__(self, other: Any) -> Any:
        if other is None or isinstance(other, str):
            return NotImplemented  # what tells modes and defaults apart
        return PRIMITIVES["equal"](self, other)

    def __ne__(self, other: Any) -> Any:
        if other is None or isinstance(other, str):
            return NotImplemented
        return PRIMITIVES["not_equal"](self, other)

    __hash__ = object.__hash__  # as a key a tensor is itself, whatever its values

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Any]:
        for position in range(len(self.data)):
            yield self[position]

    def __format__(self, spec: str) -> str:
        """A single number as Python formats it: `f"{loss:.4f}"`."""
        return format(self.numpy(), spec) if spec else str(self)

    def __repr__(self) -> str:
        return f"Tensor({self.numpy()!r})"


def _default_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """float64 and int64, which numpy makes of Python numbers, become float32 and int32."""
    return {"f": np.dtype(np.float32), "i": np.dtype(np.int32)}.get(dtype.kind, dtype)


def wrap(data: Array) -> Tensor:
    """A tensor around an array, without the checks and conversions of `Tensor(...)`."""
    tensor = Tensor.__new__(Tensor)
    tensor.data = data
    return tensor


def array_of(x: Any) -> Any:
    """The array of a tensor; anything else as it is. No tape follows what becomes of it."""
    return x.data if isinstance(x, Tensor) else x


class Variable(Tensor):
    """A tensor that keeps its place in memory while its values change: weights, moving statistics.

    Trainable variables are watched by every tape. `assign` writes into the same array, so that a
    view of it (an optimizer's flat vector) stays valid. `version` counts the changes: a tape that
    recorded another version refuses to use the new values. Whoever writes into `data` adds 1.
    `path` is the name after the names of the layers that it was made in: "encoder/dense/kernel".

    initializer: the first values; or, with `shape`, what makes them: an initializer, by name or as
    an object, or a function (shape, dtype). autocast, aggregation and synchronization are Keras'
    arguments and change nothing here.
    """

    __slots__ = ("constraint", "name", "path", "regularizer", "trainable", "version")
    aggregation = "none"
    synchronization = "auto"

    def __init__(
        self,
        initializer: Any,
        shape: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str = "none",
        synchronization: str = "auto",
        name: str | None = None,
        constraint: Any = None,
        regularizer: Any = None,
    ) -> None:
        if isinstance(initializer, str) or callable(initializer):
            initializer = _first_values(initializer, shape, dtype)
        super().__init__(initializer, dtype)
        self.data = self.data.copy()
        self.name = name or unique_name("variable")
        self.path = _scoped(self.name)
        self.trainable = trainable
        self.version = 0
        self.constraint = constraint
        self.regularizer = regularizer

    def numpy(self) -> np.ndarray:
        """The values as they are now: a copy, which later changes leave alone."""
        return np.array(to_numpy(self.data))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(super().__array__(dtype), copy=copy is not False)

    @property
    def value(self) -> Variable:
        """What the variable holds now, as a tensor that tapes follow: itself."""
        return self

    def assign(self, value: Any) -> Variable:
        """Take the values of `value`, which must have the same shape. Returns the variable.

        Raises ShapeError for another shape, or for values that the dtype cannot hold (float to
        int).
        """
        self.data[...] = self._fitting(value)
        self.version += 1
        return self

    def assign_add(self, value: Any) -> Variable:
        """Add `value`, of the same shape or repeated to it, in place."""
        self.data += self._fitting(value, repeated=True)
        self.version += 1
        return self

    def assign_sub(self, value: Any) -> Variable:
        """Subtract `value`, of the same shape or repeated to it, in place."""
        self.data -= self._fitting(value, repeated=True)
        self.version += 1
        return self

    def _fitting(self, value: Any, repeated: bool = False) -> Array:
        data = asarray(value)
        fits = data.shape == self.data.shape or (repeated and _repeats(data.shape, self.shape))
        if not fits:
            raise ShapeError(
                f"variable {self.name!r} has shape {self.shape}, the value given has {data.shape}"
            )
        if not np.can_cast(data.dtype, self.dtype, "same_kind"):
            raise ShapeError(
                f"variable {self.name!r} is {self.dtype}, the value given is {data.dtype}; "
                "cast it first"
            )
        return data

    def __repr__(self) -> str:
        return f"Variable({self.name!r}, {self.numpy()!r})"


def _scoped(name: str) -> str:
    from .primitive import current_scope  # which imports this module

    scope = current_scope()
    return f"{scope}/{name}" if scope else name


def _repeats(shape: tuple[int, ...], full: tuple[int, ...]) -> bool:
    """Whether numpy's rules repeat an array of this shape to the full one."""
    ends = zip(reversed(shape), reversed(full), strict=False)
    return len(shape) <= len(full) and all(size in (1, whole) for size, whole in ends)


def _first_values(initializer: Any, shape: Any, dtype: Any) -> Any:
    if shape is None:
        raise InputError(
            f"a Variable made by an initializer needs its shape=. Received: {initializer!r} alone"
        )
    from edgekit.train import initializers

    made = initializers.get(initializer)
    return made(tuple(shape), dtype=dtype or "float32")
