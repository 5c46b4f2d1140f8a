"""Whole models and weights in `.h5` files, as Keras 2 and tf.keras wrote them (Keras 3 still can).

The architecture is a JSON string in the attribute `model_config`; the weights of every layer stand
under its name in the group `model_weights`, trainable ones first.
"""

from __future__ import annotations

import io
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from edgekit.errors import EdgekitError, ModelFormatError, ShapeError, require
from edgekit.train.backend import asarray
from edgekit.train.layers.preprocessing.categories import HostLayer
from edgekit.train.layers.weights import LOADING, WeightBudget
from edgekit.train.saving.hdf5_members import member, numbers
from edgekit.train.saving.hdf5_optimizer import take_state
from edgekit.train.saving.legacy import is_old, modern_config, of_keras_2
from edgekit.train.saving.legacy_compiled import modern_compile_config
from edgekit.train.saving.legacy_weights import modern_weights
from edgekit.train.saving.reading import compile_again, model_from_config

__all__ = ["is_legacy_weights", "load_legacy_model", "load_legacy_weights"]

_MAX_CONFIG = 1 << 28


def load_legacy_model(path: Path, compile: bool = True) -> Any:
    """The model in an `.h5` file, with its weights; what `compile` was given where it is known."""
    h5py = require("h5py", extra="keras")
    data = path.read_bytes()
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            config = _json(file, "model_config")
            if config is None:
                raise ModelFormatError(f"{path} holds {_instead(file, path)}")
            version = file.attrs.get("keras_version", "2")
            modern = of_keras_2 if is_old(_text(version)) else modern_config
            token = LOADING.set(WeightBudget(len(data)))
            try:
                model = model_from_config(modern(config))
            finally:
                LOADING.reset(token)
            training = _json(file, "training_config")
            if compile and training is not None:
                compile_again(model, modern_compile_config(training), path)
            if not model.built:
                raise ModelFormatError(f"{path} does not say for which shape the model was built")
            _fill(h5py, file["model_weights"], model, by_name=False, skip_mismatch=False)
            if model.compiled and "optimizer_weights" in file:
                _take_optimizer(h5py, file, model)
    except EdgekitError as error:
        if str(path) not in str(error):
            error.add_note(f"in {path}")
        raise
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError,
            RuntimeError, MemoryError, OverflowError) as error:  # fmt: skip
        raise ModelFormatError(f"{path} is damaged, or no model of Keras: {error!r}") from error
    return model


def _instead(file: Any, path: Path) -> str:
    """What a file without an architecture holds, for a message."""
    groups_of_keras_3 = file.visit(lambda name: name.rpartition("/")[2] == "vars" or None)
    if "layer_names" in file.attrs or "model_weights" in file or groups_of_keras_3:
        return (
            "weights without an architecture: make the model in Python, call "
            f"model.load_weights({str(path)!r}), then model.save to a .keras file"
        )
    names = ", ".join(sorted(file)[:5])
    return f"no Keras model, only {names}" if names else "no Keras model; it is empty"


def is_legacy_weights(data: bytes) -> bool:
    """Whether an HDF5 file holds weights by the names of layers, as Keras 2 wrote them."""
    h5py = require("h5py", extra="keras")
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            return "layer_names" in file.attrs or "model_weights" in file
    except (OSError, RuntimeError, KeyError, TypeError, OverflowError) as error:
        raise ModelFormatError(f"the weights (HDF5) are damaged: {error}") from error


def load_legacy_weights(model: Any, data: bytes, by_name: bool, skip_mismatch: bool) -> None:
    """Fill a built model from such a file: in the order of the layers, or by their names."""
    h5py = require("h5py", extra="keras")
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            group = file.get("model_weights", file)
            _fill(h5py, group, model, by_name, skip_mismatch)
    except (OSError, KeyError, RuntimeError, TypeError, AttributeError, OverflowError) as error:
        raise ModelFormatError(f"the weights (HDF5) are damaged: {error}") from error


def _fill(h5py: Any, group: Any, model: Any, by_name: bool, skip_mismatch: bool) -> None:
    stored = [(name, _arrays(h5py, group, name)) for name in _names(group, "layer_names")]
    stored = [(name, arrays) for name, arrays in stored if arrays]
    hosts = {layer.name: layer for layer in model.layers if isinstance(layer, HostLayer)}
    for name, arrays in stored:
        if name in hosts:  # what such layers have learned was a weight in tf.keras
            hosts[name].load_own_variables({str(i): array for i, array in enumerate(arrays)})
    stored = [(name, arrays) for name, arrays in stored if name not in hosts]
    layers = [layer for layer in model.layers if layer.weights]
    if by_name:
        known = {layer.name: layer for layer in layers}
        pairs = [(known[name], arrays) for name, arrays in stored if name in known]
    elif len(stored) != len(layers):
        raise ShapeError(
            f"the model has {len(layers)} layers with weights, the file {len(stored)}: "
            f"{', '.join(name for name, _ in stored)}"
        )
    else:
        pairs = [(layer, arrays) for layer, (_, arrays) in zip(layers, stored, strict=True)]
    backend = _text(group.attrs.get("backend", "tensorflow"))
    problems: list[str] = []
    found: list[tuple[Any, np.ndarray]] = []
    for layer, kept in pairs:
        arrays = modern_weights(layer, kept, backend)
        variables = [*layer.trainable_weights, *layer.non_trainable_weights]
        problem = _mismatch(variables, arrays)
        if problem:
            problems.append(f"layer {layer.name!r}: {problem}")
        else:
            found += zip(variables, arrays, strict=True)
    if problems and not skip_mismatch:
        raise ShapeError("the weights do not fit the model:\n" + "\n".join(problems))
    if problems:
        warnings.warn("weights that do not fit were skipped:\n" + "\n".join(problems), stacklevel=5)
    for variable, array in found:
        variable.assign(asarray(array, variable.dtype))


def _take_optimizer(h5py: Any, file: Any, model: Any) -> None:
    """What the optimizer had come to, where it fits the model's trainable variables."""
    names = _names(file["optimizer_weights"], "weight_names")
    arrays = _arrays(h5py, file, "optimizer_weights")
    model.optimizer.build(model.trainable_variables)
    take_state(model.optimizer, names, arrays)


def _mismatch(variables: list[Any], arrays: list[np.ndarray]) -> str | None:
    if len(variables) != len(arrays):
        return f"expected {len(variables)} weights, the file has {len(arrays)}"
    wrong = [
        f"{v.path}: expected shape {tuple(v.shape)}, the file has {a.shape}"
        for v, a in zip(variables, arrays, strict=True)
        if tuple(v.shape) != a.shape
    ]
    return "; ".join(wrong) or None


def _arrays(h5py: Any, group: Any, name: str) -> list[np.ndarray]:
    layer = member(h5py, group, name)
    if layer is None:
        return []
    found = []
    for path in _names(layer, "weight_names"):
        dataset = numbers(h5py, member(h5py, layer, path), f"{layer.name}/{path}")
        found.append(np.asarray(dataset[()]))
    return found


def _names(group: Any, attribute: str) -> list[str]:
    """A list of names, which long ones are split over `layer_names0`, `layer_names1` ..."""
    parts = [group.attrs[attribute]] if attribute in group.attrs else []
    while f"{attribute}{len(parts)}" in group.attrs:
        parts.append(group.attrs[f"{attribute}{len(parts)}"])
    return [_text(name) for part in parts for name in part]


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _json(file: Any, attribute: str) -> Any:
    text = file.attrs.get(attribute)
    if text is None:
        return None
    if len(text) > _MAX_CONFIG:
        raise ModelFormatError(f"{attribute} is longer than {_MAX_CONFIG} bytes; refused")
    return json.loads(text)
