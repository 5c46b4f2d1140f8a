"""Pictures as inputs: a file or a folder of files, brought to the size that a model takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from edgekit.errors import InputError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edgekit.ir import Graph

    Array = NDArray[Any]

__all__ = ["Pictures", "are_pictures", "read_pictures"]

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
COLORS = {1: "grayscale", 3: "rgb", 4: "rgba"}


class Pictures(NamedTuple):
    """uint8 pixels [pictures, height, width, channels] and the file of each.

    classes: the numbers of the classes that subfolders stand for, None where there are none;
    names: the names of the subfolders, in the order of the numbers.
    found: how many pictures there are, also where not all of them were read.
    """

    pixels: Array
    files: Sequence[str]
    classes: Array | None
    names: Sequence[str]
    found: int


def are_pictures(path: Path) -> bool:
    """Whether a path is that of a picture, by its suffix, or of a folder."""
    return path.is_dir() or path.suffix.lower() in SUFFIXES


def read_pictures(
    path: Path, graph: Graph, labels: Sequence[str] = (), most: int | None = None
) -> Pictures:
    """One picture or all of a folder, as `keras.utils.image_dataset_from_directory` reads them.

    Whatever its proportions, a picture is squeezed into the model's size (bilinear). Subfolders are
    classes, in the order of `labels` if these are their names, in alphabetical order otherwise.
    Of more than `most` pictures, so many are taken, at even distances.
    Raises ShapeError for a model that takes no pictures, InputError for what is none.
    """
    import numpy as np

    height, width, channels = _size(path, graph)
    files, classes, names = _files(path, labels)
    count = len(files)
    if most is not None and count > most:
        rows = np.linspace(0, count - 1, most).round().astype(int)
        files, classes = [files[row] for row in rows], [classes[row] for row in rows]
    pixels = np.stack([_pixels(file, (height, width), COLORS[channels]) for file in files])
    return Pictures(pixels, files, np.array(classes) if names else None, names, count)


def _files(path: Path, labels: Sequence[str]) -> tuple[list[str], list[int], list[str]]:
    """The files, the number of the class of each, and the names of the classes."""
    if not path.exists():
        raise InputError(f"{path}: there is no such file")
    if not path.is_dir():
        return [str(path)], [0], []
    from edgekit.train.preprocessing.folders import class_folders
    from edgekit.train.preprocessing.found_files import files_of_each

    folders = class_folders(path)
    names = list(labels) if set(labels) == set(folders) else folders
    files, classes = files_of_each(path, names or ["."], SUFFIXES, follow_links=False)
    if not files:
        raise InputError(f"{path}: holds no pictures ({', '.join(SUFFIXES)})")
    return files, classes, names


def _size(path: Path, graph: Graph) -> tuple[int, int, int]:
    inputs = [graph.value(name) for name in graph.inputs]
    shape = inputs[0].shape[1:]
    if len(inputs) != 1 or len(shape) != 3 or None in shape or shape[2] not in COLORS:
        taken = ", ".join(map(str, inputs))
        raise ShapeError(f"{path}: pictures are no input of this model, which takes {taken}")
    height, width, channels = (int(size or 0) for size in shape)
    return height, width, channels


def _pixels(file: str, size: tuple[int, int], color: str) -> Array:
    """A picture as uint8; a grey one may have 16 bits."""
    from edgekit.train.preprocessing.pictures import img_to_array, load_img

    pixels = img_to_array(load_img(file, color, size, "bilinear"))
    most = pixels.max()
    if most > 255:
        raise InputError(
            f"{file}: pixels go up to {most:g}, expected 0 to 255: save pictures with 8 bits, or "
            "give the numbers that the model was trained on as .npz"
        )
    return pixels.astype("uint8")
