"""Between the dtype in which a layer computes and the one in which its results are kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.backend import is_floating
from edgekit.train.ops.math import cast
from edgekit.train.primitive import primitive
from edgekit.train.tensor import Tensor

__all__ = ["converted", "exchanged", "held", "stored", "widened"]


@primitive
def stored(x, *, dtype):
    """`x` in another floating dtype; unlike with `cast`, the gradient keeps the dtype it has, so
    that a float16 on the way does not make small gradients zero.
    """
    return x.astype(dtype)


@stored.vjp(on_tensors=True, reads_inputs=False)
def _(g, y, x, *, dtype):
    return (g,)


@primitive
def exchanged(x, *, dtype):
    """`x` in another floating dtype; a gradient comes back in that of `x`."""
    return x.astype(dtype)


@exchanged.vjp(on_tensors=True, reads_inputs=False)
def _(g, y, x, *, dtype):
    return (cast(g, dtype=x.dtype) if isinstance(g, Tensor) else g.astype(x.dtype),)


@primitive
def held(x, copy):
    """`copy`, which is `x` in another floating dtype and kept up to date by somebody; the gradient
    goes to `x` as it comes.
    """
    return copy


@held.vjp(on_tensors=True)  # a weight that was changed since is refused: so was its copy
def _(g, y, x, copy):
    return (g, None)


def converted(x: Any, dtype: Any) -> Any:
    """A tensor in another floating dtype, as layers convert what goes in and out.

    On the host gradients stay as they are, in float32. On a GPU kernels compute on what is stored:
    there a gradient has the dtype of what it is the gradient of, and losses are scaled.
    """
    if isinstance(x.data, np.ndarray):
        return stored(x, dtype=dtype)
    return exchanged(x, dtype=dtype)


def widened(x: Any) -> Any:
    """A tensor of float16 or bfloat16 in float32; any other as it is."""
    dtype = x.data.dtype
    if dtype.itemsize == 2 and is_floating(dtype):
        return converted(x, np.dtype(np.float32))
    return x
