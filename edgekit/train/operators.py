"""Python's operators as primitives, for tensors with values and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .backend import to_numpy

__all__ = ["PRIMITIVES", "Operators"]

PRIMITIVES: dict[str, Callable[..., Any]] = {}
"""Every primitive by its name; `primitive` writes here when an `ops` module is imported."""


class Operators:
    """Python's operators, each one a primitive. Tensors have them, and symbolic tensors too."""

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        return PRIMITIVES["add"](self, other)

    def __radd__(self, other: Any) -> Any:
        return PRIMITIVES["add"](other, self)

    def __sub__(self, other: Any) -> Any:
        return PRIMITIVES["subtract"](self, other)

    def __rsub__(self, other: Any) -> Any:
        return PRIMITIVES["subtract"](other, self)

    def __mul__(self, other: Any) -> Any:
        return PRIMITIVES["multiply"](self, other)

    def __rmul__(self, other: Any) -> Any:
        return PRIMITIVES["multiply"](other, self)

    def __truediv__(self, other: Any) -> Any:
        return PRIMITIVES["divide"](self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return PRIMITIVES["divide"](other, self)

    def __pow__(self, other: Any) -> Any:
        return PRIMITIVES["power"](self, other)

    def __rpow__(self, other: Any) -> Any:
        return PRIMITIVES["power"](other, self)

    def __matmul__(self, other: Any) -> Any:
        return PRIMITIVES["matmul"](self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return PRIMITIVES["matmul"](other, self)

    def __neg__(self) -> Any:
        return PRIMITIVES["negative"](self)

    def __abs__(self) -> Any:
        return PRIMITIVES["absolute"](self)

    def __lt__(self, other: Any) -> Any:
        return PRIMITIVES["less"](self, other)

    def __le__(self, other: Any) -> Any:
        return PRIMITIVES["less_equal"](self, other)

    def __gt__(self, other: Any) -> Any:
        return PRIMITIVES["greater"](self, other)

    def __ge__(self, other: Any) -> Any:
        return PRIMITIVES["greater_equal"](self, other)

    def __getitem__(self, index: Any) -> Any:
        return PRIMITIVES["getitem"](self, index=index)

    def swapaxes(self, first: int, second: int) -> Any:
        """The tensor with two axes exchanged."""
        axes = list(range(len(self.shape)))  # type: ignore[attr-defined]
        axes[first], axes[second] = axes[second], axes[first]
        return PRIMITIVES["transpose"](self, axes=tuple(axes))

    def reshape(self, *shape: Any) -> Any:
        """The same elements in another shape; one entry may be -1."""
        target = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
        return PRIMITIVES["reshape"](self, shape=tuple(target))

    def sum(
        self, axis: Any = None, keepdims: bool = False, dtype: Any = None, out: None = None
    ) -> Any:
        """The sum along `axis`. numpy's function of that name gives dtype and out too."""
        x = self if dtype is None else PRIMITIVES["cast"](self, dtype=dtype)
        return PRIMITIVES["sum"](x, axis=axis, keepdims=keepdims)

    def mean(
        self, axis: Any = None, keepdims: bool = False, dtype: Any = None, out: None = None
    ) -> Any:
        """The mean along `axis`. numpy's function of that name gives dtype and out too."""
        x = self if dtype is None else PRIMITIVES["cast"](self, dtype=dtype)
        return PRIMITIVES["mean"](x, axis=axis, keepdims=keepdims)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """numpy's functions on tensors: primitives where there is one of that name, else on
        arrays.
        """
        known = PRIMITIVES.get(ufunc.__name__)
        if known is not None and method == "__call__" and not options:
            return known(*inputs)
        plain = [to_numpy(x.data) if hasattr(x, "__edgekit_tensor__") else x for x in inputs]
        return getattr(ufunc, method)(*plain, **options)
