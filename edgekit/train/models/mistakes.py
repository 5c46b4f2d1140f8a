"""The usual mistakes, found while training: where a NaN was made, and data that does not fit."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from edgekit.train.backend import is_floating, to_numpy
from edgekit.train.primitive import Record, recording
from edgekit.train.structure import flatten
from edgekit.train.tape import stop_recording
from edgekit.train.tensor import Tensor, Variable, array_of

__all__ = ["first_nan", "warn_of_inputs", "warn_of_outputs"]


def first_nan(model: Any, x: Any) -> str:
    """Which layer made the first NaN or infinity for these inputs, or what brought it in."""
    if any(_is_bad(leaf) for leaf in flatten(x)):
        return "the inputs of this batch hold NaN or infinity"
    bad = [v.path for v in model.weights if _is_bad(v)]
    if bad:
        return f"the weight {bad[0]!r} held NaN or infinity before this batch"
    with stop_recording(), recording() as records, np.errstate(all="ignore"):
        try:
            model(x, training=False)
        except Exception:  # the model does other things now; the warning says less then
            return "it could not be found again outside of training"
    record = next((r for r in records if _is_bad(r.output)), None)
    if record is None:
        return "the outputs of the model are finite, so the loss function made it"
    return f"the first was made by {_place(record)}"


def _place(record: Record) -> str:
    layer = (
        f"layer {record.scope!r}, by its {record.primitive.name!r}"
        if record.scope
        else (f"{record.primitive.name!r}, outside of all layers")
    )
    sizes = [
        np.abs(to_numpy(x)).max(initial=0)
        for x in record.inputs
        if isinstance(x, Tensor) and not isinstance(x, Variable) and is_floating(x.dtype)
    ]
    return layer + (f", from values of up to {max(sizes):.3g}" if sizes else "")


def _is_bad(x: Any) -> bool:
    data = array_of(x)
    if data is None or not is_floating(getattr(data, "dtype", np.dtype("int8"))):
        return False
    return not bool(np.isfinite(to_numpy(data)).all())


# -- before the first step ------------------------------------------------------------------------

_SCALES = ("Rescaling", "Normalization", "BatchNormalization", "LayerNormalization", "Embedding")


def warn_of_inputs(model: Any, x: Any) -> None:
    """Warn where pictures of 0 to 255 go into a model that does not bring them to about 1."""
    scaled = any(type(layer).__name__ in _SCALES for layer in model.flat_layers())
    for leaf in flatten(x):
        data = array_of(leaf)
        pictures = getattr(data, "ndim", 0) == 4 and data.shape[-1] in (1, 3, 4)
        if scaled or not pictures or not data.size:
            continue
        low, high = float(data.min()), float(data.max())
        if low >= 0 and 100 < high <= 255:
            warnings.warn(
                f"model {model.name!r}: the inputs go from {low:g} to {high:g}; pictures train "
                "badly unless they are brought to about 0 to 1: divide them by 255, or begin the "
                "model with layers.Rescaling(1 / 255)",
                stacklevel=6,
            )


def warn_of_outputs(model: Any, losses: list[Any], outputs: list[Any]) -> None:
    """Warn where a loss takes probabilities for logits, or logits for probabilities."""
    for loss, y in zip(losses, outputs, strict=False):
        if not y.size or not str(getattr(loss, "name", "")).endswith("crossentropy"):
            continue
        of_function = getattr(loss, "fn_kwargs", {}).get("from_logits", False)
        from_logits = getattr(loss, "from_logits", of_function)
        values = to_numpy(y)
        between = bool((values >= 0).all() and (values <= 1).all())
        sums = abs(values.sum(axis=-1) - 1).max() < 1e-3 and values.shape[-1] > 1
        if from_logits and between and (sums or _last_activation(model) == "sigmoid"):
            warnings.warn(
                f"model {model.name!r}: its outputs are probabilities, but the loss {loss.name!r} "
                "was made with from_logits=True and applies a softmax or sigmoid once more; leave "
                "out one of the two",
                stacklevel=6,
            )
        if not from_logits and not between and np.isfinite(values).all():
            warnings.warn(
                f"model {model.name!r}: the loss {loss.name!r} expects probabilities, but the "
                f"outputs go from {values.min():.3g} to {values.max():.3g}; end the model with a "
                "softmax or sigmoid, or make the loss with from_logits=True",
                stacklevel=6,
            )


def _last_activation(model: Any) -> str | None:
    layers = getattr(model, "layers", None) or []
    activation = getattr(layers[-1], "activation", None) if layers else None
    return getattr(activation, "__name__", None)
