"""Copies between arrays that may lie upon each other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from .step import Array, Call

__all__ = ["copies"]


def copies(sources: Sequence[Array], targets: Sequence[Array]) -> list[Call]:
    """Calls that copy each source to its target as if all at once.

    What another target would overwrite is set aside first.
    """
    first: list[Call] = []
    then: list[Call] = []
    for source, target in zip(sources, targets, strict=True):
        others = [other for other in targets if other is not target]
        if any(np.may_share_memory(source, other) for other in others):
            aside = np.empty_like(target)
            first.append(partial(np.copyto, aside, source))
            source = aside
        if not np.may_share_memory(source, target):
            then.append(partial(np.copyto, target, source))
    return first + then
