"""What the networks of this room share: inputs, top, weights, preprocessing of pictures."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.train import layers
from edgekit.train.models import Model
from edgekit.train.symbolic import SymbolicTensor

__all__ = ["decode_predictions", "load_weights", "picture_input", "pooled", "preprocess_input"]


def picture_input(input_shape: Any, input_tensor: Any, include_top: bool, default: int) -> Any:
    """The input of the network: of `input_shape`, or the tensor that was given."""
    if isinstance(input_tensor, SymbolicTensor):
        return input_tensor
    if input_shape is None:
        input_shape = (default, default, 3) if include_top else (None, None, 3)
    shape = tuple(input_shape)
    if len(shape) != 3 or any(n is not None and n < 32 for n in shape[:2]):
        raise InputError(
            "input_shape must be (height, width, channels) of at least 32 x 32. "
            f"Received: {input_shape}"
        )
    return layers.Input(shape)


def pooled(x: Any, pooling: str | None) -> Any:
    """What stands in the place of the top: the features, their mean ("avg") or maximum ("max")."""
    if pooling == "avg":
        return layers.GlobalAveragePooling2D()(x)
    if pooling == "max":
        return layers.GlobalMaxPooling2D()(x)
    if pooling is not None:
        raise InputError(f"pooling must be None, 'avg' or 'max'. Received: {pooling!r}")
    return x


def load_weights(model: Model, weights: Any, alpha: float) -> Model:
    """Take the weights of a file; a name of weights to download is refused."""
    if weights is None:
        return model
    if not os.path.exists(os.fspath(weights)):
        raise InputError(
            f"weights={weights!r} is not a file, and weights are not downloaded: pass "
            f"weights=None, or the path of a file of weights for alpha={alpha}, such as "
            "keras.applications' own save with model.save_weights('name.weights.h5')"
        )
    model.load_weights(weights)
    return model


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Pixels 0..255 as -1..1: x / 127.5 - 1. A floating array is changed in place, as in Keras."""
    if data_format not in (None, "channels_last"):
        raise UnsupportedOperator(f"data_format {data_format!r} is not supported")
    if not isinstance(x, np.ndarray):
        return x / 127.5 - 1.0
    if not np.issubdtype(x.dtype, np.floating):
        x = x.astype(np.float32)
    x /= 127.5
    x -= 1.0
    return x


def decode_predictions(preds: Any, top: int = 5) -> Any:
    """Refused: the names of the 1000 classes would have to be downloaded."""
    raise UnsupportedOperator(
        "decode_predictions needs ImageNet's list of classes, which edgekit does not download; the "
        f"numbers of the best {top} of a row are numpy.argsort(row)[-{top}:][::-1]"
    )
