"""Bounds on gradients, put into force before an update."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekit.train.optimizers.flat import FlatVector

__all__ = ["clip"]


def clip(
    flat: FlatVector,
    places: Sequence[int],
    value: float | None,
    norm: float | None,
    global_norm: float | None,
) -> None:
    """Bound the gradients at `places` in place: each entry by `value`, or the norm of each by
    `norm`, or the norm of all together by `global_norm`.
    """
    module, g_all = flat.module, flat.gradients
    if value:
        module.clip(g_all, -value, value, out=g_all)
    elif norm:
        for a, b in (flat.ranges[i] for i in places):
            g = g_all[a:b]
            g *= norm / module.maximum(module.sqrt(g @ g), np.float32(norm))
    elif global_norm:
        parts = [g_all[a:b] for a, b in (flat.ranges[i] for i in places)]
        together = module.sqrt(sum(g @ g for g in parts))
        scale = global_norm / module.maximum(together, np.float32(global_norm))
        for g in parts:
            g *= scale
