"""What the recurrent primitives share: curves, projections, masks, and how results are laid out.

Inside, time comes first: what is computed for all times is one product, and each time is one
contiguous block. `backwards` walks from the last time to the first, and the results are in the
order in which they were made, as Keras has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from edgekit.errors import ShapeError, lookup
from edgekit.train.backend import Array, array_module
from edgekit.train.products import matmul

__all__ = [
    "CURVES",
    "Curve",
    "Hearing",
    "Mask",
    "curve",
    "device_loops",
    "initial",
    "input_gradients",
    "packed",
    "projected",
    "unpacked",
]


class Curve(NamedTuple):
    """An activation computed in place, and its slope, which only needs what came out."""

    apply: Any
    slope: Any


def _sigmoid(xp: Any, z: Array) -> None:
    """By way of tanh, which numpy computes with vector instructions."""
    half = z.dtype.type(0.5)
    xp.multiply(z, half, out=z)
    xp.tanh(z, out=z)
    xp.multiply(z, half, out=z)
    xp.add(z, half, out=z)


def _hard_sigmoid(xp: Any, z: Array) -> None:
    kind = z.dtype.type
    xp.multiply(z, kind(1 / 6), out=z)
    xp.add(z, kind(0.5), out=z)
    xp.clip(z, kind(0), kind(1), out=z)


def _sigmoid_slope(xp: Any, y: Array) -> Array:
    slope = y.dtype.type(1) - y
    slope *= y
    return slope


def _tanh_slope(xp: Any, y: Array) -> Array:
    slope = y * y
    xp.subtract(y.dtype.type(1), slope, out=slope)
    return slope


CURVES: dict[str, Curve] = {
    "tanh": Curve(lambda xp, z: xp.tanh(z, out=z), _tanh_slope),
    "sigmoid": Curve(_sigmoid, _sigmoid_slope),
    "relu": Curve(
        lambda xp, z: xp.maximum(z, z.dtype.type(0), out=z), lambda xp, y: (y > 0).astype(y.dtype)
    ),
    "linear": Curve(lambda xp, z: None, lambda xp, y: xp.ones_like(y)),
    "hard_sigmoid": Curve(
        _hard_sigmoid, lambda xp, y: ((y > 0) & (y < 1)).astype(y.dtype) * y.dtype.type(1 / 6)
    ),
}


def curve(name: str) -> Curve:
    """The curve of that name. Raises UnsupportedOperator for an activation that is not here."""
    return lookup(CURVES, name, "activation of a recurrent primitive")


def device_loops(*arrays: Array | None) -> Any:
    """The loops over time of a GPU, where arrays are there and its kernels hold them; else None."""
    if isinstance(arrays[0], np.ndarray):
        return None
    from edgekit.train.gpu import recurrent

    return recurrent if recurrent.takes(*arrays) else None


def projected(
    x: Array, kernel: Array | None, bias: Array | None, backwards: bool
) -> tuple[Array, Array]:
    """x (batch, time, inputs) with time first, and its products with the kernel, all times at once.

    Without a kernel `x` holds the products already.
    """
    xp = array_module(x)
    if x.ndim != 3 or (kernel is not None and kernel.shape[0] != x.shape[2]):
        wanted = "features" if kernel is None else kernel.shape[0]
        raise ShapeError(f"expected an input (batch, time, {wanted}), received {x.shape}")
    x = xp.ascontiguousarray((x[:, ::-1] if backwards else x).swapaxes(0, 1))
    time, batch, inputs = x.shape
    if kernel is None:
        z = x.copy()
    else:
        z = matmul(x.reshape(time * batch, inputs), kernel).reshape(time, batch, -1)
    if bias is not None:
        z += bias
    return x, z


def input_gradients(
    x: Array, rows: Array, kernel: Array | None, backwards: bool, needs: Sequence[bool]
) -> tuple[Array | None, Array | None, Array | None]:
    """The gradients of what `projected` was given: input, kernel and bias.

    x (time, batch, inputs); rows (time * batch, gates): the gradient of the products.
    """
    xp = array_module(rows)
    gx = None
    if needs[0]:
        gx = rows if kernel is None else matmul(rows, kernel.T)
        gx = gx.reshape(x.shape).swapaxes(0, 1)
        gx = xp.ascontiguousarray(gx[:, ::-1] if backwards else gx)
    gk = matmul(x.reshape(-1, x.shape[-1]).T, rows) if needs[1] and kernel is not None else None
    gb = matmul(xp.ones(len(rows), rows.dtype), rows) if needs[2] else None
    return gx, gk, gb


def initial(state: Array | None, batch: int, units: int, like: Array) -> Array:
    """The state before the first time: as given, else zeros."""
    if state is None:
        return array_module(like).zeros((batch, units), like.dtype)
    if state.shape != (batch, units):
        raise ShapeError(f"expected an initial state {(batch, units)}, received {state.shape}")
    return state


class Hearing:
    """The product of a state with the recurrent weights of all gates, and its derivative.

    `dropped` (gates, batch, units) are factors for the state, for each gate its own, or None.
    """

    def __init__(self, weights: Array, dropped: Array | None, batch: int, dtype: Any) -> None:
        self.xp = array_module(weights)
        weights = weights.astype(dtype, copy=False)  # what is stored in 16 bits is computed in 32
        self.weights, self.dropped = weights, dropped
        self.units, self.width = weights.shape
        self.products = self.xp.empty((batch, self.width), weights.dtype)
        self.turned: Array | None = None
        if dropped is not None:
            gates = len(dropped)
            self.stack = weights.reshape(self.units, gates, -1).swapaxes(0, 1)

    def hear(self, state: Array) -> Array:
        """state (batch, units) @ weights, in an array that the next call writes again."""
        if self.dropped is None:
            return matmul(state, self.weights, self.products)
        products = matmul(state * self.dropped, self.stack)
        self.products.reshape(len(state), len(self.dropped), -1)[...] = products.swapaxes(0, 1)
        return self.products

    def back(self, dz: Array) -> Array:
        """The gradient of the state from that of the products."""
        if self.dropped is None:
            if self.turned is None:  # BLAS takes twice the time for a turned view
                self.turned = self.xp.ascontiguousarray(self.weights.T)
            return matmul(dz, self.turned)
        parts = dz.reshape(len(dz), len(self.dropped), -1).swapaxes(0, 1)
        return (matmul(parts, self.stack.swapaxes(1, 2)) * self.dropped).sum(axis=0)

    def gradient(self, states: Array, rows: Array) -> Array:
        """The gradient of the weights, over all times: states (time, batch, units), rows of dz."""
        if self.dropped is None:
            return matmul(states.reshape(-1, self.units).T, rows)
        gates = len(self.dropped)
        heard = (states * self.dropped[:, None]).reshape(gates, -1, self.units)
        parts = rows.reshape(heard.shape[1], gates, -1).swapaxes(0, 1)
        made = matmul(heard.swapaxes(1, 2), parts)
        return made.swapaxes(0, 1).reshape(self.units, self.width)

    def gradient_of_dropped(self, states: Array, rows: Array) -> Array:
        """The gradient of the factors, (gates, batch, units)."""
        assert self.dropped is not None
        gates = len(self.dropped)
        parts = rows.reshape(-1, gates, self.width // gates).swapaxes(0, 1)
        back = matmul(parts, self.stack.swapaxes(1, 2))
        return (back.reshape(gates, *states.shape) * states).sum(axis=1)


class Mask:
    """Which samples take part at which times, in the order of the walk; none given: all do.

    A sample that does not take part keeps its state. Its output is that of the time before (zero
    before the first), or zero with `zero_output`.
    """

    def __init__(self, mask: Array | None, x: Array, backwards: bool, zero_output: bool) -> None:
        self.given = mask is not None
        self.factor: Array | None = None
        if mask is None:
            return
        xp = array_module(x)
        if mask.ndim == 3 and mask.shape[2] == 1:
            mask = mask[:, :, 0]
        if mask.shape != (x.shape[1], x.shape[0]):
            raise ShapeError(
                f"expected a mask (batch, time) = {(x.shape[1], x.shape[0])}, received {mask.shape}"
            )
        mask = xp.ascontiguousarray((mask[:, ::-1] if backwards else mask).T).astype(bool)
        self.skipped = ~mask[:, :, None]
        shown = mask if zero_output else xp.cumsum(mask, axis=0) > 0
        if xp is not np or not shown.all():  # a GPU would have to be waited for
            self.factor = shown[:, :, None]

    def keep(self, t: int, before: Array, after: Array) -> None:
        """Put the state before back where a sample does not take part at time t."""
        array_module(after).copyto(after, before, where=self.skipped[t])


def packed(
    states: Array, ends: tuple[Array, ...], mask: Mask, sequences: bool, with_ends: bool
) -> Array:
    """The result of a recurrent primitive: states (time, batch, units) without the initial one.

    (batch, time, units) with `sequences`, else (batch, units). With `with_ends` one row of `ends`
    (the last of each state, batch x units) follows after the other: (batch, times + ends, units).
    """
    xp = array_module(states)
    y = states if sequences else states[-1:]
    if mask.factor is not None:
        y = y * (mask.factor if sequences else mask.factor[-1:])
    if not with_ends:
        return xp.ascontiguousarray(y.swapaxes(0, 1)) if sequences else y[0].copy()
    return xp.ascontiguousarray(xp.concatenate([y, *(e[None] for e in ends)]).swapaxes(0, 1))


def unpacked(
    g: Array, count: int, time: int, mask: Mask, sequences: bool, with_ends: bool
) -> tuple[Array, list[Array | None]]:
    """From the gradient of `packed`: that of the states (time first; the last alone unless
    `sequences`), and of each of the `count` ends.
    """
    xp = array_module(g)
    rows = g[:, None] if g.ndim == 2 else g
    rows = xp.ascontiguousarray(rows.swapaxes(0, 1))
    ends: list[Array | None] = [None] * count
    if with_ends:
        ends = list(rows[-count:])
        rows = rows[:-count]
    if mask.factor is not None:
        rows = rows * (mask.factor if sequences else mask.factor[-1:])
    return rows, ends
