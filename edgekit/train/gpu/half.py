"""Layers that compute on float16 or bfloat16: which they are, and their weights in 16 bits.

The policies "mixed_float16", "mixed_bfloat16" and their plain namesakes keep the outputs of layers
in 16 bits. The layers below also read 16 bits: their kernels add up in float32, and statistics of
normalizations and shares of a softmax are computed in float32. All other layers get their inputs in
float32, as on the host.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from edgekit.train import layers
from edgekit.train.ops.storage import held, stored
from edgekit.train.primitive import Primitive, scope_state
from edgekit.train.tensor import Tensor, Variable, wrap

from .copies import copy_of

__all__ = ["computes_in_half", "weights_in"]

_NAMES = (
    "Activation Add Average AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization "
    "Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Cropping1D "
    "Cropping2D Cropping3D Dense DepthwiseConv1D DepthwiseConv2D Dropout ELU Flatten "
    "GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D "
    "GlobalMaxPooling2D GlobalMaxPooling3D LayerNormalization LeakyReLU MaxPooling1D MaxPooling2D "
    "MaxPooling3D Maximum Minimum Multiply Permute ReLU RepeatVector Reshape SeparableConv1D "
    "SeparableConv2D Softmax SpatialDropout1D SpatialDropout2D SpatialDropout3D Subtract "
    "UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D"
)
_LAYERS = frozenset(getattr(layers, name) for name in _NAMES.split())
# primitives that multiply inputs by weights; both come to them in 16 bits
_PRODUCTS = frozenset(
    {
        "activated_conv2d",
        "activated_dense",
        "conv2d",
        "conv2d_transpose",
        "conv3d",
        "dense",
        "depthwise_conv2d",
        "matmul",
    }
)


def computes_in_half(layer: Any) -> bool:
    """Whether the layer reads 16 bits; a class derived from one that does may compute anything."""
    return type(layer) in _LAYERS


@contextlib.contextmanager
def weights_in(dtype: Any) -> Iterator[None]:
    """Within the block products take their float32 weights in `dtype`.

    The gradient of a weight comes as the product gives it, in `dtype`; optimizers read it so.
    """
    if dtype == np.float32 or scope_state.rewriter is not None:
        yield
        return

    def rewriter(primitive: Primitive, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        scope_state.rewriter = None
        try:
            if primitive.name in _PRODUCTS:
                inputs = tuple(_in(x, dtype) for x in inputs)
            return primitive.call_saving(*inputs, **attrs)
        finally:
            scope_state.rewriter = rewriter

    scope_state.rewriter = rewriter
    try:
        yield
    finally:
        scope_state.rewriter = None


def _in(x: Any, dtype: Any) -> Any:
    """A float32 tensor in `dtype`, whose gradient stays as it comes."""
    if not isinstance(x, Tensor) or x.data.dtype != np.float32:
        return x
    copy = copy_of(x, dtype) if isinstance(x, Variable) else None
    return stored(x, dtype=dtype) if copy is None else held(x, wrap(copy))
