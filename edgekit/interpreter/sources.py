"""Where a model comes from: a graph, a `.edge` file or a `.tflite` file, told apart by content."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from edgekit.errors import InputError
from edgekit.frozen import NOTHING, Frozen
from edgekit.ir import Graph, MemoryPlan, plan_memory, validate

if TYPE_CHECKING:
    from .tensor_table import TensorTable

__all__ = ["Model", "Source", "open_model"]

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | Graph
TFLITE = b"TFL3"


class Model(Frozen):
    """A graph ready to be planned.

    tensors: what the methods of tflite_runtime number and name.
    can_reshape: whether `open_model` takes other shapes for its inputs.
    lean: the same graph without channels that make no difference, and its memory plan, to run
        where nobody looks at single activations; None where there are no such channels.
    """

    graph: Graph
    memory: MemoryPlan
    tensors: TensorTable
    can_reshape: bool = False
    lean: tuple[Graph, MemoryPlan] | None = None


class Opening(Frozen):
    """How a source was opened, to open it again in another way."""

    source: Source
    arithmetic: str | None = None
    signature: str | None = None
    shapes: Mapping[str, Sequence[int | None]] = NOTHING


def open_model(opening: Opening) -> Model:
    """The graph, its memory plan and its tensors. Raises what the format's own reader raises."""
    source = opening.source
    if not isinstance(source, Graph) and _first_bytes(source)[4:8] == TFLITE:
        return _open_tflite(opening)
    if opening.signature is not None or opening.shapes:
        raise InputError("signatures and shapes can be chosen in .tflite files only")
    from .tensor_table import GraphTensors  # a `.tflite` file has its own table

    if isinstance(source, Graph):
        validate(source)
        model = Model(source, plan_memory(source), GraphTensors(source), lean=_lean(source))
    else:
        from .reader import read_edge  # `.tflite` models and graphs do without

        file = read_edge(source)
        model = Model(file.graph, file.plan, GraphTensors(file.graph))
    made_for = model.graph.metadata.arithmetic
    if opening.arithmetic not in (None, made_for):
        raise InputError(
            f"the model was made for the arithmetic {made_for!r}, not {opening.arithmetic!r}; "
            "leave the arithmetic out, it is part of the model"
        )
    return model


def _open_tflite(opening: Opening) -> Model:
    from edgekit.importers.tflite.details import FileTensors  # only those who need it load it
    from edgekit.importers.tflite.model import open_tflite

    assert not isinstance(opening.source, Graph)
    opened = open_tflite(
        opening.source,
        shapes=opening.shapes,
        signature=opening.signature,
        arithmetic=opening.arithmetic or "float32",
    )
    graph = opened.graph
    return Model(
        graph, plan_memory(graph), FileTensors(opened), can_reshape=True, lean=_lean(graph)
    )


def _lean(graph: Graph) -> tuple[Graph, MemoryPlan] | None:
    """The graph without its dead channels. `.edge` files were written without them."""
    from edgekit.ir.passes import drop_dead_channels

    if graph.states:  # memories would have to be kept in two places
        return None
    lean = drop_dead_channels(graph)
    if all(value.shape == graph.value(name).shape for name, value in lean.values.items()):
        return None
    return lean, plan_memory(lean)


def _first_bytes(source: str | os.PathLike[str] | bytes | bytearray | memoryview) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(memoryview(source).cast("B")[:8])
    try:
        with open(source, "rb") as file:
            return file.read(8)
    except OSError:
        return b""  # whoever opens it next says why
