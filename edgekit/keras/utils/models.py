"""Models from configs, and copies of models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from edgekit.train.models import Model
from edgekit.train.saving.reading import model_from_config as _from_config
from edgekit.train.saving.writing import model_config

__all__ = ["clone_model", "model_from_config", "model_from_json"]


def model_from_config(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A model of the architecture in a config, with new weights."""
    return _from_config(config, custom_objects)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A model of the architecture that `to_json` gave, with new weights."""
    return _from_config(json.loads(json_string), custom_objects)


def clone_model(model: Model, *_: Any, **options: Any) -> Any:
    """A model of the same architecture, with new weights and not compiled."""
    return _from_config(json.loads(json.dumps(model_config(model))))
