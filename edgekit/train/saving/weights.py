"""Weights in HDF5, in the groups that Keras gives them: `layers/conv2d_1/vars/0`."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from edgekit.errors import ModelFormatError, ShapeError, require
from edgekit.train.backend import asarray, same_place, to_numpy
from edgekit.train.layers.layer import Layer
from edgekit.train.layers.weights import stored_arrays
from edgekit.train.names import snake_case
from edgekit.train.saving.hdf5_members import Stored, member, write_numbers
from edgekit.train.saving.hdf5_optimizer import take_state
from edgekit.train.structure import is_nested

__all__ = ["read_weights", "write_weights"]


def holders(model: Any) -> Iterator[tuple[str, Any]]:
    """(path, layer) for the model and every layer inside, each once, under Keras' paths."""
    yield from _walk(model, "", set())


def _walk(layer: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if id(layer) in seen:
        return
    seen.add(id(layer))
    yield path, layer
    if getattr(layer, "_graph", None) is not None or hasattr(layer, "_stack"):
        yield from _walk_list(layer.layers, _join(path, "layers"), seen)
        return
    attributes = {k: v for k, v in vars(layer).items() if k not in layer._not_tracked}
    if isinstance(getattr(type(layer), "layers", None), property):
        attributes["layers"] = layer.layers  # which Keras meets among a model's attributes
    for name in sorted(attributes, key=lambda k: "~" + k if k.startswith("_") else k):
        value = attributes[name]
        if isinstance(value, Layer):
            yield from _walk(value, _join(path, name), seen)
        elif is_nested(value):
            yield from _walk_list(value, _join(path, name), seen)


def _walk_list(items: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    counts: dict[str, int] = {}
    for item in items.values() if isinstance(items, dict) else items:
        if isinstance(item, Layer):
            name = _numbered(_class_of(item), counts)
            yield from _walk(item, _join(path, name), seen)
        elif is_nested(item):
            yield from _walk_list(item, _join(path, _numbered("container", counts)), seen)


def _class_of(layer: Any) -> str:
    if type(layer).__name__ == "Model" and getattr(layer, "_graph", None) is not None:
        return "functional"
    return snake_case(getattr(layer, "keras_class", type(layer).__name__))


def _numbered(name: str, counts: dict[str, int]) -> str:
    count = counts.get(name, -1) + 1
    counts[name] = count
    return f"{name}_{count}" if count else name


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def write_weights(model: Any, include_optimizer: bool) -> bytes:
    """The HDF5 file as bytes: the same for the same weights, without times of day."""
    h5py = require("h5py", extra="keras")
    target = io.BytesIO()
    with h5py.File(target, "w") as file:
        for path, layer in holders(model):
            group = file.create_group(_join(path, "vars"))
            group.attrs["name"] = layer.name
            store: dict[str, Any] = {}
            layer.save_own_variables(store)
            for name, array in store.items():
                write_numbers(group, name, to_numpy(array))
        optimizer = model.optimizer if include_optimizer else None
        if optimizer is not None and optimizer.built:
            group = file.create_group("optimizer/vars")
            group.attrs["name"] = optimizer.name
            for index, array in enumerate(optimizer.state()):
                write_numbers(group, str(index), to_numpy(array))
    return target.getvalue()


def read_weights(model: Any, data: Any, skip_mismatch: bool = False) -> None:
    """Fill a model from an HDF5 file (bytes). Every layer that does not fit is named at once.

    Raises ModelFormatError for a damaged file, ShapeError for weights of another architecture.
    """
    h5py = require("h5py", extra="keras")
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            problems: list[str] = []
            found: list[tuple[Any, np.ndarray]] = []
            for path, layer in holders(model):
                store = Stored(h5py, _group(h5py, file, path))
                try:
                    if type(layer).load_own_variables is Layer.load_own_variables:
                        found += layer.stored_values(store)
                    else:
                        layer.load_own_variables(store)
                except ShapeError as error:
                    problems.append(f"layer {layer.name!r} ({path or 'model'}): {error}")
            _report(problems, skip_mismatch)
            for variable, array in found:
                variable.assign(asarray(array, variable.dtype))
            if model.optimizer is not None:
                _read_optimizer(h5py, file, model)
    except (OSError, KeyError, RuntimeError, TypeError, AttributeError, OverflowError) as error:
        raise ModelFormatError(f"the weights (HDF5) are damaged: {error}") from error


def _group(h5py: Any, file: Any, path: str) -> Any:
    """The group of a layer's weights; in tf.keras the layers inside of attention were private."""
    parent, _, name = path.rpartition("/")
    found = member(h5py, file, _join(path, "vars"))
    if found is None and parent:
        found = member(h5py, file, f"{parent}/_{name}/vars")
    return found


def _report(problems: list[str], skip_mismatch: bool) -> None:
    if not problems:
        return
    if skip_mismatch:
        warnings.warn("weights that do not fit were skipped:\n" + "\n".join(problems), stacklevel=5)
        return
    raise ShapeError("the weights do not fit the model:\n" + "\n".join(problems))


def _read_optimizer(h5py: Any, file: Any, model: Any) -> None:
    """Take up the optimizer's state where there is one that fits; say so where it does not."""
    group = member(h5py, file, "optimizer/vars")
    if group is None or len(group) == 0:
        return
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    state, store = optimizer.state(), Stored(h5py, group)
    if _is_of_tf_keras(store, state):
        take_state(optimizer, (), [np.asarray(store[str(index)]) for index in range(len(store))])
        return
    try:
        arrays = stored_arrays(store, state)
    except ShapeError as error:
        warnings.warn(
            f"the state of the optimizer {optimizer.name!r} was not loaded, training would start "
            f"it anew: {error}",
            stacklevel=4,
        )
        return
    for own, array in zip(state, arrays, strict=True):
        own[...] = same_place(array, own, own.dtype)


def _is_of_tf_keras(store: Stored, state: list[Any]) -> bool:
    """Whether a rate is missing after the count of steps: tf.keras does not keep it there."""
    shapes = [store[str(i)].shape for i in range(len(store)) if str(i) in store]
    if len(shapes) != len(store) or [tuple(own.shape) for own in state] == shapes:
        return False
    return not shapes[1:] or shapes[1] != () or len(shapes) < len(state)
