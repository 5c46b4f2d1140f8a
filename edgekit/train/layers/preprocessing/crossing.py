"""Pairs of categories as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.backend import asarray, to_numpy
from edgekit.train.layers.preprocessing.categories import HostLayer, encoded
from edgekit.train.layers.preprocessing.hashes import (
    bytes_of,
    fingerprint64,
    joined_fingerprints,
)
from edgekit.train.tensor import wrap

__all__ = ["HashedCrossing"]

# what TensorFlow's cross_hashed begins with
_START = 0xDECAFCAFFE


class HashedCrossing(HostLayer):
    """Categories of two inputs or more that occur together, as one of `num_bins` numbers, by a hash
    that is the same everywhere.

    Inputs: strings or integers of shape (), (batch,) or (batch, 1), all alike. output_mode: int or
    one_hot.
    """

    config_names = ("num_bins", "output_mode", "sparse")

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        **options: Any,
    ) -> None:
        self._own_dtype = options.pop("dtype", None)
        super().__init__(**options)
        self.num_bins = self._check_bins(num_bins)
        self.output_mode = self._check_mode(output_mode, ("int", "one_hot"))
        self.sparse = self._check_sparse(sparse)

    def _as_tensors(self, inputs: Any) -> Any:
        if not isinstance(inputs, list | tuple) or len(inputs) < 2:
            raise InputError(f"layer {self.name!r}: a list of two inputs or more is crossed")
        return [super(HashedCrossing, self)._as_tensors(x) for x in inputs]

    def call(self, inputs):
        values = [to_numpy(x) for x in inputs]
        shapes = {v.shape for v in values}
        shape = values[0].shape
        if len(shapes) > 1 or len(shape) > 2 or (len(shape) == 2 and shape[1] != 1):
            raise ShapeError(
                f"layer {self.name!r}: inputs must have one shape, (), (batch,) or (batch, 1). "
                f"Received: {', '.join(str(v.shape) for v in values)}"
            )
        if any(v.dtype.kind not in "iuUSO" for v in values):
            kinds = ", ".join(str(v.dtype) for v in values)
            raise InputError(
                f"layer {self.name!r}: inputs must be strings or integers. Received: {kinds}"
            )
        rows = zip(*(v.reshape(-1).tolist() for v in values), strict=True)
        bins = np.array([self._bin(row) for row in rows], np.int64).reshape(shape)
        if self.output_mode == "int":
            return wrap(asarray(bins))
        return wrap(asarray(encoded(bins, self.output_mode, self.num_bins)))

    def _bin(self, row: tuple[Any, ...]) -> int:
        found = _START
        for value in row:
            number = value if isinstance(value, int) else fingerprint64(bytes_of(value))
            found = joined_fingerprints(found, number)
        return found % self.num_bins

    def compute_output_shape(self, input_shape):
        return self._encoded_shape(input_shape[0], self.num_bins)

    def get_config(self) -> dict[str, Any]:
        kind = "int64" if self.output_mode == "int" else "float32"
        config = {**super().get_config(), "dtype": self._own_dtype or kind}
        del config["trainable"]  # which Keras does not write for this layer, nor read
        return config
