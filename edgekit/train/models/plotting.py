"""A model as a picture: layers in boxes, one row for each depth of the graph, as SVG or PNG."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from edgekit.errors import InputError, require
from edgekit.files import replacing
from edgekit.train.layers.core import InputLayer
from edgekit.train.serialization import accept_options
from edgekit.train.structure import flatten

__all__ = ["boxes_of", "plot_model"]

_LETTER, _LINE, _GAP, _MARGIN = 7.2, 16.0, 28.0, 12.0  # sizes in points


class _Box(NamedTuple):
    """A layer: its lines of text, and the boxes that it takes its inputs from."""

    key: int
    lines: list[str]
    sources: list[int]

    @property
    def width(self) -> float:
        return max(len(line) for line in self.lines) * _LETTER + 16

    @property
    def height(self) -> float:
        return len(self.lines) * _LINE + 10


class _Placed(NamedTuple):
    box: _Box
    x: float
    y: float


def plot_model(
    model: Any,
    to_file: Any = "model.svg",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    **options: Any,
) -> str:
    """Draw the layers of a model; returns the picture as SVG text.

    to_file: where to write it, by its ending: `.svg`, which needs nothing else, or `.png`, which
    needs matplotlib (the extra "report"); None writes no file. rankdir: "TB" from top to bottom,
    "LR" from left to right. expand_nested: show the layers of models inside.
    """
    accept_options("plot_model", options)
    show = {
        "shapes": show_shapes,
        "dtype": show_dtype,
        "names": show_layer_names,
        "activations": show_layer_activations,
        "trainable": show_trainable,
    }
    boxes = boxes_of(model, show, rankdir, expand_nested)
    placed, size = _layout(boxes, rankdir)
    text = _svg(placed, size, rankdir)
    if to_file is not None:
        _write(Path(os.fspath(to_file)), text, placed, size, rankdir, dpi)
    return text


def boxes_of(model: Any, show: dict[str, bool], rankdir: str, expand: bool) -> list[_Box]:
    """The boxes of a built model, in an order in which each stands behind its sources."""
    if rankdir not in ("TB", "LR"):
        raise InputError(f"rankdir must be 'TB' or 'LR'. Received: {rankdir!r}")
    if not getattr(model, "built", False):
        raise InputError(
            f"model {model.name!r} is not built yet: build it or call it on data before drawing it"
        )
    graph = getattr(model, "_graph", None)
    if graph is None:  # subclassed: one below the other
        layers = list(model.layers)
        return [
            _Box(i, _lines(layer, layer.calls[0] if layer.calls else None, show), [i - 1] * (i > 0))
            for i, layer in enumerate(layers)
        ]
    found: list[_Box] = []
    _enter(graph, {}, found, show, expand)
    return found


def _enter(graph: Any, ends: dict[int, int], found: list[_Box], show: Any, expand: bool) -> None:
    """Append a box for every call; `ends` maps a symbolic tensor to the box that makes it."""
    for call in graph.calls:
        if all(id(x) in ends for x in flatten(call.outputs)):
            continue  # an input of a nested model, which stands for a tensor outside
        sources = list(dict.fromkeys(ends[id(x)] for x in call.inputs))
        inner = getattr(call.layer, "_graph", None)
        if expand and inner is not None:
            given = {
                id(x): ends[id(y)] for x, y in zip(inner.flat_inputs, call.inputs, strict=False)
            }
            _enter(inner, given, found, show, expand)
            for x, y in zip(flatten(call.outputs), inner.flat_outputs, strict=True):
                ends[id(x)] = given[id(y)]
            continue
        box = _Box(len(found), _lines(call.layer, call, show), sources)
        found.append(box)
        for x in flatten(call.outputs):
            ends[id(x)] = box.key


def _lines(layer: Any, call: Any, show: dict[str, bool]) -> list[str]:
    kind = type(layer).__name__ if hasattr(layer, "weights") else layer.primitive.name
    lines = [f"{layer.name} ({kind})" if show["names"] else kind]
    activation = getattr(getattr(layer, "activation", None), "__name__", None)
    if show["activations"] and activation:
        lines.append(f"activation: {activation}")
    if show["shapes"] and call is not None:
        if call.inputs and not isinstance(layer, InputLayer):
            lines.append(f"input: {_shapes(call.inputs)}")
        lines.append(f"output: {_shapes(flatten(call.outputs))}")
    if show["dtype"] and call is not None:
        lines.append(f"dtype: {', '.join(str(x.dtype) for x in flatten(call.outputs))}")
    if show["trainable"] and hasattr(layer, "trainable"):
        lines.append("trainable" if layer.trainable else "not trainable")
    return lines


def _shapes(tensors: Any) -> str:
    return ", ".join(str(tuple(x.shape)) for x in tensors)


def _layout(boxes: list[_Box], rankdir: str) -> tuple[list[_Placed], tuple[float, float]]:
    """The middle of each box; one rank for each distance from the inputs."""
    ranks: dict[int, int] = {}
    for box in boxes:  # in the order of the calls: sources come first
        ranks[box.key] = max((ranks[s] + 1 for s in box.sources), default=0)
    rows = [
        [b for b in boxes if ranks[b.key] == r] for r in range(max(ranks.values(), default=-1) + 1)
    ]
    down = rankdir == "TB"

    def extent(box: _Box, along: bool) -> float:
        return box.height if along == down else box.width

    lengths = [sum(extent(b, False) + _GAP for b in row) - _GAP for row in rows]
    widest = max(lengths, default=0.0)
    placed, along = [], _MARGIN
    for row, length in zip(rows, lengths, strict=True):
        thick = max(extent(b, True) for b in row)
        across = _MARGIN + (widest - length) / 2
        for box in row:
            middle = across + extent(box, False) / 2, along + thick / 2
            placed.append(_Placed(box, *(middle if down else middle[::-1])))
            across += extent(box, False) + _GAP
        along += thick + _GAP
    total = widest + 2 * _MARGIN, along - _GAP + _MARGIN
    return placed, total if down else total[::-1]


def _arrows(placed: list[_Placed], rankdir: str) -> list[tuple[float, float, float, float]]:
    by_key = {p.box.key: p for p in placed}
    found = []
    for p in placed:
        for key in p.box.sources:
            s = by_key[key]
            if rankdir == "TB":
                found.append((s.x, s.y + s.box.height / 2, p.x, p.y - p.box.height / 2))
            else:
                found.append((s.x + s.box.width / 2, s.y, p.x - p.box.width / 2, p.y))
    return found


def _svg(placed: list[_Placed], size: tuple[float, float], rankdir: str) -> str:
    import html

    width, height = size
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="monospace" font-size="12">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z"/></marker></defs>',
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="white"/>',
    ]
    for x1, y1, x2, y2 in _arrows(placed, rankdir):
        parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="black" '
            'marker-end="url(#tip)"/>'
        )
    for box, x, y in placed:
        left, top = x - box.width / 2, y - box.height / 2
        parts.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" '
            f'height="{box.height:.1f}" rx="4" fill="#eef3f8" stroke="#345"/>'
        )
        for i, line in enumerate(box.lines):
            parts.append(
                f'<text x="{x:.1f}" y="{top + 5 + (i + 0.75) * _LINE:.1f}" '
                f'text-anchor="middle">{html.escape(line)}</text>'
            )
    return "\n".join([*parts, "</svg>\n"])


def _write(
    path: Path, text: str, placed: Any, size: tuple[float, float], rankdir: str, dpi: int
) -> None:
    if path.suffix == ".svg":
        data = text.encode()
    elif path.suffix == ".png":
        data = _png(placed, size, rankdir, dpi)
    else:
        raise InputError(f"plot_model writes .svg and .png files. Received: {path}")
    with replacing(path) as file:
        file.write(data)


def _png(placed: Any, size: tuple[float, float], rankdir: str, dpi: int) -> bytes:
    import io

    figures = require("matplotlib.figure", extra="report")
    patches = require("matplotlib.patches", extra="report")
    figure = figures.Figure(figsize=(size[0] / 72, size[1] / 72), dpi=dpi)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, size[0])
    axes.set_ylim(size[1], 0)
    axes.axis("off")
    for x1, y1, x2, y2 in _arrows(placed, rankdir):
        axes.annotate("", (x2, y2), (x1, y1), arrowprops={"arrowstyle": "-|>", "shrinkB": 0})
    for box, x, y in placed:
        corner = x - box.width / 2, y - box.height / 2
        axes.add_patch(patches.Rectangle(corner, box.width, box.height, fc="#eef3f8", ec="#345"))
        axes.text(x, y, "\n".join(box.lines), ha="center", va="center", family="monospace", size=9)
    target = io.BytesIO()
    figure.savefig(target, format="png")
    return target.getvalue()
