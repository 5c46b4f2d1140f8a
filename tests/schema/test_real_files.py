"""Files that others wrote: TFLite models by several converters are decoded whole."""

from __future__ import annotations

import pytest

from edgekit.errors import ModelFormatError
from edgekit.schema.decoder import decode
from edgekit.schema.tflite_layout import SCHEMA, BuiltinOperator
from tests.material import MATERIAL, material

PATHS = sorted(path.relative_to(MATERIAL) for path in MATERIAL.glob("tflite/**/*.tflite"))


def test_every_tflite_model_is_decoded() -> None:
    material("tflite")
    assert len(PATHS) > 30
    operators = set()
    for path in PATHS:
        root = decode(memoryview((MATERIAL / path).read_bytes()), SCHEMA)
        assert root["version"] == 3
        assert len(root["buffers"][0]["data"]) == 0
        (graph, *_) = root["subgraphs"]
        tensors, codes = graph["tensors"], root["operator_codes"]
        for operator in graph["operators"]:
            assert all(-1 <= i < len(tensors) for i in operator["inputs"].tolist())
            code = codes[operator["opcode_index"]]
            number = max(code["builtin_code"], code["deprecated_builtin_code"])
            operators.add(BuiltinOperator.names()[number])
    assert {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "SOFTMAX"} <= operators


def test_a_broken_model_is_refused() -> None:
    data = material("negative/test_model_broken.bin").read_bytes()
    with pytest.raises(ModelFormatError, match="the identifier at byte 4"):
        decode(memoryview(data), SCHEMA)
