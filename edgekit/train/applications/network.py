"""What the networks of this room share: inputs, top, weights, preprocessing of pictures."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator, lookup
from edgekit.train import layers
from edgekit.train.models import Model
from edgekit.train.symbolic import SymbolicTensor

__all__ = [
    "border",
    "centered_input",
    "decode_predictions",
    "eights",
    "load_weights",
    "nearest_eight",
    "normalized_input",
    "picture_input",
    "pooled",
    "prepared",
    "preprocess_input",
    "same_input",
]


def picture_input(
    input_shape: Any, input_tensor: Any, include_top: bool, default: int, least: int = 32
) -> Any:
    """The input of the network: of `input_shape`, or the tensor that was given."""
    if isinstance(input_tensor, SymbolicTensor):
        return input_tensor
    if input_shape is None:
        input_shape = (default, default, 3) if include_top else (None, None, 3)
    shape = tuple(input_shape)
    if len(shape) != 3 or any(n is not None and n < least for n in shape[:2]):
        raise InputError(
            f"input_shape must be (height, width, channels) of at least {least} x {least}. "
            f"Received: {input_shape}"
        )
    return layers.Input(shape)


def pooled(x: Any, pooling: str | None, named: bool = False) -> Any:
    """What stands in the place of the top: the features, their mean ("avg") or maximum ("max").

    named: the layer is called avg_pool or max_pool, as Keras calls it in some networks.
    """
    name = f"{pooling}_pool" if named else None
    if pooling == "avg":
        return layers.GlobalAveragePooling2D(name=name)(x)
    if pooling == "max":
        return layers.GlobalMaxPooling2D(name=name)(x)
    if pooling is not None:
        raise InputError(f"pooling must be None, 'avg' or 'max'. Received: {pooling!r}")
    return x


def nearest_eight(filters: float) -> int:
    """The nearest multiple of 8."""
    return max(8, int(filters + 4) // 8 * 8)


def eights(filters: float) -> int:
    """The nearest multiple of 8, or the next if the nearest takes more than a tenth away."""
    found = nearest_eight(filters)
    return found + 8 if found < 0.9 * filters else found


def border(x: Any, window: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """What a window with stride 2 needs to see the pictures `x` as padding="same" does.

    An unknown size is taken for an even one.
    """
    half = window // 2
    rows, columns = (half - (n is None or n % 2 == 0) for n in x.shape[1:3])
    return ((rows, half), (columns, half))


def load_weights(model: Model, weights: Any, alpha: float | None = None) -> Model:
    """Take the weights of a file; a name of weights to download is refused."""
    if weights is None:
        return model
    fitting = "" if alpha is None else f" for alpha={alpha}"
    if not os.path.exists(os.fspath(weights)):
        raise InputError(
            f"weights={weights!r} is not a file, and weights are not downloaded: pass "
            f"weights=None, or the path of a file of weights{fitting}, such as "
            "keras.applications' own save with model.save_weights('name.weights.h5')"
        )
    model.load_weights(weights)
    return model


# of ImageNet's pixels: the means of blue, green and red; of red, green and blue in 0..1 the means
# and the deviations
_BLUE_GREEN_RED = np.array([103.939, 116.779, 123.68], np.float32)
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


def prepared(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Pixels 0..255 as a network wants them: "tf" as -1..1, "caffe" as blue, green and red less
    their means, "torch" as 0..1 less their means over their deviations.

    A floating array is changed in place, as in Keras.
    """
    if data_format not in (None, "channels_last"):
        raise UnsupportedOperator(f"data_format {data_format!r} is not supported")
    lookup(dict.fromkeys(("caffe", "tf", "torch")), mode, "mode", InputError)
    if not isinstance(x, np.ndarray):
        return _shifted(x, mode)
    if not np.issubdtype(x.dtype, np.floating):
        x = x.astype(np.float32)
    x[...] = _shifted(x.copy(), mode)
    return x


def _shifted(x: Any, mode: str) -> Any:
    if mode == "tf":
        return x / 127.5 - 1.0
    if mode == "caffe":
        return x[..., ::-1] - _BLUE_GREEN_RED
    return (x / 255.0 - _MEAN) / _DEVIATION


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Pixels 0..255 as -1..1: x / 127.5 - 1. A floating array is changed in place, as in Keras."""
    return prepared(x, data_format, "tf")


def normalized_input(x: Any, data_format: str | None = None) -> Any:
    """Pixels 0..255 as 0..1, less the means of ImageNet, over its deviations.

    A floating array is changed in place, as in Keras.
    """
    return prepared(x, data_format, "torch")


def centered_input(x: Any, data_format: str | None = None) -> Any:
    """Pixels 0..255, red, green and blue, as blue, green and red less the means of ImageNet.

    A floating array is changed in place, as in Keras.
    """
    return prepared(x, data_format, "caffe")


def same_input(x: Any, data_format: str | None = None) -> Any:
    """`x` itself: the network has a layer that prepares its pictures."""
    return x


def decode_predictions(preds: Any, top: int = 5) -> Any:
    """Refused: the names of the 1000 classes would have to be downloaded."""
    raise UnsupportedOperator(
        "decode_predictions needs ImageNet's list of classes, which edgekit does not download; the "
        f"numbers of the best {top} of a row are numpy.argsort(row)[-{top}:][::-1]"
    )
