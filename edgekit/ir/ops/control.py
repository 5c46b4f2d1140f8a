"""Operators that run other graphs: If and While.

If: "condition" is one bool; the values behind it are given to the branch that it chooses, in the
order of the branch's inputs, and the branch's outputs are the node's.
While: the values go to the subgraph `condition`, which gives one bool, and as long as that is true
to `body`, whose outputs take their place; in the end they are the node's outputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from edgekit.errors import ShapeError

from ..graph import Value
from . import Attr, OpSpec, define


def of_the_subgraphs(inputs: Sequence[Value | None], attrs: Mapping[str, Any]) -> NoReturn:
    """The shapes of the results stand in the subgraphs, which this rule does not see."""
    raise ShapeError("its results are those of its subgraphs")


NAME = Attr("str")
PASSING = "it only hands values on; its subgraphs are not quantized"

define(
    OpSpec(
        "If",
        ("condition", "xs*"),
        of_the_subgraphs,
        {"then_branch": NAME, "else_branch": NAME},
        outputs=("ys*",),
        subgraphs=("then_branch", "else_branch"),
        prefer_float=PASSING,
    )
)
define(
    OpSpec(
        "While",
        ("xs*",),
        of_the_subgraphs,
        {"condition": NAME, "body": NAME},
        outputs=("ys*",),
        subgraphs=("condition", "body"),
        prefer_float=PASSING,
    )
)
