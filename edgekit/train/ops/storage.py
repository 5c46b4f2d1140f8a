"""Between the dtype in which a layer computes and the one in which its results are kept."""

from __future__ import annotations

from edgekit.train.primitive import primitive

__all__ = ["stored"]


@primitive
def stored(x, *, dtype):
    """`x` in another floating dtype; unlike with `cast`, the gradient keeps the dtype it has, so
    that a float16 on the way does not make small gradients zero.
    """
    return x.astype(dtype)


@stored.vjp(on_tensors=True, reads_inputs=False)
def _(g, y, x, *, dtype):
    return (g,)
