"""The passes that a float graph goes through first."""

from __future__ import annotations

from ..dead import drop_dead_channels, drop_dead_nodes
from ..graph import Graph
from .activations import fuse_activations, fuse_padding
from .batch_norm import fold_batch_norm
from .constants import drop_identities, fold_constants

__all__ = ["fold_and_fuse", "prepare"]


def prepare(graph: Graph) -> Graph:
    """A float graph as quantization and the exporters want it: nothing left to fold or fuse."""
    return drop_dead_nodes(drop_dead_channels(fold_and_fuse(graph)))


def fold_and_fuse(graph: Graph) -> Graph:
    """What `prepare` does whatever numbers the weights hold."""
    graph = fold_constants(graph)
    graph = drop_identities(graph)
    graph = fuse_padding(graph)
    graph = fold_batch_norm(graph)
    return fuse_activations(graph)
