"""What a layer expects of its inputs, and the sentence that says what came instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgekit.errors import ShapeError
from edgekit.train.structure import flatten

__all__ = ["InputSpec", "Shape", "check_inputs"]

Shape = tuple[int | None, ...]


class InputSpec:
    """The number of dimensions, and the sizes of single axes, that a layer needs.

    allow_last_axis_squeeze: inputs may lack a last axis of size 1, or have one more. dtype is not
    looked at, as in Keras. optional: the input may be None.
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Shape | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Mapping[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else str(dtype)
        self.shape = tuple(shape) if shape is not None else None
        self.ndim = ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def get_config(self) -> dict[str, Any]:
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes", "optional")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> InputSpec:
        """An InputSpec from the result of `get_config`."""
        return cls(**config)

    def __repr__(self) -> str:
        known = {name: value for name, value in self.get_config().items() if value}
        return f"InputSpec({', '.join(f'{name}={value}' for name, value in known.items())})"

    def missed(self, shape: Shape) -> str | None:
        """What an input of this shape should have had, or None where it fits."""
        if self.allow_last_axis_squeeze and self.shape is not None:
            if shape[-1:] == (1,) and len(shape) == len(self.shape) + 1:
                shape = shape[:-1]
            elif self.shape[-1:] == (1,) and len(self.shape) == len(shape) + 1:
                shape = (*shape, 1)
        ndim = len(shape)
        if self.ndim is not None and ndim != self.ndim:
            return f"{self.ndim} axes"
        if self.min_ndim is not None and ndim < self.min_ndim:
            return f"at least {self.min_ndim} axes"
        if self.max_ndim is not None and ndim > self.max_ndim:
            return f"at most {self.max_ndim} axes"
        for axis, size in self.axes.items():
            if size is not None and shape[axis] not in (size, None):
                return f"size {size} along axis {axis}"
        if self.shape is not None and not _fits(self.shape, shape):
            return f"shape {self.shape}"
        return None


def _fits(expected: Shape, found: Shape) -> bool:
    return len(expected) == len(found) and all(
        want is None or have is None or want == have
        for want, have in zip(expected, found, strict=True)
    )


def check_inputs(specs: Any, inputs: Any, layer: str) -> None:
    """Raise ShapeError, naming the layer, where `inputs` do not fit the layer's specs."""
    if isinstance(specs, InputSpec) and not isinstance(inputs, list | tuple | dict):
        _check(specs, inputs, f"layer {layer!r}: the input")
        return
    specs, leaves = flatten(specs), flatten(inputs)
    if len(specs) != len(leaves):
        raise ShapeError(
            f"layer {layer!r}: expected inputs: {len(specs)}. Received: {len(leaves)}, of shapes "
            f"{[tuple(x.shape) for x in leaves]}"
        )
    for index, (spec, x) in enumerate(zip(specs, leaves, strict=True)):
        if spec is not None and not (spec.optional and x is None):
            _check(spec, x, f"layer {layer!r}: input {index}")


def _check(spec: InputSpec, x: Any, which: str) -> None:
    shape = tuple(x.shape)
    if expected := spec.missed(shape):
        raise ShapeError(f"{which} does not fit: expected {expected}. Received: shape {shape}")
