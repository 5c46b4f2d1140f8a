"""`keras.datasets.imdb`."""

from edgekit.train.datasets.imdb import get_word_index as get_word_index
from edgekit.train.datasets.imdb import load_data as load_data

__all__ = ["get_word_index", "load_data"]
