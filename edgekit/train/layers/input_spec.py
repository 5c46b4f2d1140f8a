"""What a layer expects of its inputs, and the sentence that says what came instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgekit.errors import ShapeError
from edgekit.train.structure import flatten

__all__ = ["InputSpec", "Shape", "check_inputs"]

Shape = tuple[int | None, ...]


class InputSpec:
    """The number of dimensions, and the sizes of single axes, that a layer needs."""

    def __init__(
        self,
        shape: Shape | None = None,
        ndim: int | None = None,
        min_ndim: int | None = None,
        max_ndim: int | None = None,
        axes: Mapping[int, int | None] | None = None,
    ) -> None:
        self.shape = tuple(shape) if shape is not None else None
        self.ndim = ndim
        self.min_ndim = min_ndim
        self.max_ndim = max_ndim
        self.axes = dict(axes or {})

    def missed(self, shape: Shape) -> str | None:
        """What an input of this shape should have had, or None where it fits."""
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
        if spec is not None:
            _check(spec, x, f"layer {layer!r}: input {index}")


def _check(spec: InputSpec, x: Any, which: str) -> None:
    shape = tuple(x.shape)
    if expected := spec.missed(shape):
        raise ShapeError(f"{which} does not fit: expected {expected}. Received: shape {shape}")
