"""Which picture files there are, and of which class: from folders, or from a table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.messages import say
from edgekit.train.preprocessing.batches import FilePictures
from edgekit.train.preprocessing.found_files import files_of_each

if TYPE_CHECKING:
    from edgekit.train.preprocessing.generator import ImageDataGenerator

__all__ = ["files_of_classes", "pictures_of_table"]

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff")


def files_of_classes(
    directory: Any, classes: Any, follow_links: bool
) -> tuple[list[str], list[str], np.ndarray]:
    """(class names, paths, class numbers) of a folder with a subfolder for each class."""
    root = Path(directory)
    if not root.is_dir():
        raise InputError(f"{directory} is not a folder")
    names = list(classes or sorted(p.name for p in root.iterdir() if p.is_dir()))
    paths, numbers = files_of_each(root, names, SUFFIXES, follow_links)
    say(f"Found {len(paths)} images belonging to {len(names)} classes.")
    return names, paths, np.array(numbers, np.int32)


def pictures_of_table(
    table: Any,
    directory: Any,
    columns: tuple[str, Any, str | None],
    classes: Any,
    class_mode: str | None,
    reading: tuple[tuple[int, int], str, str, bool],
    generator: ImageDataGenerator,
    subset: str | None,
    validate: bool,
) -> FilePictures:
    """The pictures that a table names; rows whose file is not there are left out, and counted."""
    x_col, y_col, weight_col = columns
    base = "" if directory is None else os.fspath(directory)
    paths = [os.path.join(base, str(name)) for name in list(table[x_col])]
    rows = [i for i, path in enumerate(paths) if not validate or os.path.isfile(path)]
    if len(rows) < len(paths):
        say(f"{len(paths) - len(rows)} of {len(paths)} files are not there and are left out")
    names: list[str] = []
    numbers: Any = None
    if class_mode in ("categorical", "binary", "sparse"):
        labels = [str(label) for label in list(table[y_col])]
        names = list(classes or sorted({labels[i] for i in rows}))
        places = {name: i for i, name in enumerate(names)}
        rows = [i for i in rows if labels[i] in places]
        numbers = np.array([places[labels[i]] for i in rows], np.int32)
    elif class_mode in ("raw", "multi_output"):
        many = isinstance(y_col, list | tuple)
        values = (
            np.array([list(table[c]) for c in y_col]).T if many else np.array(list(table[y_col]))
        )
        numbers = values[rows]
    elif class_mode == "input":
        numbers = np.zeros(len(rows))
    weights = None if weight_col is None else np.asarray(list(table[weight_col]))[rows]
    kept = [paths[i] for i in rows]
    say(f"Found {len(kept)} validated image filenames belonging to {len(names)} classes.")
    return FilePictures(
        kept, numbers, names, class_mode, reading, generator, subset, directory, weights
    )
