"""Where a model comes from: a graph, a `.edge` file or a `.tflite` file, told apart by content.

And what its tensors are to those who know them by number, as tflite_runtime does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgekit.errors import InputError, ModelFormatError
from edgekit.frozen import NOTHING, Frozen
from edgekit.ir import Graph, MemoryPlan, QuantParams, plan_memory, validate
from edgekit.ir.graph import DTYPES, Array

if TYPE_CHECKING:
    from mmap import mmap

    from .tensor_table import Details, Ends, NamedOperator, TensorTable

    Buffer = bytes | bytearray | memoryview | mmap

__all__ = ["GraphTensors", "Model", "Source", "checked_threads", "open_model", "the_one_source"]

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | Graph
TFLITE = b"TFL3"
KERAS = (".keras", ".h5", ".hdf5")


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

    def operators(self) -> list[NamedOperator]:
        place = {name: index for index, name in enumerate(self.names)}
        return [
            (
                node.op,
                [place[name] for name in node.inputs if name is not None],
                [place[name] for name in node.outputs],
            )
            for node in self.graph.nodes
        ]

    def subgraphs(self) -> list[list[Details]]:
        return [[]]

    def check_apart(self, key: str) -> None:
        """There is one signature."""


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


class Model(Frozen):
    """A graph ready to be planned.

    tensors: what the methods of tflite_runtime number and name.
    can_reshape: whether `open_model` takes other shapes for its inputs.
    lean: the same graph without channels that make no difference, and its memory plan, to run
        where nobody looks at single activations; None where there are no such channels.
    waits: what to do before it can run; "" where it can. The graph has the inputs alone then.
    """

    graph: Graph
    memory: MemoryPlan
    tensors: TensorTable
    can_reshape: bool = False
    lean: tuple[Graph, MemoryPlan] | None = None
    waits: str = ""


class Opening(Frozen):
    """How a source was opened, to open it again in another way."""

    source: Source
    arithmetic: str | None = None
    signature: str | None = None
    shapes: Mapping[str, Sequence[int | None]] = NOTHING


def checked_threads(number: int) -> int:
    if not hasattr(number, "__index__") or number < 1:
        raise InputError(f"threads must be a whole number from 1 on, received {number!r}")
    return number


def the_one_source(
    source: Source | None, path: str | bytes | os.PathLike[str] | None, content: Buffer | None
) -> Source:
    """What was given of these; a path is no content, whatever its type, and no content a path."""
    given = [s for s in (source, path or None, content) if s is not None]
    if len(given) != 1:
        raise InputError(f"one model is needed: a path, bytes or a graph; received {len(given)}")
    if path:
        return os.fsdecode(path)
    if content is None:
        assert source is not None
        return source
    if isinstance(content, bytes | bytearray | memoryview):
        return content
    try:
        return memoryview(content).tobytes()  # the caller may close what was mapped
    except TypeError:
        raise InputError(
            f"model_content takes the bytes of a file, received {type(content).__name__}; "
            "a path goes to model_path"
        ) from None


def open_model(opening: Opening) -> Model:
    """The graph, its memory plan and its tensors. Raises what the format's own reader raises."""
    source = opening.source
    if not isinstance(source, Graph) and _first_bytes(source)[4:8] == TFLITE:
        return _open_tflite(opening)
    if opening.signature is not None or opening.shapes:
        raise InputError("signatures and shapes can be chosen in .tflite files only")
    if isinstance(source, Graph):
        validate(source)
        model = Model(source, plan_memory(source), GraphTensors(source), lean=_lean(source))
    else:
        from .reader import read_edge  # `.tflite` models and graphs do without

        try:
            file = read_edge(source)
        except ModelFormatError as error:
            advice = _advice(source)
            if not advice:
                raise
            raise ModelFormatError(advice) from error
        model = Model(file.graph, file.plan, GraphTensors(file.graph))
    made_for = model.graph.metadata.arithmetic
    if opening.arithmetic not in (None, made_for):
        raise InputError(
            f"the model was made for the arithmetic {made_for!r}, not {opening.arithmetic!r}; "
            "leave the arithmetic out, it is part of the model"
        )
    return model


def _open_tflite(opening: Opening) -> Model:
    from edgekit.importers.tflite import open_tflite
    from edgekit.importers.tflite.tensors import FileTensors  # only those who need it load it

    assert not isinstance(opening.source, Graph)
    opened = open_tflite(
        opening.source,
        shapes=opening.shapes,
        signature=opening.signature,
        arithmetic=opening.arithmetic or "float32",
        may_wait=True,
    )
    graph, tensors = opened.graph, FileTensors(opened)
    return Model(graph, plan_memory(graph), tensors, True, _lean(graph), opened.waits)


def _lean(graph: Graph) -> tuple[Graph, MemoryPlan] | None:
    """The graph without its dead channels. `.edge` files were written without them."""
    from edgekit.ir.dead import drop_dead_channels

    if graph.states:  # memories would have to be kept in two places
        return None
    lean = drop_dead_channels(graph)
    if all(value.shape == graph.value(name).shape for name, value in lean.values.items()):
        return None
    return lean, plan_memory(lean)


def _advice(source: object) -> str:
    """What to do with a model of another format; "" of anything else."""
    path = os.fspath(source) if isinstance(source, str | os.PathLike) else ""
    suffix = os.path.splitext(path)[1].lower()
    if suffix == ".onnx":
        return f"{path}: this runs .edge and .tflite files; edgekit writes ONNX, but reads none"
    if suffix not in KERAS:
        return ""
    return (
        f"{path}: this runs .edge and .tflite files; make one of it with edgekit convert, "
        "or open the graph that edgekit.load gives"
    )


def _first_bytes(source: str | os.PathLike[str] | bytes | bytearray | memoryview) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(memoryview(source).cast("B")[:8])
    try:
        with open(source, "rb") as file:
            return file.read(8)
    except OSError:
        return b""  # whoever opens it next says why
    except TypeError:
        raise InputError(
            "a model is a path, the bytes of a file or a graph, received "
            f"{type(source).__name__}; of what convert gives, take its graph"
        ) from None
