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
    """

    pixels: Array
    files: Sequence[str]
    classes: Array | None = None
    names: Sequence[str] = ()


def are_pictures(path: Path) -> bool:
    """Whether a path is that of a picture, by its suffix, or of a folder."""
    return path.is_dir() or path.suffix.lower() in SUFFIXES


def read_pictures(path: Path, graph: Graph, labels: Sequence[str] = ()) -> Pictures:
    """One picture or all of a folder, as `keras.utils.image_dataset_from_directory` reads them.

    Whatever its proportions, a picture is squeezed into the model's size (bilinear). Subfolders are
    classes, in the order of `labels` if these are their names, in alphabetical order otherwise.
    Raises ShapeError for a model that takes no pictures, InputError for what is none.
    """
    height, width, channels = _size(path, graph)
    if not path.exists():
        raise InputError(f"{path}: there is no such file")
    if not path.is_dir():
        return _one(path, (height, width), COLORS[channels])
    import numpy as np

    from edgekit.train.preprocessing.folders import class_folders, image_dataset_from_directory

    folders = class_folders(path)
    order = list(labels) if set(labels) == set(folders) else folders
    dataset = image_dataset_from_directory(
        path,
        labels="inferred" if folders else None,
        label_mode="int" if folders else None,
        class_names=order or None,
        color_mode=COLORS[channels],
        image_size=(height, width),
        shuffle=False,
        verbose=False,
    )
    batches = [batch if folders else (batch, ()) for batch in dataset]
    pixels = np.concatenate([_bytes(path, x) for x, _ in batches])
    classes = np.concatenate([y for _, y in batches]) if folders else None
    return Pictures(pixels, dataset.file_paths, classes, order)


def _size(path: Path, graph: Graph) -> tuple[int, int, int]:
    inputs = [graph.value(name) for name in graph.inputs]
    shape = inputs[0].shape[1:]
    if len(inputs) != 1 or len(shape) != 3 or None in shape or shape[2] not in COLORS:
        taken = ", ".join(map(str, inputs))
        raise ShapeError(f"{path}: pictures are no input of this model, which takes {taken}")
    height, width, channels = (int(size or 0) for size in shape)
    return height, width, channels


def _one(path: Path, size: tuple[int, int], color: str) -> Pictures:
    from edgekit.train.preprocessing.pictures import img_to_array, load_img

    array = img_to_array(load_img(path, color, size, "bilinear"))
    return Pictures(_bytes(path, array[None]), [str(path)])


def _bytes(path: Path, pixels: Array) -> Array:
    """Pixels as uint8; a grey picture may have 16 bits."""
    most = pixels.max()
    if most > 255:
        raise InputError(
            f"{path}: pixels go up to {most:g}, expected 0 to 255: save pictures with 8 bits, or "
            "give the numbers that the model was trained on as .npz"
        )
    return pixels.astype("uint8")
