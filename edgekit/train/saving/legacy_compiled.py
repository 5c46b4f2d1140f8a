"""What `compile` was given, in files of Keras 1, Keras 2 and tf.keras, as Keras 3 has it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from edgekit.train.custom_objects import get_custom_objects

__all__ = ["modern_compile_config"]

# the default package of `register_keras_serializable`, under which tf.keras had its own optimizers
_PACKAGE = "Custom>"


def modern_compile_config(training: Mapping[str, Any]) -> dict[str, Any]:
    """What `compile` was given, from `training_config` in an .h5 file or from `compile_config`."""
    return {
        "optimizer": _modern_optimizer(training),
        "loss": _plain_loss(training.get("loss")),
        "loss_weights": training.get("loss_weights"),
        "metrics": _plain_metrics(training.get("metrics")),
        "weighted_metrics": _plain_metrics(training.get("weighted_metrics")),
    }


def _modern_optimizer(training: Mapping[str, Any]) -> Any:
    given = training.get("optimizer_config") or training.get("optimizer")
    if not isinstance(given, Mapping):
        return given
    found = dict(given)
    name = str(found.get("class_name"))
    if name.startswith(_PACKAGE) and name not in get_custom_objects():
        found["class_name"] = name.removeprefix(_PACKAGE)
    options = dict(found.get("config") or {})
    for old, new in (("lr", "learning_rate"), ("beta1", "beta_1"), ("beta2", "beta_2")):
        if old in options:
            options.setdefault(new, options.pop(old))
    for gone in ("is_legacy_optimizer", "jit_compile"):
        options.pop(gone, None)
    decay = options.pop("decay", None)
    if found["class_name"] == "Nadam" and (decay is not None or "schedule_decay" in options):
        options.pop("schedule_decay", None)
        warnings.warn(
            "the Nadam of older Keras raises its momentum by another schedule; training goes on "
            "with today's",
            stacklevel=5,
        )
    elif decay:
        options["learning_rate"] = _decaying(options.get("learning_rate"), decay)
    return {**found, "config": options}


def _decaying(rate: Any, decay: float) -> dict[str, Any]:
    """The schedule that `decay` meant: rate / (1 + decay * steps)."""
    config = {"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay}
    return {"class_name": "InverseTimeDecay", "config": config}


def _plain_loss(loss: Any) -> Any:
    if isinstance(loss, list):
        return [_plain_loss(one) for one in loss]
    if isinstance(loss, Mapping) and "class_name" not in loss:
        return {key: _plain_loss(one) for key, one in loss.items()}
    return loss


def _plain_metrics(metrics: Any) -> Any:
    """MeanMetricWrapper(fn="categorical_accuracy", name="accuracy") as the name that was given."""
    if isinstance(metrics, list):
        found = [_plain_metrics(one) for one in metrics]
        return found[0] if len(found) == 1 and isinstance(found[0], list) else found
    if isinstance(metrics, Mapping) and metrics.get("class_name") == "MeanMetricWrapper":
        config = metrics["config"]
        return "accuracy" if config.get("name") == "accuracy" else config.get("fn")
    if isinstance(metrics, Mapping) and "class_name" not in metrics:
        return {key: _plain_metrics(one) for key, one in metrics.items()}
    return metrics
