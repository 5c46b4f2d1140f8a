"""The tensors of a model as tflite_runtime numbers and describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from edgekit.ir import Graph, QuantParams
from edgekit.ir.graph import DTYPES

__all__ = ["Details", "GraphTensors", "TensorTable", "quantization_details"]

Array = np.ndarray[Any, np.dtype[Any]]
Details = dict[str, Any]
Ends = tuple[Mapping[str, int], Mapping[str, int]]
"""The inputs and the outputs of a signature: indices by name."""


class TensorTable(Protocol):
    """Tensors by index.

    `names` gives the value of the graph that a tensor is, "" where the graph has none for it.
    `signatures` are those of the whole file, `own` is the key of the one that was opened.
    """

    names: tuple[str, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    signatures: Mapping[str, Ends]
    own: str | None

    def details(self, index: int) -> Details:
        """All that tflite_runtime says about a tensor, at the shape that the file gives it."""
        ...

    def data(self, index: int) -> Array | None:
        """What a constant holds in the file."""
        ...


class GraphTensors:
    """The values of a graph, counted in its own order."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.names = tuple(graph.values)
        place = {name: index for index, name in enumerate(self.names)}
        self.inputs = tuple(place[name] for name in graph.inputs)
        self.outputs = tuple(place[name] for name in graph.outputs)
        ends = tuple(
            {name: place[name] for name in names} for names in (graph.inputs, graph.outputs)
        )
        self.own: str | None = graph.metadata.signature
        self.signatures: Mapping[str, Ends] = {graph.metadata.signature: (ends[0], ends[1])}

    def details(self, index: int) -> Details:
        value = self.graph.value(self.names[index])
        quant: QuantParams | None = value.quant
        none = np.zeros(0, np.float32), np.zeros(0, np.int32), 0
        found = none if quant is None else (quant.scales, quant.zero_points, quant.axis or 0)
        return {
            "name": value.name,
            "index": index,
            "shape": np.array([1 if d is None else d for d in value.shape], np.int32),
            "shape_signature": np.array([-1 if d is None else d for d in value.shape], np.int32),
            "dtype": DTYPES[value.dtype].type,
            **quantization_details(*found),
            "sparsity_parameters": {},
        }

    def data(self, index: int) -> Array | None:
        return self.graph.value(self.names[index]).data


def quantization_details(scales: Array, zero_points: Array, axis: int) -> Details:
    """The two entries about quantization; the first is for a single scale only."""
    single = (float(scales[0]), int(zero_points[0])) if len(scales) == 1 else (0.0, 0)
    return {
        "quantization": single,
        "quantization_parameters": {
            "scales": scales,
            "zero_points": zero_points,
            "quantized_dimension": axis,
        },
    }
