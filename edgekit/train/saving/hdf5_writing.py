"""Models and weights written as `.h5` files, in the layout of Keras 2, which Keras 3 reads too.

Attributes `model_config` and `training_config` hold JSON; the group `model_weights` has a group for
each layer, `optimizer_weights` the state of the optimizer; the attribute `weight_names` of a group
gives the order. The same model gives the same bytes.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgekit.errors import InputError, require
from edgekit.train import losses
from edgekit.train.backend import to_numpy
from edgekit.train.saving.writing import KERAS_VERSION, compile_config, model_config
from edgekit.train.serialization import plain
from edgekit.train.structure import map_structure

__all__ = ["legacy_model", "legacy_weights"]

# attributes of an object in HDF5 lie in its header, which is no longer than this
_MAX_ATTRIBUTE = 64512
_NOT_IN_LEGACY = ("module", "registered_name", "build_config")


def legacy_model(model: Any, include_optimizer: bool) -> bytes:
    """The file of a whole model. Raises InputError for one whose class is the user's own."""
    if getattr(model, "_graph", None) is None and not hasattr(model, "_stack"):
        raise InputError(
            f"model {model.name!r}: .h5 files hold sequential and functional models only, not "
            f"{type(model).__name__}; save to a .keras file"
        )
    config = _legacy_config(plain(model_config(model)))
    training = _training_config(model) if include_optimizer else None
    h5py = require("h5py", extra="keras")
    target = io.BytesIO()
    with h5py.File(target, "w") as file:
        file.attrs["backend"] = "tensorflow"  # whose order of axes the weights have
        file.attrs["keras_version"] = KERAS_VERSION
        file.attrs["model_config"] = json.dumps(config)
        _write_layers(file.create_group("model_weights"), model)
        if training is not None:
            file.attrs["training_config"] = json.dumps(training)
            _write_optimizer(file, model.optimizer)
    return target.getvalue()


def legacy_weights(model: Any) -> bytes:
    """The file of the weights alone."""
    h5py = require("h5py", extra="keras")
    target = io.BytesIO()
    with h5py.File(target, "w") as file:
        _write_layers(file, model)
    return target.getvalue()


def _legacy_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a layer or model without modules, as old files have it.

    Operations keep theirs: without it `Multiply` could be the layer of that name.
    """
    if str(config.get("module")).startswith("keras.src.ops."):
        return dict(config)
    made = {key: value for key, value in config.items() if key not in _NOT_IN_LEGACY}
    made["class_name"] = config.get("registered_name") or config["class_name"]
    inner = config["config"]
    if "layers" in inner and config.get("module") != "keras.layers":  # a Pipeline keeps them whole
        made["config"] = {**inner, "layers": [_legacy_config(one) for one in inner["layers"]]}
        shape = (config.get("build_config") or {}).get("input_shape")
        if made["class_name"] == "Sequential" and shape is not None:
            made["config"]["build_input_shape"] = shape
    return made


def _training_config(model: Any) -> dict[str, Any] | None:
    config = compile_config(model)
    if config is None:
        return None
    optimizer = config.pop("optimizer")
    name = optimizer["registered_name"] or optimizer["class_name"]
    config["loss"] = map_structure(_full_name, config["loss"])
    return {**config, "optimizer_config": {"class_name": name, "config": optimizer["config"]}}


def _full_name(loss: Any) -> Any:
    """`mse` as `mean_squared_error`: Keras finds no short names of losses in .h5 files."""
    return losses.ALIASES[loss].__name__ if loss in losses.ALIASES else loss


def _write_layers(group: Any, model: Any) -> None:
    group.attrs["backend"] = "tensorflow"
    group.attrs["keras_version"] = KERAS_VERSION
    _write_names(group, "layer_names", [layer.name for layer in model.layers])
    for layer in sorted(model.layers, key=lambda layer: str(layer.name)):
        weights = [*layer.trainable_weights, *layer.non_trainable_weights]
        _write_arrays(group.create_group(layer.name), layer.name, weights)
    _write_arrays(group.create_group("top_level_model_weights"), model.name, model.own_variables())


def _write_optimizer(file: Any, optimizer: Any) -> None:
    if optimizer is not None and optimizer.built:
        group = file.create_group("optimizer_weights")
        _write_arrays(group, optimizer.name, optimizer.variables)


def _write_arrays(group: Any, owner: str, variables: Sequence[Any]) -> None:
    """Each variable as a data set `owner/name`, in the order that `weight_names` gives."""
    names: list[str] = []
    for variable in variables:
        name = "/".join(variable.path.split("/")[-2:]).removeprefix(f"{owner}/")
        full, count = f"{owner}/{name}", 0
        while full in names:  # layers inside may have weights of the same names
            count += 1
            full = f"{owner}/{name}_{count}"
        names.append(full)
        group.create_dataset(full, data=to_numpy(variable), track_times=False)
    _write_names(group, "weight_names", names)


def _write_names(group: Any, attribute: str, names: Sequence[str]) -> None:
    """A list of names; a long one is split over `attribute0`, `attribute1` ..."""
    encoded = np.array([name.encode() for name in names], dtype=None if names else "S1")
    count = 1
    parts = [encoded]
    while any(part.nbytes > _MAX_ATTRIBUTE for part in parts):
        count += 1
        parts = np.array_split(encoded, count)
    for index, part in enumerate(parts):
        group.attrs[attribute if count == 1 else f"{attribute}{index}"] = part
