"""Layers that scale data inside the model."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.backend import array_module, constant, to_numpy
from edgekit.train.layers.layer import Layer
from edgekit.train.serialization import plain
from edgekit.train.tensor import array_of

__all__ = ["Normalization", "Rescaling", "batches_to_adapt"]

_LEAST_DEVIATION = 1e-7


class Rescaling(Layer):
    """x * scale + offset: Rescaling(1 / 255) maps bytes to 0..1."""

    config_names = ("scale", "offset")
    supports_masking = True

    def __init__(self, scale: Any, offset: Any = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.scale = scale
        self.offset = offset

    def call(self, inputs):
        scale, offset = (np.float32(value) for value in (self.scale, self.offset))
        return inputs * scale + offset

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self) -> dict[str, Any]:
        scales = {name: getattr(self, name) for name in self.config_names}
        arrays = {name: np.asarray(s).tolist() for name, s in scales.items() if np.ndim(s)}
        return {**super().get_config(), **arrays}


class Normalization(Layer):
    """(x - mean) / sqrt(variance), or back with `invert`: x * sqrt(variance) + mean.

    axis: the axes that have a mean of their own (None: one mean for all). Mean and variance are
    given, or computed by `adapt(data)` and saved as weights.
    """

    supports_masking = True

    def __init__(
        self,
        axis: Any = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        if (mean is None) != (variance is None):
            raise InputError(
                f"layer {self.name!r}: give mean and variance, or neither and call adapt(). "
                f"Received: mean={mean}, variance={variance}"
            )
        if mean is not None and np.shape(mean) != np.shape(variance):
            raise ShapeError(
                f"layer {self.name!r}: mean has shape {np.shape(mean)}, variance "
                f"{np.shape(variance)}; they must be equal"
            )
        if mean is not None and len(np.shape(mean)) > len(self.axis):
            raise ShapeError(
                f"layer {self.name!r}: mean has {len(np.shape(mean))} axes, more than axis="
                f"{self.axis} names"
            )
        self.input_mean, self.input_variance = mean, variance
        self.invert = invert

    def build(self, input_shape):
        rank = len(input_shape)
        if any(not -rank <= a < rank for a in self.axis):
            raise ShapeError(
                f"layer {self.name!r}: axis={self.axis} is not in a shape of {rank} axes"
            )
        self._kept = tuple(sorted(a % rank for a in self.axis))
        shape = tuple(input_shape[a] for a in self._kept)
        if None in shape:
            raise ShapeError(
                f"layer {self.name!r}: the size along axis={self.axis} must be known. "
                f"Received: {tuple(input_shape)}"
            )
        self._broadcast = tuple(input_shape[a] if a in self._kept else 1 for a in range(rank))
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(shape, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(shape, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", "int32", trainable=False, name="count")

    def adapt(self, data: Any) -> None:
        """Take mean and variance of `data`: an array, or an iterable of batches."""
        count, mean, variance = 0, np.float64(0), np.float64(0)
        for batch in batches_to_adapt(data):
            batch = np.asarray(batch, np.float64)
            if not self.built:
                self.build_for((None, *batch.shape[1:]) if 0 not in self._kept_of(batch.ndim)
                               else batch.shape)  # fmt: skip
            others = tuple(a for a in range(batch.ndim) if a not in self._kept)
            sizes = tuple(batch.shape[a] for a in self._kept)
            if sizes != tuple(self._broadcast[a] for a in self._kept):
                raise ShapeError(
                    f"layer {self.name!r} was built for other sizes along axis={self.axis}. "
                    f"Received: {batch.shape}"
                )
            more = int(np.prod([batch.shape[a] for a in others], initial=1))
            total = count + more
            its_mean, its_variance = batch.mean(axis=others), batch.var(axis=others)
            both = (mean * count + its_mean * more) / total
            spread = count * (variance + (mean - both) ** 2)
            variance = (spread + more * (its_variance + (its_mean - both) ** 2)) / total
            mean, count = both, total
        if not count:
            raise InputError(f"layer {self.name!r}: adapt received no data")
        if self.input_mean is not None:
            raise InputError(f"layer {self.name!r} was given its mean; it cannot be adapted")
        self.adapt_mean.assign(np.asarray(mean, np.float32))
        self.adapt_variance.assign(np.asarray(variance, np.float32))

    def _kept_of(self, rank: int) -> set[int]:
        return {a % rank for a in self.axis}

    @property
    def mean(self) -> Any:
        """The mean, in a shape that meets the input's."""
        return self._shaped(self.input_mean, "adapt_mean")

    @property
    def variance(self) -> Any:
        """The variance, in a shape that meets the input's."""
        return self._shaped(self.input_variance, "adapt_variance")

    def _shaped(self, given: Any, weight: str) -> Any:
        dtype = np.float64 if self.compute_dtype == "float64" else np.float32  # of halves too
        if given is None:
            return to_numpy(getattr(self, weight)).reshape(self._broadcast).astype(dtype)
        values = np.asarray(given, np.float32).astype(dtype)
        shape = [1] * len(self._broadcast)
        for size, axis in zip(values.shape[::-1], self._kept[::-1], strict=False):
            shape[axis] = size
        return np.broadcast_to(values.reshape(shape), self._broadcast)

    def _near(self, inputs: Any, given: Any, weight: str) -> Any:
        """The mean or the variance where the inputs are, without waiting for a GPU."""
        if given is None and array_module(array_of(inputs)) is not np:
            return getattr(self, weight).data.reshape(self._broadcast)
        return constant(np.ascontiguousarray(self._shaped(given, weight)), inputs)

    def call(self, inputs):
        mean = self._near(inputs, self.input_mean, "adapt_mean")
        variance = self._near(inputs, self.input_variance, "adapt_variance")
        module = array_module(variance)
        deviation = module.maximum(module.sqrt(variance), np.float32(_LEAST_DEVIATION))
        if self.invert:
            return inputs * deviation + mean
        return (inputs - mean) / deviation

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": plain(self.axis),
            "invert": self.invert,
            "mean": np.asarray(self.input_mean).tolist(),
            "variance": np.asarray(self.input_variance).tolist(),
        }


def batches_to_adapt(data: Any) -> Any:
    """An array as one batch; the inputs of the batches of an iterable."""
    if hasattr(data, "shape"):
        yield to_numpy(data)
        return
    indexed = hasattr(data, "__getitem__") and hasattr(data, "__len__")
    if indexed and not isinstance(data, list | tuple):
        data = (data[i] for i in range(len(data)))
    elif indexed and data and not hasattr(data[0], "shape") and not isinstance(data[0], tuple):
        yield np.asarray(data)
        return
    for batch in data:
        part = batch[0] if isinstance(batch, tuple) else batch
        yield to_numpy(part) if hasattr(part, "shape") else np.asarray(part)
