"""Model files as commands open them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.errors import InputError

if TYPE_CHECKING:
    from edgekit.interpreter import Interpreter
    from edgekit.ir import Graph, MemoryPlan

__all__ = [
    "add_tflite_choices",
    "check_model",
    "is_tflite",
    "load_graph",
    "open_graph_and_plan",
    "open_interpreter",
    "print_other_signatures",
    "tflite_choices",
]


def add_tflite_choices(parser: argparse.ArgumentParser) -> None:
    """What a `.tflite` file leaves to those who open it."""
    parser.add_argument(
        "--signature", metavar="KEY", help="the function of a .tflite file to read (the first)"
    )
    parser.add_argument(
        "--input-shape",
        action="append",
        default=[],
        metavar="NAME=N,N",
        help="a shape for an input of a .tflite file, as in sound=1,16000; -1 first leaves the "
        "batch open; may be repeated",
    )


def tflite_choices(options: argparse.Namespace) -> dict[str, Any]:
    """What was chosen, as `load` takes it."""
    shapes = dict(map(_name_and_shape, options.input_shape))
    given = {"signature": options.signature, "shapes": shapes}
    return {name: value for name, value in given.items() if value}


def _name_and_shape(text: str) -> tuple[str, tuple[int, ...]]:
    name, _, sizes = text.rpartition("=")
    try:
        shape = tuple(int(size) for size in sizes.split(","))
    except ValueError:
        shape = ()
    if not name or not shape:
        raise InputError(f"--input-shape: expected NAME=N,N as in sound=1,16000, received {text!r}")
    return name, shape


def load_graph(path: Path, **chosen: Any) -> Graph:
    """The graph of a model file of any format."""
    from edgekit.importers import load

    check_model(path)
    return load(path, **chosen)


def open_interpreter(path: Path, **chosen: Any) -> Interpreter:
    """An interpreter for a model file; `.edge` and `.tflite` files need nothing but numpy."""
    from edgekit.interpreter import Interpreter

    check_model(path)
    runs_as_it_is = (path.suffix == ".edge" or is_tflite(path)) and not chosen
    return Interpreter(path if runs_as_it_is else load_graph(path, **chosen))


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


def print_other_signatures(path: Path, chosen: str | None = None) -> None:
    """Say so where a file holds more functions than the one that is read, and nobody chose it."""
    if chosen or not is_tflite(path):
        return
    from edgekit.importers.tflite import read_tflite

    first, *others = [signature.key for signature in read_tflite(path).signatures] or [""]
    if others:
        rest = ", ".join(map(repr, others))
        print(f"{path}: signature {first!r} is read, not {rest}; for another: --signature KEY")


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
