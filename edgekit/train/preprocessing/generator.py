"""ImageDataGenerator: pictures in batches, changed at random, as Keras 2 had it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.deprecations import old_spelling
from edgekit.train.preprocessing.drawn import Transform, recoloured, shift_of, two_numbers
from edgekit.train.preprocessing.transforms import affine_matrix, warped
from edgekit.train.serialization import accept_options

__all__ = ["ImageDataGenerator"]

_FILL_MODES = ("constant", "nearest", "reflect", "wrap")


def _left_in_2019(options: dict[str, Any]) -> dict[str, Any]:
    """Arguments without those that Keras 2 had given up already."""
    old = [f"{name}=" for name in ("drop_duplicates", "has_ext", "sort") if name in options]
    if old:
        old_spelling("flow_from_dataframe: an old spelling", f"{', '.join(old)} has no effect")
    return {name: value for name, value in options.items() if f"{name}=" not in old}


class ImageDataGenerator:
    """Draws changes for pictures and makes batches of them: see `flow`, `flow_from_directory`.

    Shifts are shares of the size below 1, and pixels from 1 on (or a list to choose from); angles
    are degrees; zoom_range is a share or (low, high). Statistics of the data (featurewise_*, ZCA)
    are taken by `fit`.
    """

    # what `fit` finds
    mean: Any = None
    std: Any = None
    zca_whitening_matrix: Any = None
    data_format = "channels_last"

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Any = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Any = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
    ) -> None:
        self._check(fill_mode, data_format, validation_split)
        by_std = not zca_whitening and featurewise_std_normalization
        self.featurewise_std_normalization = by_std
        self.featurewise_center = featurewise_center or zca_whitening or by_std
        self.samplewise_std_normalization = samplewise_std_normalization
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        self.rotation_range, self.shear_range = rotation_range, shear_range
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self.channel_shift_range, self.validation_split = channel_shift_range, validation_split
        self.fill_mode, self.cval, self.interpolation_order = fill_mode, cval, interpolation_order
        self.horizontal_flip, self.vertical_flip = horizontal_flip, vertical_flip
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        self._take_sizes(zoom_range, brightness_range, dtype)

    def _take_sizes(self, zoom_range: Any, brightness_range: Any, dtype: Any) -> None:
        self.dtype = dtype or "float32"
        self.zoom_range = self._zoom(zoom_range)
        self.brightness_range = two_numbers(brightness_range, "brightness_range")

    @staticmethod
    def _check(fill_mode: str, data_format: str | None, validation_split: float) -> None:
        if fill_mode not in _FILL_MODES:
            raise InputError(f"fill_mode must be one of {_FILL_MODES}. Received: {fill_mode!r}")
        if data_format not in (None, "channels_last"):
            raise InputError(f"data_format {data_format!r} is not supported; use 'channels_last'")
        if validation_split and not 0 < validation_split < 1:
            raise InputError(f"validation_split must be from 0 to 1. Received: {validation_split}")

    @staticmethod
    def _zoom(zoom_range: Any) -> tuple[float, float]:
        if isinstance(zoom_range, int | float):
            return 1 - zoom_range, 1 + zoom_range
        found = two_numbers(zoom_range, "zoom_range")
        assert found is not None
        return found

    # -- batches --------------------------------------------------------------------------------

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> Any:
        """Batches of the array `x` (n, h, w, c) and its labels, without end.

        `ignore_class_split` changes nothing: a class may be missing from a part.
        """
        from edgekit.train.preprocessing.batches import ArrayPictures

        saving = (save_to_dir, save_prefix, save_format)
        pictures = ArrayPictures(x, y, sample_weight, self, subset)
        return pictures.batches(batch_size, shuffle, seed, saving)

    def flow_from_directory(
        self,
        directory: Any,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
    ) -> Any:
        """Batches of the picture files of a folder, whose subfolders are the classes."""
        from edgekit.train.preprocessing.batches import FilePictures
        from edgekit.train.preprocessing.picture_files import files_of_classes

        names, paths, numbers = files_of_classes(directory, classes, follow_links)
        reading = ((target_size[0], target_size[1]), color_mode, interpolation, keep_aspect_ratio)
        pictures = FilePictures(paths, numbers, names, class_mode, reading, self, subset, directory)
        saving = (save_to_dir, save_prefix, save_format)
        return pictures.batches(batch_size, shuffle, seed, saving)

    def flow_from_dataframe(
        self,
        dataframe: Any,
        directory: Any = None,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
        **options: Any,
    ) -> Any:
        """Batches of the picture files that a column of a table names (a DataFrame, or a dict of
        columns); `y_col` holds their classes or numbers.
        """
        accept_options("flow_from_dataframe", _left_in_2019(options))
        from edgekit.train.preprocessing.picture_files import pictures_of_table

        reading = ((target_size[0], target_size[1]), color_mode, interpolation, False)
        columns = (x_col, y_col, weight_col)
        pictures = pictures_of_table(
            dataframe, directory, columns, classes, class_mode, reading, self, subset,
            validate_filenames,
        )  # fmt: skip
        saving = (save_to_dir, save_prefix, save_format)
        return pictures.batches(batch_size, shuffle, seed, saving)

    # -- one picture ----------------------------------------------------------------------------

    def standardize(self, x: Any) -> Any:
        """A picture, or a batch, through preprocessing_function, rescale and the statistics."""
        if self.preprocessing_function is not None:
            x = self.preprocessing_function(x)
        x = np.asarray(x, self.dtype)
        if self.rescale:
            x = x * np.asarray(self.rescale, self.dtype)
        if self.samplewise_center:
            x = x - np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x = x / (np.std(x, keepdims=True) + 1e-6)
        if self.featurewise_center and self._fitted("mean"):
            x = x - self.mean
        if self.featurewise_std_normalization and self._fitted("std"):
            x = x / (self.std + 1e-6)
        if self.zca_whitening and self._fitted("zca_whitening_matrix"):
            flat = x.reshape(-1, self.zca_whitening_matrix.shape[0])
            x = (flat @ self.zca_whitening_matrix).reshape(x.shape)
        return x.astype(self.dtype, copy=False)

    def _fitted(self, name: str) -> bool:
        if getattr(self, name) is None:
            warnings.warn(
                f"this ImageDataGenerator normalizes by its data ({name}), but has seen none: call "
                "fit(x) first",
                stacklevel=4,
            )
            return False
        return True

    def get_random_transform(self, img_shape: Any, seed: int | None = None) -> Transform:
        """What is drawn for one picture: theta, tx, ty, shear, zx, zy, flips, channel shift and
        brightness. Without a seed from numpy's global generator.
        """
        random: Any = np.random if seed is None else np.random.RandomState(seed)
        theta = random.uniform(-self.rotation_range, self.rotation_range)
        tx = shift_of(random, self.height_shift_range, img_shape[0])
        ty = shift_of(random, self.width_shift_range, img_shape[1])
        shear = random.uniform(-self.shear_range, self.shear_range)
        zx, zy = (1, 1) if self.zoom_range == (1, 1) else random.uniform(*self.zoom_range, 2)
        shift = random.uniform(-self.channel_shift_range, self.channel_shift_range)
        return {
            "theta": theta if self.rotation_range else 0,
            "tx": tx,
            "ty": ty,
            "shear": shear if self.shear_range else 0,
            "zx": zx,
            "zy": zy,
            "flip_horizontal": bool(random.random() < 0.5) and self.horizontal_flip,
            "flip_vertical": bool(random.random() < 0.5) and self.vertical_flip,
            "channel_shift_intensity": shift if self.channel_shift_range else None,
            "brightness": None if self.brightness_range is None
            else random.uniform(*self.brightness_range),
        }  # fmt: skip

    def apply_transform(self, x: Any, transform_parameters: Transform) -> np.ndarray:
        """A picture with what was drawn (any of the keys of `get_random_transform`)."""
        return self.transformed(np.asarray(x)[None], [transform_parameters])[0]

    def random_transform(self, x: Any, seed: int | None = None) -> np.ndarray:
        """A picture, changed at random."""
        return self.apply_transform(x, self.get_random_transform(np.shape(x), seed))

    def transformed(self, images: np.ndarray, drawn: list[Transform]) -> np.ndarray:
        """A batch, each picture with what was drawn for it; moved all at once."""
        names = ("theta", "tx", "ty", "shear", "zx", "zy")
        maps = [{name: one[name] for name in names if name in one} for one in drawn]
        size = images.shape[1:3]
        matrices = np.array([affine_matrix(size, **one) for one in maps])
        images = images.astype(np.float32)
        rest = np.array([1, 0, 0, 0, 1, 0, 0, 0], np.float32)
        if not np.array_equal(matrices, np.broadcast_to(rest, matrices.shape)):
            images = warped(images, matrices, self.fill_mode, self.cval, self.interpolation_order)
        return np.stack([recoloured(x, one) for x, one in zip(images, drawn, strict=True)])

    # -- statistics -------------------------------------------------------------------------------

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Take mean, deviation and principal components of the pictures `x` (n, h, w, c)."""
        x = np.array(x, self.dtype)
        if x.ndim != 4:
            raise ShapeError(f"fit expects pictures (n, h, w, c). Received: shape {x.shape}")
        if seed is not None:
            np.random.seed(seed)
        if augment:
            x = np.concatenate(
                [np.stack([self.random_transform(one) for one in x]) for _ in range(rounds)]
            )
        if self.featurewise_center:
            self.mean = x.mean(axis=(0, 1, 2)).reshape(1, 1, -1)
            x = x - self.mean
        if self.featurewise_std_normalization:
            self.std = x.std(axis=(0, 1, 2)).reshape(1, 1, -1)
            x = x / (self.std + 1e-6)
        if self.zca_whitening:
            flat = x.reshape(len(x), -1)
            _, s, vt = np.linalg.svd(flat / np.sqrt(len(flat)), full_matrices=False)
            weights = 1.0 / np.sqrt(s**2 + self.zca_epsilon)
            self.zca_whitening_matrix = (vt.T * weights) @ vt
