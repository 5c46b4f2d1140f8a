"""Pictures, texts and time series before training, under Keras' names."""

from edgekit.train.preprocessing.dataset import Dataset as Dataset
from edgekit.train.preprocessing.folders import (
    image_dataset_from_directory as image_dataset_from_directory,
)
from edgekit.train.preprocessing.folders import (
    text_dataset_from_directory as text_dataset_from_directory,
)
from edgekit.train.preprocessing.pictures import array_to_img as array_to_img
from edgekit.train.preprocessing.pictures import img_to_array as img_to_array
from edgekit.train.preprocessing.pictures import load_img as load_img
from edgekit.train.preprocessing.pictures import save_img as save_img
from edgekit.train.preprocessing.pictures import smart_resize as smart_resize
from edgekit.train.preprocessing.sequence import pad_sequences as pad_sequences
from edgekit.train.preprocessing.sounds import (
    audio_dataset_from_directory as audio_dataset_from_directory,
)
from edgekit.train.preprocessing.timeseries import (
    timeseries_dataset_from_array as timeseries_dataset_from_array,
)

__all__ = [
    "Dataset",
    "array_to_img",
    "audio_dataset_from_directory",
    "image_dataset_from_directory",
    "img_to_array",
    "load_img",
    "pad_sequences",
    "save_img",
    "smart_resize",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]
