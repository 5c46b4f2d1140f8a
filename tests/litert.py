"""LiteRT as an oracle: run a TFLite file in either of its two deterministic runtimes."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

RUNTIMES = {"float32": "default", "fixedpoint": "reference"}
"""The runtime that computes each of edgekit's two arithmetics."""


def interpreter(content: bytes, runtime: str = "default", *, keep_all: bool = False) -> Any:
    """LiteRT with one thread: "default" (XNNPACK and optimized kernels) or "reference".

    `keep_all` keeps every tensor readable after a run. Only "reference" has them all: in the
    default runtime XNNPACK swallows what lies inside its part of the graph.
    """
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    resolver = {
        "default": litert.OpResolverType.AUTO,
        "reference": litert.OpResolverType.BUILTIN_REF,
    }[runtime]
    return litert.Interpreter(
        model_content=content,
        num_threads=1,
        experimental_op_resolver_type=resolver,
        experimental_preserve_all_tensors=keep_all,
    )


def run(content: bytes, arrays: Mapping[str, NDArray[Any]], runtime: str = "default") -> Arrays:
    """The outputs by name. Inputs are by name too; their batch may differ from the file's."""
    loaded = interpreter(content, runtime)
    for detail in loaded.get_input_details():
        shape = arrays[detail["name"]].shape
        if tuple(detail["shape"]) != shape:
            loaded.resize_tensor_input(detail["index"], shape)
    loaded.allocate_tensors()
    for detail in loaded.get_input_details():
        loaded.set_tensor(detail["index"], np.ascontiguousarray(arrays[detail["name"]]))
    loaded.invoke()
    details = loaded.get_output_details()
    return {detail["name"]: loaded.get_tensor(detail["index"]).copy() for detail in details}


def schema() -> ModuleType:
    """LiteRT's own code generated from TFLite's whole schema."""
    return pytest.importorskip("ai_edge_litert.schema_py_generated")


def read(content: bytes) -> Any:
    """The file as objects, by LiteRT's own reader."""
    return schema().ModelT.InitFromObj(schema().Model.GetRootAs(content))
