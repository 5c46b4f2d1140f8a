"""Windows of a time series."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.preprocessing.dataset import Dataset, Order

__all__ = ["timeseries_dataset_from_array"]


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
) -> Dataset:
    """Batches of windows (sequence_length steps, `sampling_rate` apart), each with the target of
    its first step (`targets[i]` belongs to the window that starts at i), or without targets.
    """
    steps = _checked_steps(sequence_length, sequence_stride, sampling_rate)
    data = np.asarray(data)
    first, last = start_index or 0, len(data) if end_index is None else end_index
    windows = last - first - int(steps[-1])
    if targets is not None:
        windows = min(windows, len(targets))
    starts = first + np.arange(0, max(windows, 0), sequence_stride)
    if not len(starts):
        raise InputError(
            f"there is no window of {sequence_length} steps, {sampling_rate} apart, from {first} "
            f"to {last}"
        )
    order = Order(starts, seed)
    if shuffle:
        order.renew()
    size = batch_size or 1

    def item(index: int) -> Any:
        rows = order.rows[index * size : (index + 1) * size]
        x = data[rows[:, None] + steps]
        x = x if batch_size else x[0]
        if targets is None:
            return x
        y = np.asarray(targets)[rows - first]
        return x, y if batch_size else y[0]

    return Dataset(item, -(-len(starts) // size), order.renew if shuffle else None)


def _checked_steps(length: int, stride: int, rate: int) -> np.ndarray:
    """The steps of a window, from its first."""
    given = {"sequence_length": length, "sequence_stride": stride, "sampling_rate": rate}
    for name, value in given.items():
        if value <= 0:
            raise InputError(f"{name} must be above 0. Received: {value}")
    return np.arange(0, (length - 1) * rate + 1, rate)
