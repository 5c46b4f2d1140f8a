"""Where an ImageDataGenerator's pictures come from, and the batches that are made of them."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.preprocessing.pictures import array_to_img, img_to_array, load_img

if TYPE_CHECKING:
    from edgekit.train.preprocessing.generator import ImageDataGenerator

__all__ = ["ArrayPictures", "FilePictures", "PictureBatches"]


class PictureBatches:
    """Batches by index, or one after the other without end; a new order for each pass.

    What is known of the pictures (`classes`, `class_indices`, `filenames` ...) is handed on.
    """

    def __init__(
        self,
        pictures: Pictures,
        batch_size: int,
        shuffle: bool,
        seed: int | None,
        saving: tuple[str | None, str, str],
    ) -> None:
        self.pictures = pictures
        self.n = len(pictures)
        self.batch_size, self.shuffle, self.seed = batch_size, shuffle, seed
        self.saving = saving
        self.batch_index = 0
        self.total_batches_seen = 0
        self.index_array: np.ndarray | None = None
        self._lock = threading.Lock()

    @property
    def samples(self) -> int:
        return self.n

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["pictures"], name) if "pictures" in self.__dict__ else None

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise InputError(f"batch {index} was asked for; there are {len(self)}")
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)
        self.total_batches_seen += 1
        if self.index_array is None:
            self._set_order()
        assert self.index_array is not None
        start = index * self.batch_size
        return self._made(self.index_array[start : start + self.batch_size])

    def __iter__(self) -> PictureBatches:
        return self

    def __next__(self) -> Any:
        with self._lock:
            if self.batch_index == 0:
                self._set_order()
            index = self.batch_index
            self.batch_index = (index + 1) % len(self)
        return self[index]

    next = __next__

    def reset(self) -> None:
        """Start at the first batch."""
        self.batch_index = 0

    def on_epoch_end(self) -> None:
        """Draw a new order."""
        self._set_order()

    def _set_order(self) -> None:
        self.index_array = np.arange(self.n)
        if self.shuffle:
            if self.seed is not None:
                np.random.seed(self.seed + self.total_batches_seen)
            self.index_array = np.random.permutation(self.n)

    def _made(self, rows: np.ndarray) -> Any:
        generator = self.pictures.generator
        raw = self.pictures.read(rows)
        drawn = [generator.get_random_transform(x.shape) for x in raw]
        images = generator.transformed(raw, drawn)
        images = np.stack([generator.standardize(x) for x in images])
        folder, prefix, suffix = self.saving
        if folder is not None:
            for row, image in zip(rows, images, strict=True):
                name = f"{prefix}_{row}_{np.random.randint(10_000_000)}.{suffix}"
                array_to_img(image).save(os.path.join(folder, name))
        return self.pictures.batch(images, rows)


class Pictures:
    """Pictures by number, with what belongs to them."""

    generator: ImageDataGenerator

    def __len__(self) -> int:
        raise NotImplementedError

    def read(self, rows: np.ndarray) -> np.ndarray:
        """The pictures of these numbers, (n, h, w, c)."""
        raise NotImplementedError

    def batch(self, images: np.ndarray, rows: np.ndarray) -> Any:
        """The pictures, after all changes, with their labels and weights."""
        raise NotImplementedError

    def batches(
        self, batch_size: int, shuffle: bool, seed: int | None, saving: Any
    ) -> PictureBatches:
        if not len(self):
            raise InputError("there is no picture here")
        return PictureBatches(self, batch_size, shuffle, seed, saving)


class ArrayPictures(Pictures):
    """Pictures of an array; `x` may be (pictures, other inputs)."""

    def __init__(
        self, x: Any, y: Any, sample_weight: Any, generator: ImageDataGenerator, subset: str | None
    ) -> None:
        self.generator = generator
        parts = list(x[1]) if isinstance(x, tuple) and isinstance(x[1], list) else (
            [x[1]] if isinstance(x, tuple) else [])  # fmt: skip
        self.x = np.asarray(x[0] if isinstance(x, tuple) else x)
        if self.x.ndim != 4:
            raise ShapeError(f"flow expects pictures (n, h, w, c). Received: shape {self.x.shape}")
        self.x_misc = [np.asarray(part) for part in parts]
        self.y = None if y is None else np.asarray(y)
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight)
        others = [*self.x_misc, self.y, self.sample_weight]
        wrong = [len(o) for o in others if o is not None and len(o) != len(self.x)]
        if wrong:
            raise ShapeError(f"{len(self.x)} pictures and {wrong[0]} of what belongs to them")
        kept = _subset(len(self.x), generator.validation_split, subset)
        self.x = self.x[kept]
        self.x_misc = [part[kept] for part in self.x_misc]
        self.y = None if self.y is None else self.y[kept]
        if self.sample_weight is not None:
            self.sample_weight = self.sample_weight[kept]

    def __len__(self) -> int:
        return len(self.x)

    def read(self, rows: np.ndarray) -> np.ndarray:
        return self.x[rows]

    def batch(self, images: np.ndarray, rows: np.ndarray) -> Any:
        x: Any = [images, *(part[rows] for part in self.x_misc)] if self.x_misc else images
        if self.y is None:
            return x
        return (x, self.y[rows]) if self.sample_weight is None else (
            x, self.y[rows], self.sample_weight[rows])  # fmt: skip


def _subset(count: int, split: float, subset: str | None) -> slice:
    """The first share of the pictures is for validation, as in Keras 2."""
    if subset is None:
        return slice(None)
    if subset not in ("training", "validation"):
        raise InputError(f"subset must be 'training' or 'validation'. Received: {subset!r}")
    at = int(split * count)
    return slice(0, at) if subset == "validation" else slice(at, None)


class FilePictures(Pictures):
    """Pictures of files, read when they are needed."""

    def __init__(
        self,
        paths: list[str],
        numbers: Any,
        names: list[str],
        class_mode: str | None,
        reading: tuple[tuple[int, int], str, str, bool],
        generator: ImageDataGenerator,
        subset: str | None,
        directory: Any = None,
        weights: Any = None,
    ) -> None:
        known = ("categorical", "binary", "sparse", "input", "raw", "multi_output", None)
        if class_mode not in known:
            raise InputError(f"class_mode must be one of {known}. Received: {class_mode!r}")
        self.generator, self.class_mode, self.reading = generator, class_mode, reading
        self.class_indices = {name: i for i, name in enumerate(names)}
        self.num_classes = len(names)
        self.directory = directory
        kept = self._kept(len(paths), numbers, subset)
        self.filepaths = [paths[i] for i in kept]
        base = "" if directory is None else os.fspath(directory)
        self.filenames = [os.path.relpath(p, base) if base else p for p in self.filepaths]
        self.labels = self.classes = None if numbers is None else np.asarray(numbers)[kept]
        self.sample_weight = None if weights is None else np.asarray(weights)[kept]
        channels = {"grayscale": 1, "rgb": 3, "rgba": 4}[reading[1]]
        self.target_size, self.color_mode = reading[0], reading[1]
        self.image_shape = (*reading[0], channels)

    def _kept(self, count: int, numbers: Any, subset: str | None) -> np.ndarray:
        """The rows of a subset: a share of each class, where there are classes."""
        split = self.generator.validation_split
        rows = np.arange(count)
        if subset is None or numbers is None or np.ndim(numbers) != 1 or not self.num_classes:
            return rows[_subset(count, split, subset)]
        groups = [rows[np.asarray(numbers) == c] for c in range(self.num_classes)]
        return np.concatenate([group[_subset(len(group), split, subset)] for group in groups])

    def __len__(self) -> int:
        return len(self.filepaths)

    def read(self, rows: np.ndarray) -> np.ndarray:
        size, color_mode, interpolation, keep = self.reading
        return np.stack(
            [
                img_to_array(load_img(self.filepaths[i], color_mode, size, interpolation, keep))
                for i in rows
            ]
        )

    def batch(self, images: np.ndarray, rows: np.ndarray) -> Any:
        if self.class_mode is None:
            return images
        assert self.labels is not None
        labels: Any = self.labels[rows]
        if self.class_mode == "categorical":
            labels = np.eye(self.num_classes, dtype=np.float32)[labels]
        elif self.class_mode in ("binary", "sparse"):
            labels = labels.astype(np.float32)
        elif self.class_mode == "input":
            labels = images.copy()
        elif self.class_mode == "multi_output":
            labels = list(labels.T)
        return (images, labels) if self.sample_weight is None else (
            images, labels, self.sample_weight[rows])  # fmt: skip
