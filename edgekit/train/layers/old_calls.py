"""Calls of Keras 1 that no table of renamed arguments covers: kernels by position, merge(mode=)."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError, lookup
from edgekit.train.deprecations import old_spelling
from edgekit.train.layers import merging
from edgekit.train.layers.convolution import Conv2D
from edgekit.train.layers.dot import Dot

__all__ = ["Convolution2D", "merge"]

_MODES = {
    "ave": "Average",
    "max": "Maximum",
    "min": "Minimum",
    "mul": "Multiply",
    "sum": "Add",
}


class Convolution2D(Conv2D):
    """Conv2D under its first name, under which `Convolution2D(32, 3, 3)` has kernels of 3 x 3.

    Conv2D(32, 3, 3) has strides of 3, as in today's Keras.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is not Convolution2D:
            return super().__new__(cls)
        by_position = len(args) >= 3 and all(isinstance(one, int) for one in args[1:3])
        if by_position and "kernel_size" not in kwargs:
            filters, rows, columns, *rest = args
            if rest:
                raise InputError(
                    "Convolution2D: after the size of the kernel name the arguments. "
                    f"Received: {rest!r}"
                )
            old_spelling(
                f"Convolution2D({filters}, {rows}, {columns}) is an old spelling",
                f"use Conv2D({filters}, ({rows}, {columns}))",
            )
            args = (filters, (rows, columns))
        return Conv2D(*args, **kwargs)


def merge(
    inputs: Any,
    mode: str = "sum",
    concat_axis: int = -1,
    dot_axes: Any = -1,
    name: str | None = None,
) -> Any:
    """Several tensors as one, by mode: sum, mul, ave, max, min, concat, dot or cos."""
    lookup({**_MODES, "concat": "", "cos": "", "dot": ""}, mode, "mode of merge", InputError)
    if mode in _MODES:
        today, layer = f"{_MODES[mode]}()", getattr(merging, _MODES[mode])(name=name)
    elif mode == "concat":
        today = f"Concatenate(axis={concat_axis})"
        layer = merging.Concatenate(axis=concat_axis, name=name)
    else:
        today = f"Dot(axes={dot_axes}, normalize={mode == 'cos'})"
        layer = Dot(axes=dot_axes, normalize=mode == "cos", name=name)
    old_spelling(f"merge(mode={mode!r}) is an old spelling", f"use keras.layers.{today}(inputs)")
    return layer(inputs)
