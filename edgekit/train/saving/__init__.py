"""Saving and loading: Keras' `.keras` and `.weights.h5` files."""

from edgekit.train.saving.archive import holds_class as holds_class
from edgekit.train.saving.archive import load_model as load_model
from edgekit.train.saving.archive import load_weights as load_weights
from edgekit.train.saving.archive import save_model as save_model
from edgekit.train.saving.archive import save_weights as save_weights

__all__ = ["holds_class", "load_model", "load_weights", "save_model", "save_weights"]
