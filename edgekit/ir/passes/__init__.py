"""Passes: functions Graph -> Graph. Each states its rule in its docstring.

Each is imported when it is first asked for (PEP 562). A device needs those of `ir/dead.py`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# name -> the module that holds it
_HOME = {
    "drop_dead_channels": "..dead",
    "drop_dead_nodes": "..dead",
    "drop_identities": ".constants",
    "fold_batch_norm": ".batch_norm",
    "fold_constants": ".constants",
    "fuse_activations": ".activations",
    "fuse_padding": ".activations",
    "prepare": ".preparation",
    "store_tables": ".stored_tables",
}

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

if TYPE_CHECKING:
    from ..dead import drop_dead_channels as drop_dead_channels
    from ..dead import drop_dead_nodes as drop_dead_nodes
    from .activations import fuse_activations as fuse_activations
    from .activations import fuse_padding as fuse_padding
    from .batch_norm import fold_batch_norm as fold_batch_norm
    from .constants import drop_identities as drop_identities
    from .constants import fold_constants as fold_constants
    from .preparation import prepare as prepare
    from .stored_tables import store_tables as store_tables


def __getattr__(name: str) -> Any:
    """Import a pass at its first use."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name], __name__), name)
    globals()[name] = value
    return value
