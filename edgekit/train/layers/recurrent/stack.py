"""StackedRNNCells: several cells run as one; and what a cell must have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.backend import device_module
from edgekit.train.layers.layer import Layer
from edgekit.train.structure import is_nested, map_structure
from edgekit.train.tensor import wrap

__all__ = ["StackedRNNCells", "check_cell", "sizes_of"]


class StackedRNNCells(Layer):
    """Cells one after the other, each hearing the output of the one before; states in a list."""

    def __init__(self, cells: Any, **options: Any) -> None:
        super().__init__(**options)
        for cell in cells:
            check_cell(cell, self.name)
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> Any:
        last = self.cells[-1]
        size = getattr(last, "output_size", None)
        return first_size(last.state_size) if size is None else size

    def build(self, input_shape):
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build_for(input_shape)
            size = getattr(cell, "output_size", None)
            size = first_size(cell.state_size) if size is None else size
            input_shape = (input_shape[0], *sizes_of(size))

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """What each cell starts from."""
        states = []
        for cell in self.cells:
            own = getattr(cell, "get_initial_state", None)
            if own is not None:
                states.append(own(batch_size=batch_size))
            else:
                states.append(
                    map_structure(
                        lambda n: wrap(device_module().zeros((batch_size, n), np.float32)),
                        cell.state_size,
                    )
                )
        return states

    def call(self, inputs, states, training=False):
        new_states = []
        for cell, state in zip(self.cells, states, strict=True):
            signature = getattr(cell, "_signature", None)
            takes = signature is not None and signature.takes_training
            given = list(state) if is_nested(state) else [state]
            inputs, new = cell(inputs, given, **({"training": training} if takes else {}))
            new = list(new) if is_nested(new) else [new]
            new_states.append(new if is_nested(state) else new[0])
        return inputs, new_states

    def get_config(self) -> dict[str, Any]:
        from edgekit.train.saving.writing import model_config

        return {**super().get_config(), "cells": [model_config(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        from edgekit.train.saving.reading import model_from_config

        config = dict(config)
        cells = [model_from_config(cell, custom_objects) for cell in config.pop("cells")]
        return cls(cells, **config)


def check_cell(cell: Any, layer: str) -> None:
    """Raise InputError for an object that cannot be run over the times of a sequence."""
    missing = [name for name in ("call", "state_size") if not hasattr(cell, name)]
    if missing:
        raise InputError(
            f"layer {layer!r}: a cell needs `call(inputs, states)` and `state_size`; "
            f"{type(cell).__name__} has no {' and no '.join(missing)}"
        )


def first_size(size: Any) -> Any:
    """The size of the first state, which is that of the output."""
    return size[0] if isinstance(size, list | tuple) else size


def sizes_of(size: Any) -> tuple[int, ...]:
    """The size of a state without the batch: a number, or a shape."""
    return tuple(size) if isinstance(size, tuple) else (int(size),)
