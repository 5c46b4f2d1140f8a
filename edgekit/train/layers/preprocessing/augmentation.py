"""Layers that change pictures at random, in training only: the base, and those of values."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator, lookup
from edgekit.train.backend import array_module, current_device
from edgekit.train.layers.preprocessing.images import ImageLayer, largest_window
from edgekit.train.ops.comparisons import where
from edgekit.train.ops.images import resize_images
from edgekit.train.ops.math import maximum, mean, minimum
from edgekit.train.ops.random import uniform_like
from edgekit.train.random import generator
from edgekit.train.tensor import array_of

__all__ = [
    "RandomBrightness",
    "RandomContrast",
    "RandomCrop",
    "RandomFlip",
    "RandomImageLayer",
    "clipped",
]


class RandomImageLayer(ImageLayer):
    """The base: `get_random_transformation` draws, `transform_images` applies what was drawn.

    In inference the input passes unchanged. The same seed draws the same changes. Called by itself,
    outside of a model, such a layer changes its input, as in Keras.
    """

    seed: int | None

    def _set_seed(self, seed: int | None) -> None:
        self.seed = seed
        self.generator = generator(seed)

    def _source(self, seed: int | None) -> np.random.Generator:
        """What numbers are drawn from: the layer's own generator, or one of a seed."""
        return self.generator if seed is None else generator(seed)

    def call(self, inputs, training=True):
        if not isinstance(inputs, dict):
            return super().call(inputs, training)
        return self._with_labels(inputs, training)

    def _with_labels(self, inputs: dict[str, Any], training: bool) -> dict[str, Any]:
        """{"images": batch, "labels": one row for each}, both changed by what was drawn."""
        unknown = sorted(inputs.keys() - {"images", "labels"})
        if unknown or len(inputs.get("images", np.empty(0)).shape) != 4:
            raise InputError(
                f"layer {self.name!r}: expected pictures (n, height, width, channels) under "
                f"'images', and 'labels'. Received: {sorted(inputs)}"
            )
        images = inputs["images"]
        if not training:
            return {**inputs, "images": self.on_batch(images, training)}
        drawn = self.get_random_transformation(images)
        made = {**inputs, "images": self.transform_images(images, drawn)}
        if "labels" in inputs:
            made["labels"] = self.transform_labels(inputs["labels"], drawn)
        return made

    def transform_labels(self, labels: Any, transformation: Any, training: bool = True) -> Any:
        """The labels that go with the changed pictures: the same, of most layers."""
        return labels

    def on_batch(self, images: Any, training: bool) -> Any:
        if not training:
            return images
        return self.transform_images(images, self.get_random_transformation(images))

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: int | None = None
    ) -> Any:
        """What is drawn for a batch (n, h, w, c); to be written by subclasses."""
        raise NotImplementedError

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """The batch with what was drawn; to be written by subclasses."""
        raise NotImplementedError

    def _drawn(
        self, data: Any, low: float, high: float, shape: tuple[int, ...], seed: int | None
    ) -> Any:
        """Numbers from `low` to `high`, float32, drawn where the pictures `data` are."""
        return uniform_like(self._source(seed), low, high, shape, array_of(data))

    def _on_host(self, seed: int | None) -> np.random.Generator:
        """A generator for what the host must know, wherever the pictures are."""
        if current_device() != "cpu" and _is_capturing():
            raise UnsupportedOperator(
                f"layer {self.name!r} ({type(self).__name__}) draws on the host at every step, "
                "which a captured step cannot; put it into the data set's map instead"
            )
        return self._source(seed)

    def compute_output_shape(self, input_shape):
        return input_shape

    def _bounds(
        self, factor: Any, least: float, name: str = "factor", most: float = 1.0
    ) -> tuple[float, float]:
        """(low, high) from one number, which stands for (-number, number), or from two."""
        numbers = tuple(factor) if isinstance(factor, list | tuple) else (factor,)
        good = len(numbers) in (1, 2) and all(
            isinstance(n, int | float) and least <= n <= most for n in numbers
        )
        if not good:
            raise InputError(
                f"layer {self.name!r}: {name} must be a number, or two, from {least} to {most}. "
                f"Received: {name}={factor!r}"
            )
        if len(numbers) == 1:
            return max(-abs(numbers[0]), least), abs(numbers[0])
        return min(numbers), max(numbers)

    def _share(self, number: Any, name: str) -> Any:
        """One number from 0 to 1."""
        if isinstance(number, list | tuple) or not 0 <= number <= 1:
            raise InputError(
                f"layer {self.name!r}: {name} must be a number from 0 to 1. "
                f"Received: {name}={number}"
            )
        return number

    def _range(self, value_range: Any) -> list[float]:
        """The range that pixels are in, the lower end first."""
        if not isinstance(value_range, list | tuple) or len(value_range) != 2:
            raise InputError(
                f"layer {self.name!r}: value_range must be two numbers. Received: {value_range!r}"
            )
        return sorted(value_range)

    def _chosen(self, data: Any, factor: tuple[float, float], seed: int | None) -> Any:
        """Which pictures are changed, (n,): each with a probability that is drawn from `factor`."""
        count = (data.shape[0],)
        probability = self._drawn(data, *factor, count, seed)
        return self._drawn(data, 0, 1, count, seed) < probability

    def _for_pictures(self, drawn: Any) -> Any:
        """A number for each picture, so that it meets pixels."""
        return _as_array(drawn).reshape(-1, 1, 1, 1)


def _is_capturing() -> bool:
    from edgekit.train.gpu.state import is_capturing

    return is_capturing()


class RandomFlip(RandomImageLayer):
    """Half of the pictures mirrored: "horizontal", "vertical" or "horizontal_and_vertical"."""

    config_names = ("seed", "mode", "data_format")
    MODES = ("horizontal", "vertical", "horizontal_and_vertical")

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        lookup(dict.fromkeys(self.MODES), mode, f"layer {self.name!r}: mode", InputError)
        self.mode = mode
        self._set_data_format(data_format)
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        flips = self._drawn(data, 0, 1, (data.shape[0], 1, 1, 1), seed) <= 0.5
        return {"flips": flips, "input_shape": tuple(data.shape)}

    def transform_images(self, images, transformation, training=True):
        flips = _as_array(transformation["flips"])
        if self.mode != "vertical":
            images = where(flips, images[:, :, ::-1], images)
        if self.mode != "horizontal":
            images = where(flips, images[:, ::-1], images)
        return images


class RandomCrop(RandomImageLayer):
    """A window of `height` x `width` at one random place for the whole batch.

    A picture that is not larger than that is cut to the proportions and resized.
    """

    config_names = ("height", "width", "seed", "data_format")

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.height, self.width = height, width
        self._set_data_format(data_format)
        self._set_seed(seed)
        self.seed = int(self.generator.integers(0, 1 << 31)) if seed is None else seed

    def get_random_transformation(self, data, training=True, seed=None):
        height, width = data.shape[1:3]
        if height <= self.height or width <= self.width:
            rows, columns = largest_window((height, width), (self.height, self.width))
            return rows.start, columns.start
        places = self._drawn(data, 0, 1, (2,), seed)
        spare = (height - self.height + 1, width - self.width + 1)
        if array_module(places) is not np:  # where they stay: the host does not wait for them
            limits = zip(places, spare, strict=True)
            return tuple((p * np.float32(n)).astype(np.int32).clip(0, n - 1) for p, n in limits)
        return tuple(min(int(p * n), n - 1) for p, n in zip(places, spare, strict=True))

    def transform_images(self, images, transformation, training=True):
        top, left = transformation
        if hasattr(top, "dtype"):
            module = array_module(top)
            images = images[:, top + module.arange(self.height, dtype=np.int32)]
            images = images[:, :, left + module.arange(self.width, dtype=np.int32)]
        else:
            images = images[:, top : top + self.height, left : left + self.width]
        size = (self.height, self.width)
        return images if tuple(images.shape[1:3]) == size else resize_images(images, size=size)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-3], self.height, self.width, input_shape[-1])


class RandomContrast(RandomImageLayer):
    """Each picture as (x - mean) * f + mean, cut to `value_range`, one f for each.

    f is drawn from 1 - factor[0] to 1 + factor[1], where one number stands for (0, number); the
    mean is that of each channel.
    """

    config_names = ("factor", "value_range", "seed")

    def __init__(
        self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **options: Any
    ) -> None:
        self.data_format = options.pop("data_format", None)
        super().__init__(**options)
        self._set_data_format(self.data_format)
        self.factor = self._bounds(factor, 0.0)
        self.value_range = value_range
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        low, high = 1.0 - self.factor[0], 1.0 + self.factor[1]
        return {"contrast_factor": self._drawn(data, low, high, (data.shape[0], 1, 1, 1), seed)}

    def transform_images(self, images, transformation, training=True):
        level = mean(images, axis=(1, 2), keepdims=True)
        changed = (images - level) * _as_array(transformation["contrast_factor"]) + level
        return clipped(changed, self.value_range)


class RandomBrightness(RandomImageLayer):
    """A number added to each picture, from factor[0] to factor[1] times the `value_range`."""

    config_names = ("factor", "value_range", "seed")

    def __init__(
        self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **options: Any
    ) -> None:
        self.data_format = options.pop("data_format", None)
        super().__init__(**options)
        self._set_data_format(self.data_format)
        self.factor = self._bounds(factor, -1.0)
        self.value_range = self._range(value_range)
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        drawn = self._drawn(data, *self.factor, (data.shape[0], 1, 1, 1), seed)
        return {"rgb_delta": drawn * np.float32(self.value_range[1] - self.value_range[0])}

    def transform_images(self, images, transformation, training=True):
        return clipped(images + _as_array(transformation["rgb_delta"]), self.value_range)


def _as_array(numbers: Any) -> Any:
    """What was drawn as an array, where it is."""
    return array_module(numbers).asarray(numbers)


def clipped(x: Any, value_range: Any) -> Any:
    """Values cut to a range."""
    return minimum(maximum(x, float(value_range[0])), float(value_range[1]))
