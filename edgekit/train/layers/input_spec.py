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

    def problem(self, shape: Shape) -> str | None:
        """What is wrong with an input of this shape, or None."""
        ndim = len(shape)
        if self.ndim is not None and ndim != self.ndim:
            return f"expected ndim={self.ndim}, found ndim={ndim}. Full shape received: {shape}"
        if self.min_ndim is not None and ndim < self.min_ndim:
            return (
                f"expected min_ndim={self.min_ndim}, found ndim={ndim}. "
                f"Full shape received: {shape}"
            )
        if self.max_ndim is not None and ndim > self.max_ndim:
            return f"expected max_ndim={self.max_ndim}, found ndim={ndim}"
        for axis, size in self.axes.items():
            if size is not None and shape[axis] not in (size, None):
                return (
                    f"expected axis {axis} of input shape to have value {size}, "
                    f"but received input with shape {shape}"
                )
        if self.shape is not None and not _fits(self.shape, shape):
            return f"expected shape={self.shape}, found shape={shape}"
        return None


def _fits(expected: Shape, found: Shape) -> bool:
    return len(expected) == len(found) and all(
        want is None or have is None or want == have
        for want, have in zip(expected, found, strict=True)
    )


def check_inputs(specs: Any, inputs: Any, layer: str) -> None:
    """Raise ShapeError, naming the layer, where `inputs` do not fit the layer's specs."""
    if isinstance(specs, InputSpec) and not isinstance(inputs, list | tuple | dict):
        if problem := specs.problem(tuple(inputs.shape)):
            raise ShapeError(
                f"Input 0 of layer {layer!r} is incompatible with the layer: {problem}"
            )
        return
    specs, leaves = flatten(specs), flatten(inputs)
    if len(specs) != len(leaves):
        raise ShapeError(
            f"Layer {layer!r} expects {len(specs)} input(s), but it received {len(leaves)}: "
            f"shapes {[tuple(x.shape) for x in leaves]}"
        )
    for index, (spec, x) in enumerate(zip(specs, leaves, strict=True)):
        if spec is not None and (problem := spec.problem(tuple(x.shape))):
            raise ShapeError(
                f"Input {index} of layer {layer!r} is incompatible with the layer: {problem}"
            )
