"""Labels and preprocessing in a TFLite file."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest

from edgekit.errors import InputError
from edgekit.export.tflite import tflite_bytes
from edgekit.ir import Graph, Preprocessing
from edgekit.schema import tflite_metadata_layout
from edgekit.schema.decoder import decode
from tests import litert
from tests.cases import random_inputs
from tests.export.networks import cnn
from tests.material import material


def labelled() -> Graph:
    return cnn().with_metadata(
        labels=("cat", "dög", "", "bird", "fish"),
        preprocessing=Preprocessing(mean=(127.5,), std=(64.0,)),
    )


def metadata_of(content: bytes) -> Any:
    model = litert.read(content)
    (record,) = (m for m in model.metadata if m.name == b"TFLITE_METADATA")
    data = np.ascontiguousarray(model.buffers[record.buffer].data)
    return decode(memoryview(data), tflite_metadata_layout.SCHEMA)


def test_labels_stand_in_a_zip_behind_the_model() -> None:
    content = tflite_bytes(labelled())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["labels.txt"]
        assert archive.read("labels.txt").decode() == "cat\ndög\n\nbird\nfish\n"
    assert content == tflite_bytes(labelled())
    arrays = random_inputs(cnn())
    plain = litert.run(tflite_bytes(cnn()), arrays)
    np.testing.assert_array_equal(litert.run(content, arrays)["Dense"], plain["Dense"])


def test_metadata_names_the_labels_and_the_normalization() -> None:
    (subgraph,) = metadata_of(tflite_bytes(labelled()))["subgraph_metadata"]
    (image,), (scores,) = subgraph["input_tensor_metadata"], subgraph["output_tensor_metadata"]
    assert image["content"]["content_properties"]["color_space"] == 1
    options = image["process_units"][0]["options"]
    assert (options["mean"].tolist(), options["std"].tolist()) == ([127.5], [64.0])
    assert [f["name"] for f in scores["associated_files"]] == ["labels.txt"]


def test_metadata_of_another_writer_is_read_the_same_way() -> None:
    content = material("tflite/coral/tf2_mobilenet_v2_1.0_224_ptq.tflite").read_bytes()
    (subgraph,) = metadata_of(content)["subgraph_metadata"]
    (image,), (scores,) = subgraph["input_tensor_metadata"], subgraph["output_tensor_metadata"]
    assert image["content"]["content_properties"].table == "ImageProperties"
    options = image["process_units"][0]["options"]
    assert (options["mean"].tolist(), options["std"].tolist()) == ([127.5], [127.5])
    (file,) = scores["associated_files"]
    assert (file["name"], file["type"]) == ("imagenet_labels.txt", 2)


def test_a_graph_with_nothing_to_say_has_no_metadata_beside_its_runtime() -> None:
    content = tflite_bytes(cnn())
    assert [m.name for m in litert.read(content).metadata] == [b"min_runtime_version"]
    assert not zipfile.is_zipfile(io.BytesIO(content))


def test_a_label_of_two_lines() -> None:
    with pytest.raises(InputError, match="one label per line"):
        tflite_bytes(cnn().with_metadata(labels=("a\nb", "c", "d", "e", "f")))
