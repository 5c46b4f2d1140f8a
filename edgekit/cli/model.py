"""Model files as commands open them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.errors import InputError

if TYPE_CHECKING:
    from edgekit.interpreter import Interpreter
    from edgekit.ir import Graph, MemoryPlan

__all__ = [
    "check_model",
    "is_tflite",
    "load_graph",
    "open_graph_and_plan",
    "open_interpreter",
    "print_other_signatures",
]


def load_graph(path: Path) -> Graph:
    """The graph of a model file of any format."""
    from edgekit.importers import load

    check_model(path)
    return load(path)


def open_interpreter(path: Path) -> Interpreter:
    """An interpreter for a model file; `.edge` and `.tflite` files need nothing but numpy."""
    from edgekit.interpreter import Interpreter

    check_model(path)
    runs_as_it_is = path.suffix == ".edge" or is_tflite(path)
    return Interpreter(path if runs_as_it_is else load_graph(path))


def open_graph_and_plan(path: Path) -> tuple[Graph, MemoryPlan]:
    """The graph of a model file, and the memory plan that the file holds or that it would get."""
    from edgekit.interpreter.reader import read_edge
    from edgekit.ir import plan_memory

    check_model(path)
    if path.suffix == ".edge":
        file = read_edge(path)
        return file.graph, file.plan
    graph = load_graph(path)
    return graph, plan_memory(graph)


def print_other_signatures(path: Path) -> None:
    """Say so where a file holds more functions than the one that is read."""
    if not is_tflite(path):
        return
    from edgekit.importers.tflite import read_tflite

    first, *others = [repr(signature.key) for signature in read_tflite(path).signatures] or [""]
    if others:
        print(
            f"{path}: signature {first} is read, not {', '.join(others)}; for another: "
            "edgekit.importers.tflite.load_tflite(path, signature=...) gives its graph"
        )


def is_tflite(path: Path) -> bool:
    """Whether a file is a TFLite model, by its content."""
    with open(path, "rb") as file:
        return file.read(8)[4:] == b"TFL3"


def check_model(path: Path) -> None:
    """Raise InputError where there is no file to load."""
    if not path.exists():
        raise InputError(f"{path}: there is no such file")
    if (path / "saved_model.pb").exists():
        raise InputError(
            f"{path}: is a SavedModel of TensorFlow; load it in TensorFlow and save it as .keras "
            "or .h5, or make a .tflite file of it"
        )
    if path.is_dir():
        raise InputError(f"{path}: is a folder, expected a model file")
