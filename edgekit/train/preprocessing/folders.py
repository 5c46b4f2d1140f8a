"""Data sets of files in folders: a subfolder for each class."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.train.messages import say
from edgekit.train.preprocessing.dataset import Dataset, Order
from edgekit.train.preprocessing.found_files import files_of_each
from edgekit.train.preprocessing.pictures import img_to_array, load_img
from edgekit.train.random import generator

__all__ = [
    "class_folders",
    "datasets_of",
    "files_of",
    "image_dataset_from_directory",
    "text_dataset_from_directory",
]

_PICTURES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_PILLOW = {"area": "box", "lanczos3": "lanczos", "lanczos5": "lanczos"}


def image_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str | None = None,
    verbose: bool = True,
) -> Any:
    """Batches of pictures (float32, 0..255) and labels of a folder.

    labels: "inferred" from the subfolders, None, or a list in the order of the files.
    label_mode: int, categorical, binary or None. subset: training, validation or both, of a
    validation_split; the same seed must be given for both parts. `format` changes nothing: there is
    one kind of Dataset.
    """
    if pad_to_aspect_ratio or data_format not in (None, "channels_last"):
        raise UnsupportedOperator(
            "image_dataset_from_directory: pad_to_aspect_ratio and data_format='channels_first' "
            "are not supported; a Resizing layer pads, channels come last"
        )
    if color_mode not in ("grayscale", "rgb", "rgba"):
        raise InputError(f"color_mode must be grayscale, rgb or rgba. Received: {color_mode!r}")
    method = _PILLOW.get(interpolation, interpolation)

    def read(path: str) -> np.ndarray:
        image = load_img(
            path, color_mode, (image_size[0], image_size[1]), method, crop_to_aspect_ratio
        )
        return img_to_array(image)

    files = files_of(directory, labels, class_names, _PICTURES, follow_links, verbose)
    return datasets_of(files, label_mode, read, batch_size, shuffle, seed, validation_split, subset)


def text_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str | None = None,
    verbose: bool = True,
) -> Any:
    """Batches of texts (.txt, UTF-8) and labels of a folder; see image_dataset_from_directory."""

    def read(path: str) -> str:
        return Path(path).read_text(encoding="utf-8", errors="replace")[:max_length]

    files = files_of(directory, labels, class_names, (".txt",), follow_links, verbose)
    return datasets_of(files, label_mode, read, batch_size, shuffle, seed, validation_split, subset)


def class_folders(root: Path) -> list[str]:
    """The names of the subfolders, in alphabetical order; hidden ones are no classes."""
    return sorted(p.name for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))


Files = tuple[list[str], np.ndarray | None, list[str]]


def files_of(
    directory: Any,
    labels: Any,
    class_names: list[str] | None,
    suffixes: tuple[str, ...],
    follow_links: bool,
    verbose: bool,
) -> Files:
    """(paths, class numbers or None, class names)."""
    root = Path(directory)
    if not root.is_dir():
        raise InputError(f"{directory} is not a folder")
    inferred = isinstance(labels, str) and labels == "inferred"
    folders = class_folders(root) if inferred else []
    if class_names is not None and inferred and set(class_names) != set(folders):
        raise InputError(f"class_names are {class_names}, the subfolders {folders}")
    names = list(class_names or folders)
    places = names if inferred else ["."]
    paths, numbers = files_of_each(root, places, suffixes, follow_links)
    if not paths:
        raise InputError(f"{directory} holds no file with one of the suffixes {suffixes}")
    if verbose:
        count = f"Found {len(paths)} files"
        say(f"{count} belonging to {len(names)} classes." if inferred else f"{count}.")
    if inferred:
        return paths, np.array(numbers, np.int32), names
    if labels is None:
        return paths, None, names
    if len(labels) != len(paths):
        raise InputError(f"{len(labels)} labels for {len(paths)} files in {directory}")
    known = names or [str(i) for i in sorted(set(np.asarray(labels).tolist()))]
    return paths, np.asarray(labels, np.int32), known


def datasets_of(
    files: Files,
    label_mode: str | None,
    read: Callable[[str], Any],
    batch_size: int | None,
    shuffle: bool,
    seed: int | None,
    split: float | None,
    subset: str | None,
) -> Any:
    """One data set, or two with subset="both"."""
    if label_mode not in ("int", "categorical", "binary", None):
        raise InputError(f"label_mode must be int, categorical, binary or None: {label_mode!r}")
    if (split is None) != (subset is None) or subset not in (
        None,
        "training",
        "validation",
        "both",
    ):
        raise InputError(
            "validation_split and subset ('training', 'validation' or 'both') go together. "
            f"Received: validation_split={split}, subset={subset!r}"
        )
    if split and shuffle and seed is None:
        raise InputError("give a seed, or shuffle=False: else the two parts would overlap")
    paths, numbers, names = files
    if label_mode == "binary" and len(names) != 2:
        raise InputError(f"label_mode='binary' needs two classes; there are {names}")
    order = generator(seed).permutation(len(paths)) if shuffle else np.arange(len(paths))
    at = len(paths) - int((split or 0.0) * len(paths))
    parts = {"training": order[:at], "validation": order[at:], None: order}
    coded = None if label_mode is None or numbers is None else _coded(numbers, label_mode, names)

    def made(rows: np.ndarray, shuffled: bool) -> Dataset:
        return _dataset(paths, coded, names, rows, read, batch_size, shuffled, seed)

    if subset == "both":
        return made(parts["training"], shuffle), made(parts["validation"], False)
    return made(parts[subset], shuffle and subset != "validation")


def _coded(numbers: np.ndarray, label_mode: str, names: list[str]) -> np.ndarray:
    if label_mode == "categorical":
        return np.eye(len(names), dtype=np.float32)[numbers]
    return numbers.astype(np.float32)[:, None] if label_mode == "binary" else numbers


def _dataset(
    paths: list[str],
    labels: np.ndarray | None,
    names: list[str],
    rows: np.ndarray,
    read: Callable[[str], Any],
    batch_size: int | None,
    shuffle: bool,
    seed: int | None,
) -> Dataset:
    order = Order(rows, seed)  # the first pass takes them as they come: they are mixed already
    size = batch_size or 1

    def item(index: int) -> Any:
        chosen = order.rows[index * size : (index + 1) * size]
        values = [read(paths[i]) for i in chosen]
        x: Any = _joined(values)
        y = None if labels is None else labels[chosen]
        if batch_size is None:
            x, y = x[0], None if y is None else y[0]
        return x if y is None else (x, y)

    renew = order.renew if shuffle else None
    return Dataset(item, -(-len(rows) // size), renew, names, [paths[i] for i in rows])


def _joined(values: list[Any]) -> np.ndarray:
    """Texts as an array, pictures stacked; shorter sounds are filled with zeros."""
    if isinstance(values[0], str):
        return np.array(values)
    longest = max(len(value) for value in values)
    rest = ((0, 0),) * (values[0].ndim - 1)
    return np.stack([np.pad(v, ((0, longest - len(v)), *rest)) if len(v) < longest else v
                     for v in values])  # fmt: skip
