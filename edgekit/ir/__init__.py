"""The intermediate representation: frozen graphs, the operator table, validation and passes.

What reads a `.edge` file builds no graph: `GraphBuilder` is imported when it is first asked for
(PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .graph import Accuracy as Accuracy
from .graph import Graph as Graph
from .graph import Metadata as Metadata
from .graph import Node as Node
from .graph import Preprocessing as Preprocessing
from .graph import Shape as Shape
from .graph import State as State
from .graph import TestVector as TestVector
from .graph import Value as Value
from .memory import MemoryPlan as MemoryPlan
from .memory import plan_memory as plan_memory
from .ops import OPS as OPS
from .ops import OpSpec as OpSpec
from .ops import attributes as attributes
from .ops import spec as spec
from .quant import QuantParams as QuantParams
from .quant import per_channel as per_channel
from .quant import per_tensor as per_tensor
from .validate import validate as validate

if TYPE_CHECKING:
    from .builder import GraphBuilder as GraphBuilder

__all__ = [
    "OPS",
    "Accuracy",
    "Graph",
    "GraphBuilder",
    "MemoryPlan",
    "Metadata",
    "Node",
    "OpSpec",
    "Preprocessing",
    "QuantParams",
    "Shape",
    "State",
    "TestVector",
    "Value",
    "attributes",
    "per_channel",
    "per_tensor",
    "plan_memory",
    "spec",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name != "GraphBuilder":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .builder import GraphBuilder

    globals()[name] = GraphBuilder
    return GraphBuilder
