"""Labels and preprocessing as TFLite model metadata: a flatbuffer inside, a zip archive behind."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from edgekit.errors import InputError
from edgekit.ir import Graph, Preprocessing, Value
from edgekit.schema import tflite_metadata_layout as layout
from edgekit.schema.encoder import encode

__all__ = ["METADATA_NAME", "metadata_bytes", "with_labels"]

METADATA_NAME = "TFLITE_METADATA"
LABELS_FILE = "labels.txt"
PARSER_VERSION = "1.0.0"
"""The first version of the metadata format: nothing newer is used."""

Table = dict[str, Any]
COLORS = {1: layout.ColorSpaceType.GRAYSCALE, 3: layout.ColorSpaceType.RGB}


def metadata_bytes(graph: Graph) -> bytes | None:
    """The metadata flatbuffer of `schemas/tflite_metadata.fbs`; None if there is nothing to say."""
    labels, preprocessing = graph.metadata.labels, graph.metadata.preprocessing
    if not labels and preprocessing is None:
        return None
    labelled = _labelled_output(graph)
    subgraph = {
        "name": graph.name,
        "input_tensor_metadata": [
            _input(graph.value(name), preprocessing) for name in graph.inputs
        ],
        "output_tensor_metadata": [
            _output(graph.value(name), name == labelled) for name in graph.outputs
        ],
    }
    return encode(
        layout.SCHEMA,
        {
            "name": graph.name,
            "subgraph_metadata": [subgraph],
            "min_parser_version": PARSER_VERSION,
        },
    )


def with_labels(model: bytes, labels: tuple[str, ...]) -> bytes:
    """The model with a zip archive behind it that holds one label per line, uncompressed.

    Raises InputError for a label of more than one line.
    """
    if not labels:
        return model
    broken = [label for label in labels if len(label.splitlines()) > 1]
    if broken:
        raise InputError(f"a TFLite file keeps one label per line; {broken[0]!r} has a line break")
    content = io.BytesIO(model)
    entry = zipfile.ZipInfo(LABELS_FILE, date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system = 3  # the same bytes from every operating system
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr(entry, "".join(f"{label}\n" for label in labels))
    return content.getvalue()


def _labelled_output(graph: Graph) -> str | None:
    """The first output with one number per label."""
    count = len(graph.metadata.labels)
    fitting = [name for name in graph.outputs if graph.value(name).shape[-1:] == (count,)]
    return fitting[0] if count and fitting else None


def _input(value: Value, preprocessing: Preprocessing | None) -> Table:
    """An input with preprocessing, four dimensions and one or three channels is an image."""
    if preprocessing is None:
        return {"name": value.name, "content": _features()}
    is_image = len(value.shape) == 4 and value.shape[3] in COLORS
    color = COLORS[value.shape[3] or 0] if is_image else None
    image = {"content_properties": ("ImageProperties", {"color_space": color})}
    numbers = {"mean": preprocessing.mean, "std": preprocessing.std}
    return {
        "name": value.name,
        "content": image if is_image else _features(),
        "process_units": [{"options": ("NormalizationOptions", numbers)}],
    }


def _output(value: Value, labelled: bool) -> Table:
    file = {"name": LABELS_FILE, "type": layout.AssociatedFileType.TENSOR_AXIS_LABELS}
    files = [file] if labelled else None
    return {"name": value.name, "content": _features(), "associated_files": files}


def _features() -> Table:
    return {"content_properties": ("FeatureProperties", {})}
