"""A model as text in the DOT language, which Graphviz and others draw."""

from __future__ import annotations

from typing import Any

from edgekit.train.models.plotting import boxes_of
from edgekit.train.serialization import accept_options

__all__ = ["model_to_dot"]


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    **options: Any,
) -> str:
    """The layers of a model as a digraph: a node for each call, an edge for each tensor.

    Keras gives an object of pydot here, whose text this is. The arguments are plot_model's;
    `subgraph` makes a part to put into a digraph of one's own.
    """
    accept_options("model_to_dot", options)
    show = {
        "shapes": show_shapes,
        "dtype": show_dtype,
        "names": show_layer_names,
        "activations": show_layer_activations,
        "trainable": show_trainable,
    }
    boxes = boxes_of(model, show, rankdir, expand_nested)
    head = f"subgraph {_quoted('cluster_' + model.name)}" if subgraph else "digraph G"
    lines = [f"{head} {{", f"  graph [rankdir={rankdir}, dpi={int(dpi)}];", "  node [shape=box];"]
    lines += [f"  {box.key} [label={_quoted(*box.lines)}];" for box in boxes]
    lines += [f"  {source} -> {box.key};" for box in boxes for source in box.sources]
    return "\n".join([*lines, "}", ""])


def _quoted(*lines: str) -> str:
    escaped = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return '"' + "\\n".join(escaped) + '"'
