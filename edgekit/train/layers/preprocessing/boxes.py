"""Bounding boxes brought to one number for each picture."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError
from edgekit.train.layers.preprocessing.images import ImageLayer
from edgekit.train.ops.shape import pad

__all__ = ["MaxNumBoundingBoxes"]


class MaxNumBoundingBoxes(ImageLayer):
    """{"images", "bounding_boxes": {"boxes": (n, count, 4), "labels": (n, count)}, ...} with
    `max_number` boxes for each picture: the first ones, or with boxes of `fill_value` behind them.

    What else is there stays, as pictures alone do.
    """

    config_names = ("data_format", "max_number")

    def __init__(self, max_number: int, fill_value: int = -1, **options: Any) -> None:
        data_format = options.pop("data_format", None)
        super().__init__(**options)
        self.max_number, self.fill_value = int(max_number), int(fill_value)
        if self.max_number < 1:
            raise InputError(
                f"layer {self.name!r}: max_number must be at least 1. Received: {max_number}"
            )
        self._set_data_format(data_format)

    def get_config(self) -> dict[str, Any]:
        filled = {} if self.fill_value == -1 else {"fill_value": self.fill_value}
        return {**super().get_config(), **filled}

    def call(self, inputs, training=False):
        if not isinstance(inputs, dict) or "bounding_boxes" not in inputs:
            return inputs
        found = inputs["bounding_boxes"]
        unknown = sorted(found.keys() ^ {"boxes", "labels"})
        if unknown:
            raise InputError(
                f"layer {self.name!r}: bounding_boxes must hold 'boxes' and 'labels'. Received: "
                f"{sorted(found)}"
            )
        return {**inputs, "bounding_boxes": {name: self._filled(x) for name, x in found.items()}}

    def _filled(self, x: Any) -> Any:
        kept = x[:, : self.max_number]
        missing = self.max_number - kept.shape[1]
        rest = ((0, 0),) * (len(x.shape) - 2)
        if not missing:
            return kept
        return pad(kept, paddings=((0, 0), (0, missing), *rest), value=float(self.fill_value))

    def compute_output_shape(self, input_shape):
        if not isinstance(input_shape, dict) or "bounding_boxes" not in input_shape:
            return input_shape
        boxes = {
            name: (shape[0], self.max_number, *shape[2:])
            for name, shape in input_shape["bounding_boxes"].items()
        }
        return {**input_shape, "bounding_boxes": boxes}
