"""The table that `model.summary()` prints."""

from __future__ import annotations

import re
from typing import Any

from edgekit.errors import InputError
from edgekit.train.structure import flatten, map_structure

__all__ = ["print_summary"]


def print_summary(
    model: Any,
    line_length: int | None,
    print_fn: Any,
    expand_nested: bool,
    show_trainable: bool,
    layer_range: Any = None,
) -> None:
    """Print the layers of a model with their output shapes and numbers of weights.

    A functional model that is no chain has one more column: which layers each one takes its
    inputs from.
    """
    sources = _sources(model)
    head = ["Layer (type)", "Output Shape", "Param #"]
    head += ["Connected to"] * (sources is not None) + ["Trainable"] * show_trainable
    layers = _in_range(model.layers, layer_range)
    rows = _rows(layers, 0, expand_nested, show_trainable, sources)
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    if line_length is not None:
        widths[0] = max(widths[0], line_length - sum(widths[1:]) - 2 * (len(widths) - 1))
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [f'Model: "{model.name}"', rule, _line(head, widths), rule]
    lines += [_line(row, widths) for row in rows]
    lines += [rule, *_totals(model)]
    (print_fn or print)("\n".join(lines))


def _in_range(layers: list[Any], layer_range: Any) -> list[Any]:
    """From the layer of the first name (a regular expression) to that of the second."""
    if layer_range is None:
        return layers
    names = [layer.name for layer in layers]
    ends = []
    for pattern in layer_range:
        found = [i for i, name in enumerate(names) if re.fullmatch(pattern, name)]
        if not found:
            raise InputError(f"layer_range: no layer is named {pattern!r}; there are {names}")
        ends.append(found)
    return layers[min(ends[0]) : max(ends[1]) + 1]


def _sources(model: Any) -> dict[str, str] | None:
    """Layer name -> the layers that it takes its inputs from; None for a chain."""
    graph = getattr(model, "_graph", None)
    if graph is None:
        return None
    found: dict[str, list[str]] = {}
    used: dict[int, int] = {}
    for call in graph.calls:
        names = found.setdefault(call.layer.name, [])
        for x in call.inputs:
            used[id(x)] = used.get(id(x), 0) + 1
            names.append(x.call.layer.name if x.call is not None else x.name)
    chain = all(len(names) <= 1 for names in found.values()) and all(n == 1 for n in used.values())
    return None if chain else {name: ", ".join(names) or "-" for name, names in found.items()}


def _rows(
    layers: list[Any], depth: int, expand: bool, show_trainable: bool, sources: Any
) -> list[list[str]]:
    rows = []
    for layer in layers:
        row = [
            "  " * depth + f"{layer.name} ({_kind(layer)})",
            _output_shape(layer),
            f"{layer.count_params():,}" if layer.built else "0 (unbuilt)",
        ]
        if sources is not None:
            row.append(sources.get(layer.name, "-") if depth == 0 else "-")
        rows.append([*row, "Y" if layer.trainable else "N"] if show_trainable else row)
        if expand and hasattr(layer, "layers"):
            rows += _rows(layer.layers, depth + 1, expand, show_trainable, sources)
    return rows


def _output_shape(layer: Any) -> str:
    """The shapes of the layer's first call on symbolic tensors, or "?"."""
    if not layer.calls:
        return "?"
    shapes = [
        str(shape)
        for shape in flatten(map_structure(lambda x: _Shape(x.shape), layer.calls[0].outputs))
    ]
    return ", ".join(shapes)


class _Shape:
    """A shape as one leaf."""

    def __init__(self, shape: Any) -> None:
        self.shape = tuple(shape)

    def __str__(self) -> str:
        return str(self.shape)


def _line(cells: list[str], widths: list[int]) -> str:
    name, *rest = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join([name, *rest]).rstrip()


def _totals(model: Any) -> list[str]:
    groups = {
        "Total": model.weights,
        "Trainable": model.trainable_weights,
        "Non-trainable": model.non_trainable_weights,
    }
    return [
        f" {what} params: {sum(v.size for v in found):,} ({_size(found)})"
        for what, found in groups.items()
    ]


def _size(variables: list[Any]) -> str:
    size = float(sum(v.data.nbytes for v in variables))
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} GB"


def _kind(layer: Any) -> str:
    """The class as Keras calls it."""
    functional = type(layer).__name__ == "Model" and getattr(layer, "_graph", None) is not None
    return "Functional" if functional else type(layer).__name__
