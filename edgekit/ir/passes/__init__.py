"""Passes: functions Graph -> Graph. Each states its rule in its docstring."""

from ..graph import Graph
from .activations import fuse_activations as fuse_activations
from .activations import fuse_padding as fuse_padding
from .batch_norm import fold_batch_norm as fold_batch_norm
from .channels import drop_dead_channels as drop_dead_channels
from .constants import drop_dead_nodes as drop_dead_nodes
from .constants import drop_identities as drop_identities
from .constants import fold_constants as fold_constants
from .store_tables import store_tables as store_tables

__all__ = [
    "drop_dead_channels",
    "drop_dead_nodes",
    "drop_identities",
    "fold_batch_norm",
    "fold_constants",
    "fuse_activations",
    "fuse_padding",
    "prepare",
    "store_tables",
]


def prepare(graph: Graph) -> Graph:
    """A float graph as quantization and the exporters want it: nothing left to fold or fuse."""
    graph = fold_constants(graph)
    graph = drop_identities(graph)
    graph = fuse_padding(graph)
    graph = fold_batch_norm(graph)
    graph = fuse_activations(graph)
    graph = drop_dead_channels(graph)
    return drop_dead_nodes(graph)
