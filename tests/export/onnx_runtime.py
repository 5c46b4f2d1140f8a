"""onnxruntime as an oracle: run an ONNX file with one thread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


def run(content: bytes, arrays: Mapping[str, NDArray[Any]], *, optimize: bool = True) -> Arrays:
    """The outputs by name. `optimize` lets the runtime fuse nodes, which turns pairs of
    QuantizeLinear and DequantizeLinear into integer kernels."""
    runtime = pytest.importorskip("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if not optimize:
        options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    outputs = session.run(names, {name: np.asarray(a) for name, a in arrays.items()})
    return dict(zip(names, outputs, strict=True))
