"""EinsumDense: a dense layer over the axes that an equation names."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from edgekit.errors import InputError, ShapeError
from edgekit.train import activations
from edgekit.train.layers.parameters import Parameterized, parameter_names
from edgekit.train.ops.dense import dense
from edgekit.train.ops.math import matmul
from edgekit.train.ops.shape import transpose
from edgekit.train.tensor import Variable

__all__ = ["EinsumDense"]

_EQUATION = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


class _Axes(NamedTuple):
    """The axes of input, kernel and output by letters; those that "..." stands for are numbers."""

    inputs: tuple[str, ...]
    kernel: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def shared(self) -> list[str]:
        """Axes of all three: a kernel for each index."""
        return [a for a in self.inputs if a in self.kernel and a in self.outputs]

    @property
    def kept(self) -> list[str]:
        return [a for a in self.inputs if a not in self.kernel]

    @property
    def summed(self) -> list[str]:
        return [a for a in self.kernel if a in self.inputs and a not in self.outputs]

    @property
    def made(self) -> list[str]:
        return [a for a in self.kernel if a not in self.inputs]


class EinsumDense(Parameterized):
    """activation(einsum(equation, x, kernel) + bias), for equations such as "abc,cd->abd".

    output_shape: the axes of the output but the batch and those that "..." stands for; None for one
    that is that of the input. bias_axes: the letters of the axes that the bias has; none without.
    """

    supports_masking = True
    config_names = (
        "equation", "activation", "bias_axes", *parameter_names("kernel", "bias"),
    )  # fmt: skip

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        activity_regularizer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **options)
        self.equation, self.bias_axes = equation, bias_axes
        one = output_shape is None or isinstance(output_shape, int)
        self.partial_output_shape = (output_shape,) if one else tuple(output_shape)
        self.activation = activations.get(activation)
        self._declare("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._declare("bias", bias_initializer, bias_regularizer, bias_constraint)
        self.bias: Variable | None = None
        self._axes_of(3)  # says at once what is wrong with the equation

    def _axes_of(self, rank: int) -> _Axes:
        """The axes for inputs of so many axes. Raises InputError for another kind of equation."""
        found = _EQUATION.fullmatch(self.equation)
        parts = found.groups(default="") if found else ("...", *[""] * 6)
        if parts[0] != parts[4] or parts[2] != parts[6] or (parts[0] and parts[2]):
            raise InputError(
                f"layer {self.name!r}: an equation is of the form ab,bc->ac, ...ab,bc->...ac or "
                f"ab...,bc->ac.... Received: {self.equation!r}"
            )
        own, kernel, outputs = parts[1], parts[3], parts[5]
        count = rank - len(own) if parts[0] or parts[2] else 0
        left = tuple(map(str, range(count))) if parts[0] else ()
        right = tuple(map(str, range(count))) if parts[2] else ()
        axes = _Axes((*left, *own, *right), tuple(kernel), (*left, *outputs, *right))
        every = [*axes.shared, *axes.kept, *axes.made]
        if sorted(every) != sorted(axes.outputs) or len(set(own)) < len(own):
            raise InputError(
                f"layer {self.name!r}: each axis of the output must be one of the input or of the "
                f"kernel, and each that is left out one of both. Received: {self.equation!r}"
            )
        return axes

    def _sizes(self, axes: _Axes, input_shape: Sequence[int | None]) -> dict[str, int | None]:
        if len(input_shape) != len(axes.inputs):
            raise ShapeError(
                f"layer {self.name!r}: {self.equation!r} takes {len(axes.inputs)} axes. "
                f"Received: {tuple(input_shape)}"
            )
        sizes = dict(zip(axes.inputs, input_shape, strict=True))
        given = [a for a in axes.outputs if not a.isdigit()]
        if not axes.outputs[0].isdigit():
            del given[0]  # the batch
        if len(given) != len(self.partial_output_shape):
            raise ShapeError(
                f"layer {self.name!r}: output_shape {self.partial_output_shape} does not go with "
                f"the axes {''.join(given)} of the output"
            )
        for axis, size in zip(given, self.partial_output_shape, strict=True):
            known = sizes.setdefault(axis, size)
            if size is not None and known not in (None, size):
                raise ShapeError(
                    f"layer {self.name!r}: axis {axis!r} has {known} in the input, {size} in the "
                    "output"
                )
        return sizes

    def build(self, input_shape):
        axes = self._axes_of(len(input_shape))
        sizes = self._sizes(axes, input_shape)
        unknown = [a for a in axes.kernel if sizes.get(a) is None]
        if unknown:
            raise ShapeError(
                f"layer {self.name!r}: the size of axis {unknown[0]!r} must be known. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        self.kernel = self._make("kernel", [sizes[a] for a in axes.kernel])
        if self.bias_axes:
            wrong = [a for a in self.bias_axes if a not in axes.outputs]
            if wrong:
                raise InputError(
                    f"layer {self.name!r}: bias_axes names {wrong[0]!r}, which is no axis of the "
                    f"output in {self.equation!r}"
                )
            first = min(map(axes.outputs.index, self.bias_axes))
            shape = [sizes[a] if a in self.bias_axes else 1 for a in axes.outputs[first:]]
            self.bias = self._make("bias", shape)

    def call(self, inputs):
        axes = self._axes_of(len(inputs.shape))
        sizes: dict[str, Any] = {**self._sizes(axes, inputs.shape)}
        sizes |= dict(zip(axes.kernel, self.kernel.shape, strict=True))
        order = [*axes.shared, *axes.kept, *axes.made]
        fits = axes.outputs == tuple(order) and set(self.bias_axes or "") == set(axes.made)
        x = _turned(inputs, axes.inputs, [*axes.shared, *axes.kept, *axes.summed])
        kernel = _turned(self.kernel, axes.kernel, [*axes.shared, *axes.summed, *axes.made])
        rows, columns = (math.prod(sizes[a] for a in group) for group in (axes.summed, axes.made))
        if axes.shared:
            each = math.prod(sizes[a] for a in axes.shared)
            y = matmul(x.reshape(each, -1, rows), kernel.reshape(each, rows, columns))
        else:
            outer = [sizes[a] for a in axes.kept]
            bias = self.bias.reshape(columns) if fits and self.bias is not None else None
            flat = x if len(axes.summed) == 1 else x.reshape(*outer, rows)
            y = dense(flat, kernel.reshape(rows, columns), bias)
        if axes.shared or len(axes.made) != 1:
            y = y.reshape(*(sizes[a] for a in order))
        y = _turned(y, order, axes.outputs)
        if self.bias is not None and (axes.shared or not fits):
            y = y + self.bias
        return self.activation(y)

    def compute_output_shape(self, input_shape):
        axes = self._axes_of(len(input_shape))
        sizes = self._sizes(axes, input_shape)
        return tuple(sizes[a] for a in axes.outputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "output_shape": list(self.partial_output_shape)}


def _turned(x: Any, axes: Sequence[str], order: Sequence[str]) -> Any:
    """x with its axes in another order."""
    places = tuple(axes.index(a) for a in order)
    return x if places == tuple(range(len(places))) else transpose(x, axes=places)
