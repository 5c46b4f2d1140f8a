"""Labels and preprocessing from the metadata of a TFLite file and the archive behind it.

Metadata are a help, not the model: what of them cannot be read is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from edgekit.errors import ModelFormatError
from edgekit.ir import Preprocessing
from edgekit.schema import tflite_metadata_layout as layout
from edgekit.schema.decoder import Record, decode

from .archive import archived_file
from .file import METADATA_NAME, Subgraph, TfliteFile

__all__ = ["labels_and_preprocessing"]

LABEL_FILES = (
    layout.AssociatedFileType.TENSOR_AXIS_LABELS,
    layout.AssociatedFileType.TENSOR_VALUE_LABELS,
)
LARGEST_TEXT = 2**22  # bytes of a file of labels
MOST_LABELS = 2**16
MOST_FILES = 2**8  # in the archive

Found = tuple[tuple[str, ...], Preprocessing | None]


def labels_and_preprocessing(file: TfliteFile, subgraph: Subgraph) -> Found:
    """The labels of the first output that has any, and the normalization of the first input."""
    root = _metadata(file)
    if root is None or subgraph.index >= len(root["subgraph_metadata"]):
        return (), None
    record = root["subgraph_metadata"][subgraph.index]
    labels: tuple[str, ...] = ()
    for name in _label_files(record["output_tensor_metadata"]):
        labels = labels or _labels(file.content, name)
    return labels, _preprocessing(record["input_tensor_metadata"])


def _metadata(file: TfliteFile) -> Record | None:
    """The metadata's own flatbuffer."""
    for entry in file.root["metadata"]:
        if entry["name"] == METADATA_NAME and entry["buffer"] < len(file.root["buffers"]):
            data = file.root["buffers"][entry["buffer"]]["data"]
            try:
                return decode(memoryview(data.tobytes()), layout.SCHEMA)
            except ModelFormatError:
                return None
    return None


def _label_files(outputs: Sequence[Record]) -> Iterator[str]:
    for output in outputs:
        for entry in output["associated_files"]:
            if entry["type"] in LABEL_FILES:
                yield entry["name"]


def _labels(content: memoryview, name: str) -> tuple[str, ...]:
    """One label per line of a file in the archive; empty where there is no such file."""
    data = archived_file(content, name, LARGEST_TEXT, MOST_FILES)
    try:
        text = "" if data is None else data.decode("utf-8")
    except UnicodeDecodeError:
        return ()
    lines = tuple(line.strip() for line in text.splitlines())
    return lines if len(lines) <= MOST_LABELS else ()


def _preprocessing(inputs: Sequence[Record]) -> Preprocessing | None:
    """`(raw - mean) / std`, one number each or one per channel."""
    for unit in inputs[0]["process_units"] if inputs else ():
        options: Record | None = unit["options"]
        if options is None:
            continue
        mean = tuple(float(np.float32(m)) for m in options["mean"])
        std = tuple(float(np.float32(s)) for s in options["std"])
        sound = mean and len(mean) == len(std) and all(map(math.isfinite, (*mean, *std)))
        if sound and all(s > 0 for s in std):
            return Preprocessing(mean, std)
    return None
