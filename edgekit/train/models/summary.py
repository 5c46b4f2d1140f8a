"""The table that `model.summary()` prints."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.structure import flatten, map_structure

__all__ = ["print_summary"]


def print_summary(
    model: Any,
    line_length: int | None,
    print_fn: Any,
    expand_nested: bool,
    show_trainable: bool,
) -> None:
    """Print the layers of a model with their output shapes and numbers of weights."""
    head = ["Layer (type)", "Output Shape", "Param #"] + (["Trainable"] if show_trainable else [])
    rows = _rows(model, 0, expand_nested, show_trainable)
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    if line_length is not None:
        widths[0] = max(widths[0], line_length - sum(widths[1:]) - 2 * (len(widths) - 1))
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [f'Model: "{model.name}"', rule, _line(head, widths), rule]
    lines += [_line(row, widths) for row in rows]
    lines += [rule, *_totals(model)]
    (print_fn or print)("\n".join(lines))


def _rows(model: Any, depth: int, expand_nested: bool, show_trainable: bool) -> list[list[str]]:
    rows = []
    for layer in model.layers:
        row = [
            "  " * depth + f"{layer.name} ({type(layer).__name__})",
            _output_shape(layer),
            f"{layer.count_params():,}" if layer.built else "0 (unbuilt)",
        ]
        rows.append([*row, "Y" if layer.trainable else "N"] if show_trainable else row)
        if expand_nested and hasattr(layer, "layers"):
            rows += _rows(layer, depth + 1, expand_nested, show_trainable)
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
    trainable = sum(int(np.prod(v.shape)) for v in model.trainable_weights)
    fixed = sum(int(np.prod(v.shape)) for v in model.non_trainable_weights)
    return [
        f" Total params: {trainable + fixed:,} ({_size(trainable + fixed)})",
        f" Trainable params: {trainable:,} ({_size(trainable)})",
        f" Non-trainable params: {fixed:,} ({_size(fixed)})",
    ]


def _size(count: int) -> str:
    size = float(count * 4)
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} GB"
