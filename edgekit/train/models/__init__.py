"""Models, under Keras' names."""

from edgekit.train.models.model import Model as Model
from edgekit.train.models.sequential import Sequential as Sequential
from edgekit.train.saving import load_model as load_model
from edgekit.train.saving import save_model as save_model

__all__ = ["Model", "Sequential", "load_model", "save_model"]
