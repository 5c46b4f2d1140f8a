"""Models, under Keras' names."""

from edgekit.train.models.cloning import clone_model as clone_model
from edgekit.train.models.cloning import model_from_config as model_from_config
from edgekit.train.models.cloning import model_from_json as model_from_json
from edgekit.train.models.model import Model as Model
from edgekit.train.models.plotting import plot_model as plot_model
from edgekit.train.models.sequential import Sequential as Sequential
from edgekit.train.saving import load_model as load_model
from edgekit.train.saving import save_model as save_model

__all__ = [
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_config",
    "model_from_json",
    "plot_model",
    "save_model",
]
