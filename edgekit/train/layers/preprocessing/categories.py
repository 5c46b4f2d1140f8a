"""Layers on category numbers: encoding, cutting into bins, hashing."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError, UnsupportedOperator, lookup
from edgekit.train.backend import asarray, to_numpy
from edgekit.train.layers.layer import Layer
from edgekit.train.layers.preprocessing.hashes import bytes_of, fingerprint64, siphash
from edgekit.train.layers.preprocessing.scaling import batches_to_adapt
from edgekit.train.tensor import wrap

__all__ = ["CategoryEncoding", "Discretization", "Hashing", "HostLayer", "encoded", "hashed"]


_MOST_QUANTILES = 1 << 20


class HostLayer(Layer):
    """A layer that looks at values one by one, on the host; strings are welcome.

    Nothing is differentiated through it, and it has no place in a graph.
    """

    casts_inputs = False
    output_mode = "int"

    def _as_tensors(self, inputs: Any) -> Any:
        if getattr(inputs, "__edgekit_tensor__", False):
            return inputs
        return wrap(np.asarray(inputs))

    def _check_mode(self, mode: str, known: tuple[str, ...]) -> str:
        mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(mode, mode)
        lookup(dict.fromkeys(known), mode, f"layer {self.name!r}: output_mode", InputError)
        return mode

    def _check_bins(self, num_bins: int) -> int:
        if num_bins is None or num_bins <= 0:
            raise InputError(
                f"layer {self.name!r}: num_bins must be positive. Received: {num_bins}"
            )
        return num_bins

    def _check_sparse(self, sparse: bool) -> bool:
        if sparse:
            raise UnsupportedOperator(f"layer {self.name!r}: sparse=True is not supported")
        return False

    def _encoded_shape(self, shape: Any, depth: int | None) -> tuple[int | None, ...]:
        if self.output_mode == "int":
            return tuple(shape)
        if self.output_mode == "one_hot" and (len(shape) < 2 or shape[-1] != 1):
            return (*shape, depth)
        return (*shape[:-1], depth)


def encoded(
    numbers: np.ndarray, mode: str, depth: int, weights: np.ndarray | None = None
) -> np.ndarray:
    """Category numbers as float32 rows: one_hot (a row for each), multi_hot or count (one row for
    all along the last axis; numbers outside of 0 .. depth - 1 are left out).
    """
    if mode == "one_hot":
        if numbers.ndim > 1 and numbers.shape[-1] == 1:
            numbers = numbers[..., 0]
        return (numbers[..., None] == np.arange(depth)).astype(np.float32)
    rows = numbers.reshape(-1, numbers.shape[-1] if numbers.ndim else 1)
    found = np.zeros((len(rows), depth), np.float32)
    row, column = np.nonzero((rows >= 0) & (rows < depth))
    share = np.float32(1) if weights is None else weights.reshape(rows.shape)[row, column]
    np.add.at(found, (row, rows[row, column]), share)
    if mode == "multi_hot":
        found = (found > 0).astype(np.float32)
    return found.reshape(*numbers.shape[:-1], depth)


class CategoryEncoding(HostLayer):
    """Category numbers as one_hot, multi_hot or count rows of `num_tokens` numbers."""

    config_names = ("num_tokens", "output_mode")

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.output_mode = self._check_mode(output_mode, ("count", "one_hot", "multi_hot"))
        if num_tokens is None or num_tokens < 1:
            raise InputError(
                f"layer {self.name!r}: num_tokens must be at least 1. Received: {num_tokens}"
            )
        self.num_tokens = num_tokens
        self.sparse = self._check_sparse(sparse)

    def call(self, inputs, count_weights=None):
        numbers = to_numpy(inputs).astype(np.int64)
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < self.num_tokens:
            raise InputError(
                f"layer {self.name!r}: numbers must be from 0 to {self.num_tokens - 1}. Received: "
                f"{numbers.min()} to {numbers.max()}"
            )
        weights = None
        if count_weights is not None:
            if self.output_mode != "count":
                raise InputError(
                    f"layer {self.name!r}: count_weights needs output_mode='count', not "
                    f"{self.output_mode!r}"
                )
            weights = np.asarray(to_numpy(count_weights), np.float32)
        return wrap(asarray(encoded(numbers, self.output_mode, self.num_tokens, weights)))

    def compute_output_shape(self, input_shape):
        return self._encoded_shape(input_shape, self.num_tokens)


class Discretization(HostLayer):
    """Numbers as the number of the bin they fall in; bins are given, or found by `adapt`.

    num_bins: bins of equal frequency, found from the quantiles of the data to within `epsilon`.
    """

    config_names = ("bin_boundaries", "num_bins", "epsilon", "output_mode", "sparse")

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if (bin_boundaries is None) == (num_bins is None):
            raise InputError(f"layer {self.name!r}: give either bin_boundaries or num_bins")
        self.output_mode = self._check_mode(output_mode, ("int", "one_hot", "multi_hot", "count"))
        self.bin_boundaries = None if bin_boundaries is None else list(bin_boundaries)
        self.num_bins, self.epsilon = num_bins, epsilon
        self.sparse = self._check_sparse(sparse)

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Find the boundaries of `num_bins` bins of equal frequency."""
        if self.num_bins is None:
            raise InputError(f"layer {self.name!r} was given its boundaries; use num_bins=")
        summary = np.zeros((2, 0), np.float32)
        for batch in islice(batches_to_adapt(data), steps):
            both = np.concatenate([_summary(batch, self.epsilon), summary], axis=1)
            summary = _compressed(both[:, both[0].argsort()], self.epsilon)
        self._take_summary(summary)

    def _take_summary(self, summary: np.ndarray) -> None:
        assert self.num_bins is not None
        self.bin_boundaries = _compressed(summary, 1.0 / self.num_bins)[0, :-1].tolist()

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Files of tf.keras hold the summary of the data, and no boundaries."""
        if self.bin_boundaries is not None or "0" not in store:
            return
        shape = tuple(store["0"].shape)
        if len(shape) != 2 or shape[0] != 2 or not 0 < shape[1] <= _MOST_QUANTILES:
            raise ShapeError(f"summary: expected (2, quantiles), the file has {shape}")
        self._take_summary(np.asarray(store["0"], np.float32))

    def call(self, inputs):
        if self.bin_boundaries is None:
            raise InputError(f"layer {self.name!r} has no boundaries yet: call adapt(data)")
        bins = np.digitize(to_numpy(inputs), self.bin_boundaries)
        if self.output_mode == "int":
            return wrap(asarray(bins.astype(np.int32)))
        return wrap(asarray(encoded(bins, self.output_mode, len(self.bin_boundaries) + 1)))

    def compute_output_shape(self, input_shape):
        known = self.bin_boundaries
        depth = self.num_bins if known is None else len(known) + 1
        return self._encoded_shape(input_shape, depth)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["trainable"]
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        """An adapted layer has both `num_bins` and the boundaries that were found."""
        config = dict(config)
        found = config.pop("bin_boundaries", None) if config.get("num_bins") else None
        made = super().from_config(config)
        if found is not None:
            made.bin_boundaries = list(found)
        return made


def _summary(values: np.ndarray, epsilon: float) -> np.ndarray:
    """(2, n): quantiles of the values and how many values each stands for."""
    ordered = np.sort(np.asarray(values, np.float32).reshape(-1))
    step = max(ordered.size * epsilon, 1)
    kept = ordered[int(step - 1) :: int(step)]
    return np.stack([kept, np.full_like(kept, step)])


def _compressed(summary: np.ndarray, epsilon: float) -> np.ndarray:
    """The summary with at most 1 / epsilon entries, by interpolation of the cumulative count."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    counts = summary[1].cumsum()
    values = np.interp(shares, counts / counts[-1], summary[0])
    counts = np.interp(shares, counts / counts[-1], counts)
    return np.stack([values, np.diff(counts, prepend=0)]).astype(np.float32)


def hashed(values: np.ndarray, bins: int, salt: Any = None) -> np.ndarray:
    """int64 bins of strings or integers (by their decimal digits), with `salt` by SipHash."""
    flat = []
    for value in values.reshape(-1).tolist():
        data = bytes_of(value)
        flat.append((fingerprint64(data) if salt is None else siphash(data, salt)) % bins)
    return np.array(flat, np.int64).reshape(values.shape)


class Hashing(HostLayer):
    """Strings or integers as one of `num_bins` numbers, by a hash that is the same everywhere.

    mask_value: this one value goes to bin 0, which then holds nothing else.
    """

    config_names = ("num_bins", "salt", "mask_value", "output_mode", "sparse")

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        **options: Any,
    ) -> None:
        self._own_dtype = options.pop("dtype", None)
        super().__init__(**options)
        self.num_bins, self.mask_value = self._check_bins(num_bins), mask_value
        self.salt = checked_salt(salt, self.name)
        self.output_mode = self._check_mode(output_mode, ("int", "one_hot", "multi_hot", "count"))
        self.sparse = self._check_sparse(sparse)

    def call(self, inputs):
        values = to_numpy(inputs)
        if values.dtype.kind == "f":
            values = values.astype(np.int64)
        masked = self.mask_value is not None and self.num_bins > 1
        bins = hashed(values, self.num_bins - masked, self.salt)
        if masked:
            bins = np.where(values == self.mask_value, 0, bins + 1)
        if self.output_mode == "int":
            return wrap(asarray(bins.astype(np.int64)))
        return wrap(asarray(encoded(bins, self.output_mode, self.num_bins)))

    def compute_output_shape(self, input_shape):
        return self._encoded_shape(input_shape, self.num_bins)

    def get_config(self) -> dict[str, Any]:
        kind = "int64" if self.output_mode == "int" else "float32"
        return {**super().get_config(), "dtype": self._own_dtype or kind}


def checked_salt(salt: Any, layer: str) -> list[int] | None:
    """Two numbers from one or two."""
    if salt is None or (isinstance(salt, list | tuple) and len(salt) == 2):
        return None if salt is None else list(salt)
    if isinstance(salt, int):
        return [salt, salt]
    raise InputError(f"layer {layer!r}: salt must be one integer or two. Received: {salt!r}")
